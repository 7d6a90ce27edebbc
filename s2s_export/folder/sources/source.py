"""FileSource: the files of an export by name, wherever they lie, and the errors of all its kinds.

``reader`` reads through it and knows no kind; each kind has a module beside this one. Standard
library only.
"""

from collections.abc import Mapping
from typing import Protocol

from ...errors import ArtefactNotFoundError, IntegrityError
from ..file_kind import kind_of

EXPORT_COMMAND = "python -m s2s_export.export"
FIRST_BYTES = 64
"""As many of a file's bytes tell its kind."""


class FileSource(Protocol):
    """The files of an export, by name: plain names, without a path."""

    @property
    def name(self) -> str:
        """Name of the whole, for messages."""

    @property
    def noun(self) -> str:
        """The whole in a word, for messages: ``folder`` or ``zip``."""

    def where(self, file: str) -> str:
        """Return a file's place, for messages."""

    def has(self, file: str) -> bool:
        """Tell whether there is such a file.

        Raises:
            ArtefactError: it cannot be told: the zip is damaged.
        """

    def not_exported(self) -> ArtefactNotFoundError:
        """Return the error for a source without a manifest."""

    def read(self, file: str, limit: int) -> bytes:
        """Return a file's bytes, ``limit`` at most; a longer file is refused before it is read.

        Raises:
            ArtefactNotFoundError: there is no such file.
            IntegrityError: it is longer; or the zip is damaged.
            ArtefactError: it cannot be read.
        """

    def kept(self, files: Mapping[str, bytes]) -> "FileSource":
        """Return a source that can be read later, after a fork, and in another process.

        Args:
            files: the files that were read of this one. A source whose files stay at a path does
                without them.
        """


def no_manifest(source: FileSource, manifest_file: str) -> ArtefactNotFoundError:
    """Return the error for a source that is there, and has no manifest."""
    return ArtefactNotFoundError(
        f"{source.name}: no {manifest_file} in it, so it is not an exported {source.noun}; "
        f"make one with '{EXPORT_COMMAND}'"
    )


def missing(source: FileSource, file: str) -> ArtefactNotFoundError:
    """Return the error for a file that is not there."""
    return ArtefactNotFoundError(
        f"{source.where(file)}: missing; copy the whole {source.noun} again"
    )


def too_long(
    source: FileSource, file: str, limit: int, found: int | str, first: bytes
) -> IntegrityError:
    """Return the error for a file that is longer than the limit.

    Args:
        source: the file's.
        file: its name.
        limit: the most bytes.
        found: its size, or a word for one that is not known.
        first: its first bytes, which may tell what it is instead.
    """
    kind = kind_of(first)
    return IntegrityError(
        f"{source.where(file)}: expected at most {limit} bytes, found {found}"
        + (f": it is {kind}" if kind else f"; copy the {source.noun} again")
    )
