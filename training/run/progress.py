"""Progress of a run beside its learner: history, running sums of the loss, best validation.

The trainer keeps it in ``last.pt``. The torch side.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .history import Point


@dataclass
class Tally:
    """Sum of the losses of some batches.

    Attributes:
        nll: sum of the target tokens' negative log-probabilities, in nats.
        tokens: number of these tokens.
        sentences: number of their pairs.
    """

    nll: float = 0.0
    tokens: int = 0
    sentences: int = 0

    def add(self, nll: float, tokens: int, sentences: int) -> None:
        """Add a batch."""
        self.nll += nll
        self.tokens += tokens
        self.sentences += sentences

    @property
    def token_loss(self) -> float | None:
        """Mean loss of a token in nats; ``None`` of none."""
        return self.nll / self.tokens if self.tokens else None

    @property
    def sentence_loss(self) -> float | None:
        """Mean loss of a sentence in nats; ``None`` of none."""
        return self.nll / self.sentences if self.sentences else None


@dataclass
class Progress:
    """All that changes in a run beside its learner.

    Attributes:
        history: points of the loss curve so far.
        tallies: losses since the last point (``curve``), since the last printed line (``report``)
            and since the beginning of the epoch (``epoch``).
        best_bleu: highest BLEU of a validation; ``None`` before the first.
        stale: number of validations since then.
        stopped_early: whether ``stale`` has reached the recipe's patience.
    """

    history: list[Point] = field(default_factory=list)
    tallies: dict[str, Tally] = field(
        default_factory=lambda: {"curve": Tally(), "report": Tally(), "epoch": Tally()}
    )
    best_bleu: float | None = None
    stale: int = 0
    stopped_early: bool = False

    def improves(self, bleu: float, patience: int) -> bool:
        """Record the BLEU of a validation; tell whether it is the highest so far."""
        if self.best_bleu is None or bleu > self.best_bleu:
            self.best_bleu, self.stale = bleu, 0
            return True
        self.stale += 1
        self.stopped_early = self.stale >= patience
        return False

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Progress":
        """Make the progress of which ``asdict`` made ``state``; other keys are ignored."""
        return cls(
            history=[Point(**values) for values in state["history"]],
            tallies={name: Tally(**values) for name, values in state["tallies"].items()},
            best_bleu=state["best_bleu"],
            stale=state["stale"],
            stopped_early=state["stopped_early"],
        )
