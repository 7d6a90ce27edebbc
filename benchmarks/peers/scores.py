"""Error rates of pronunciations: words and phones."""

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from .tasks import Question


@dataclass(frozen=True)
class Scores:
    """Errors of a program.

    Attributes:
        words: asked.
        wrong: words of which no right pronunciation was given.
        edits: phones to insert, delete or replace, to come to the nearest right pronunciation.
        phones: of these pronunciations.
    """

    words: int
    wrong: int
    edits: int
    phones: int

    @property
    def word_error_rate(self) -> float:
        """Wrong words over words."""
        return self.wrong / self.words

    @property
    def phone_error_rate(self) -> float:
        """Edits over phones; it can be more than 1."""
        return self.edits / self.phones


def score(answers: Sequence[str], test: Sequence[Question]) -> Scores:
    """Compare each answer with the nearest right pronunciation.

    Args:
        answers: pronunciations, phones apart by spaces; empty where a program gives none.
        test: the questions, in the same order.
    """
    wrong = edits = phones = 0
    for answer, question in zip(answers, test, strict=True):
        references = [reference.split() for reference in question.right]
        distances = [Levenshtein.distance(answer.split(), phones) for phones in references]
        nearest = min(range(len(references)), key=distances.__getitem__)
        wrong += distances[nearest] > 0
        edits += distances[nearest]
        phones += len(references[nearest])
    return Scores(len(test), wrong, edits, phones)
