"""The run folder: the names of its files, and the lock that keeps other trainings out."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from s2s_export.errors import OutputError, RunInUseError
from s2s_export.exporter.publishing.file_lock import lock, require_locks

BEST_FILE = "best.pt"
"""The checkpoint that evaluation and export read."""
LAST_FILE, PREVIOUS_FILE = "last.pt", "previous.pt"
"""The checkpoint to resume from; and the one before, should the last be damaged."""
HISTORY_FILE = "history.csv"
VALIDATION_FILE, TEST_FILE = "validation.tsv", "test.tsv"
HYPOTHESES_FILE = "hypotheses.tsv"
LOSS_PLOT_FILE, ERRORS_PLOT_FILE = "loss.png", "errors.png"
TENSORBOARD_FOLDER = "tensorboard"
_CHECKPOINTS = (BEST_FILE, LAST_FILE, PREVIOUS_FILE)
_REPORTS = (
    *(HISTORY_FILE, VALIDATION_FILE, TEST_FILE, HYPOTHESES_FILE),
    *(LOSS_PLOT_FILE, ERRORS_PLOT_FILE),
)
_LOCK_FILE = ".lock"


@contextmanager
def locked(run: Path) -> Iterator[None]:
    """Make the run folder and keep other trainings out of it, until the block ends.

    The operating system releases the lock, however the process ends.

    Raises:
        RunInUseError: another process has the lock.
        OutputError: the folder cannot be made or written.
        RuntimeMissingError: this system cannot lock folders.
    """
    require_locks()
    try:
        run.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(run / _LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise OutputError(f"{run}: cannot be made or written: {error.strerror}") from error
    try:
        try:
            lock(descriptor, wait=False)
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
    """Delete the files of an earlier run; files of other names stay.

    Raises:
        OutputError: a file cannot be deleted.
    """
    try:
        for name in (*_CHECKPOINTS, *_REPORTS):
            (run / name).unlink(missing_ok=True)
        shutil.rmtree(run / TENSORBOARD_FOLDER, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"{run}: cannot be cleared: {error}") from error


def holds_run(run: Path) -> bool:
    """Tell whether the folder has a checkpoint."""
    return any((run / name).exists() for name in _CHECKPOINTS)
