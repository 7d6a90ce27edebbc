"""Writing a folder all at once: whoever reads it sees the old folder or the new one.

Export builds beside the target and swaps at the end. An export that fails or is interrupted leaves
the old folder; the next export removes the leftovers of a killed one. Standard library only, of a
POSIX system.
"""

import ctypes
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from ...atomic_file import sync_folder
from ...errors import OutputError
from .beside import OLD, building_beside, locked, naming_target

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


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
    with building_beside(target) as building, naming_target(target, "folder"):
        # mkdtemp's folder is its owner's alone, an export is to be shared
        building.chmod(0o755)
        yield building
        sync_folder(building)
        with locked(target.parent):
            _require_replaceable(target, own_files, force=force)
            if target.exists():
                _exchange(building, target)
            else:
                building.rename(target)
        sync_folder(target.parent)


def _require_replaceable(target: Path, own_files: Collection[str], *, force: bool) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise OutputError(
            f"{target}: expected a folder, found a file; choose another --out, or one that ends in "
            ".zip for a zip"
        )
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
    old = building.with_name(building.name + OLD)
    target.rename(old)
    try:
        building.rename(target)
    except BaseException:  # Ctrl-C too
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
