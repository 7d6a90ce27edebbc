"""Advice on a data set and the options it is trained with: one line for each likely mistake."""

from collections.abc import Iterator, Sequence

from ..recipes.selection import SIDES
from .corpus import Corpus
from .encoding import token_counts
from .inspection import lost_by
from .pairs_file import TextPair

_SAMPLE = 2_000
_MANY = 0.5
_LETTERS = 0.001
"""Share of lost letters from which on it is worth a line."""


def advice(raw: Sequence[TextPair], corpus: Corpus) -> Iterator[str]:
    """Yield warnings, each naming the option to change.

    Args:
        raw: all pairs.
        corpus: of them.
    """
    for reason, count in corpus.dropped.items():
        if count > _MANY * len(raw):
            yield f"{count} of {len(raw)} pairs dropped: {reason}"
    stride = max(len(corpus.training) // _SAMPLE, 1)
    sample = [pair.texts for pair in corpus.training[::stride]]
    for side in SIDES:
        mode = getattr(corpus.modes, side)
        texts = [getattr(pair, side) for pair in sample]
        lost = lost_by(mode, texts)
        if lost.letters > _LETTERS * sum(map(len, texts)):
            given, kept = lost.examples[0]
            yield (
                f"--{side}-text {mode.name} loses {lost.letters} letters in {len(texts)} texts: "
                f"{given[:40]!r} becomes {kept[:40]!r}; 'natural' and 'characters' keep them"
            )
    counts = token_counts(pair.source for pair in corpus.training)
    once = sum(count == 1 for count in counts.values())
    if once > _MANY * len(counts) and corpus.modes.source.name not in ("natural", "characters"):
        yield (
            f"{once} of {len(counts)} source tokens are seen once: with --source-text natural or "
            "characters the model reads parts of them"
        )
