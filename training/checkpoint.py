"""The checkpoint of a run: all that export needs, in one file that is safe to open.

``torch.load(weights_only=True)`` reads it: tensors, strings, numbers, lists and dicts, no code.
"""

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from s2s_export.errors import ArtefactNotFoundError, CheckpointError, OutputError
from s2s_export.vocabulary import Vocabulary

from .dataset import Pair, Vocabularies
from .model import Seq2Seq
from .settings import Settings

CHECKPOINT_FILE = "checkpoint.pt"
_FORMAT_VERSION = 1


@dataclass(frozen=True)
class Report:
    """What became of a run.

    Attributes:
        data: name of the data file, or ``phrasebook``.
        data_sha256: of all pairs, see ``dataset.sha256_of``.
        training_pairs: pairs trained on.
        held_out_pairs: pairs held out.
        max_source_length: tokens of the longest source sentence, EOS included.
        max_target_length: tokens of the longest target sentence, EOS included.
        held_out_loss: mean loss of a held-out token in nats; ``None`` without held-out pairs.
    """

    data: str
    data_sha256: str
    training_pairs: int
    held_out_pairs: int
    max_source_length: int
    max_target_length: int
    held_out_loss: float | None


@dataclass(frozen=True)
class Checkpoint:
    """A trained run.

    Attributes:
        settings: what decided it.
        report: what became of it.
        vocabularies: the words of the training pairs.
        samples: pairs with known words alone, for export to compare the graphs on: the held-out
            ones, or some of the training pairs where none was held out.
        model: ready for inference.
    """

    settings: Settings
    report: Report
    vocabularies: Vocabularies
    samples: tuple[Pair, ...]
    model: Seq2Seq


def save(checkpoint: Checkpoint, run: Path) -> None:
    """Write the checkpoint into the run folder: the old one stays until the new one is complete.

    Raises:
        OutputError: it cannot be written.
    """
    content = {
        "format_version": _FORMAT_VERSION,
        "settings": {
            **dataclasses.asdict(checkpoint.settings),
            "prefixes": list(checkpoint.settings.prefixes),
        },
        "report": dataclasses.asdict(checkpoint.report),
        "source_words": list(checkpoint.vocabularies.source.words),
        "target_words": list(checkpoint.vocabularies.target.words),
        "samples": [[pair.source, pair.target] for pair in checkpoint.samples],
        "weights": {name: t.cpu() for name, t in checkpoint.model.state_dict().items()},
    }
    path = run / CHECKPOINT_FILE
    temporary = path.with_suffix(".part")
    try:
        with temporary.open("wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from error


def load(run: Path) -> Checkpoint:
    """Read the checkpoint of a run folder, on the CPU and ready for inference.

    Raises:
        ArtefactNotFoundError: there is none.
        CheckpointError: it cannot be read, or is not one of this release.
    """
    path = run / CHECKPOINT_FILE
    if not path.is_file():
        raise ArtefactNotFoundError(
            f"{path}: no checkpoint; make one with 'python -m training.fit'"
        )
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # on rubbish, torch's unpickler fails with whatever it trips over
        first_line = str(error).partition("\n")[0]
        raise CheckpointError(f"{path}: cannot be read: {first_line}; train again") from error
    version = content.get("format_version") if isinstance(content, dict) else None
    if version != _FORMAT_VERSION:
        raise CheckpointError(
            f"{path}: expected checkpoint format {_FORMAT_VERSION}, found {version}; train again"
        )
    return _from_content(content)


def _from_content(content: dict[str, Any]) -> Checkpoint:
    settings = Settings(
        **{**content["settings"], "prefixes": tuple(content["settings"]["prefixes"])}
    )
    vocabularies = Vocabularies(
        Vocabulary(content["source_words"]), Vocabulary(content["target_words"])
    )
    model = new_model(settings, vocabularies)
    model.load_state_dict(content["weights"])
    model.eval()
    return Checkpoint(
        settings=settings,
        report=Report(**content["report"]),
        vocabularies=vocabularies,
        samples=tuple(Pair(source, target) for source, target in content["samples"]),
        model=model,
    )


def new_model(settings: Settings, vocabularies: Vocabularies) -> Seq2Seq:
    """Make the model that the settings describe; torch's global seed decides its weights."""
    return Seq2Seq(
        source_vocabulary=len(vocabularies.source),
        target_vocabulary=len(vocabularies.target),
        hidden_size=settings.hidden_size,
        n_layers=settings.n_layers,
    )
