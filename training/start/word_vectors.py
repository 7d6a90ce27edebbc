"""Word vectors: the rows of a text file of them that a vocabulary needs.

The formats of word2vec (first line: number of vectors and their size), GloVe (no such line) and
fastText (``.vec``) are one: a line has a word and its numbers, apart by spaces. Files have
gigabytes, so lines are read one by one, and only the needed ones are kept.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from s2s_export.errors import DataError
from s2s_export.text.modes import TextMode
from s2s_export.text.vocabulary import Vocabulary

from ..data.text_file import LONGEST_LINE, Lines, opened

Vector = NDArray[np.float32]
"""``float32[E]``."""

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class WordVectors:
    """Vectors of the tokens that a file has.

    Attributes:
        ids: of these tokens, in rising order.
        values: ``float32[N, E]``, the vector of each.
    """

    ids: tuple[int, ...]
    values: NDArray[np.float32]


def vector_size(path: Path) -> int:
    """Return how many numbers the vectors of a file have; only its first lines are read.

    Raises:
        DataError: as for ``read_vectors``.
    """
    with opened(path) as (name, file):
        return _VectorFile(name, file).size


def read_vectors(path: Path, words: Mapping[int, str]) -> WordVectors:
    """Read the vectors of some words.

    A word is looked up as it stands, then in lower case. Of a word that the file has twice, the
    first vector counts. The numbers of other words are counted and not looked at.

    Args:
        path: a text file, gzipped, or alone in a zip archive.
        words: by token id.

    Raises:
        DataNotFoundError: there is no such file.
        DataError: it cannot be read, or a line is not a word and its vector; the message names it.
    """
    wanted = {text.encode() for word in words.values() for text in (word, word.lower())}
    found: dict[bytes, Vector] = {}
    with opened(path) as (name, file):
        vectors = _VectorFile(name, file)
        for number, word, numbers in vectors:
            if word in wanted and word not in found:
                found[word] = _floats(name, number, numbers)
    rows: dict[int, Vector] = {}
    for token, text in sorted(words.items()):
        spellings = text.encode(), text.lower().encode()
        row = next((found[spelling] for spelling in spellings if spelling in found), None)
        if row is not None:
            rows[token] = row
    values = np.array(list(rows.values()), np.float32).reshape(-1, vectors.size)
    return WordVectors(tuple(rows), values)


def words_to_look_up(vocabulary: Vocabulary, mode: TextMode) -> dict[int, str]:
    """Return the words by which the tokens of a vocabulary are looked up, by token id.

    A ``natural`` token that begins a word begins with its space, which the file lacks. A token of
    letters or digits without the space is the inside of a word and is not looked up: the word that
    is spelt alike is another one.
    """
    first = len(vocabulary) - len(vocabulary.words)
    words = {}
    for token, text in enumerate(vocabulary.words, first):
        inside = mode.name == "natural" and not text.startswith(" ") and any(map(str.isalnum, text))
        word = text.removeprefix(" ")
        if word and not inside:
            words[token] = word
    return words


class _VectorFile:
    """An open file of vectors; iterating yields line numbers, words, and numbers as bytes."""

    def __init__(self, name: str, file: Lines) -> None:
        """Read the first lines, which tell the size."""
        self._name, self._file, self._number = name, file, 0
        first = self._line().removeprefix(_BOM)
        fields = first.split(b" ")
        if len(fields) == 2 and all(field.isdigit() for field in fields):
            self.size = int(fields[1])
            first = self._line()
        else:
            self.size = len(fields) - 1
        self._first = self._split(first)
        _floats(name, self._number, self._first[1])  # the rest of a file of something else is long

    def __iter__(self) -> Iterator[tuple[int, bytes, bytes]]:
        yield self._number, *self._first
        while line := self._line():
            yield self._number, *self._split(line)

    def _line(self) -> bytes:
        """Return the next line that is not blank, without its end; ``b""`` at the end."""
        while line := self._file.readline(LONGEST_LINE):
            self._number += 1
            if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                raise DataError(
                    f"{self._name}, line {self._number}: longer than {LONGEST_LINE} bytes, "
                    "so it is no word vector in text form"
                )
            stripped = line.rstrip(b" \t\r\n")  # fastText ends its lines with a space
            if stripped:
                return stripped.replace(b"\t", b" ")
        return b""

    def _split(self, line: bytes) -> tuple[bytes, bytes]:
        spaces = line.count(b" ")
        word, *more, numbers = (
            line.split(b" ", max(spaces - self.size, 0) + 1) if spaces else [b""] * 2
        )
        if spaces < self.size or not self.size or (more and all(map(_is_number, more))):
            number = self._number + (not line)
            raise DataError(
                f"{self._name}, line {number}: expected a word and its vector of "
                f"{self.size or 'several'} numbers, found {spaces if line else 'no'} numbers; "
                "word vectors are read in the text formats of word2vec, GloVe and fastText"
            )
        return b" ".join([word, *more]), numbers  # GloVe has words with spaces


def _is_number(text: bytes) -> bool:
    try:
        float(text or b"0")
    except ValueError:
        return False
    return True


def _floats(name: str, number: int, numbers: bytes) -> Vector:
    values = []
    for text in numbers.split(b" "):
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            shown = text[:40].decode(errors="replace")
            raise DataError(f"{name}, line {number}: expected a number, found {shown!r}")
        values.append(value)
    return np.array(values, np.float32)
