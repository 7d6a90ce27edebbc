"""Metrics of hypotheses against their references: errors of tokens and sequences, BLEU, chrF."""

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from s2s_export.text.modes import TextMode
from s2s_export.text.normalizers import is_unspaced

_BLEU_TOKENS = 4
"""BLEU compares up to four tokens in a row; of shorter references it is 0 whatever comes out."""


@dataclass(frozen=True)
class Metrics:
    """Metrics of some sentences.

    Attributes:
        sentences: how many.
        bleu: of the whole set, 0 to 100 (sacrebleu); ``None`` where no reference has four tokens.
        chrf: of the whole set, 0 to 100 (sacrebleu).
        token_error_rate: edit distance over reference tokens, a fraction; it can be more than 1.
        exact: sequence accuracy: fraction of the sentences that equal their reference.
    """

    sentences: int
    bleu: float | None
    chrf: float
    token_error_rate: float
    exact: float

    def __str__(self) -> str:
        bleu = "" if self.bleu is None else f"BLEU {self.bleu:.2f}, "
        return (
            f"{bleu}chrF {self.chrf:.2f}, token error rate {self.token_error_rate:.1%}, "
            f"exact {self.exact:.1%} of {self.sentences}"
        )

    def in_short(self) -> str:
        """Return the metrics that are watched while training goes on."""
        bleu = "" if self.bleu is None else f"BLEU {self.bleu:.2f} "
        return f"{bleu}exact {self.exact:.1%} token errors {self.token_error_rate:.1%}"

    def figures(self) -> dict[str, int | float]:
        """Return the metrics that are defined, by name."""
        return {name: value for name, value in vars(self).items() if value is not None}


class Scorer:
    """The metrics of one target: of text where its mode keeps the text, else of tokens."""

    def __init__(self, mode: TextMode, references: Sequence[str]) -> None:
        """Choose the tokens that are counted.

        Args:
            mode: of the target. Texts of ``tutorial``, ``unicode`` and ``spaces`` are split at
                spaces, those of ``characters`` into characters, those of ``natural`` into words for
                the error rate and by sacrebleu for BLEU.
            references: they tell the script: without spaces between words, characters count.
        """
        unspaced = mode.name in ("natural", "characters") and _is_unspaced(references)
        self._characters = mode.name == "characters" or unspaced
        split_already = not mode.exact or mode.name == "spaces"
        self._tokenize = "char" if unspaced else "none" if split_already else "13a"

    def measure(self, hypotheses: Sequence[str], references: Sequence[str]) -> Metrics | None:
        """Compare hypotheses with one reference each.

        Args:
            hypotheses: texts as the model gives them.
            references: as many, in the same order, as the mode keeps them.

        Returns:
            The metrics; ``None`` of no sentence.
        """
        if not hypotheses:
            return None
        pairs = list(zip(hypotheses, references, strict=True))
        edits = sum(self.edits(h, r) for h, r in pairs)
        return Metrics(
            sentences=len(pairs),
            bleu=self.bleu(hypotheses, references),
            chrf=CHRF().corpus_score(hypotheses, [references]).score,
            token_error_rate=edits / sum(len(self._tokens(reference)) for _, reference in pairs),
            exact=sum(h == r for h, r in pairs) / len(pairs),
        )

    def edits(self, hypothesis: str, reference: str) -> int:
        """Return the edit distance of two texts in tokens."""
        return Levenshtein.distance(self._tokens(hypothesis), self._tokens(reference))

    def bleu(self, hypotheses: Sequence[str], references: Sequence[str]) -> float | None:
        """Return the BLEU of texts, 0 to 100; ``None`` where no reference has four tokens."""
        if all(len(self._tokens(reference)) < _BLEU_TOKENS for reference in references):
            return None
        score: float = self._bleu().corpus_score(hypotheses, [references]).score
        return score

    def signature(self) -> str:
        """Return sacrebleu's signatures of the two metrics, and the token of the error rate."""
        metrics = {"BLEU": self._bleu(), "chrF": CHRF()}
        for metric in metrics.values():
            metric.corpus_score(["a"], [["a"]])  # the number of references is part of it
        sacrebleu = " ".join(f"{name} {metric.get_signature()}" for name, metric in metrics.items())
        return f"{sacrebleu} token:{'character' if self._characters else 'word'}"

    def _tokens(self, text: str) -> Sequence[str]:
        return text if self._characters else text.split()

    def _bleu(self) -> BLEU:
        return BLEU(tokenize=self._tokenize, force=True)


def _is_unspaced(texts: Sequence[str]) -> bool:
    letters = [character for text in texts for character in text if character.isalpha()]
    return sum(map(is_unspaced, letters)) > len(letters) / 2
