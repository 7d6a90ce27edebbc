"""The files of an export in a zip, read without extracting it.

``location`` makes them, for a path and for ``Translator.from_zip``; it imports this module when
there is a zip, because ``zipfile`` takes as long to import as a small model to load. Standard
library only. ``format.md`` says what a zip may be.
"""

import re
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ...errors import ArtefactError, ArtefactNotFoundError, IntegrityError
from ..file_kind import kind_of
from ..manifest import MANIFEST_FILE
from . import source
from .memory import MemoryFiles

_ENCRYPTED = 1  # of an entry's flags
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The two that every reader has. Python decompresses the others without a bound."""

_LEADS_OUT = re.compile(r"/|[A-Za-z]:|(.*/)?\.\.(/|$)", re.DOTALL)

# What zipfile raises for damaged bytes; there is no common base.
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, EOFError),
    *(NotImplementedError, OverflowError, ValueError),
)


class ZipFiles:
    """Files of an open zip, as ``FileSource``."""

    noun = "zip"

    def __init__(self, file: IO[bytes], name: str) -> None:
        """Read the zip's list of files.

        Args:
            file: the zip; it must be able to seek, and stays open.
            name: of the zip, for messages.

        Raises:
            ArtefactError: it is no zip, or damaged, or its names are not those of plain files.
        """
        self.name = name
        with _naming_damage(name):
            file.seek(0)
            first = file.read(source.FIRST_BYTES)
            if not first.startswith(b"PK"):
                raise _no_zip(name, first)
            self._zip = zipfile.ZipFile(file)
            entries = self._zip.infolist()
            # zipfile finds a zip at the end of other data, as one inside a truncated one is.
            if min((entry.header_offset for entry in entries), default=0) > 0:
                raise zipfile.BadZipFile("other data before the first file")
            self._entries = _exported_files(entries, name)

    def where(self, file: str) -> str:
        """Return a file's place, for messages."""
        return f"{self.name}/{file}"

    def has(self, file: str) -> bool:
        """Tell whether there is such a file."""
        return file in self._entries

    def not_exported(self) -> ArtefactNotFoundError:
        """Return the error for a zip without a manifest."""
        return source.no_manifest(self, MANIFEST_FILE)

    def names(self) -> list[str]:
        """Return the names of all that lies in the zip, folders and extra files too."""
        return self._zip.namelist()

    def read(self, file: str, limit: int) -> bytes:
        """Read a file; no more is decompressed than the size that the zip declares for it."""
        where = self.where(file)
        entry = self._entries.get(file)
        if entry is None:
            raise source.missing(self, file)
        if entry.flag_bits & _ENCRYPTED:
            raise ArtefactError(f"{where}: it is encrypted; zip it again without a password")
        if entry.compress_type not in _METHODS:
            raise ArtefactError(
                f"{where}: expected a stored or deflated file, found compression method "
                f"{entry.compress_type}; zip it again"
            )
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise ArtefactError(f"{where}: it is a symbolic link; zip the file that it points to")
        with _naming_damage(where), self._zip.open(entry) as opened:
            if entry.file_size > limit:
                first = opened.read(source.FIRST_BYTES)
                raise source.too_long(self, file, limit, entry.file_size, first)
            # With a number: read() alone would decompress as much as the bytes hold.
            return opened.read(entry.file_size)

    def kept(self, files: Mapping[str, bytes]) -> MemoryFiles:
        """Return the files that were read: the app may close the zip."""
        return MemoryFiles(files, self.name)


class ZipAtPath:
    """Files of a zip at a path, as ``FileSource``.

    It is opened anew for each question, so that no open file has to survive a fork or a pickle.
    """

    noun = "zip"

    def __init__(self, path: Path) -> None:
        """Name a zip; nothing is read. Messages name it as it is given."""
        self._given, self._path = path, path.absolute()

    @property
    def name(self) -> str:
        """The path as it was given."""
        return str(self._given)

    def where(self, file: str) -> str:
        """Return a file's place, for messages."""
        return f"{self.name}/{file}"

    def has(self, file: str) -> bool:
        """Tell whether there is such a file."""
        with self._opened() as files:
            return files.has(file)

    def not_exported(self) -> ArtefactNotFoundError:
        """Return the error for a zip without a manifest."""
        return source.no_manifest(self, MANIFEST_FILE)

    def read(self, file: str, limit: int) -> bytes:
        """Read a file of the zip."""
        with self._opened() as files:
            return files.read(file, limit)

    def kept(self, files: Mapping[str, bytes]) -> "ZipAtPath":
        """Return the zip by its absolute path: it stays where it is."""
        return ZipAtPath(self._path)

    @contextmanager
    def _opened(self) -> Iterator[ZipFiles]:
        with opened_file(self._path, self.name) as file:
            yield ZipFiles(file, self.name)


@contextmanager
def opened_file(path: Path, name: str) -> Iterator[IO[bytes]]:
    """Open the file of a zip.

    Args:
        path: of the zip.
        name: of the zip, for messages.

    Raises:
        ArtefactNotFoundError: there is no such file.
        ArtefactError: it cannot be opened.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise ArtefactNotFoundError(f"{name}: no such file; copy the zip again") from None
    except OSError as error:
        raise ArtefactError(f"{name}: cannot be read: {error.strerror}") from error
    with file:
        yield file


def _exported_files(entries: list[zipfile.ZipInfo], name: str) -> dict[str, zipfile.ZipInfo]:
    """Return the files of the export by name: those at the top, or in the one folder with them."""
    for entry in entries:
        # zipfile cuts a name at a NUL, and other readers do not.
        if _LEADS_OUT.match(entry.orig_filename) or {*"\\\0"} & {*entry.orig_filename}:
            raise ArtefactError(
                f"{name}: {entry.orig_filename!r} stands in it, expected names that stay in it, "
                "with '/' between folders; no export wrote it: do not use it"
            )
    by_name = {entry.filename: entry for entry in entries}
    if len(by_name) < len(entries):
        counts = Counter(entry.filename for entry in entries)
        twice = sorted(file for file, count in counts.items() if count > 1)
        raise ArtefactError(
            f"{name}: {', '.join(twice)} stands in it more than once, and readers differ in which "
            "one they take; zip the folder again"
        )
    folders = [""] if MANIFEST_FILE in by_name else _folders_with_a_manifest(by_name)
    if len(folders) > 1:
        raise ArtefactError(
            f"{name}: {', '.join(folders)} have a {MANIFEST_FILE} each, expected one export; zip "
            "one folder"
        )
    return {
        file.removeprefix(folder): entry
        for folder in folders
        for file, entry in by_name.items()
        if file.startswith(folder)
    }


def _folders_with_a_manifest(names: Mapping[str, object]) -> list[str]:
    folders = (name.removesuffix(MANIFEST_FILE) for name in names if name.endswith(MANIFEST_FILE))
    return sorted(folder for folder in folders if folder.find("/") == len(folder) - 1)


def _no_zip(name: str, first: bytes) -> ArtefactError:
    kind = kind_of(first)
    if kind is not None:
        return IntegrityError(
            f"{name}: expected an exported folder or a zip of one, but it is {kind}"
        )
    return ArtefactNotFoundError(
        f"{name}: no {MANIFEST_FILE} in it: it is neither an exported folder nor a zip of one; "
        f"make one with '{source.EXPORT_COMMAND}'"
    )


@contextmanager
def _naming_damage(where: str) -> Iterator[None]:
    """Turn whatever reading a zip raises into errors that say where."""
    try:
        yield
    except ArtefactError:  # some are OSErrors or ValueErrors too
        raise
    except OSError as error:
        raise ArtefactError(f"{where}: cannot be read: {error.strerror or error}") from error
    except _DAMAGE as error:
        raise IntegrityError(
            f"{where}: the zip is truncated or damaged ({error}); copy it again"
        ) from error
