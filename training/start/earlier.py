"""Earlier run: the model and the text that a training with ``--init-from`` begins with."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from ..data.known_text import KnownText
from ..run import checkpoint
from ..run.checkpoint import recipe_from
from ..run.text_state import modes_from, text_state, vocabularies_from
from .options import Start


@dataclass(frozen=True)
class Earlier:
    """What a run takes over from an earlier one.

    Attributes:
        text: its modes and vocabularies.
        weights: of its best model, by name; ``None`` on resuming, when the run has its own.
    """

    text: KnownText
    weights: Mapping[str, Tensor] | None


def earlier_run(start: Start, run: Path, *, resume: bool) -> Earlier | None:
    """Read what ``--init-from`` names; ``None`` without that option.

    On resuming, the run's own state has the text: the earlier run may be gone or trained anew.

    Raises:
        ArtefactNotFoundError: there is no such run, or nothing to resume.
        CheckpointError: it cannot be used.
    """
    if start.init_from is None:
        return None
    if resume:
        text = known_text_from(checkpoint.load_state(run))
        return None if text is None else Earlier(text, None)
    best = checkpoint.load(start.init_from)
    report = best.report
    text = KnownText(
        best.modes, best.vocabularies, report.max_source_length, report.max_target_length
    )
    return Earlier(text, best.model.state_dict())


def known_text_state(text: KnownText | None) -> dict[str, Any] | None:
    """Return what ``known_text_from`` needs, as a part of a run's state."""
    if text is None:
        return None
    return {
        **text_state(text.modes, text.vocabularies),
        "max_source_length": text.max_source_length,
        "max_target_length": text.max_target_length,
    }


def known_text_from(state: Mapping[str, Any]) -> KnownText | None:
    """Make the text again that a run's state holds; ``None`` where it has made its own."""
    content = state.get("known_text")
    if content is None:
        return None
    modes = modes_from(content, recipe_from(state["recipe"]).selection)
    lengths = content["max_source_length"], content["max_target_length"]
    return KnownText(modes, vocabularies_from(content, modes), *lengths)
