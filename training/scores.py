"""How close hypotheses are to their references: BLEU, chrF and exact matches."""

from collections.abc import Sequence
from dataclasses import dataclass

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF


@dataclass(frozen=True)
class Score:
    """How well some sentences are translated.

    Attributes:
        sentences: how many.
        bleu: of the whole set, 0 to 100 (sacrebleu).
        chrf: of the whole set, 0 to 100 (sacrebleu).
        exact: fraction of the sentences that equal their reference.
    """

    sentences: int
    bleu: float
    chrf: float
    exact: float

    def __str__(self) -> str:
        return (
            f"BLEU {self.bleu:.2f}, chrF {self.chrf:.2f}, "
            f"exact {self.exact:.1%} of {self.sentences}"
        )


def score(hypotheses: Sequence[str], references: Sequence[str]) -> Score | None:
    """Compare hypotheses with one reference each.

    Args:
        hypotheses: normalized texts.
        references: as many, in the same order.

    Returns:
        The score; ``None`` of no sentence.
    """
    if not hypotheses:
        return None
    equal = sum(h == r for h, r in zip(hypotheses, references, strict=True))
    return Score(
        sentences=len(hypotheses),
        bleu=_bleu().corpus_score(hypotheses, [references]).score,
        chrf=CHRF().corpus_score(hypotheses, [references]).score,
        exact=equal / len(hypotheses),
    )


def signature() -> str:
    """Return sacrebleu's signatures of the two metrics, with its version."""
    bleu, chrf = _bleu(), CHRF()
    for metric in (bleu, chrf):
        metric.corpus_score(["a"], [["a"]])  # the number of references is part of the signature
    return f"BLEU {bleu.get_signature()} chrF {chrf.get_signature()}"


def _bleu() -> BLEU:
    # What is compared is normalized, with spaces between the tokens: nothing is left to tokenize.
    return BLEU(tokenize="none", force=True)
