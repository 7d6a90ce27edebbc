"""Time limit: the time that a run may take, and the share of it that is spent.

The trainer stops by it; the learner's schedule follows it. The torch side.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

Clock = Callable[[], float]
"""Returns seconds since some fixed moment."""


class TimeLimit:
    """Seconds of a run, over all its sittings, of which one begins with the object."""

    def __init__(self, minutes: float, clock: Clock = time.monotonic) -> None:
        """Start the clock.

        Args:
            minutes: for the whole run; 0 is no limit.
            clock: tells the time.
        """
        self._limit = 60 * minutes
        self._clock = clock
        self._started = clock()
        self._first_step: float | None = None
        self._reserve = 0.0

    @property
    def spent(self) -> float:
        """Seconds since the run began, without the time between its sittings."""
        return self._clock() - self._started

    @property
    def share(self) -> float:
        """Share of the time for steps that is spent, 0 to 1; 0 without a limit.

        Steps have the time from the first one to the last validation.
        """
        if not self._limit or self._first_step is None:
            return 0.0
        time_for_steps = self._limit - self._reserve - self._first_step
        if time_for_steps <= 0:
            return 1.0
        return min((self.spent - self._first_step) / time_for_steps, 1.0)

    @property
    def over(self) -> bool:
        """Whether it is time for the last validation."""
        return self.share >= 1

    def begin_steps(self) -> None:
        """Record that the data are read; in a later sitting, nothing."""
        if self._first_step is None:
            self._first_step = self.spent

    def reserve(self, seconds: float) -> None:
        """Keep the duration of a validation for the last one."""
        self._reserve = max(self._reserve, seconds)

    def state(self) -> dict[str, float | None]:
        """Return what ``restore`` needs: without a limit nothing, so that resuming is bit-exact."""
        if not self._limit:
            return {}
        return {"spent": self.spent, "first_step": self._first_step, "reserve": self._reserve}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Add the time of earlier sittings to that of this one; ``state`` is empty without one."""
        self._started -= state.get("spent", 0.0)
        self._first_step, self._reserve = state.get("first_step"), state.get("reserve", 0.0)


NO_LIMIT = TimeLimit(0)
