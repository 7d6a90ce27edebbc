"""Measurement of one program on one task, in steps that are kept once they are done.

Training, the answers to the test words and each round of timing are files in the row's folder;
an interrupted row goes on with the step that is missing, and a step begins anew if it was
interrupted, so that its time is whole.
"""

import hashlib
import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from s2s_export.atomic_file import replace_file

from .peer import Manner, Peer, Trained
from .scores import Scores, score
from .tasks import Task

TIMED_WORDS, _ROUNDS = 2000, 3


@dataclass(frozen=True)
class Row:
    """What was measured of a program on a task.

    Attributes:
        task: its name.
        peer: the program's name.
        trained: the model.
        scores: its errors.
        first: its errors on the first words alone, as many as the program that is asked the fewest.
        words_a_second: of processor time, by the manner of asking.
    """

    task: str
    peer: str
    trained: Trained
    scores: Scores
    first: Scores
    words_a_second: dict[Manner, float]

    def record(self) -> dict[str, Any]:
        """Return all figures, for JSON."""
        return asdict(self)


def measure(
    peer: Peer, task: Task, folder: Path, *, first: int, timed_words: int = TIMED_WORDS
) -> Row:
    """Measure what is not measured yet.

    Args:
        peer: the program.
        task: to train on and to be asked.
        folder: of the row.
        first: the number of words of ``Row.first``.
        timed_words: the number of words that are asked to measure the speed.

    Raises:
        CommandError: a command of the program failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model = folder / "model"
    test = task.test[: peer.most_words]
    words = [question.word for question in test]
    key = _key(peer, task)
    trained = Trained(
        **_kept(folder / "training.json", key, lambda: asdict(peer.train(task, model)))
    )
    key = [*key, asdict(trained)]  # another training, other answers
    answers = _kept(
        folder / "answers.json", key, lambda: peer.ask(words, model, peer.manners[0])[0]
    )
    timed = list(itertools.islice(itertools.cycle(words), timed_words))
    speeds = dict[Manner, float]()
    for manner in peer.manners:
        files = [folder / f"{manner.replace(' ', '-')}-{number}.json" for number in range(_ROUNDS)]
        make = partial(_cpu_seconds, peer, model, manner, timed)
        rounds = [_kept(file, [*key, len(timed)], make) for file in files]
        speeds[manner] = words_a_second(rounds, len(timed))
    scores = score(answers, test), score(answers[:first], test[:first])
    return Row(task.name, peer.name, trained, *scores, speeds)


def words_a_second(rounds: Sequence[Sequence[float]], words: int) -> float:
    """Return the speed without the start of the program and the loading of the model.

    Args:
        rounds: seconds of a command with one word, and with all words. The least of each counts.
        words: how many all words are.
    """
    one, all_words = (min(times) for times in zip(*rounds, strict=True))
    return float((words - 1) / (all_words - one))


def _cpu_seconds(peer: Peer, model: Path, manner: Manner, words: Sequence[str]) -> list[float]:
    """Return the time of the processor for the first word alone, and for all words.

    On one core it is that of the clock, and stays so where other programs want the core.
    """
    return [peer.ask(part, model, manner)[1].cpu_seconds for part in (words[:1], words)]


def _key(peer: Peer, task: Task) -> list[Any]:
    """Return what a measurement depends on."""
    data = repr((task.training, task.test)).encode()
    return [*peer.settings(task), hashlib.sha256(data).hexdigest()]


def _kept(path: Path, key: Sequence[Any], make: Callable[[], Any]) -> Any:
    """Return a value that JSON can hold: that of an earlier run with the same key, or a new one."""
    key = json.loads(json.dumps(key))
    if path.exists():
        kept = json.loads(path.read_bytes())
        if kept["key"] == key:
            return kept["value"]
        path.unlink()  # what it describes is about to change
    value = make()
    replace_file(path, json.dumps({"key": key, "value": value}, ensure_ascii=False).encode())
    return value
