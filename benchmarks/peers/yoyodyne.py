"""yoyodyne: a bidirectional GRU encoder and a GRU decoder with soft attention, in PyTorch.

The settings are those of its README and of its example configurations: Adam, gradients clipped at
3, dropout 0.3, label smoothing 0.1, at most 100 epochs (of English 25, which take a core half an
hour), stopped when the validation loss has not fallen for ten, the epoch with the most exact
validation words. Batch size, learning rate and embedding size are its defaults. The number of units
is chosen for about as many parameters as this project's model has.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .environment import PINS, PINS_ALONE
from .peer import Manner, Peer, Trained, empty_folder, size_of
from .process import Finished, run
from .tasks import TRAINING_WORDS, Task, to_tsv
from .this_project import parameters

_EMBEDDING, _DROPOUT = 128, 0.3
_MOST_EPOCHS = {"sig-hin": 100, "g2p": 25}
_PATIENCE = 10
_BATCH_SIZE = 32
_SPECIAL_SYMBOLS = 6
_QUIET = {"WANDB_MODE": "disabled"}  # it imports wandb, and has nothing to report to it


class Yoyodyne(Peer):
    """The command ``yoyodyne``."""

    name = "yoyodyne"
    manners = ("batches", "one by one")
    tasks = tuple(TRAINING_WORDS)
    most_words = None

    def __init__(self, commands: Path, epochs: int | None = None) -> None:
        self._command = commands / "yoyodyne"
        self._epochs = epochs

    def settings(self, task: Task) -> list[str]:
        """Return the versions and the configuration."""
        return [*PINS, *PINS_ALONE, json.dumps(self._training(task, Path()))]

    def train(self, task: Task, folder: Path) -> Trained:
        """Train on nine tenths of the pairs; the rest chooses the epoch."""
        empty_folder(folder)
        for name, pairs in zip(("train", "validation"), task.split(), strict=True):
            (folder / f"{name}.tsv").write_text(to_tsv(pairs), encoding="utf-8")
        configuration = folder / "fit.json"
        configuration.write_text(json.dumps(self._training(task, folder)))
        command = [self._command, "fit", "--config", configuration]
        done = run(command, folder / "log.txt", variables=_QUIET)
        return Trained(
            size_of(folder / "best.ckpt", folder / "index.pkl"),
            parameters_printed(done.output),
            done.seconds,
            done.cpu_seconds,
        )

    def ask(self, words: Sequence[str], folder: Path, manner: Manner) -> tuple[list[str], Finished]:
        """Predict in batches of the training's size or one by one, greedily."""
        asked, answers = folder / "asked.txt", folder / "answers.txt"
        configuration = folder / "predict.json"
        asked.write_text("".join(f"{word}\n" for word in words), encoding="utf-8")
        trained = json.loads((folder / "fit.json").read_text())
        data = {"predict": str(asked), "target_col": 0}
        data["batch_size"] = _BATCH_SIZE if manner == "batches" else 1
        content = {
            "trainer": {**_TRAINER, "logger": False},
            "model": trained["model"],
            "data": {**data, "model_dir": str(folder), "target_sep": " "},
            "prediction": {"path": str(answers)},
        }
        configuration.write_text(json.dumps(content))
        command = [self._command, "predict", "--config", configuration]
        command += ["--ckpt_path", folder / "best.ckpt"]
        done = run(command, folder / "log.txt", variables=_QUIET)
        return answers.read_text(encoding="utf-8").split("\n")[:-1], done

    def _training(self, task: Task, folder: Path) -> dict[str, Any]:
        stop = {"monitor": "val_loss", "patience": _PATIENCE}
        stopping = {"class_path": "lightning.pytorch.callbacks.EarlyStopping", "init_args": stop}
        files = {"train": str(folder / "train.tsv"), "val": str(folder / "validation.tsv")}
        keep = {"dirpath": str(folder), "filename": "best"}
        return {
            "seed_everything": 0,
            "trainer": {
                **_TRAINER,
                "max_epochs": self._epochs or _MOST_EPOCHS[task.name],
                "gradient_clip_val": 3,
                "callbacks": [stopping],
                "logger": [{"class_path": "lightning.pytorch.loggers.CSVLogger"}],
            },
            "model": _model(units_of(parameters(task), task)),
            "data": {
                **files,
                "model_dir": str(folder),
                "target_sep": " ",
                "batch_size": _BATCH_SIZE,
            },
            "checkpoint": {**keep, "monitor": "val_accuracy", "mode": "max"},
        }


_TRAINER = {"accelerator": "cpu", "devices": 1, "enable_progress_bar": False}


def _model(units: int) -> dict[str, Any]:
    shared = {"embedding_size": _EMBEDDING}
    encoder = {**shared, "hidden_size": units, "dropout": _DROPOUT}
    return {
        "class_path": "yoyodyne.models.SoftAttentionGRUModel",
        "init_args": {
            **shared,
            "source_encoder": {
                "class_path": "yoyodyne.models.modules.GRUEncoder",
                "init_args": encoder,
            },
            "decoder_hidden_size": units,
            "decoder_dropout": _DROPOUT,
            "label_smoothing": 0.1,
            "optimizer": {"class_path": "torch.optim.Adam", "init_args": {"lr": 0.001}},
        },
    }


def units_of(wanted: int, task: Task) -> int:
    """Return the number of units, a multiple of eight, with about the wanted parameters."""
    letters = {letter for pair in task.training for letter in pair.word}
    phones = {phone for pair in task.training for phone in pair.phones.split()}
    symbols = len(letters | phones) + _SPECIAL_SYMBOLS
    return min(range(8, 1024, 8), key=lambda units: abs(parameters_of(units, symbols) - wanted))


def parameters_of(units: int, symbols: int) -> int:
    """Return the number of parameters of the model.

    Args:
        units: of each GRU.
        symbols: letters, phones and special ones, which share an embedding.
    """

    def gru(inputs: int) -> int:
        return 3 * units * (inputs + units + 2)

    encoder, decoder = 2 * gru(_EMBEDDING), gru(2 * units + _EMBEDDING) + units  # its first state
    attention = units * 3 * units + units + units + 1
    classifier = (units + 1) * symbols
    return symbols * _EMBEDDING + encoder + decoder + attention + classifier


def parameters_printed(output: str) -> int:
    """Return the number of parameters that the summary of the model ends with."""
    [digits] = re.findall(r"Trainable parameters: ([\d,]+)", output)
    return int(digits.replace(",", ""))
