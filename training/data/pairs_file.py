"""Pairs file: two columns of texts, one pair a line; or two parallel files.

``text_file`` reads the rows; here two of their cells become a source and a target.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from s2s_export.errors import DataError, DataFormatError

from .text_file import LONGEST_LINE, Row, lines_of, opened, rows_of

__all__ = ["LONGEST_LINE", "RawPairs", "TextPair", "read_pairs", "read_parallel"]

_HEADER_WORDS = frozenset(
    {"source", "target", "src", "tgt", "trg", "input", "output", "text", "translation", "label"}
    | {"english", "french", "german", "spanish", "en", "fr", "de", "es", "word", "pronunciation"}
)


class TextPair(NamedTuple):
    """A source text and its target text, as written."""

    source: str
    target: str

    @classmethod
    def of_columns(cls, columns: tuple[str, str], *, reverse: bool) -> "TextPair":
        """Take two columns: target and source, or with ``reverse`` source and target."""
        return cls(*columns) if reverse else cls(*columns[::-1])


@dataclass
class RawPairs:
    """The pairs of a file.

    Attributes:
        name: of the data in messages.
        pairs: in their order.
        skipped: how many lines were skipped, by the reason.
        notes: peculiarities of the file that its owner should look at.
    """

    name: str
    pairs: list[TextPair] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of_columns(
        cls, name: str, columns: Iterable[tuple[str, str]], *, reverse: bool = False
    ) -> "RawPairs":
        """Take pairs of columns in the order of a file."""
        return cls(name, [TextPair.of_columns(pair, reverse=reverse) for pair in columns])

    def add(self, pair: TextPair) -> None:
        """Add a pair, or count it as skipped where a side is empty."""
        if all(text.strip() for text in pair):
            self.pairs.append(pair)
        else:
            self.skipped["one side empty"] += 1


def read_pairs(
    path: Path, *, reverse: bool = False, columns: Sequence[str] = (), header: bool = False
) -> RawPairs:
    """Read the pairs of a file.

    Blank lines, pairs with an empty side and lines longer than ``LONGEST_LINE`` are skipped and
    counted; no such line is ever held in memory.

    Args:
        path: text in UTF-8 or UTF-16, gzipped text, or a zip archive with one such file;
            tab-separated unless its name ends in ``.csv`` or ``.jsonl``.
        reverse: without ``columns``: the first column is the source; otherwise it is the second.
        columns: the source's column and the target's, by number from 1, or by the names in the
            first line or of the JSON fields.
        header: the first line holds names and is left out; so it is where columns are named.

    Raises:
        DataNotFoundError: there is no such file.
        DataError: it cannot be read, or holds no pairs.
        DataFormatError: a line has no such columns, or is not UTF-8; the message names it.
    """
    if len(columns) not in (0, 2):
        raise DataError(f"--columns: expected two, source and target, found {len(columns)}")
    with opened(path) as (name, file):
        raw = RawPairs(name)
        rows = rows_of(name, lines_of(name, file, raw.skipped))
        for pair in _pairs(raw, rows, _Columns(name, columns, reverse=reverse, header=header)):
            raw.add(pair)
    _require_pairs(raw)
    _look_at_numbers(raw)
    return raw


def read_parallel(source: Path, target: Path) -> RawPairs:
    """Read two files with as many lines, one text a line.

    Raises:
        DataNotFoundError: there is no such file.
        DataError: a file cannot be read, or they have different numbers of lines.
    """
    sides: list[dict[int, str]] = []
    skipped: Counter[str] = Counter()
    for path in (source, target):
        with opened(path) as (name, file):
            sides.append(dict(lines_of(name, file, skipped)))
    last = [max(side, default=0) for side in sides]
    if last[0] != last[1]:
        raise DataError(
            f"{source} ends at line {last[0]}, {target} at line {last[1]}: line n of one must be "
            "the pair of line n of the other"
        )
    raw = RawPairs(f"{source} and {target}", skipped=skipped)
    for number in sorted({*sides[0], *sides[1]}):
        raw.add(TextPair(sides[0].get(number, ""), sides[1].get(number, "")))
    _require_pairs(raw)
    return raw


class _Columns:
    """The choice of two columns, found in a header where they have names."""

    def __init__(self, name: str, columns: Sequence[str], *, reverse: bool, header: bool) -> None:
        self._name = name
        self.named = bool(columns) and not all(column.isdecimal() for column in columns)
        self.chosen = bool(columns)
        self.header = header or self.named
        self._columns = columns
        self._indices = [0, 1] if reverse else [1, 0]
        if columns and not self.named:
            self._indices = [int(column) - 1 for column in columns]
            if min(self._indices) < 0:
                raise DataError("--columns: numbers begin at 1")

    def read_header(self, names: Sequence[str]) -> None:
        """Find named columns.

        Raises:
            DataFormatError: there is no such name.
        """
        if not self.named:
            return
        names = [name.strip() for name in names]
        missing = [column for column in self._columns if column not in names]
        if missing:
            raise DataFormatError(
                f"{self._name}: no column {', '.join(map(repr, missing))}; its columns are "
                f"{', '.join(map(repr, names))}"
            )
        self._indices = [names.index(column) for column in self._columns]

    def pair(self, row: Row) -> TextPair:
        """Return the two cells.

        Raises:
            DataFormatError: the line has fewer columns.
        """
        if len(row.cells) <= max(self._indices):
            raise DataFormatError(
                f"{self._name}, line {row.number}: expected English<TAB>French, found no tab"
                if len(row.cells) == 1 and not self._name.endswith((".csv", ".jsonl"))
                else f"{self._name}, line {row.number}: expected {max(self._indices) + 1} columns, "
                f"found {len(row.cells)}; see --columns"
            )
        return TextPair(row.cells[self._indices[0]], row.cells[self._indices[1]])


def _pairs(raw: RawPairs, rows: Iterator[Row], columns: _Columns) -> Iterator[TextPair]:
    header = columns.header
    for row in rows:
        if row.names is not None:
            if not columns.named:
                raise DataFormatError(
                    f"{raw.name}: JSON fields have names: give --columns SOURCE TARGET out of "
                    f"{', '.join(map(repr, row.names))}"
                )
            columns.read_header(row.names)
        elif header:
            columns.read_header(row.cells)
            header = False
            continue
        elif row.number == 1 and {cell.strip().lower() for cell in row.cells} <= _HEADER_WORDS:
            raw.notes.append("line 1 looks like a header; --header leaves it out")
        pair = columns.pair(row)
        if not columns.chosen and len(row.cells) > 2 and any(map(_is_number, pair)):
            raise DataFormatError(
                f"{raw.name}, line {row.number}: {len(row.cells)} columns, and a number where a "
                f"text was expected ({' | '.join(row.cells)[:80]}); choose with --columns, for "
                "instance --columns 4 2"
            )
        yield pair


def _is_number(text: str) -> bool:
    return text.strip().isdecimal()


def _require_pairs(raw: RawPairs) -> None:
    if not raw.pairs:
        counts = ", ".join(f"{count} lines: {why}" for why, count in raw.skipped.items())
        raise DataError(
            f"{raw.name}: no pairs in it ({counts or 'it is empty'}); "
            "expected lines of English<TAB>French"
        )


def _look_at_numbers(raw: RawPairs) -> None:
    for side in ("source", "target"):
        numeric = sum(_is_number(getattr(pair, side)) for pair in raw.pairs)
        if numeric > len(raw.pairs) / 2:
            raw.notes.append(
                f"the {side} is a number in {numeric} of {len(raw.pairs)} pairs; see --columns"
            )
