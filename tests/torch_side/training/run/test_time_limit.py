"""The time limit: its shares with a clock that the tests set, and whole runs under it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from s2s_export.errors import CheckpointError, StoppedError
from training.data.pairs_file import read_pairs
from training.learner import Learner, learning_rate
from training.loss import Loss
from training.recipes.recipe import Recipe
from training.recipes.selection import Selection
from training.run import checkpoint as checkpoints
from training.run.time_limit import TimeLimit
from training.trainer import fit
from training.validation import Validation, Validator

RECIPE = Recipe(
    epochs=1000,
    patience=1000,
    validate_every=5,
    max_minutes=1.0,
    batch_size=8,
    hidden_size=8,
    selection=Selection(held_out=0.2),
)
SECONDS_A_STEP, SECONDS_A_VALIDATION = 2.0, 3.0


class FakeClock:
    """A clock that goes on when it is told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def test_share_of_the_time_for_steps(clock: FakeClock) -> None:
    limit = TimeLimit(1, clock)
    clock.now += 10  # to read the data
    assert limit.share == 0
    limit.begin_steps()
    clock.now += 25
    assert limit.share == 25 / 50
    limit.reserve(10)
    limit.reserve(5)  # the longest validation counts
    assert limit.share == 25 / 40
    clock.now += 14.9
    assert not limit.over
    clock.now += 0.2
    assert limit.share == 1
    assert limit.over
    assert limit.spent == pytest.approx(50.1)


def test_a_validation_longer_than_the_limit_ends_at_once(clock: FakeClock) -> None:
    limit = TimeLimit(1, clock)
    limit.begin_steps()
    limit.reserve(90)
    assert limit.over


def test_time_of_earlier_sittings_counts(clock: FakeClock) -> None:
    earlier = TimeLimit(1, clock)
    clock.now += 10
    earlier.begin_steps()
    clock.now += 15
    earlier.reserve(5)
    state = earlier.state()
    clock.now += 10_000  # between the sittings
    later = TimeLimit(1, clock)
    later.restore(state)
    clock.now += 1
    later.begin_steps()
    assert (later.spent, later.share) == (26, 16 / 45)


def test_without_a_limit_nothing_is_spent(clock: FakeClock) -> None:
    limit = TimeLimit(0, clock)
    limit.begin_steps()
    clock.now += 10_000
    assert (limit.share, limit.over, limit.state()) == (0, False, {})


@pytest.fixture
def run(
    tiny_pairs: Path, tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., list[float]]:
    """Trains under the fake clock and returns the learning rates of the steps."""
    take_step, measure = Learner.take_step, Validator.measure
    rates: list[float] = []
    stop_after = 10_000

    def timed_step(self: Learner) -> Loss:
        loss = take_step(self)
        clock.now += SECONDS_A_STEP
        rates.append(self.state()["optimizer"]["param_groups"][0]["lr"])
        if len(rates) == stop_after:
            raise StoppedError("killed", 9)
        return loss

    def timed_measure(self: Validator) -> Validation:
        clock.now += SECONDS_A_VALIDATION
        return measure(self)

    monkeypatch.setattr(Learner, "take_step", timed_step)
    monkeypatch.setattr(Validator, "measure", timed_measure)

    def train(recipe: Recipe, *, kill_after: int = 10_000, **options: Any) -> list[float]:
        nonlocal stop_after
        rates.clear()
        stop_after = kill_after
        fit(
            read_pairs(tiny_pairs).pairs,
            recipe,
            tmp_path,
            recipe_name="default",
            data_name="tiny.tsv",
            device=torch.device("cpu"),
            clock=clock,
            **options,
        )
        return rates.copy()

    return train


def test_a_run_ends_in_time_with_its_schedule_and_a_validation(
    run: Callable[..., list[float]], clock: FakeClock, tmp_path: Path
) -> None:
    begun = clock.now
    rates = run(RECIPE)
    # The last validation began in time for what validation and test took before.
    assert 54 <= clock.now - begun <= 62
    assert max(rates) > 0.9 * RECIPE.learning_rate
    assert rates[-1] < 0.02 * RECIPE.learning_rate
    assert rates[-1] < rates[-2] < rates[len(rates) // 2]
    state = checkpoints.load_state(tmp_path)
    assert state["learner"]["position"]["epoch"] < 20
    assert state["history"][-1]["validation_loss"] is not None
    assert checkpoints.load(tmp_path).report.metrics


def test_a_run_out_of_time_is_finished(
    run: Callable[..., list[float]], capsys: pytest.CaptureFixture[str]
) -> None:
    run(RECIPE)
    assert run(RECIPE, resume=True) == []
    assert "the run was finished" in capsys.readouterr().out


def test_a_run_within_an_epoch_takes_a_step_and_is_validated(
    run: Callable[..., list[float]], tmp_path: Path
) -> None:
    assert len(run(replace(RECIPE, max_minutes=0.001))) == 1
    state = checkpoints.load_state(tmp_path)
    position = state["learner"]["position"]
    assert (position["epoch"], position["step"]) == (1, 1)
    assert checkpoints.load(tmp_path).report.epoch == 1
    assert state["least_errors"] is not None


def test_the_epochs_end_a_run_before_its_time(run: Callable[..., list[float]]) -> None:
    short = replace(RECIPE, epochs=2, max_minutes=600.0)
    rates = run(short)
    assert rates == run(replace(short, max_minutes=0.0), force=True)
    assert rates[-1] == pytest.approx(learning_rate(short, 1 - 1 / len(rates)))


def test_a_killed_run_goes_on_with_the_rest_of_its_time(
    run: Callable[..., list[float]], clock: FakeClock
) -> None:
    begun = clock.now
    with pytest.raises(StoppedError):
        run(RECIPE, kill_after=9, save_interval=0)
    clock.now += 10_000
    rates = run(RECIPE, resume=True)
    assert 50 <= clock.now - begun - 10_000 <= 64
    assert rates[0] < 0.95 * RECIPE.learning_rate
    assert rates[-1] < 0.02 * RECIPE.learning_rate


def test_another_limit_on_resuming_is_refused(run: Callable[..., list[float]]) -> None:
    run(RECIPE)
    with pytest.raises(CheckpointError, match=r"begun with --max-minutes 1\.0, this command has 2"):
        run(replace(RECIPE, max_minutes=2.0), resume=True)
