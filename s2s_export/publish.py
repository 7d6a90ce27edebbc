"""Putting a finished folder in the place of another one, all at once.

Export builds beside the target and swaps at the end: whoever reads the target sees the old folder
or the new one, and an export that fails or is interrupted leaves the old one. Standard library
only.
"""

import ctypes
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import OutputError, S2SError

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def replacing(target: Path, own_files: Collection[str], *, force: bool) -> Iterator[Path]:
    """Give an empty folder to build in; when the block ends well, it takes the target's place.

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
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{target.name}.building-", dir=target.parent))
    except OSError as error:
        raise OutputError(f"{target.parent}: cannot be written: {error.strerror}") from error
    try:
        building.chmod(0o755)  # mkdtemp's folder is its owner's alone, an export is to be shared
        yield building
        _sync(building)
        if target.exists():
            _exchange(building, target)
        else:
            building.rename(target)
    except S2SError:  # some are OSErrors too, and they say what they have to say
        raise
    except OSError as error:
        raise OutputError(f"{target}: cannot be written: {error}; it is as it was") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)  # half built, or what was replaced
    _sync(target.parent)


def write_file(path: Path, content: bytes) -> None:
    """Write a file and wait until it is on the disk."""
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


def _exchange(building: Path, target: Path) -> None:
    """Let two folders change places."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is not None:
        names = os.fsencode(building), os.fsencode(target)
        if renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0:
            return
    # Not Linux, or a file system without it: two steps, with an instant between them in which the
    # old folder has only its new name.
    old = building.with_name(f"{building.name}.old")
    target.rename(old)
    try:
        building.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _sync(folder: Path) -> None:
    """Wait until the folder's entries are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
