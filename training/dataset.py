"""From raw pairs to what is trained on: normalized, filtered, split, encoded.

Each step is a function from lists to lists, in the order of this file.
"""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass

from s2s_export.errors import DataError
from s2s_export.text import NORMALIZERS, tokenize
from s2s_export.vocabulary import Vocabulary

from .reading import RawPair

TUTORIAL_PREFIXES = (
    *("i am ", "i m "),
    *("he is", "he s "),
    *("she is", "she s"),  # no space after "she s": so it stands in the tutorial, and so it counts
    *("you are", "you re "),
    *("we are", "we re "),
    *("they are", "they re "),
)
"""The tutorial keeps the pairs whose English side starts with one of these."""

TUTORIAL_MAX_LENGTH = 10
"""The tutorial keeps the pairs with fewer tokens than this on both sides."""


@dataclass(frozen=True)
class Pair:
    """A normalized pair: tokens joined by single spaces."""

    source: str
    target: str


@dataclass(frozen=True)
class PairFilter:
    """Which normalized pairs are kept.

    Attributes:
        max_length: keep pairs with fewer tokens than this on both sides; ``None`` keeps any.
        prefixes: keep pairs whose first column starts with one of these; empty keeps any.
    """

    max_length: int | None = TUTORIAL_MAX_LENGTH
    prefixes: tuple[str, ...] = TUTORIAL_PREFIXES

    def keeps(self, first: str, second: str) -> bool:
        """Tell whether a normalized pair, in the order of the file's columns, is kept."""
        lengths = len(tokenize(first)), len(tokenize(second))
        short = self.max_length is None or max(lengths) < self.max_length
        return 0 not in lengths and short and (not self.prefixes or first.startswith(self.prefixes))


def select_pairs(
    raw: Sequence[RawPair], pair_filter: PairFilter, normalizer: str, *, reverse: bool
) -> list[Pair]:
    """Normalize and filter pairs, and give them their direction.

    Args:
        raw: pairs in the order of the file's columns (English, French).
        pair_filter: which to keep.
        normalizer: a name in ``text.NORMALIZERS``.
        reverse: translate from the first column to the second; otherwise, as in the tutorial, from
            the second (French) to the first (English).

    Raises:
        DataError: none is left.
    """
    normalize = NORMALIZERS[normalizer]
    normalized = [(normalize(first), normalize(second)) for first, second in raw]
    kept = [(first, second) for first, second in normalized if pair_filter.keeps(first, second)]
    if not kept:
        raise DataError(
            f"none of the {len(raw)} pairs passes the filter (fewer than {pair_filter.max_length} "
            f"tokens, English prefixes {', '.join(map(repr, pair_filter.prefixes)) or 'any'}); "
            "see --max-length and --prefixes"
        )
    if reverse:
        return [Pair(first, second) for first, second in kept]
    return [Pair(second, first) for first, second in kept]


def split_held_out(
    pairs: Sequence[Pair], fraction: float, seed: int
) -> tuple[list[Pair], list[Pair]]:
    """Set a part of the source sentences aside.

    The same source sentence is never on both sides, whatever its translations.

    Args:
        pairs: all pairs.
        fraction: how many of the distinct source sentences to hold out, 0 to 1; at least one stays
            for training.
        seed: of the choice.

    Returns:
        The pairs to train on and the held-out pairs, each in the order given.
    """
    sources = list(dict.fromkeys(pair.source for pair in pairs))
    count = min(round(fraction * len(sources)), len(sources) - 1)
    held_out = set(random.Random(seed).sample(sources, count))
    training = [pair for pair in pairs if pair.source not in held_out]
    return training, [pair for pair in pairs if pair.source in held_out]


@dataclass(frozen=True)
class Vocabularies:
    """The words of both languages."""

    source: Vocabulary
    target: Vocabulary

    @classmethod
    def from_pairs(cls, pairs: Sequence[Pair]) -> "Vocabularies":
        """Collect the words of the pairs, in the order of their first appearance."""
        return cls(
            source=Vocabulary.from_sentences(tokenize(pair.source) for pair in pairs),
            target=Vocabulary.from_sentences(tokenize(pair.target) for pair in pairs),
        )

    def know(self, pair: Pair) -> bool:
        """Tell whether all words of both sides are in the vocabularies."""
        return all(token in self.source for token in tokenize(pair.source)) and all(
            token in self.target for token in tokenize(pair.target)
        )


@dataclass(frozen=True)
class EncodedPair:
    """Token ids of both sides, each ended by EOS."""

    source: tuple[int, ...]
    target: tuple[int, ...]


def encode_pairs(pairs: Sequence[Pair], vocabularies: Vocabularies) -> list[EncodedPair]:
    """Turn pairs into token ids.

    Raises:
        UnknownWordError: a word is not in the vocabularies.
    """
    return [
        EncodedPair(
            source=tuple(vocabularies.source.encode(tokenize(pair.source))),
            target=tuple(vocabularies.target.encode(tokenize(pair.target))),
        )
        for pair in pairs
    ]


def sha256_of(pairs: Sequence[Pair]) -> str:
    """Return the sha256 of the pairs, one ``source<TAB>target`` a line."""
    lines = "".join(f"{pair.source}\t{pair.target}\n" for pair in pairs)
    return hashlib.sha256(lines.encode()).hexdigest()
