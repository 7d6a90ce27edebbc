"""Pairs file: two columns of texts separated by a tab, one pair a line.

It is plain text, gzipped text, or a zip archive as manythings.org/anki publishes them. Its first
bytes tell which, not its name. ``training.fit`` and ``training.evaluate`` read it.
"""

import gzip
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from s2s_export.errors import DataError, DataFormatError, DataNotFoundError


class TextPair(NamedTuple):
    """A source text and its target text, as written."""

    source: str
    target: str

    @classmethod
    def of_columns(cls, columns: tuple[str, str], *, reverse: bool) -> "TextPair":
        """Make a pair of (target, source), or with ``reverse`` of (source, target)."""
        return cls(*columns) if reverse else cls(*columns[::-1])


LONGEST_LINE = 2**16
"""Bytes. Tatoeba's longest pairs have some 800, so a longer line is no pair of sentences."""

_TEXT_SUFFIXES = (".txt", ".tsv")
_BOM = b"\xef\xbb\xbf"


_ReadLine = Callable[[int], bytes]
"""A binary file's ``readline``: at most so many bytes of the next line, ``b""`` at the end."""


@dataclass
class RawPairs:
    """The pairs of a file.

    Attributes:
        name: of the data in messages.
        pairs: in the order of the file.
        skipped: numbers of skipped lines, by reason.
    """

    name: str
    pairs: list[TextPair] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of_columns(
        cls, name: str, columns: Iterable[tuple[str, str]], *, reverse: bool = False
    ) -> "RawPairs":
        """Make the pairs of two columns; see ``TextPair.of_columns``."""
        return cls(name, [TextPair.of_columns(pair, reverse=reverse) for pair in columns])


def read_pairs(path: Path, *, reverse: bool = False) -> RawPairs:
    """Read the pairs of a file.

    A third column (attribution) is ignored. Blank lines, pairs with an empty side and lines longer
    than ``LONGEST_LINE`` are skipped and counted; a long line is never in memory as a whole.

    Args:
        path: text in UTF-8 (BOM and CRLF are fine), gzipped text, or a zip archive with one
            ``.txt`` or ``.tsv`` file.
        reverse: the first column is the source; otherwise it is the second.

    Raises:
        DataNotFoundError: there is no such file.
        DataError: the file cannot be read, or holds no pairs.
        DataFormatError: a line has no tab, or is not UTF-8; the message names it.
    """
    try:
        with _opened(path) as (name, readline):
            raw = RawPairs(name)
            for number, line in _lines(readline, raw.skipped):
                columns = _columns(name, number, line)
                if all(column.strip() for column in columns):
                    raw.pairs.append(TextPair.of_columns(columns, reverse=reverse))
                else:
                    raw.skipped["one side empty"] += 1
    except FileNotFoundError:
        raise DataNotFoundError(f"{path}: no such data file") from None
    except DataError:
        raise
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    if not raw.pairs:
        counts = ", ".join(f"{count} lines: {why}" for why, count in raw.skipped.items())
        raise DataError(
            f"{raw.name}: no pairs in it ({counts or 'it is empty'}); "
            "expected lines of English<TAB>French"
        )
    return raw


def _lines(readline: _ReadLine, skipped: Counter[str]) -> Iterator[tuple[int, bytes]]:
    """Yield number and bytes of each line; count blank and too long ones as skipped instead."""
    number, start = 0, True
    while line := readline(LONGEST_LINE):
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
                yield number, line
        start = whole


def _columns(name: str, number: int, line: bytes) -> tuple[str, str]:
    try:
        columns = line.decode("utf-8").rstrip("\r\n").split("\t")
    except UnicodeDecodeError as error:
        raise DataFormatError(
            f"{name}, line {number}: not UTF-8 at byte {error.start} of the line; "
            "save the file as UTF-8"
        ) from None
    if len(columns) < 2:
        raise DataFormatError(f"{name}, line {number}: expected English<TAB>French, found no tab")
    return columns[0], columns[1]


@contextmanager
def _opened(path: Path) -> Iterator[tuple[str, _ReadLine]]:
    """Open the text in a file; yield its name for messages, and its ``readline``."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            name = _text_in(path, archive)
            with archive.open(name) as member:
                yield f"{path}:{name}", member.readline
        return
    with path.open("rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not compressed:
            yield str(path), file.readline
            return
        with gzip.open(file) as text:
            yield str(path), text.readline


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
