"""Timing of a task that is run for a while; the benchmarks of translation use it."""

import time
from collections.abc import Callable

Task = Callable[[], object]


def mean_seconds(task: Task, seconds: float) -> float:
    """Return the mean time of a run, over at least so many seconds and after one run unmeasured."""
    task()
    started, runs = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - started) < seconds:
        task()
        runs += 1
    return elapsed / runs
