"""Evaluation of a pipeline on pairs, apart for sentences with and without unknown words.

``training.evaluate`` and validation use it. It needs no torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from s2s_export.errors import TextError
from s2s_export.pipeline import Pipeline
from s2s_export.text.tokenizer import Encoding, Tokenizer

from .data.corpus import Pair
from .metrics import Metrics, measure

KNOWN, UNKNOWN = "known words", "unknown words"
"""Kinds of sentences: all tokens of the source are in the vocabulary, or not."""

_BATCH_SIZE = 256


@dataclass(frozen=True)
class Example:
    """A source text, its reference and the model's translation (the hypothesis).

    Attributes:
        source: text of the source's tokens.
        reference: text of the target's tokens.
        hypothesis: the model's text.
        unknown: tokens of the source outside the vocabulary.
    """

    source: str
    reference: str
    hypothesis: str
    unknown: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.source} | {self.reference} | {self.hypothesis}"


EncodedSource = tuple[Pair, Encoding]


def translatable(source: Tokenizer, pairs: Sequence[Pair]) -> list[EncodedSource]:
    """Return the pairs whose source the tokenizer encodes, with the encoding.

    It refuses a source longer than any in training, and unknown tokens if these are an error.
    """
    encoded = []
    for pair in pairs:
        try:
            encoded.append((pair, source.encode_tokens(pair.source)))
        except TextError:
            continue
    return encoded


def translate_pairs(pipeline: Pipeline, pairs: Sequence[EncodedSource]) -> list[Example]:
    """Translate pairs that ``translatable`` returned."""
    translations = pipeline.translate([encoding for _, encoding in pairs], batch_size=_BATCH_SIZE)
    return [
        Example(
            source=pipeline.source.text(pair.source),
            reference=pipeline.target.text(pair.target),
            hypothesis=translation.text,
            unknown=translation.unknown_words,
        )
        for (pair, _), translation in zip(pairs, translations, strict=True)
    ]


def translate_skipping(
    pipeline: Pipeline, pairs: Sequence[Pair], *, max_length: int
) -> list[Example]:
    """Translate the pairs with unknown words, these words left out: the baseline for UNK.

    Args:
        pipeline: the model.
        pairs: with or without unknown words.
        max_length: the most tokens of a source before words are left out, EOS included.
    """
    tokenizer = Tokenizer(pipeline.source.mode, pipeline.source.vocabulary, unknown_words="skip")
    encoded = translatable(tokenizer, [p for p in pairs if len(p.source) + 1 <= max_length])
    return translate_pairs(pipeline, [(p, e) for p, e in encoded if e.unknown_tokens])


def metrics_of(examples: Sequence[Example]) -> dict[str, Metrics]:
    """Measure the examples of each kind; a kind without examples has no metrics."""
    known = [example for example in examples if not example.unknown]
    unknown = [example for example in examples if example.unknown]
    measured = {
        kind: measure([e.hypothesis for e in members], [e.reference for e in members])
        for kind, members in ((KNOWN, known), (UNKNOWN, unknown))
    }
    return {kind: metrics for kind, metrics in measured.items() if metrics is not None}


def to_tsv(examples: Sequence[Example]) -> bytes:
    """Return a header and the examples, one a line, columns separated by tabs, in UTF-8."""
    rows = [("source", "reference", "hypothesis", "unknown words")]
    rows += [(e.source, e.reference, e.hypothesis, " ".join(e.unknown)) for e in examples]
    return "".join("\t".join(row) + "\n" for row in rows).encode()
