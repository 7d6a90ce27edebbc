"""What a training has seen of itself, point by point: kept in the checkpoint, written as CSV."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from .scores import Score


@dataclass(frozen=True)
class Point:
    """One row of ``history.csv``. It holds no clock time: a seed decides every number.

    Attributes:
        epoch: counted from 1.
        sentences: pairs trained on since the beginning.
        token_loss: mean over the target tokens since the point before, in nats.
        sentence_loss: mean over the pairs since the point before of the sum of their tokens'
            losses, in nats; a tenth of it is what the tutorial prints.
        held_out_loss: mean over the held-out target tokens, in nats. From here on: ``None`` where
            the model was not validated.
        bleu: of the held-out sentences without unknown words.
        chrf: of the same.
        exact: fraction of the same that equal their reference.
        bleu_unknown: of the held-out sentences with unknown words.
        chrf_unknown: of the same.
        exact_unknown: of the same.
    """

    epoch: int
    sentences: int
    token_loss: float | None = None
    sentence_loss: float | None = None
    held_out_loss: float | None = None
    bleu: float | None = None
    chrf: float | None = None
    exact: float | None = None
    bleu_unknown: float | None = None
    chrf_unknown: float | None = None
    exact_unknown: float | None = None


def score_columns(score: Score | None, suffix: str) -> dict[str, float | None]:
    """Return a score as columns of a point: ``bleu`` and so on, with a suffix."""
    if score is None:
        return {}
    return {f"{name}{suffix}": getattr(score, name) for name in ("bleu", "chrf", "exact")}


History = Sequence[Point]


def to_csv(history: History) -> bytes:
    """Write the points as CSV with a header; an empty cell is a ``None``."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Point)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(point) for point in history)
    return text.getvalue().encode()


@dataclass
class Tally:
    """Losses added up.

    Attributes:
        nats: sum of the losses.
        tokens: target tokens that they are of.
        sentences: pairs that they are of.
    """

    nats: float = 0.0
    tokens: int = 0
    sentences: int = 0

    def add(self, nats: float, tokens: int, sentences: int) -> None:
        """Count another batch."""
        self.nats += nats
        self.tokens += tokens
        self.sentences += sentences

    @property
    def token_loss(self) -> float | None:
        """Mean loss of a token in nats; ``None`` of none."""
        return self.nats / self.tokens if self.tokens else None

    @property
    def sentence_loss(self) -> float | None:
        """Mean loss of a sentence in nats; ``None`` of none."""
        return self.nats / self.sentences if self.sentences else None


def points_from(content: Sequence[dict[str, Any]]) -> list[Point]:
    """Read points back from what ``asdict`` made of them."""
    return [Point(**values) for values in content]
