"""Evaluation of a pipeline on pairs, separately for sentences with and without unknown words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from s2s_export.errors import TextError
from s2s_export.pipeline import Pipeline
from s2s_export.text.tokenizer import Encoding, Tokenizer

from .data.encoding import Pair
from .metrics import Metrics, Scorer

KNOWN, UNKNOWN = "known words", "unknown words"
"""The two kinds of sentences: all tokens of the source are in the vocabulary, or not."""

_BATCH_SIZE = 256


@dataclass(frozen=True)
class Example:
    """A sentence, its reference and the model's translation (the hypothesis).

    Attributes:
        source: the source as it stands in the data.
        reference: the target as its text mode keeps it.
        hypothesis: the model's text.
        unknown: tokens of the source that the model does not know.
    """

    source: str
    reference: str
    hypothesis: str
    unknown: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.source} | {self.reference} | {self.hypothesis}"


EncodedSource = tuple[Pair, Encoding]


def translatable(source: Tokenizer, pairs: Sequence[Pair]) -> list[EncodedSource]:
    """Return the pairs whose source the model takes, encoded.

    Left out are those longer than any that it was trained on, and those with unknown tokens where
    these are an error.
    """
    encoded = []
    for pair in pairs:
        try:
            encoded.append((pair, source.encode_tokens(pair.source)))
        except TextError:
            continue
    return encoded


def translate_pairs(pipeline: Pipeline, pairs: Sequence[EncodedSource]) -> list[Example]:
    """Translate the sources of pairs.

    Args:
        pipeline: of any back end.
        pairs: as ``translatable`` returns them.
    """
    translations = pipeline.translate([encoding for _, encoding in pairs], batch_size=_BATCH_SIZE)
    return [
        Example(
            source=" ".join(pair.texts.source.split()),
            reference=pipeline.target.text(pair.target),
            hypothesis=translation.text,
            unknown=translation.unknown_words,
        )
        for (pair, _), translation in zip(pairs, translations, strict=True)
    ]


def translate_skipping(
    pipeline: Pipeline, pairs: Sequence[Pair], *, max_length: int
) -> list[Example]:
    """Translate those of the pairs that have unknown words, with these words left out.

    It is the baseline for substituting them.

    Args:
        pipeline: of any back end.
        pairs: to translate.
        max_length: the most tokens of a source, EOS included, as written.
    """
    tokenizer = pipeline.source
    skipping = Tokenizer(tokenizer.mode, tokenizer.vocabulary, unknown_words="skip")
    short = [pair for pair in pairs if len(pair.source) < max_length]  # EOS is not yet there
    members = translatable(skipping, short)
    return translate_pairs(pipeline, [(p, e) for p, e in members if e.unknown_tokens])


def right_texts(
    target: Tokenizer, pairs: Sequence[Pair], separator: str
) -> dict[str, tuple[str, ...]]:
    """Return all right targets of each source, where one target holds several.

    Args:
        target: the tokenizer; it gives the texts as its mode keeps them.
        pairs: of the data.
        separator: what stands between the right texts.
    """
    return {
        " ".join(pair.texts.source.split()): tuple(
            target.text(target.tokens(part)) for part in pair.texts.target.split(separator)
        )
        for pair in pairs
    }


def with_nearest_references(
    examples: Sequence[Example], right: Mapping[str, Sequence[str]], scorer: Scorer
) -> list[Example]:
    """Return examples whose reference is the nearest of the right texts.

    Args:
        examples: translations.
        right: as ``right_texts`` returns them.
        scorer: of the target; it counts the edits.
    """

    def nearest(example: Example) -> str:
        return min(right[example.source], key=lambda text: scorer.edits(example.hypothesis, text))

    return [replace(example, reference=nearest(example)) for example in examples]


def scorer_of(target: Tokenizer, pairs: Sequence[Pair]) -> Scorer:
    """Return the metrics for the targets of pairs."""
    return Scorer(target.mode, [target.text(pair.target) for pair in pairs])


def metrics_of(examples: Sequence[Example], scorer: Scorer) -> dict[str, Metrics]:
    """Measure the examples of each kind; a kind without examples has no metrics."""
    by_kind = {}
    for kind, members in (
        (KNOWN, [example for example in examples if not example.unknown]),
        (UNKNOWN, [example for example in examples if example.unknown]),
    ):
        metrics = scorer.measure([e.hypothesis for e in members], [e.reference for e in members])
        if metrics is not None:
            by_kind[kind] = metrics
    return by_kind


def to_tsv(examples: Sequence[Example]) -> bytes:
    """Write examples as UTF-8, a header and then one a line, columns separated by tabs."""
    rows = [("source", "reference", "hypothesis", "unknown words")]
    rows += [(e.source, e.reference, e.hypothesis, " ".join(e.unknown)) for e in examples]
    return "".join("\t".join(row) + "\n" for row in rows).encode()
