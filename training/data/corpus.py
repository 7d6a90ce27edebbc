"""Corpus: the pairs of a run, tokenized, filtered, split into training and held-out, encoded.

``Corpus.prepare`` does all of it; the functions before it are its steps, in their order.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from s2s_export.errors import DataError
from s2s_export.text.normalizers import normalize_tutorial
from s2s_export.text.tokenizer import TEXT_MODES, TextMode, Tokenizer
from s2s_export.text.vocabulary import Vocabulary

from ..recipes import Recipe, Selection
from .pairs_file import TextPair

Tokens = tuple[str, ...]


@dataclass(frozen=True)
class Pair:
    """The tokens of a source text and of its target text."""

    source: Tokens
    target: Tokens


def select_pairs(raw: Sequence[TextPair], selection: Selection) -> tuple[list[Pair], Counter[str]]:
    """Tokenize and filter pairs.

    The same pair twice is kept twice, as in the tutorial.

    Args:
        raw: the texts.
        selection: which to keep.

    Returns:
        The pairs that are left, and how many were dropped, by the reason.

    Raises:
        DataError: none is left; the message has the counts.
    """
    mode = TEXT_MODES[selection.normalizer]
    kept: list[Pair] = []
    dropped: Counter[str] = Counter()
    for texts in raw:
        pair = Pair(tuple(mode.tokens(texts.source)), tuple(mode.tokens(texts.target)))
        reason = _reason_to_drop(texts, pair, selection)
        if reason:
            dropped[reason] += 1
        else:
            kept.append(pair)
    if not kept:
        counts = "; ".join(f"{count} dropped: {reason}" for reason, count in dropped.items())
        raise DataError(
            f"none of the {len(raw)} pairs passes the filters ({counts}); "
            "see --max-length and --no-prefix-filter"
        )
    return kept, dropped


def _reason_to_drop(texts: TextPair, pair: Pair, selection: Selection) -> str | None:
    lengths = len(pair.source), len(pair.target)
    first_column = texts.source if selection.reverse else texts.target
    if 0 in lengths:
        return "nothing left of a side by the normalizer"
    if selection.prefix_filter and not normalize_tutorial(first_column).startswith(
        selection.prefixes
    ):
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
        target_words = dict.fromkeys(word for pair in pairs for word in pair.target)
        return cls(
            source=Vocabulary((word for word, n in counts.items() if n >= min_count), unk=unk),
            target=Vocabulary(target_words),
        )

    def tokenizers(self, mode: TextMode, max_source_length: int) -> tuple[Tokenizer, Tokenizer]:
        """Return the tokenizers of the source and the target."""
        return Tokenizer(mode, self.source, max_length=max_source_length), Tokenizer(
            mode, self.target
        )

    def encodes(self, pair: Pair) -> bool:
        """Tell whether both sides can be turned into ids."""
        known_source = self.source.unk is not None or self.knows_source(pair)
        return known_source and not self.target.unknown(pair.target)

    def knows_source(self, pair: Pair) -> bool:
        """Tell whether all words of the source are in the vocabulary."""
        return not self.source.unknown(pair.source)


def word_counts(texts: Iterable[Tokens]) -> Counter[str]:
    """Count the words of tokenized texts, in the order of their first appearance."""
    return Counter(word for tokens in texts for word in tokens)


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
            source=tuple(vocabularies.source.encode(pair.source)),
            target=tuple(vocabularies.target.encode(pair.target)),
        )
        for pair in pairs
    ]


def sha256_of(pairs: Sequence[Pair]) -> str:
    """Return the sha256 of the pairs, one ``source<TAB>target`` a line, tokens apart by spaces."""
    lines = "".join(f"{' '.join(pair.source)}\t{' '.join(pair.target)}\n" for pair in pairs)
    return hashlib.sha256(lines.encode()).hexdigest()


@dataclass(frozen=True)
class Corpus:
    """The pairs that a run is trained and measured on.

    Attributes:
        name: of the data in the report.
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
        mode: the text mode of both sides.
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
    mode: TextMode

    @classmethod
    def prepare(cls, raw: Sequence[TextPair], recipe: Recipe, name: str) -> "Corpus":
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
            mode=TEXT_MODES[selection.normalizer],
        )

    def held_out_tsv(self) -> bytes:
        """Write the held-out pairs as a pairs file, the source always in the second column."""
        text = self.mode.text
        lines = [f"{text(pair.target)}\t{text(pair.source)}\n" for pair in self.held_out]
        return "".join(lines).encode()


def _without_rare_targets(pairs: Sequence[Pair], min_count: int) -> list[Pair]:
    """Leave out the pairs that the model could only learn to translate wrongly."""
    counts = word_counts(pair.target for pair in pairs)
    return [pair for pair in pairs if all(counts[w] >= min_count for w in pair.target)]
