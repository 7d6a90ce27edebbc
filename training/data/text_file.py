"""Text file: the lines of a file as people have it, and their cells, in bounded memory.

Plain, gzipped, or in a zip archive as manythings.org/anki publishes them; the first bytes tell
which, not the name. UTF-8 or, with a byte order mark, UTF-16; line ends of any system. Cells are
tab-separated and verbatim; ``.csv`` has quotes, ``.jsonl`` named fields.
"""

import codecs
import csv
import gzip
import json
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from s2s_export.errors import DataError, DataFormatError, DataNotFoundError

LONGEST_LINE = 2**16
"""Bytes. Tatoeba's longest pairs have some 800; a longer line is no sentence pair."""

_TEXT_SUFFIXES = (".txt", ".tsv", ".csv", ".jsonl", ".vec")
_BOM = b"\xef\xbb\xbf"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Lines(Protocol):
    """A file open for reading bytes."""

    def readline(self, limit: int, /) -> bytes:
        """Return the next line, or its first ``limit`` bytes; ``b""`` at the end."""


class _CarriageReturns:
    """A file whose lines end with a carriage return alone, as on old Macs."""

    def __init__(self, file: IO[bytes] | gzip.GzipFile) -> None:
        self._file = file
        self._rest = b""

    def readline(self, limit: int, /) -> bytes:
        while b"\r" not in self._rest[:limit] and len(self._rest) < limit:
            block = self._file.read(LONGEST_LINE)
            if not block:
                break
            self._rest += block
        end = self._rest.find(b"\r", 0, limit) + 1 or limit
        line, self._rest = self._rest[:end], self._rest[end:]
        return line.replace(b"\r", b"\n")


@contextmanager
def opened(path: Path) -> Iterator[tuple[str, Lines]]:
    """Open the text in a file; yield its name for messages, and its bytes in UTF-8.

    Raises:
        DataNotFoundError: there is no such file.
        DataError: it cannot be read, when it is opened or later in the block.
    """
    try:
        with _text(path) as named:
            yield named
    except FileNotFoundError:
        raise DataNotFoundError(f"{path}: no such data file") from None
    except (OSError, EOFError, UnicodeError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error


@contextmanager
def _text(path: Path) -> Iterator[tuple[str, Lines]]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            name = _text_in(path, archive)
            with archive.open(name) as member:
                yield f"{path}:{name}", _decoded(member)
        return
    with path.open("rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not compressed:
            yield str(path), _decoded(file)
            return
        with gzip.open(file) as text:
            yield str(path), _decoded(text)


def _decoded(file: IO[bytes] | gzip.GzipFile) -> Lines:
    """Return the file's lines in UTF-8, each ended by a line feed, whatever it is written in."""
    beginning = file.read(LONGEST_LINE)
    file.seek(0)
    if beginning.startswith(_UTF_16):
        return codecs.EncodedFile(file, "utf-8", "utf-16")
    if b"\r" in beginning and b"\n" not in beginning:
        return _CarriageReturns(file)
    return file


def _text_in(path: Path, archive: zipfile.ZipFile) -> str:
    # manythings.org's archives carry an _about.txt beside the pairs.
    names = [
        name
        for name in archive.namelist()
        if name.endswith(_TEXT_SUFFIXES) and not Path(name).name.startswith(("_", "."))
    ]
    if len(names) != 1:
        raise DataError(
            f"{path}: expected one .txt or .tsv file in it, found {', '.join(names) or 'none'}"
        )
    return names[0]


def lines_of(name: str, file: Lines, skipped: Counter[str]) -> Iterator[tuple[int, str]]:
    """Yield each line that is neither blank nor too long, with its number.

    Args:
        name: of the file in messages.
        file: open.
        skipped: counts the other lines by the reason; no such line is ever held in memory.

    Raises:
        DataFormatError: a line is not UTF-8.
    """
    number, start = 0, True
    while line := file.readline(LONGEST_LINE):
        whole = line.endswith(b"\n") or len(line) < LONGEST_LINE
        if start:
            number += 1
            if number == 1:
                line = line.removeprefix(_BOM)
            if not whole:
                skipped[f"longer than {LONGEST_LINE} bytes"] += 1
            elif not line.strip():
                skipped["blank"] += 1
            else:
                try:
                    yield number, line.decode("utf-8").rstrip("\r\n")
                except UnicodeDecodeError as error:
                    raise DataFormatError(
                        f"{name}, line {number}: not UTF-8 at byte {error.start} of the line; "
                        "save the file as UTF-8"
                    ) from None
        start = whole


@dataclass
class Row:
    """The cells of a line.

    Attributes:
        number: of the line, from 1; of a CSV row's last line.
        cells: in their order.
        names: of the cells, where the line itself has them.
    """

    number: int
    cells: list[str]
    names: list[str] | None = None


def rows_of(name: str, lines: Iterable[tuple[int, str]]) -> Iterator[Row]:
    """Yield the row of each line; of several lines where a quoted CSV cell holds line ends.

    Args:
        name: of the file; its ending tells the format.
        lines: with their numbers.

    Raises:
        DataFormatError: a line breaks the format.
    """
    plain = name.removesuffix(".gz")
    if plain.endswith(".csv"):
        yield from _csv_rows(name, lines)
        return
    for number, line in lines:
        if plain.endswith(".jsonl"):
            yield _json_row(name, number, line)
        else:
            yield Row(number, line.split("\t"))


def _csv_rows(name: str, lines: Iterable[tuple[int, str]]) -> Iterator[Row]:
    last = 0  # a quoted cell may hold line ends, so the reader asks for lines

    def texts() -> Iterator[str]:
        nonlocal last
        for number, line in lines:
            last = number
            yield f"{line}\n"

    try:
        for cells in csv.reader(texts(), strict=True):
            yield Row(last, cells)
    except csv.Error as error:
        raise DataFormatError(f"{name}, line {last}: {error}") from None


def _json_row(name: str, number: int, line: str) -> Row:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise DataFormatError(f"{name}, line {number}: not JSON: {error}") from None
    if not isinstance(value, dict):
        raise DataFormatError(f"{name}, line {number}: expected an object with named fields")
    return Row(number, [str(cell) for cell in value.values()], [*map(str, value)])
