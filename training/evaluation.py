"""Evaluation of a pipeline on pairs, separately for sentences with and without unknown words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from s2s_export.decoding.batches import GREEDY
from s2s_export.decoding.options import SearchOptions
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
        others: the next best texts, best first, if they were asked for.
    """

    source: str
    reference: str
    hypothesis: str
    unknown: tuple[str, ...]
    others: tuple[str, ...] = ()

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


def translate_pairs(
    pipeline: Pipeline, pairs: Sequence[EncodedSource], search: SearchOptions = GREEDY
) -> list[Example]:
    """Translate the sources of pairs.

    Args:
        pipeline: of any back end.
        pairs: as ``translatable`` returns them.
        search: width of the beam, and the number of texts for each pair.
    """
    translations = pipeline.translate(
        [encoding for _, encoding in pairs], batch_size=_BATCH_SIZE, search=search
    )
    return [
        Example(
            source=" ".join(pair.texts.source.split()),
            reference=pipeline.target.text(pair.target),
            hypothesis=translation.text,
            unknown=translation.unknown_words,
            others=tuple(other.text for other in translation.others),
        )
        for (pair, _), translation in zip(pairs, translations, strict=True)
    ]


def translate_skipping(
    pipeline: Pipeline, pairs: Sequence[Pair], *, max_length: int, search: SearchOptions = GREEDY
) -> list[Example]:
    """Translate those of the pairs that have unknown words, with these words left out.

    It is the baseline for substituting them.

    Args:
        pipeline: of any back end.
        pairs: to translate.
        max_length: the most tokens of a source, EOS included, as written.
        search: as for ``translate_pairs``.
    """
    tokenizer = pipeline.source
    skipping = Tokenizer(tokenizer.mode, tokenizer.vocabulary, unknown_words="skip")
    short = [pair for pair in pairs if len(pair.source) < max_length]  # EOS is not yet there
    members = translatable(skipping, short)
    unknown = [(pair, encoding) for pair, encoding in members if encoding.unknown_tokens]
    return translate_pairs(pipeline, unknown, search)


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
    measured = {
        kind: scorer.measure([e.hypothesis for e in members], [e.reference for e in members])
        for kind, members in _by_kind(examples).items()
    }
    return {kind: metrics for kind, metrics in measured.items() if metrics is not None}


def n_best_accuracy(
    examples: Sequence[Example], right: Mapping[str, Sequence[str]] | None = None
) -> dict[str, float]:
    """Return the fraction of each kind's examples of which one of the texts is right.

    Args:
        examples: translations, with as many ``others`` as are looked at.
        right: as ``right_texts`` returns them, where a source has several; else the reference is.
    """

    def has_right_text(example: Example) -> bool:
        wanted = {example.reference} if right is None else {*right[example.source]}
        return not wanted.isdisjoint((example.hypothesis, *example.others))

    return {
        kind: sum(map(has_right_text, members)) / len(members)
        for kind, members in _by_kind(examples).items()
        if members
    }


def _by_kind(examples: Sequence[Example]) -> dict[str, list[Example]]:
    return {
        KNOWN: [example for example in examples if not example.unknown],
        UNKNOWN: [example for example in examples if example.unknown],
    }


def to_tsv(examples: Sequence[Example]) -> bytes:
    """Write examples as UTF-8, a header and then one a line, columns separated by tabs."""
    rows = [("source", "reference", "hypothesis", "unknown words")]
    rows += [(e.source, e.reference, e.hypothesis, " ".join(e.unknown)) for e in examples]
    return "".join("\t".join(row) + "\n" for row in rows).encode()
