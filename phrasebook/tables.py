"""Reading the tables of the lexicon, ``lexicon/*.tsv``."""

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import ClassVar, TypeVar

_LEXICON = Path(__file__).with_name("lexicon")


@dataclass(frozen=True)
class Entry:
    """A line of a table: one attribute for each column, ``""`` where the line is shorter."""

    table: ClassVar[str]


EntryT = TypeVar("EntryT", bound=Entry)


def read(kind: type[EntryT]) -> tuple[EntryT, ...]:
    """Return the entries of a kind's table, in its order.

    Raises:
        ValueError: a line has more columns than the kind has attributes.
    """
    return tuple(kind(*columns) for columns in _lines(kind.table, len(fields(kind))))


@cache  # it reads the file; read itself stays uncached, because cache would hide the entries' type
def _lines(table: str, width: int) -> tuple[tuple[str, ...], ...]:
    path = _LEXICON / f"{table}.tsv"
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        columns = line.split("\t")
        if len(columns) > width:
            raise ValueError(f"{path.name}: {len(columns)} columns instead of {width}: {line}")
        lines.append((*columns, *[""] * (width - len(columns))))
    return tuple(lines)
