"""History of a run: losses and metrics, point by point, as CSV and for TensorBoard."""

import csv
import importlib.util
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any

from ..metrics import Metrics


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
        bleu: of the held-out sentences without unknown words; ``None`` also where no reference has
            four tokens.
        chrf: of the same.
        token_error_rate: of the same.
        exact: fraction of the same that equal their reference.
        bleu_unknown: of the held-out sentences with unknown words, and so on.
        chrf_unknown: of the same.
        token_error_rate_unknown: of the same.
        exact_unknown: of the same.
    """

    epoch: int
    sentences: int
    token_loss: float | None = None
    sentence_loss: float | None = None
    held_out_loss: float | None = None
    bleu: float | None = None
    chrf: float | None = None
    token_error_rate: float | None = None
    exact: float | None = None
    bleu_unknown: float | None = None
    chrf_unknown: float | None = None
    token_error_rate_unknown: float | None = None
    exact_unknown: float | None = None


_METRICS = ("bleu", "chrf", "token_error_rate", "exact")


def metric_columns(metrics: Metrics | None, suffix: str) -> dict[str, float | None]:
    """Return metrics as columns of a point: ``bleu`` and so on, with a suffix."""
    if metrics is None:
        return {}
    return {f"{name}{suffix}": getattr(metrics, name) for name in _METRICS}


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
        nll: sum of the losses, in nats.
        tokens: target tokens that they are of.
        sentences: pairs that they are of.
    """

    nll: float = 0.0
    tokens: int = 0
    sentences: int = 0

    def add(self, nll: float, tokens: int, sentences: int) -> None:
        """Count another batch."""
        self.nll += nll
        self.tokens += tokens
        self.sentences += sentences

    @property
    def token_loss(self) -> float | None:
        """Mean loss of a token in nats; ``None`` of none."""
        return self.nll / self.tokens if self.tokens else None

    @property
    def sentence_loss(self) -> float | None:
        """Mean loss of a sentence in nats; ``None`` of none."""
        return self.nll / self.sentences if self.sentences else None


def points_from(content: Sequence[dict[str, Any]]) -> list[Point]:
    """Read points back from dictionaries that ``asdict`` made."""
    return [Point(**values) for values in content]


class HistoryWriter:
    """Writes each point of the history as scalars; without TensorBoard it does nothing.

    Use it as a context manager. A resumed run writes all of its history again, into a new event
    file: TensorBoard shows each point once.
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
        """Write points."""
        if self._writer is None:
            return
        for point in history:
            for name, value in asdict(point).items():
                if isinstance(value, float):
                    self._writer.add_scalar(name, value, point.sentences)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.close()
