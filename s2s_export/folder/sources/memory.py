"""The files of an export in memory.

``Translator.from_files`` makes it, and what is kept of a zip and of resources. Standard library
only.
"""

from collections.abc import Mapping

from ...errors import ArtefactNotFoundError, OptionError
from ..manifest import MANIFEST_FILE
from . import source

FileContent = bytes | bytearray | memoryview
"""The content of a file in memory."""
MEMORY = "<memory>"
"""The name of files in memory that have come from nowhere in particular."""


class MemoryFiles:
    """Files in memory, as ``FileSource``."""

    noun = "folder"

    def __init__(self, files: Mapping[str, FileContent], name: str = MEMORY) -> None:
        """Take files; their contents are looked at when they are read.

        Args:
            files: contents by name; others than the manifest names are ignored.
            name: of the whole, for messages.

        Raises:
            OptionError: ``files`` is no mapping.
        """
        if not isinstance(files, Mapping):
            raise OptionError(
                "files: expected a mapping of file names to their bytes, found "
                f"{type(files).__name__}"
            )
        self._files, self.name = files, name

    def where(self, file: str) -> str:
        """Return a file's place, for messages."""
        return f"{self.name}/{file}"

    def has(self, file: str) -> bool:
        """Tell whether there is such a file."""
        return file in self._files

    def not_exported(self) -> ArtefactNotFoundError:
        """Return the error for files without a manifest."""
        return source.no_manifest(self, MANIFEST_FILE)

    def read(self, file: str, limit: int) -> bytes:
        """Return a file's bytes; of a ``bytearray`` or a ``memoryview`` a copy.

        Raises:
            OptionError: it is neither of these nor ``bytes``.
        """
        try:
            content = self._files[file]
        except KeyError:
            raise source.missing(self, file) from None
        if not isinstance(content, FileContent):
            raise OptionError(f"files[{file!r}]: expected bytes, found {type(content).__name__}")
        size = memoryview(content).nbytes
        if size > limit:
            first = bytes(content[: source.FIRST_BYTES])
            raise source.too_long(self, file, limit, size, first)
        return bytes(content)

    def kept(self, files: Mapping[str, bytes]) -> "MemoryFiles":
        """Return the files that were read, under the same name."""
        return MemoryFiles(files, self.name)
