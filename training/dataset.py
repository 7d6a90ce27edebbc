"""From raw pairs to what is trained on: normalized, filtered, split, encoded.

``Corpus.prepare`` does all of it; the functions before it are its steps, in their order.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from s2s_export.errors import DataError
from s2s_export.text import NORMALIZERS, normalize_tutorial, tokenize
from s2s_export.vocabulary import Vocabulary

from .reading import RawPair
from .recipes import Recipe, Selection


@dataclass(frozen=True)
class Pair:
    """A normalized pair: tokens joined by single spaces."""

    source: str
    target: str


def select_pairs(raw: Sequence[RawPair], selection: Selection) -> tuple[list[Pair], Counter[str]]:
    """Normalize and filter pairs, and give them their direction.

    The same pair twice is kept twice, as in the tutorial.

    Args:
        raw: pairs in the order of the file's columns (English, French).
        selection: which to keep.

    Returns:
        The pairs that are left, and how many were dropped, by the reason.

    Raises:
        DataError: none is left; the message has the counts.
    """
    normalize = NORMALIZERS[selection.normalizer]
    kept: list[Pair] = []
    dropped: Counter[str] = Counter()
    for raw_first, raw_second in raw:
        first, second = normalize(raw_first), normalize(raw_second)
        reason = _reason_to_drop(raw_first, first, second, selection)
        if reason:
            dropped[reason] += 1
        elif selection.reverse:
            kept.append(Pair(first, second))
        else:
            kept.append(Pair(second, first))
    if not kept:
        counts = "; ".join(f"{count} dropped: {reason}" for reason, count in dropped.items())
        raise DataError(
            f"none of the {len(raw)} pairs passes the filters ({counts}); "
            "see --max-length and --no-prefix-filter"
        )
    return kept, dropped


def _reason_to_drop(raw_first: str, first: str, second: str, selection: Selection) -> str | None:
    lengths = len(tokenize(first)), len(tokenize(second))
    if 0 in lengths:
        return "nothing left of a side by the normalizer"
    if selection.prefix_filter and not normalize_tutorial(raw_first).startswith(selection.prefixes):
        return "none of the prefixes (--prefixes, --no-prefix-filter)"
    if selection.max_length and max(lengths) >= selection.max_length:
        return f"{selection.max_length} or more tokens on a side (--max-length)"
    return None


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
    """The words of both languages. Only the source's may have an UNK."""

    source: Vocabulary
    target: Vocabulary

    @classmethod
    def from_pairs(
        cls, pairs: Sequence[Pair], *, min_count: int = 1, unk: bool = False
    ) -> "Vocabularies":
        """Collect the words of the pairs, in the order of their first appearance.

        Args:
            pairs: to train on.
            min_count: source words seen less often are left out; they become UNK.
            unk: whether the source vocabulary has an UNK.
        """
        counts = word_counts(pair.source for pair in pairs)
        target_words = dict.fromkeys(word for pair in pairs for word in tokenize(pair.target))
        return cls(
            source=Vocabulary((word for word, n in counts.items() if n >= min_count), unk=unk),
            target=Vocabulary(target_words),
        )

    def encodes(self, pair: Pair) -> bool:
        """Tell whether both sides can be turned into ids."""
        return (self.source.unk is not None or self.knows_source(pair)) and not self.target.unknown(
            tokenize(pair.target)
        )

    def knows_source(self, pair: Pair) -> bool:
        """Tell whether all words of the source are in the vocabulary."""
        return not self.source.unknown(tokenize(pair.source))


def word_counts(texts: Iterable[str]) -> Counter[str]:
    """Count the words of normalized texts, in the order of their first appearance."""
    return Counter(word for text in texts for word in tokenize(text))


@dataclass(frozen=True)
class EncodedPair:
    """Token ids of both sides, each ended by EOS."""

    source: tuple[int, ...]
    target: tuple[int, ...]


def encode_pairs(pairs: Sequence[Pair], vocabularies: Vocabularies) -> list[EncodedPair]:
    """Turn pairs into token ids.

    Raises:
        UnknownWordError: a word is not in the vocabularies, and there is no UNK.
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


@dataclass(frozen=True)
class Corpus:
    """All that a run is trained and measured on.

    Attributes:
        name: what the report calls the data.
        sha256: of all selected pairs; see ``sha256_of``.
        dropped: how many raw pairs were not selected, by the reason.
        duplicates: selected pairs that stand there more than once; they are kept.
        selected: number of the selected pairs.
        words: words of the selected pairs, source and target, SOS and EOS counted as the tutorial
            does.
        rare: training pairs left out for a rare word in the target.
        training: pairs to train on.
        held_out: pairs to measure on.
        vocabularies: the words of the training pairs.
    """

    name: str
    sha256: str
    dropped: Counter[str]
    duplicates: int
    selected: int
    words: tuple[int, int]
    rare: int
    training: tuple[Pair, ...]
    held_out: tuple[Pair, ...]
    vocabularies: Vocabularies

    @classmethod
    def prepare(cls, raw: Sequence[RawPair], recipe: Recipe, name: str) -> "Corpus":
        """Select, split and count.

        Raises:
            DataError: nothing is left to train on; the message says by which filter.
        """
        selection = recipe.selection
        pairs, dropped = select_pairs(raw, selection)
        training, held_out = split_held_out(pairs, selection.held_out, recipe.seed)
        everything = Vocabularies.from_pairs(pairs)
        frequent = _without_rare_targets(training, selection.min_count)
        if not frequent:
            raise DataError(
                f"each of the {len(training)} training pairs has a target word seen less than "
                f"{selection.min_count} times; see --min-count"
            )
        return cls(
            name=name,
            sha256=sha256_of(pairs),
            dropped=dropped,
            duplicates=len(pairs) - len(set(pairs)),
            selected=len(pairs),
            words=(len(everything.source), len(everything.target)),
            rare=len(training) - len(frequent),
            training=tuple(frequent),
            held_out=tuple(held_out),
            vocabularies=Vocabularies.from_pairs(
                frequent, min_count=selection.min_count, unk=recipe.learns_unk
            ),
        )

    def held_out_tsv(self) -> bytes:
        """Write the held-out pairs as data again, the source always in the second column."""
        lines = [f"{pair.target}\t{pair.source}\n" for pair in self.held_out]
        return "".join(lines).encode()


def _without_rare_targets(pairs: Sequence[Pair], min_count: int) -> list[Pair]:
    """Leave out the pairs that the model could only learn to translate wrongly."""
    counts = word_counts(pair.target for pair in pairs)
    return [pair for pair in pairs if all(counts[w] >= min_count for w in tokenize(pair.target))]
