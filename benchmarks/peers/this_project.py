"""This project, by its commands: training, export, and the exported folder in ONNX Runtime."""

import sys
from collections.abc import Sequence
from pathlib import Path

from s2s_export import __version__
from training.data.corpus import Corpus
from training.data.pairs_file import RawPairs
from training.fit import parse_options

from .peer import Manner, Peer, Trained, empty_folder, size_of
from .process import Finished, run
from .tasks import TRAINING_WORDS, Task, to_tsv

_RECIPE = ("--recipe", "words", "--reverse", "--target-text", "spaces")
_TEXTS_THAT_CANNOT_BE_TRANSLATED = 1  # exit code; their lines are empty


class ThisProject(Peer):
    """``training.fit``, ``s2s_export.export`` and ``s2s_export``."""

    name = "this project"
    manners = ("batches", "one by one")
    tasks = tuple(TRAINING_WORDS)
    most_words = None

    def __init__(self, epochs: int | None = None) -> None:
        self._options = (*_RECIPE, *(() if epochs is None else ("--epochs", str(epochs))))

    def settings(self, task: Task) -> list[str]:
        """Return the version and all choices of the recipe."""
        return [__version__, repr(parse_options(self._options).recipe)]

    def train(self, task: Task, folder: Path) -> Trained:
        """Train and export; the time is that of both."""
        data, model, log = empty_folder(folder) / "train.tsv", folder / "run", folder / "log.txt"
        data.write_text(to_tsv(task.training), encoding="utf-8")
        fit = [sys.executable, "-m", "training.fit", "--data", data, "--run", model]
        export = [sys.executable, "-m", "s2s_export.export", "--no-torchscript", "--run", model]
        done = [run([*fit, *self._options], log)]
        done += [run([*export, "--out", folder / "exported"], log)]
        return Trained(
            size_of(folder / "exported"),
            parameters(task),
            sum(command.seconds for command in done),
            sum(command.cpu_seconds for command in done),
        )

    def ask(self, words: Sequence[str], folder: Path, manner: Manner) -> tuple[list[str], Finished]:
        """Translate words from stdin, in batches of 64 or one by one."""
        command = [sys.executable, "-m", "s2s_export", "--model", folder / "exported"]
        command += ["--batch-size", "1"] if manner == "one by one" else []
        text = "".join(f"{word}\n" for word in words)
        good = (0, _TEXTS_THAT_CANNOT_BE_TRANSLATED)
        done = run(command, folder / "log.txt", text=text, good=good)
        return done.output.split("\n")[:-1], done


def parameters(task: Task) -> int:
    """Return the number of parameters of the model that is trained on a task."""
    from training.models.seq2seq import Seq2Seq  # it imports torch

    recipe = parse_options(_RECIPE).recipe
    columns = [(pair.word, pair.phones) for pair in task.training]
    raw = RawPairs.of_columns(task.name, columns, reverse=True)
    corpus = Corpus.prepare(raw.pairs, recipe, task.name)
    model = Seq2Seq.of(recipe.for_tokens(corpus.tokens), corpus.vocabularies)
    return sum(tensor.numel() for tensor in model.parameters())
