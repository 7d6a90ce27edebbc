"""Progress of a run beside its learner: history, running sums of the loss, best validation.

The trainer keeps it in ``last.pt``. The torch side.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..recipes.recipe import Recipe
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
        least_errors: errors of the best validation; ``None`` before the first.
        stale: number of validations since then.
        perfect: number of the last validations in a row without any wrong token.
        stopped_early: whether ``stale`` has reached the recipe's patience, or ``perfect`` its
            number of perfect validations.
        out_of_time: whether the recipe's ``max_minutes`` are over.
    """

    history: list[Point] = field(default_factory=list)
    tallies: dict[str, Tally] = field(
        default_factory=lambda: {"curve": Tally(), "report": Tally(), "epoch": Tally()}
    )
    least_errors: tuple[float, ...] | None = None
    stale: int = 0
    perfect: int = 0
    stopped_early: bool = False
    out_of_time: bool = False

    def improves(self, errors: tuple[float, ...], recipe: Recipe) -> bool:
        """Record the errors of a validation; tell whether they are the fewest so far."""
        token_error_rate, *_ = errors
        self.perfect = 0 if token_error_rate else self.perfect + 1
        better = self.least_errors is None or errors < self.least_errors
        if better:
            self.least_errors, self.stale = errors, 0
        else:
            self.stale += 1
        enough = 0 < recipe.perfect_validations <= self.perfect
        self.stopped_early = enough or self.stale >= recipe.patience
        return better

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Progress":
        """Make the progress of which ``asdict`` made ``state``; other keys are ignored."""
        least = state["least_errors"]
        return cls(
            history=[Point(**values) for values in state["history"]],
            tallies={name: Tally(**values) for name, values in state["tallies"].items()},
            least_errors=None if least is None else tuple(least),
            stale=state["stale"],
            perfect=state.get("perfect", 0),
            stopped_early=state["stopped_early"],
            out_of_time=state.get("out_of_time", False),
        )
