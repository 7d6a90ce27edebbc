"""The source of the files that a user names: a path to a folder or a zip, or an open zip.

The Translator, ``verify`` and ``info`` ask. Standard library only.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ...errors import ArtefactError, OptionError
from .directory import DirectoryFiles
from .source import FileSource

if TYPE_CHECKING:
    from .archive import ZipFiles


def files_at(path: str | os.PathLike[str]) -> FileSource:
    """Return the files of an exported folder, or of a zip of one.

    They are looked for when they are read; a path to nothing is taken for a folder's.
    """
    given = Path(path)
    if not given.is_file():
        return DirectoryFiles(given)
    from .archive import ZipAtPath

    return ZipAtPath(given)


@contextmanager
def opened_zip(file: str | os.PathLike[str] | IO[bytes]) -> Iterator["ZipFiles"]:
    """Open a zip for reading, and close it if it was not open before.

    Args:
        file: the zip: its path, or an open binary file that can seek.

    Raises:
        OptionError: it is neither.
        ArtefactError: it cannot be read, or is no zip.
    """
    from .archive import ZipFiles, opened_file

    if isinstance(file, str | os.PathLike):
        path = Path(file)
        if path.is_dir():
            raise ArtefactError(f"{path}: expected a zip, found a folder; give it to Translator")
        with opened_file(path, str(path)) as opened:
            yield ZipFiles(opened, str(path))
    else:
        _require_binary(file)
        name = getattr(file, "name", None)
        yield ZipFiles(file, name if isinstance(name, str) else "<zip>")


def _require_binary(file: IO[bytes]) -> None:
    try:
        can_seek, nothing = file.seekable(), file.read(0)
    except (AttributeError, ValueError) as error:
        raise OptionError(
            "file: expected the path of a zip or an open binary file, found "
            f"{type(file).__name__} ({error})"
        ) from None
    if not isinstance(nothing, bytes):
        raise OptionError("file: expected a binary file, found a text file; open it with 'rb'")
    if not can_seek:
        raise OptionError(
            "file: expected a file that can seek, found one that cannot; read it into io.BytesIO"
        )
