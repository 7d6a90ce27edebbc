"""Metrics of hypotheses against their references: BLEU, chrF and exact matches, by sacrebleu."""

from collections.abc import Sequence
from dataclasses import dataclass

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF


@dataclass(frozen=True)
class Metrics:
    """Metrics of a set of sentences.

    Attributes:
        sentences: number of them.
        bleu: of the whole set, 0 to 100.
        chrf: of the whole set, 0 to 100.
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


def measure(hypotheses: Sequence[str], references: Sequence[str]) -> Metrics | None:
    """Compare normalized texts with one reference each; ``None`` of no sentence."""
    if not hypotheses:
        return None
    equal = sum(h == r for h, r in zip(hypotheses, references, strict=True))
    return Metrics(
        sentences=len(hypotheses),
        bleu=_bleu().corpus_score(hypotheses, [references]).score,
        chrf=CHRF().corpus_score(hypotheses, [references]).score,
        exact=equal / len(hypotheses),
    )


def bleu(hypotheses: Sequence[str], references: Sequence[str]) -> float | None:
    """Return the BLEU of normalized texts, 0 to 100; ``None`` of no sentence."""
    return _bleu().corpus_score(hypotheses, [references]).score if hypotheses else None


def signature() -> str:
    """Return sacrebleu's signatures of BLEU and chrF, with its version."""
    metrics = {"BLEU": _bleu(), "chrF": CHRF()}
    for metric in metrics.values():
        metric.corpus_score(["a"], [["a"]])  # the number of references is part of the signature
    return " ".join(f"{name} {metric.get_signature()}" for name, metric in metrics.items())


def _bleu() -> BLEU:
    return BLEU(tokenize="none", force=True)  # spaces separate the tokens of normalized texts
