"""Writing a folder all at once: whoever reads it sees the old folder or the new one.

Export builds beside the target and swaps at the end. An export that fails or is interrupted leaves
the old folder; the next export removes the leftovers of a killed one. Standard library only, of a
POSIX system.
"""

import ctypes
import fcntl
import glob
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ..atomic_file import sync_folder
from ..errors import OutputError, S2SError

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_OLD = ".old"


@contextmanager
def replacing_folder(target: Path, own_files: Collection[str], *, force: bool) -> Iterator[Path]:
    """Give an empty folder to build in; when the block ends well, it takes the target's place.

    Of two that do this at once, both finish, and the folder is the one that ended last. The block
    writes with ``write_file``.

    Args:
        target: the folder to write; if it is a link, the folder that it points to.
        own_files: the file names that an earlier export may have left there. A folder with any
            other file is not replaced.
        force: replace the folder whatever is in it; a file is never replaced.

    Raises:
        OutputError: the target may not be replaced, or cannot be written. Said before the block
            runs.
    """
    target = target.resolve()
    _require_replaceable(target, own_files, force=force)
    there_is_an_old_folder = target.exists()
    with ExitStack() as stack:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with _locked(target.parent):
                _remove_leftovers(target)
                building = Path(tempfile.mkdtemp(prefix=_prefix(target), dir=target.parent))
                stack.callback(shutil.rmtree, building, ignore_errors=True)
                # Held until the end; a folder that nobody holds is a leftover.
                stack.enter_context(_locked(building))
        except OSError as error:
            raise OutputError(f"{target.parent}: cannot be written: {error.strerror}") from error
        try:
            # mkdtemp's folder is its owner's alone, an export is to be shared
            building.chmod(0o755)
            yield building
            sync_folder(building)
            with _locked(target.parent):
                _require_replaceable(target, own_files, force=force)
                if target.exists():
                    _exchange(building, target)
                else:
                    building.rename(target)
            sync_folder(target.parent)
        except S2SError:  # some are OSErrors too, with a message of their own
            raise
        except OSError as error:
            # The reason alone: the error's file is one of the folder that is being built.
            reason = error.strerror or error
            state = "; it is the old folder or the new one" if there_is_an_old_folder else ""
            raise OutputError(f"{target}: cannot be written: {reason}{state}") from error


def write_file(path: Path, content: bytes) -> None:
    """Write a file of the folder that is being built; it is on the disk afterwards.

    Raises:
        OSError: it cannot be written; ``replacing_folder`` turns that into an error of its target.
    """
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _require_replaceable(target: Path, own_files: Collection[str], *, force: bool) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise OutputError(f"{target}: expected a folder, found a file; choose another --out")
    if force:
        return
    foreign = sorted(path.name for path in target.iterdir() if path.name not in own_files)
    if foreign:
        raise OutputError(
            f"{target}: it holds what no export wrote ({', '.join(foreign[:3])}"
            f"{', …' if len(foreign) > 3 else ''}); choose another --out, or --force to replace "
            "the whole folder"
        )


def _prefix(target: Path) -> str:
    return f".{target.name}.building-"


def _remove_leftovers(target: Path) -> None:
    """Remove the leftovers of killed exports to this target; running ones hold theirs locked."""
    for path in target.parent.glob(f"{glob.escape(_prefix(target))}*"):
        with suppress(BlockingIOError, FileNotFoundError), _locked(path, wait=False):
            if path.name.endswith(_OLD) and not target.exists():
                path.rename(target)  # killed between the two steps of _exchange
            else:
                shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock on a folder; the system lets go of it when the process ends, however it ends.

    Raises:
        BlockingIOError: another process has it, and this one is not to wait.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _exchange(building: Path, target: Path) -> None:
    """Let two folders change places."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is not None:
        names = os.fsencode(building), os.fsencode(target)
        if renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0:
            return
    # Not Linux, or a file system without it: two steps, with an instant between them in which the
    # old folder has only its new name.
    old = building.with_name(building.name + _OLD)
    target.rename(old)
    try:
        building.rename(target)
    except BaseException:  # Ctrl-C too
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
