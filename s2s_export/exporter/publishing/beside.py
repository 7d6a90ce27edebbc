"""A folder to build in, beside the target, and the cleaning up after builds that were killed.

``atomic_folder`` and ``atomic_zip`` build in it and swap at the end. Standard library only, of a
POSIX system.
"""

import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ...errors import OutputError, S2SError
from .file_lock import lock, require_locks

OLD = ".old"
"""Ends the name of an old folder for the instant between two renames."""


@contextmanager
def building_beside(target: Path) -> Iterator[Path]:
    """Give an empty folder beside the target, on the same disk; in the end it is removed.

    Leftovers of killed builds for the same target are removed first.

    Raises:
        OutputError: there can be no such folder.
        RuntimeMissingError: this system cannot lock folders.
    """
    require_locks()
    with ExitStack() as stack:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with locked(target.parent):
                _remove_leftovers(target)
                building = Path(tempfile.mkdtemp(prefix=_prefix(target), dir=target.parent))
                stack.callback(shutil.rmtree, building, ignore_errors=True)
                # Held until the end; a folder that nobody holds is a leftover.
                stack.enter_context(locked(building))
        except OSError as error:
            raise OutputError(f"{target.parent}: cannot be written: {error.strerror}") from error
        yield building


@contextmanager
def naming_target(target: Path, noun: str) -> Iterator[None]:
    """Turn an ``OSError`` of the block into an error of the target.

    Args:
        target: what the block replaces.
        noun: the target in a word.

    Raises:
        OutputError: for an ``OSError``.
    """
    there_is_an_old_one = target.exists()
    try:
        yield
    except S2SError:  # some are OSErrors too, with a message of their own
        raise
    except OSError as error:
        # The reason alone: the error's file is one of the folder that is being built in.
        reason = error.strerror or error
        state = f"; it is the old {noun} or the new one" if there_is_an_old_one else ""
        raise OutputError(f"{target}: cannot be written: {reason}{state}") from error


def write_file(path: Path, content: bytes) -> None:
    """Write a file of the folder that is being built in; it is on the disk afterwards.

    Raises:
        OSError: it cannot be written.
    """
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock on a folder; the system lets go of it when the process ends, however it ends.

    Raises:
        BlockingIOError: another process has it, and this one is not to wait.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        lock(descriptor, wait=wait)
        yield
    finally:
        os.close(descriptor)


def _prefix(target: Path) -> str:
    return f".{target.name}.building-"


def _remove_leftovers(target: Path) -> None:
    """Remove the leftovers of killed exports to this target; running ones hold theirs locked."""
    for path in target.parent.glob(f"{glob.escape(_prefix(target))}*"):
        with suppress(BlockingIOError, FileNotFoundError), locked(path, wait=False):
            if path.name.endswith(OLD) and not target.exists():
                path.rename(target)  # killed between the two steps of an exchange
            else:
                shutil.rmtree(path, ignore_errors=True)
