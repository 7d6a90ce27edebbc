"""Commands of a program, one at a time, on one core, with their time."""

import ctypes
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_VARIABLES = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "PYTHONUTF8": "1",  # of stdin and stdout, whatever the locale
}
_SET_CHILD_SUBREAPER, _GET_CHILD_SUBREAPER = 36, 37  # prctl(2)
_PATIENCE = 10.0  # seconds


@dataclass(frozen=True)
class Finished:
    """A command that has run.

    Attributes:
        output: what it printed on stdout.
        seconds: from its start to its end.
        cpu_seconds: of the processor, for all its processes.
    """

    output: str
    seconds: float
    cpu_seconds: float


class CommandError(Exception):
    """A command failed; the message names it and the file with its stderr."""


def use_one_core(core: int | None) -> None:
    """Keep this process, and all that it starts, on one core; Linux only, elsewhere nothing."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0)) if core is None else core})


def adopt_orphans() -> None:
    """Become the parent of processes that a command leaves behind, so that their time is counted.

    Phonetisaurus does not wait for its decoder. Linux only, elsewhere nothing.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def run(
    command: Sequence[object],
    log: Path,
    *,
    text: str = "",
    variables: Mapping[str, str] | None = None,
    good: Sequence[int] = (0,),
) -> Finished:
    """Run a command with one thread and wait for it.

    Args:
        command: the program and its arguments, texts or paths.
        log: a file for its stderr; what stands in it stays.
        text: its stdin.
        variables: of its environment, beside the present ones.
        good: exit codes that are no failure.

    Raises:
        CommandError: it ends with another exit code.
    """
    environment = {**os.environ, **_VARIABLES, **(variables or {})}
    began, began_cpu = time.perf_counter(), _cpu_seconds()
    with log.open("a", encoding="utf-8") as stderr:
        done = subprocess.run(
            [str(argument) for argument in command],
            input=text,
            stdout=subprocess.PIPE,
            stderr=stderr,
            encoding="utf-8",
            env=environment,
        )
    seconds = time.perf_counter() - began
    _wait_for_orphans()
    cpu_seconds = _cpu_seconds() - began_cpu
    if done.returncode not in good:
        words = " ".join(str(argument) for argument in command[:3])
        raise CommandError(f"{words} …: exit code {done.returncode}; its messages are in {log}")
    return Finished(done.stdout, seconds, cpu_seconds)


def _wait_for_orphans() -> None:
    """Wait for what a command has left behind, if this process adopts it."""
    if sys.platform != "linux":
        return
    adopts = ctypes.c_int()
    ctypes.CDLL(None).prctl(_GET_CHILD_SUBREAPER, ctypes.byref(adopts), 0, 0, 0)
    until = time.monotonic() + _PATIENCE
    while adopts.value and time.monotonic() < until:
        try:
            process, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:  # there is none, or no more
            return
        if not process:
            time.sleep(0.01)


def _cpu_seconds() -> float:
    """Return the processor time of all processes that were started and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
