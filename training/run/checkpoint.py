"""The two checkpoints of a run, each one file that is safe to open.

``best.pt`` is a trained model, for evaluation and export; ``last.pt`` is the state of a training,
to resume it. ``torch.load(weights_only=True)`` reads both: tensors, strings, numbers, lists and
dicts, no code.
"""

import io
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch

from s2s_export.atomic_file import replace_file
from s2s_export.errors import ArtefactNotFoundError, CheckpointError
from s2s_export.pipeline import Pipeline
from s2s_export.text.tokenizer import TEXT_MODES, Tokenizer
from s2s_export.text.vocabulary import Vocabulary

from ..data.corpus import Pair, Vocabularies
from ..metrics import Metrics
from ..models.seq2seq import Seq2Seq
from ..recipes import Recipe, Selection
from .folder import BEST_FILE, LAST_FILE, PREVIOUS_FILE

_FORMAT_VERSION = 3


@dataclass(frozen=True)
class Report:
    """The result of a run.

    Attributes:
        recipe: name of the recipe that the run began with.
        seed: of the run.
        data: name of the data file, or ``phrasebook``.
        data_sha256: of all pairs, by ``corpus.sha256_of``.
        training_pairs: number of the pairs trained on.
        held_out_pairs: number of the pairs held out.
        max_source_length: tokens of the longest source sentence, EOS included.
        max_target_length: tokens of the longest target sentence, EOS included.
        epoch: the epoch of the weights.
        held_out_loss: mean loss of a held-out token in nats; ``None`` without held-out pairs.
        metrics: of the held-out sentences, by kind: ``known words``, ``unknown words``.
        metric_signature: sacrebleu's signatures; ``None`` without metrics.
    """

    recipe: str
    seed: int
    data: str
    data_sha256: str
    training_pairs: int
    held_out_pairs: int
    max_source_length: int
    max_target_length: int
    epoch: int
    held_out_loss: float | None
    metrics: dict[str, Metrics]
    metric_signature: str | None

    def facts(self) -> dict[str, str | int | float | None]:
        """Return all fields but the metrics, for a manifest."""
        return {name: value for name, value in vars(self).items() if name != "metrics"}


@dataclass(frozen=True)
class Checkpoint:
    """A trained model.

    Attributes:
        recipe: of the run.
        report: its result.
        vocabularies: the words of the training pairs.
        samples: pairs on which export compares the graphs: held-out ones, or some of the training
            pairs where none was held out.
        model: ready for inference.
    """

    recipe: Recipe
    report: Report
    vocabularies: Vocabularies
    samples: tuple[Pair, ...]
    model: Seq2Seq

    @property
    def tokenizers(self) -> tuple[Tokenizer, Tokenizer]:
        """The tokenizers of the source and the target."""
        mode = TEXT_MODES[self.recipe.selection.normalizer]
        return self.vocabularies.tokenizers(mode, self.report.max_source_length)

    @property
    def pipeline(self) -> Pipeline:
        """The model as PyTorch runs it, from text to text."""
        return self.model.pipeline(*self.tokenizers, self.report.max_target_length)


def save(checkpoint: Checkpoint, run: Path) -> None:
    """Write ``best.pt``; the old one stays until the new one is complete.

    Raises:
        OutputError: it cannot be written.
    """
    vocabularies = checkpoint.vocabularies
    content = {
        "recipe": asdict(checkpoint.recipe),
        "report": asdict(checkpoint.report),
        "source_words": list(vocabularies.source.words),
        "source_has_unk": vocabularies.source.unk is not None,
        "target_words": list(vocabularies.target.words),
        "samples": [[list(pair.source), list(pair.target)] for pair in checkpoint.samples],
        "weights": {name: t.cpu() for name, t in checkpoint.model.state_dict().items()},
    }
    replace_file(run / BEST_FILE, _to_bytes(content))


def load(run: Path) -> Checkpoint:
    """Read ``best.pt`` of a run folder, on the CPU and ready for inference.

    Raises:
        ArtefactNotFoundError: there is none.
        CheckpointError: it cannot be read, or has another format version.
    """
    path = run / BEST_FILE
    if not path.is_file():
        raise ArtefactNotFoundError(
            f"{path}: no checkpoint; make one with 'python -m training.fit'"
        )
    content = _read(path)
    report, recipe = content["report"], recipe_from(content["recipe"])
    report["metrics"] = {kind: Metrics(**values) for kind, values in report["metrics"].items()}
    samples = tuple(Pair(tuple(source), tuple(target)) for source, target in content["samples"])
    vocabularies = Vocabularies(
        Vocabulary(content["source_words"], unk=content["source_has_unk"]),
        Vocabulary(content["target_words"]),
    )
    model = Seq2Seq.of(recipe, vocabularies)
    model.load_state_dict(content["weights"])
    return Checkpoint(recipe, Report(**report), vocabularies, samples, model.eval())


def save_state(state: dict[str, Any], run: Path) -> None:
    """Write ``last.pt``; the old one stays as ``previous.pt``.

    Raises:
        OutputError: it cannot be written; the old one stays.
    """
    replace_file(run / LAST_FILE, _to_bytes(state), keep_as=run / PREVIOUS_FILE)


def load_state(run: Path) -> dict[str, Any]:
    """Read the last state that ``save_state`` wrote.

    Raises:
        ArtefactNotFoundError: there is none.
        CheckpointError: it cannot be read; if ``previous.pt`` can, the message offers it.
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
    """Return the part of a message that offers the previous checkpoint; ``""`` if it is no use."""
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
    selection = {field.name: content["selection"][field.name] for field in fields(Selection)}
    for name in ("prefixes", "languages"):
        selection[name] = tuple(selection[name])
    return Recipe(**{**content, "selection": Selection(**selection)})


def _to_bytes(content: dict[str, Any]) -> bytes:
    # In memory first: torch reports a full disk as a RuntimeError, a file as an OSError.
    buffer = io.BytesIO()
    torch.save({"format_version": _FORMAT_VERSION, **content}, buffer)
    return buffer.getvalue()


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # on rubbish, torch's unpickler fails with any exception
        raise CheckpointError(
            f"{path}: cannot be read, it is damaged or no checkpoint ({type(error).__name__})"
        ) from error
    version = content.get("format_version") if isinstance(content, dict) else None
    if version != _FORMAT_VERSION:
        raise CheckpointError(
            f"{path}: expected checkpoint format {_FORMAT_VERSION}, found {version}; train again"
        )
    return content
