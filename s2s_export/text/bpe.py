"""Byte-pair encoding: words into subwords by merges that training learned.

The ``natural`` text mode applies it. A word comes with the space before it, which belongs to its
first subword, so that joined subwords are the text. Standard library only.

Source:
    Sennrich, Haddow and Birch (2016), "Neural Machine Translation of Rare Words with Subword
    Units"; dropout: Provilkov, Emelianenko and Voita (2020), "BPE-Dropout".
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import pairwise

from ..errors import VocabularyError
from .normalizers import JOINERS

LONGEST_PIECE = 32
"""Characters that merges see at once; it bounds the time that hostile text takes."""
_CACHED_WORDS = 1 << 15
_LONGEST_CACHED_WORD = 64

Rank = Mapping[tuple[str, str], int]


class Merges:
    """Merges in the order in which they apply, each the two parts that become one subword."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Take the merges, first learned first."""
        self.pairs = tuple(pairs)
        self._ranks: Rank = {pair: rank for rank, pair in enumerate(self.pairs)}
        self._cached = lru_cache(_CACHED_WORDS)(self._split)

    @classmethod
    def from_bytes(cls, content: bytes, name: str) -> "Merges":
        """Read a merges file: UTF-8, one merge a line, a tab between its parts.

        Args:
            content: the file's bytes.
            name: of the file in messages.

        Raises:
            VocabularyError: it is not such a file.
        """
        try:
            lines = content.decode("utf-8").split("\n")
        except UnicodeDecodeError as error:
            raise VocabularyError(
                f"{name}: not UTF-8 at byte {error.start}; export again"
            ) from None
        pairs = []
        for number, line in enumerate(lines[:-1], 1):
            parts = tuple(line.split("\t"))
            if len(parts) != 2 or not all(parts) or "\r" in line:
                raise VocabularyError(
                    f"{name}: line {number}: expected two parts with a tab between; export again"
                )
            pairs.append((parts[0], parts[1]))
        if lines[-1] or len(set(pairs)) != len(pairs):
            raise VocabularyError(
                f"{name}: expected each merge once and a line feed at the end; export again"
            )
        return cls(pairs)

    def to_bytes(self) -> bytes:
        """Write one merge a line, UTF-8, a tab between its parts."""
        return "".join(f"{left}\t{right}\n" for left, right in self.pairs).encode()

    def apply(self, word: str) -> tuple[str, ...]:
        """Split a word into subwords.

        Args:
            word: with the space before it; no other white space.
        """
        if len(word) > _LONGEST_CACHED_WORD:
            return self._split(word)
        return self._cached(word)

    def apply_dropout(self, word: str, skips: Callable[[], bool]) -> tuple[str, ...]:
        """Split a word with some merges left out, for training.

        Args:
            word: as for ``apply``.
            skips: tells of each possible merge, each time anew, whether it is left out.
        """
        return self._split(word, skips)

    def _split(self, word: str, skips: Callable[[], bool] | None = None) -> tuple[str, ...]:
        return tuple(part for piece in pieces(word) for part in self._merge([*piece], skips))

    def _merge(self, parts: list[str], skips: Callable[[], bool] | None) -> list[str]:
        ranks = self._ranks
        while len(parts) > 1:
            known = [(ranks[p], i) for i, p in enumerate(pairwise(parts)) if p in ranks]
            if skips is not None:
                known = [pair for pair in known if not skips()]
            if not known:
                break
            _, at = min(known)
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        return parts


def pieces(word: str) -> list[str]:
    """Split a word where no merge may join: around digits, and between letters and the rest.

    Args:
        word: as for ``Merges.apply``.

    Returns:
        Letters with their marks, each digit by itself, and stretches of anything else, none longer
        than ``LONGEST_PIECE``; the space goes with the first.
    """
    result: list[str] = []
    last = ""
    for character in word:
        kind = " " if character == " " else _kind(character)
        joined = last == " " or (kind == last != "N")
        if result and joined and len(result[-1]) < LONGEST_PIECE:
            result[-1] += character
        else:
            result.append(character)
        last = kind
    return result


def _kind(character: str) -> str:
    """Return L for letters, marks and joiners, N for digits and other numbers, else P."""
    category = unicodedata.category(character)[0]
    if category in "LM" or character in JOINERS:
        return "L"
    return "N" if category == "N" else "P"
