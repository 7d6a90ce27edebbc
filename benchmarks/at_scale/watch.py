"""A program that is watched while it runs: its workers, and the memory of all its processes.

Linux alone: everything is read from ``/proc``. A worker is a process below the program that has
ONNX Runtime in memory, whichever engine started it.
"""

import os
import signal
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_SECONDS_BETWEEN = 0.5  # two looks at the processes


@dataclass
class Watched:
    """What a run took.

    Attributes:
        seconds: by the clock, from the start of the program to its end.
        worker_pss: the most memory of a worker, in MB: its own, and its share of what several
            processes have in common (proportional set size).
        worker_rss: the most resident memory of a worker, in MB, what is shared counted in full.
        all_pss: the most memory of all processes together, the engine's too, in MB.
        killed: number of the worker that was killed, if one was.
    """

    seconds: float = 0.0
    worker_pss: float = 0.0
    worker_rss: float = 0.0
    all_pss: float = 0.0
    killed: int | None = None


def watch(command: Sequence[str], kill_after: float | None = None) -> Watched:
    """Run a program to its end.

    Args:
        command: its command line.
        kill_after: seconds after which the first worker that is found gets SIGKILL.

    Raises:
        SystemExit: the program failed; its output is part of the message.
    """
    found = Watched()
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        while process.poll() is None:
            workers = _look(process.pid, found)
            late = kill_after is not None and time.perf_counter() - started > kill_after
            if late and workers and found.killed is None:
                found.killed = workers[0]
                os.kill(found.killed, signal.SIGKILL)
            time.sleep(_SECONDS_BETWEEN)
        found.seconds = time.perf_counter() - started
        if process.returncode != 0:
            output.seek(0)
            text = output.read().decode(errors="replace")
            raise SystemExit(f"{' '.join(command)}: exit {process.returncode}\n{text}")
    return found


def _look(program: int, found: Watched) -> list[int]:
    """Take the memory of the processes down; return the workers."""
    workers, total = [], 0.0
    for process in (program, *_below(program)):
        try:
            rss, pss = _memory(process)
            total += pss
            if process != program and "onnxruntime" in Path(f"/proc/{process}/maps").read_text():
                workers.append(process)
                found.worker_rss = max(found.worker_rss, rss)
                found.worker_pss = max(found.worker_pss, pss)
        except (OSError, KeyError):  # it has ended
            continue
    found.all_pss = max(found.all_pss, total)
    return workers


def _below(process: int) -> Iterator[int]:
    """Yield the children of a process, and theirs."""
    children = defaultdict(list)
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children[int(fields[1])].append(int(path.parent.name))
    remaining = [*children[process]]
    while remaining:
        child = remaining.pop()
        yield child
        remaining += children[child]


def _memory(process: int) -> tuple[float, float]:
    """Return the resident and the proportional set size of a process, in MB."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return kilobytes["Rss"] * 1024 / 1e6, kilobytes["Pss"] * 1024 / 1e6
