"""The history for TensorBoard, where it is installed (the extra ``tensorboard``)."""

import importlib.util
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from .history import History


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
