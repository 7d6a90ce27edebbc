"""A training that gets a signal, for the tests of resuming."""

import signal
from collections.abc import Callable

import pytest

from training.learner import Learner
from training.loss import Loss

Interrupt = Callable[[int], None]
"""Lets the n-th step get a SIGINT."""


@pytest.fixture
def interrupt_at(monkeypatch: pytest.MonkeyPatch) -> Interrupt:
    original = Learner.take_step

    def interrupt(step: int) -> None:
        count = 0

        def take_step(self: Learner) -> Loss:
            nonlocal count
            count += 1
            if count == step:
                signal.raise_signal(signal.SIGINT)
            return original(self)

        monkeypatch.setattr(Learner, "take_step", take_step)

    return interrupt
