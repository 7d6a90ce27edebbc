"""The files of an exported folder on disk.

``location`` makes it from a path. Standard library only. Nothing is ever written.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from ...errors import ArtefactError, ArtefactNotFoundError
from ..manifest import MANIFEST_FILE
from . import source


class DirectoryFiles:
    """Files of a folder, as ``FileSource``; links are followed.

    A Hub's cache is a folder of links, and so is a ConfigMap's.
    """

    noun = "folder"

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Name a folder; nothing is read.

        Args:
            path: of the folder. Messages name it as it is given; the app may change its current
                folder and still read it.
        """
        self._given = Path(path)
        self._path = self._given.absolute()

    @property
    def name(self) -> str:
        """The path as it was given."""
        return str(self._given)

    def where(self, file: str) -> str:
        """Return a file's path."""
        return str(self._given / file)

    def has(self, file: str) -> bool:
        """Tell whether there is such a file."""
        return (self._path / file).is_file()

    def not_exported(self) -> ArtefactNotFoundError:
        """Return the error for a folder that is not there, or has no manifest."""
        if self._path.exists():
            return source.no_manifest(self, MANIFEST_FILE)
        return ArtefactNotFoundError(
            f"{self.name}: no such folder; make it with '{source.EXPORT_COMMAND}'"
        )

    def read(self, file: str, limit: int) -> bytes:
        """Read a file; its size is looked at first."""
        path = self._path / file
        try:
            if path.exists() and not path.is_file():
                raise ArtefactError(f"{self.where(file)}: expected a file; copy the folder again")
            with path.open("rb") as opened:
                size = os.fstat(opened.fileno()).st_size
                if size > limit:
                    first = opened.read(source.FIRST_BYTES)
                    raise source.too_long(self, file, limit, size, first)
                return opened.read(limit)
        except FileNotFoundError:
            raise source.missing(self, file) from None
        except OSError as error:
            raise ArtefactError(f"{self.where(file)}: cannot be read: {error.strerror}") from error

    def kept(self, files: Mapping[str, bytes]) -> "DirectoryFiles":
        """Return the folder by its absolute path: it stays where it is."""
        return DirectoryFiles(self._path)
