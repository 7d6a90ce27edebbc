"""Tasks: words and their pronunciations, to train on and to score."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TRAINING_WORDS: dict[str, int | None] = {"sig-hin": None, "g2p": 20_000}
"""The tasks by name, with the number of words that are sampled to train on; ``None``: all."""

_SEPARATOR = " | "  # between several right targets
_SEED = 0


@dataclass(frozen=True)
class Pair:
    """A word and its pronunciation, phones apart by spaces."""

    word: str
    phones: str


@dataclass(frozen=True)
class Question:
    """A word of the test file.

    Attributes:
        word: to be pronounced.
        right: its pronunciations, any of which is right.
    """

    word: str
    right: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """What every program trains on and is asked.

    Attributes:
        name: of the task.
        training: all pairs that a program may see.
        test: in the order of the file.
    """

    name: str
    training: tuple[Pair, ...]
    test: tuple[Question, ...]

    def split(self) -> tuple[list[Pair], list[Pair]]:
        """Return nine tenths to train on and one tenth to choose an epoch with."""
        validation = _sample(self.training, max(1, len(self.training) // 10))
        chosen = {*validation}
        return [pair for pair in self.training if pair not in chosen], validation


def read_task(
    folder: Path, name: str, *, training: int | None = None, test: int | None = None
) -> Task:
    """Read ``NAME.train.tsv`` and ``NAME.test.tsv``.

    Args:
        folder: of the files, lines of word<TAB>pronunciation.
        name: of the task.
        training: the number of training pairs to sample; ``None``: all.
        test: the number of test words to take from the beginning; ``None``: all.
    """
    pairs = [Pair(word, phones) for word, phones in _rows(folder / f"{name}.train.tsv")]
    questions = [
        Question(word, tuple(phones.split(_SEPARATOR)))
        for word, phones in _rows(folder / f"{name}.test.tsv")
    ]
    sampled = pairs if training is None else _sample(pairs, training)
    return Task(name, tuple(sampled), tuple(questions[:test]))


def to_tsv(pairs: Sequence[Pair]) -> str:
    """Write pairs, one a line, the word first."""
    return "".join(f"{pair.word}\t{pair.phones}\n" for pair in pairs)


def _rows(path: Path) -> list[tuple[str, str]]:
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    return [(word, " ".join(phones.split())) for word, phones, *_ in rows]


def _sample(pairs: Sequence[Pair], count: int) -> list[Pair]:
    """Return pairs drawn with a fixed seed, in the order of the file."""
    indices = random.Random(_SEED).sample(range(len(pairs)), min(count, len(pairs)))
    return [pairs[index] for index in sorted(indices)]
