"""The files of an export among the resources of a package, zipped packages included.

``Translator.from_resources`` makes it. Standard library only.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...errors import ArtefactError, ArtefactNotFoundError
from ..manifest import MANIFEST_FILE
from . import source
from .memory import MemoryFiles

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


class ResourceFiles:
    """Files of a folder among a package's resources, as ``FileSource``."""

    noun = "folder"

    def __init__(self, folder: "Traversable") -> None:
        """Take a folder, as ``importlib.resources.files`` gives it."""
        self._folder = folder
        self.name = str(folder)

    def where(self, file: str) -> str:
        """Return a file's place, for messages."""
        return f"{self.name}/{file}"

    def has(self, file: str) -> bool:
        """Tell whether there is such a file."""
        return self._folder.joinpath(file).is_file()

    def not_exported(self) -> ArtefactNotFoundError:
        """Return the error for a folder that is not there, or has no manifest."""
        if self._folder.is_dir():
            return source.no_manifest(self, MANIFEST_FILE)
        if self._folder.is_file():
            return ArtefactNotFoundError(
                f"{self.name}: expected a folder, found a file; open a zip with open('rb') and "
                "give it to from_zip"
            )
        return ArtefactNotFoundError(
            f"{self.name}: no such folder among the resources; is it part of the package's data?"
        )

    def read(self, file: str, limit: int) -> bytes:
        """Read a file; resources have no size, so one byte more than the limit is asked for."""
        try:
            with self._folder.joinpath(file).open("rb") as opened:
                content = opened.read(limit + 1)
        except FileNotFoundError:
            raise source.missing(self, file) from None
        except Exception as error:  # a loader has exceptions of its own, with no common base
            reason = getattr(error, "strerror", None) or error
            raise ArtefactError(f"{self.where(file)}: cannot be read: {reason}") from error
        if len(content) > limit:
            raise source.too_long(self, file, limit, "more", content)
        return content

    def kept(self, files: Mapping[str, bytes]) -> MemoryFiles:
        """Return the files that were read: another process need not have the package."""
        return MemoryFiles(files, self.name)
