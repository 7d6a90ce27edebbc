"""The folder of a run: its files, and that one training at a time writes it."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from s2s_export.errors import OutputError, RunInUseError

BEST_FILE = "best.pt"
"""The checkpoint that evaluation and export read."""
LAST_FILE, PREVIOUS_FILE = "last.pt", "previous.pt"
"""All that is needed to go on; and the one before, should the last be damaged."""
HISTORY_FILE = "history.csv"
HELD_OUT_FILE = "held-out.tsv"
HYPOTHESES_FILE = "hypotheses.tsv"
LOSS_PLOT_FILE, ERRORS_PLOT_FILE = "loss.png", "errors.png"
TENSORBOARD_FOLDER = "tensorboard"
_LOCK_FILE = ".lock"


@contextmanager
def locked(run: Path) -> Iterator[None]:
    """Make the run folder and keep other trainings out of it, until the block ends.

    The operating system gives the lock back, however the process ends.

    Raises:
        RunInUseError: another process has it.
        OutputError: the folder cannot be made or written.
    """
    try:
        run.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(run / _LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise OutputError(f"{run}: cannot be made or written: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pid = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
            raise RunInUseError(
                f"{run}: another training writes it (pid {pid}); wait for it, stop it, or choose "
                "another --run"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def clear(run: Path) -> None:
    """Delete what an earlier run left here; files of other names stay.

    Raises:
        OutputError: a file cannot be deleted.
    """
    try:
        for name in (
            *(BEST_FILE, LAST_FILE, PREVIOUS_FILE, HISTORY_FILE, HELD_OUT_FILE, HYPOTHESES_FILE),
            *(LOSS_PLOT_FILE, ERRORS_PLOT_FILE),
        ):
            (run / name).unlink(missing_ok=True)
        shutil.rmtree(run / TENSORBOARD_FOLDER, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"{run}: cannot be cleared: {error}") from error


def holds_run(run: Path) -> bool:
    """Tell whether a training has left something worth keeping here."""
    return any((run / name).exists() for name in (BEST_FILE, LAST_FILE, PREVIOUS_FILE))
