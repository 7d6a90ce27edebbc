"""Word forms: a known word that shares its stem with an unknown one.

In a language that inflects, a word that training has not seen is often the plural, the feminine or
another ending of one that it has. ``Vocabulary`` substitutes such a form for an unknown word, in
training as at run time. Standard library only.
"""

from bisect import bisect_left
from collections.abc import Iterable
from itertools import takewhile

from .normalizers import is_unspaced

SHORTEST_STEM = 5
"""Letters that two forms share at least: with fewer, most pairs are different words."""
LONGEST_ENDING = 3
"""Letters that either form may have after the shared stem."""
_NUMERAL_ENDINGS = ("teen", "ty", "zehn", "zig", "ßig", "tien", "tig")
"""Endings that tell thirteen from thirty in English, German and Dutch: no inflection."""


class WordForms:
    """Finds, among known words, another form of a word."""

    def __init__(self, words: Iterable[str]) -> None:
        """Take the known words."""
        self._sorted = sorted(words)

    def closest(self, word: str) -> str | None:
        """Return the other word that differs least from this one, and in its ending alone.

        Args:
            word: known or not; it is never its own other form.

        Returns:
            The word with the fewest letters, of the longer of both, that are not shared; of several
            the first in the order of the letters; ``None`` if no word shares enough of its stem.
            Digits, and scripts without spaces between words, do not inflect; a number word is never
            the form of another number.
        """
        if not _inflects(word):
            return None
        stem = word[: max(SHORTEST_STEM, len(word) - LONGEST_ENDING)]
        if len(stem) < SHORTEST_STEM:
            return None
        best, least = None, LONGEST_ENDING + 1
        for index in range(bisect_left(self._sorted, stem), len(self._sorted)):
            other = self._sorted[index]
            if not other.startswith(stem):
                break
            differing = max(len(word), len(other)) - _shared(word, other)
            if other == word or not _inflects(other) or _are_two_numbers(word, other):
                continue
            if differing < least:
                best, least = other, differing
        return best


def _shared(word: str, other: str) -> int:
    """Count the letters with which both begin."""
    pairs = zip(word, other, strict=False)
    return sum(1 for _ in takewhile(lambda letters: letters[0] == letters[1], pairs))


def _inflects(word: str) -> bool:
    return not any(character.isnumeric() or is_unspaced(character) for character in word)


def _are_two_numbers(word: str, other: str) -> bool:
    """Tell whether both end as numerals do, and differently."""
    endings = [next((e for e in _NUMERAL_ENDINGS if w.endswith(e)), None) for w in (word, other)]
    return None not in endings and endings[0] != endings[1]
