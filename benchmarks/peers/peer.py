"""What a program has to do to be compared."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from .process import Finished
from .tasks import Task

Manner = Literal["batches", "one by one"]


@dataclass(frozen=True)
class Trained:
    """A model that is ready to be asked.

    Attributes:
        size: bytes of the files that are needed to ask it.
        parameters: of a network.
        seconds: of training, until it can be asked; ``None`` where it came trained.
        cpu_seconds: the same, of the processor.
    """

    size: int
    parameters: int | None = None
    seconds: float | None = None
    cpu_seconds: float | None = None


class Peer(Protocol):
    """A program.

    Attributes:
        name: of its row.
        manners: in which it can be asked; the first one gives the answers that are scored.
        tasks: that it can be asked.
        most_words: of a test file, that it is asked; ``None``: all.
    """

    name: str
    manners: Sequence[Manner]
    tasks: Sequence[str]
    most_words: int | None

    def settings(self, task: Task) -> list[str]:
        """Return version and choices; a measurement is kept as long as they stay the same."""
        ...

    def train(self, task: Task, folder: Path) -> Trained:
        """Train a model from the beginning, in a folder of its own."""
        ...

    def ask(self, words: Sequence[str], folder: Path, manner: Manner) -> tuple[list[str], Finished]:
        """Ask the model in the folder; return an answer a word, and the command that gave them."""
        ...


def empty_folder(folder: Path) -> Path:
    """Make a folder, without what an interrupted training has left in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def size_of(*paths: Path) -> int:
    """Return the bytes of files and of all files in folders."""
    files = [file for path in paths for file in (path, *path.rglob("*")) if file.is_file()]
    return sum(file.stat().st_size for file in files)
