"""The two kinds of checkpoint, each one file that is safe to open.

``best.pt`` is a trained model with all that evaluation and export need; ``last.pt`` is all that a
training needs to go on. ``torch.load(weights_only=True)`` reads both: tensors, strings, numbers,
lists and dicts, no code.
"""

import io
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch

from s2s_export.atomic_file import replace_file
from s2s_export.errors import ArtefactNotFoundError, CheckpointError
from s2s_export.pipeline import Pipeline
from s2s_export.text.tokenizer import Tokenizer

from ..data.encoding import Modes, Pair, Vocabularies
from ..data.pairs_file import TextPair
from ..metrics import Metrics
from ..models.seq2seq import Seq2Seq
from ..recipes.recipe import Recipe
from ..recipes.selection import Selection
from .folder import BEST_FILE, LAST_FILE, PREVIOUS_FILE
from .text_state import modes_from, text_state, vocabularies_from

_FORMAT_VERSION = 5


@dataclass(frozen=True)
class Report:
    """The result of a run.

    Attributes:
        recipe: name of the recipe that the run began with.
        seed: of the run.
        data: name of the data file, or ``phrasebook``.
        data_sha256: of all pairs, see ``corpus.sha256_of``.
        training_pairs: pairs trained on.
        validation_pairs: pairs that chose the epoch.
        test_pairs: pairs that nothing was chosen on.
        max_source_length: tokens of the longest source sentence, EOS included.
        max_target_length: tokens of the longest target sentence, EOS included.
        epoch: the one that the weights are from.
        test_loss: mean loss of a token of the test pairs in nats; ``None`` without any.
        metrics: of the test pairs, by their kind: ``known words``, ``unknown words``.
        metric_signature: how they were computed; ``None`` without any.
    """

    recipe: str
    seed: int
    data: str
    data_sha256: str
    training_pairs: int
    validation_pairs: int
    test_pairs: int
    max_source_length: int
    max_target_length: int
    epoch: int
    test_loss: float | None
    metrics: dict[str, Metrics]
    metric_signature: str | None

    def facts(self) -> dict[str, str | int | float | None]:
        """Return all of it but the metrics, for a manifest."""
        return {name: value for name, value in vars(self).items() if name != "metrics"}


@dataclass(frozen=True)
class Checkpoint:
    """A trained model.

    Attributes:
        recipe: of the run.
        report: its result.
        modes: the text modes of both sides.
        vocabularies: the tokens of the training pairs.
        samples: pairs that can be encoded, for export to compare the graphs on: held-out ones, or
            some of the training pairs where none was held out.
        model: ready for inference.
    """

    recipe: Recipe
    report: Report
    modes: Modes
    vocabularies: Vocabularies
    samples: tuple[Pair, ...]
    model: Seq2Seq

    @property
    def tokenizers(self) -> tuple[Tokenizer, Tokenizer]:
        """The tokenizers of the source and the target."""
        return self.vocabularies.tokenizers(self.modes, self.report.max_source_length)

    @property
    def pipeline(self) -> Pipeline:
        """The model as PyTorch runs it, from text to text."""
        return self.model.pipeline(*self.tokenizers, self.report.max_target_length)


def save(checkpoint: Checkpoint, run: Path) -> None:
    """Write ``best.pt``: the old one stays until the new one is complete.

    Raises:
        OutputError: it cannot be written.
    """
    content = {
        "recipe": asdict(checkpoint.recipe),
        "report": asdict(checkpoint.report),
        **text_state(checkpoint.modes, checkpoint.vocabularies),
        "samples": [list(pair.texts) for pair in checkpoint.samples],
        "weights": {name: t.cpu() for name, t in checkpoint.model.state_dict().items()},
    }
    replace_file(run / BEST_FILE, _to_bytes(content))


def load(run: Path) -> Checkpoint:
    """Read ``best.pt`` of a run folder, on the CPU and ready for inference.

    Raises:
        ArtefactNotFoundError: there is none.
        CheckpointError: it cannot be read, or is not one of this release.
    """
    path = run / BEST_FILE
    if not path.is_file():
        raise ArtefactNotFoundError(
            f"{path}: no checkpoint; make one with 'python -m training.fit'"
        )
    content = _read(path)
    report = content["report"]
    metrics = {kind: Metrics(**values) for kind, values in report["metrics"].items()}
    recipe = recipe_from(content["recipe"])
    modes = modes_from(content, recipe.selection)
    vocabularies = vocabularies_from(content, modes)
    model = Seq2Seq.of(recipe, vocabularies)
    model.load_state_dict(content["weights"])
    model.eval()
    return Checkpoint(
        recipe=recipe,
        report=Report(**{**report, "metrics": metrics}),
        modes=modes,
        vocabularies=vocabularies,
        samples=tuple(modes.pair(TextPair(*texts)) for texts in content["samples"]),
        model=model,
    )


def save_state(state: dict[str, Any], run: Path) -> None:
    """Write ``last.pt``; the one before stays as ``previous.pt``.

    Raises:
        OutputError: it cannot be written; the old one stays.
    """
    replace_file(run / LAST_FILE, _to_bytes(state), keep_as=run / PREVIOUS_FILE)


def load_state(run: Path) -> dict[str, Any]:
    """Read the last state that ``save_state`` wrote.

    Raises:
        ArtefactNotFoundError: there is none.
        CheckpointError: it cannot be read; where the one before can, the message offers it.
    """
    last, previous = run / LAST_FILE, run / PREVIOUS_FILE
    if last.is_file():
        try:
            return _read(last)
        except CheckpointError as error:
            raise CheckpointError(f"{error}{_offer(previous, last)}") from error
    if previous.is_file():  # killed between the two renamings of save_state
        return _read(previous)
    raise ArtefactNotFoundError(f"{run}: no training to resume; leave out --resume to begin one")


def _offer(previous: Path, last: Path) -> str:
    """Return what to do if a damaged checkpoint has a predecessor."""
    try:
        position = _read(previous)["learner"]["position"]
    except (CheckpointError, KeyError):
        return ""
    return (
        f"; the one before it is whole (epoch {position['epoch']}, step {position['step']}): "
        f"rename {previous} to {last.name} and resume again"
    )


def recipe_from(content: dict[str, Any]) -> Recipe:
    """Make a recipe of a dictionary that ``asdict`` made."""
    selection = {
        field.name: _frozen(content["selection"][field.name]) for field in fields(Selection)
    }
    return Recipe(**{**content, "selection": Selection(**selection)})


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _to_bytes(content: dict[str, Any]) -> bytes:
    # Through memory: torch reports a full disk as some RuntimeError, a file as an OSError.
    buffer = io.BytesIO()
    torch.save({"format_version": _FORMAT_VERSION, **content}, buffer)
    return buffer.getvalue()


def _read(path: Path) -> dict[str, Any]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # on rubbish, torch's unpickler fails with any exception
        raise CheckpointError(
            f"{path}: cannot be read, it is damaged or no checkpoint ({type(error).__name__})"
        ) from error
    version = content.get("format_version") if isinstance(content, dict) else None
    if version != _FORMAT_VERSION:
        raise CheckpointError(
            f"{path}: expected checkpoint format {_FORMAT_VERSION}, found {version}; train again"
        )
    result: dict[str, Any] = content
    return result
