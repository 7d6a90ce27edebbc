"""How good translations are: separately for sentences with and without unknown words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from s2s_export.greedy import FloatArray
from s2s_export.text import detokenize, tokenize

from .dataset import Pair
from .scores import Score, score

KNOWN, UNKNOWN = "known words", "unknown words"
"""The two kinds of sentences: all words of the source are in the vocabulary, or not."""


class Model(Protocol):
    """What can be scored: a model in training, a checkpoint, an exported folder."""

    @property
    def has_unk(self) -> bool:
        """Whether it translates around unknown words; if not, they are an error."""

    @property
    def max_source_length(self) -> int:
        """The most tokens of a source sentence that it takes, EOS included."""

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """Return the words of a normalized text that it does not know."""

    def translate(self, texts: Sequence[str]) -> list[str]:
        """Translate normalized texts."""


@dataclass(frozen=True)
class Example:
    """A sentence, its translation in the data and the model's (the hypothesis).

    Attributes:
        source: normalized.
        reference: normalized.
        hypothesis: the model's tokens.
        unknown: words of the source that the model does not know.
    """

    source: str
    reference: str
    hypothesis: str
    unknown: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.source} | {self.reference} | {self.hypothesis}"


@dataclass(frozen=True, eq=False)
class Attended:
    """A sentence, its translation, and where the model looked.

    Attributes:
        source: its S tokens, EOS included.
        target: the T tokens of the translation, EOS included if decoding reached it.
        weights: ``float32[T, S]``, in each row 1 in sum.
    """

    source: tuple[str, ...]
    target: tuple[str, ...]
    weights: FloatArray


def translate_pairs(model: Model, pairs: Sequence[Pair]) -> list[Example]:
    """Translate the sources of pairs.

    Args:
        model: any.
        pairs: that it can translate; see ``translatable``.
    """
    hypotheses = model.translate([pair.source for pair in pairs])
    return [
        Example(pair.source, pair.target, hypothesis, model.unknown_words(pair.source))
        for pair, hypothesis in zip(pairs, hypotheses, strict=True)
    ]


def short_enough(model: Model, pairs: Sequence[Pair]) -> list[Pair]:
    """Return the pairs whose source is no longer than any that the model was trained on."""
    # EOS is the token that is not yet there.
    return [pair for pair in pairs if len(tokenize(pair.source)) < model.max_source_length]


def translatable(model: Model, pairs: Sequence[Pair]) -> list[Pair]:
    """Return the pairs that are short enough, and without unknown words if there is no UNK.

    Args:
        model: any.
        pairs: normalized.
    """
    short = short_enough(model, pairs)
    return [pair for pair in short if model.has_unk or not model.unknown_words(pair.source)]


def translate_skipping(model: Model, pairs: Sequence[Pair]) -> list[Example]:
    """Translate those of the pairs that have unknown words, as if these words were not there.

    It is what reading them as other words or as UNK is to be measured by.
    """
    members = [
        (pair, unknown)
        for pair in short_enough(model, pairs)
        if (unknown := model.unknown_words(pair.source))
    ]
    left = [
        detokenize([token for token in tokenize(pair.source) if token not in unknown])
        for pair, unknown in members
    ]
    # Nothing is left of a sentence of unknown words; such are given to no model.
    hypotheses = iter(model.translate([text for text in left if text]))
    return [
        Example(pair.source, pair.target, next(hypotheses) if text else "", unknown)
        for (pair, unknown), text in zip(members, left, strict=True)
    ]


def scores_of(found: Sequence[Example]) -> dict[str, Score]:
    """Score the examples of each kind; a kind without examples has no score."""
    scores = {}
    for kind, members in (
        (KNOWN, [example for example in found if not example.unknown]),
        (UNKNOWN, [example for example in found if example.unknown]),
    ):
        result = score([e.hypothesis for e in members], [e.reference for e in members])
        if result is not None:
            scores[kind] = result
    return scores


def to_tsv(found: Sequence[Example]) -> bytes:
    """Write examples as UTF-8, a header and then one a line, columns separated by tabs."""
    rows = [("source", "reference", "hypothesis", "unknown words")]
    rows += [(e.source, e.reference, e.hypothesis, " ".join(e.unknown)) for e in found]
    return "".join("\t".join(row) + "\n" for row in rows).encode()
