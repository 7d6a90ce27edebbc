"""Writing a zip of an export all at once: whoever reads it sees the old file or the new one.

The same files give the same bytes. Standard library only, of a POSIX system.
"""

import io
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ...atomic_file import sync_folder
from ...errors import ArtefactError, OutputError
from ...folder.manifest import MANIFEST_FILE
from ...folder.sources.archive import ZipFiles
from .beside import building_beside, locked, naming_target

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold; an export names no time."""
_UNIX, _REGULAR_FILE = 3, 0o100644


@contextmanager
def replacing_zip(target: Path, own_files: Collection[str], *, force: bool) -> Iterator[Path]:
    """Give the path of a zip to write; when the block ends well, it takes the target's place.

    Of two that do this at once, both finish, and the zip is the one that ended last. The block
    writes with ``write_file``.

    Args:
        target: the zip to write; if it is a link, the file that it points to.
        own_files: the file names that an earlier export may have put there. A file that is no zip,
            or a zip of any other file, is not replaced.
        force: replace the file whatever is in it; a folder is never replaced.

    Raises:
        OutputError: the target may not be replaced, or cannot be written. Said before the block
            runs.
    """
    target = target.resolve()
    _require_replaceable(target, own_files, force=force)
    with building_beside(target) as building, naming_target(target, "zip"):
        zipped = building / target.name
        yield zipped
        with locked(target.parent):
            _require_replaceable(target, own_files, force=force)
            zipped.replace(target)
        sync_folder(target.parent)


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """Return a zip of files: the manifest first, the others by name, none compressed.

    Compressed, the shipped model would be a tenth smaller, and a Translator would take more than
    twice as long to make (docs/benchmarks.md); the bytes would depend on the version of zlib, too.

    Args:
        files: contents by name.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files, key=lambda name: (name != MANIFEST_FILE, name)):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = _UNIX  # the same wherever it is made
            entry.external_attr = _REGULAR_FILE << 16
            archive.writestr(entry, files[name])
    return buffer.getvalue()


def _require_replaceable(target: Path, own_files: Collection[str], *, force: bool) -> None:
    if not target.exists():
        return
    if not target.is_file():
        raise OutputError(f"{target}: expected a file, found a folder; choose another --out")
    if not force and not _is_own(target, own_files):
        raise OutputError(
            f"{target}: it is no zip that an export wrote; choose another --out, or --force to "
            "replace it"
        )


def _is_own(target: Path, own_files: Collection[str]) -> bool:
    try:
        with target.open("rb") as file:
            names = ZipFiles(file, str(target)).names()
    except ArtefactError:
        return False
    return MANIFEST_FILE in names and {*names} <= {*own_files}
