"""History of a run: losses and metrics, point by point, as CSV and for TensorBoard."""

import csv
import importlib.util
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

TUTORIAL_SCALE = 10
"""The tutorial prints and draws a sentence's loss divided by this."""


@dataclass(frozen=True)
class Point:
    """A row of ``history.csv``. It holds no clock time, so a seed decides every number.

    Attributes:
        epoch: counted from 1.
        sentences: number of pairs trained on since the beginning.
        token_loss: mean over the target tokens since the point before, in nats.
        sentence_loss: mean over the pairs since the point before of the sum of their tokens'
            losses, in nats; a tenth of it is what the tutorial prints.
        validation_loss: mean over the target tokens of the validation pairs, in nats; like all that
            follow, ``None`` without a validation.
        bleu: of the validation sentences without unknown words; ``None`` also where no reference
            has four tokens.
        chrf: of the same.
        token_error_rate: of the same.
        exact: fraction of the same that equal their reference.
        bleu_unknown: of the validation sentences with unknown words.
        chrf_unknown: of the same.
        token_error_rate_unknown: of the same.
        exact_unknown: of the same.
    """

    epoch: int
    sentences: int
    token_loss: float | None = None
    sentence_loss: float | None = None
    validation_loss: float | None = None
    bleu: float | None = None
    chrf: float | None = None
    token_error_rate: float | None = None
    exact: float | None = None
    bleu_unknown: float | None = None
    chrf_unknown: float | None = None
    token_error_rate_unknown: float | None = None
    exact_unknown: float | None = None


History = Sequence[Point]


def to_csv(history: History) -> bytes:
    """Return the points as CSV with a header; ``None`` is an empty cell."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Point)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(point) for point in history)
    return text.getvalue().encode()


class HistoryWriter:
    """Context manager that writes points for TensorBoard; it does nothing where that is missing.

    A resumed run writes its whole history again, into a new event file; TensorBoard shows each
    point once.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: Any = None

    def __enter__(self) -> "HistoryWriter":
        if importlib.util.find_spec("tensorboard") is not None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(self._folder)
        return self

    def write(self, history: History) -> None:
        """Write the columns of points as scalars."""
        for point in history if self._writer is not None else ():
            for name, value in asdict(point).items():
                if isinstance(value, float):
                    self._writer.add_scalar(name, value, point.sentences)

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()
