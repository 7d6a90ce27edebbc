"""Corpus: the pairs of a run, tokenized, filtered, and split into training and held-out ones.

``Corpus.prepare`` makes it; the functions before it are its steps, in their order.
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

    @classmethod
    def of_texts(cls, texts: TextPair, mode: TextMode) -> "Pair":
        """Tokenize a pair of texts."""
        return cls(tuple(mode.tokens(texts.source)), tuple(mode.tokens(texts.target)))


def select_pairs(raw: Sequence[TextPair], selection: Selection) -> tuple[list[Pair], Counter[str]]:
    """Tokenize and filter pairs.

    The same pair twice is kept twice, as in the tutorial.

    Args:
        raw: the texts.
        selection: the filters and the text mode.

    Returns:
        The pairs that are left, and the numbers of those dropped, by reason.

    Raises:
        DataError: none is left; the message has the counts.
    """
    mode = TEXT_MODES[selection.normalizer]
    kept: list[Pair] = []
    dropped: Counter[str] = Counter()
    for texts in raw:
        pair = Pair.of_texts(texts, mode)
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
    if 0 in lengths:
        return "nothing left of a side by the normalizer"
    if selection.prefix_filter:
        first_column = normalize_tutorial(texts.source if selection.reverse else texts.target)
        if not first_column.startswith(selection.prefixes):
            return "none of the prefixes (--prefixes, --no-prefix-filter)"
    if selection.max_length and max(lengths) >= selection.max_length:
        return f"{selection.max_length} or more tokens on a side (--max-length)"
    return None


def split_held_out(
    pairs: Sequence[Pair], fraction: float, seed: int
) -> tuple[list[Pair], list[Pair]]:
    """Split pairs into training and held-out ones; all translations of a source go together.

    Args:
        pairs: all pairs.
        fraction: share of the distinct sources to hold out, 0 to 1; at least one is trained on.
        seed: of the choice.

    Returns:
        The training pairs and the held-out pairs, each in the order given.
    """
    sources = list(dict.fromkeys(pair.source for pair in pairs))
    count = min(round(fraction * len(sources)), len(sources) - 1)
    held_out = set(random.Random(seed).sample(sources, count))
    training = [pair for pair in pairs if pair.source not in held_out]
    return training, [pair for pair in pairs if pair.source in held_out]


@dataclass(frozen=True)
class Vocabularies:
    """The vocabularies of both sides. Only the source's may have an UNK."""

    source: Vocabulary
    target: Vocabulary

    @classmethod
    def from_pairs(
        cls, pairs: Sequence[Pair], *, min_count: int = 1, unk: bool = False
    ) -> "Vocabularies":
        """Collect the words of training pairs, in the order of their first appearance.

        Args:
            pairs: the training pairs.
            min_count: source words seen less often are left out; they become UNK.
            unk: whether the source vocabulary has an UNK.
        """
        counts = word_counts(pair.source for pair in pairs)
        return cls(
            source=Vocabulary((word for word, n in counts.items() if n >= min_count), unk=unk),
            target=Vocabulary(word_counts(pair.target for pair in pairs)),
        )

    def tokenizers(self, mode: TextMode, max_source_length: int) -> tuple[Tokenizer, Tokenizer]:
        """Return the tokenizers of the source and the target."""
        source = Tokenizer(mode, self.source, max_length=max_source_length)
        return source, Tokenizer(mode, self.target)

    def encodes(self, pair: Pair) -> bool:
        """Tell whether both sides have token ids."""
        known_source = self.source.unk is not None or not self.source.unknown(pair.source)
        return known_source and not self.target.unknown(pair.target)


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
        UnknownWordError: a word is not in its vocabulary, which has no UNK.
    """
    source, target = vocabularies.source, vocabularies.target
    return [
        EncodedPair(tuple(source.encode(pair.source)), tuple(target.encode(pair.target)))
        for pair in pairs
    ]


def sha256_of(pairs: Sequence[Pair]) -> str:
    """Return the sha256 of the pairs, one ``source<TAB>target`` a line, tokens joined by spaces."""
    lines = "".join(f"{' '.join(pair.source)}\t{' '.join(pair.target)}\n" for pair in pairs)
    return hashlib.sha256(lines.encode()).hexdigest()


@dataclass(frozen=True)
class Corpus:
    """The pairs that a run is trained and evaluated on.

    Attributes:
        name: of the data in the report.
        sha256: of all selected pairs, by ``sha256_of``.
        dropped: numbers of the pairs not selected, by reason.
        duplicates: number of the selected pairs that repeat another; they are kept.
        selected: number of the selected pairs.
        words: numbers of source and target words in the selected pairs, SOS and EOS counted as the
            tutorial does.
        rare: number of the training pairs left out for a rare word in the target.
        training: pairs to train on.
        held_out: pairs to evaluate on.
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
        """Select, split and count the pairs.

        Raises:
            DataError: nothing is left to train on; the message names the filter.
        """
        selection = recipe.selection
        pairs, dropped = select_pairs(raw, selection)
        training, held_out = split_held_out(pairs, selection.held_out, recipe.seed)
        everything = Vocabularies.from_pairs(pairs)
        # The target vocabulary has no UNK: of a rare word the model could only learn another one.
        counts = word_counts(pair.target for pair in training)
        rare = {word for word, count in counts.items() if count < selection.min_count}
        frequent = [pair for pair in training if rare.isdisjoint(pair.target)]
        if not frequent:
            raise DataError(
                f"each of the {len(training)} training pairs has a target word seen less than "
                f"{selection.min_count} times; see --min-count"
            )
        vocabularies = Vocabularies.from_pairs(
            frequent, min_count=selection.min_count, unk=recipe.learns_unk
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
            vocabularies=vocabularies,
            mode=TEXT_MODES[selection.normalizer],
        )

    def held_out_tsv(self) -> bytes:
        """Return the held-out pairs as a pairs file, the source always in the second column."""
        text = self.mode.text
        lines = [f"{text(pair.target)}\t{text(pair.source)}\n" for pair in self.held_out]
        return "".join(lines).encode()
