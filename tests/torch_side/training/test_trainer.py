"""A whole run: stopped at every step, resumed with something else, full disks, NaN."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from s2s_export.errors import (
    CheckpointError,
    DataError,
    NonFiniteError,
    OutputError,
    S2SError,
    StoppedError,
)
from training.data.corpus import Corpus
from training.data.pairs_file import TextPair, read_pairs
from training.evaluation import (
    metrics_of,
    scorer_of,
    to_tsv,
    translatable,
    translate_pairs,
)
from training.learner import Learner
from training.loss import Loss
from training.recipes.recipe import Recipe
from training.recipes.selection import Selection
from training.run import checkpoint as checkpoints
from training.run import resuming
from training.run.checkpoint import Checkpoint
from training.run.folder import HISTORY_FILE, HYPOTHESES_FILE, LAST_FILE, PREVIOUS_FILE
from training.trainer import fit

RECIPE = Recipe(
    epochs=3,
    batch_size=8,
    hidden_size=8,
    curve_every=10,
    teacher_forcing_ratio=0.7,
    selection=Selection(held_out=0.2),
)


@pytest.fixture
def raw(tiny_pairs: Path) -> list[TextPair]:
    return read_pairs(tiny_pairs).pairs


def train(raw: list[TextPair], run: Path, recipe: Recipe = RECIPE, **options: Any) -> Checkpoint:
    return fit(
        raw,
        recipe,
        run,
        recipe_name="default",
        data_name="tiny.tsv",
        device=torch.device("cpu"),
        **options,
    )


def flat(value: Any, where: str = "") -> dict[str, object]:
    """All leaves of nested dicts and lists, tensors as bytes."""
    if isinstance(value, dict):
        return {k: v for key in value for k, v in flat(value[key], f"{where}.{key}").items()}
    if isinstance(value, list | tuple):
        return flat(dict(enumerate(value)), where)
    return {where: value.numpy().tobytes() if isinstance(value, torch.Tensor) else value}


def interrupt_at(step: int) -> Callable[[Learner], Loss]:
    """Return a ``take_step`` that gets a signal in its n-th call."""
    original, count = Learner.take_step, 0

    def take_step(self: Learner) -> Loss:
        nonlocal count
        count += 1
        if count == step:
            signal.raise_signal(signal.SIGINT)
        return original(self)

    return take_step


def test_training_resumed_at_every_step_is_bit_exact(
    raw: list[TextPair], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parameters, Adam's moments, history and metrics, bit for bit."""
    whole = tmp_path / "whole"
    train(raw, whole)
    expected = flat(checkpoints.load_state(whole))
    assert any(name.startswith(".learner.optimizer.state.0.exp_avg_sq") for name in expected)
    assert any(name.startswith(".history.3.") for name in expected)
    step = 0
    while True:
        step += 1
        run = tmp_path / str(step)
        with monkeypatch.context() as patched:
            patched.setattr(Learner, "take_step", interrupt_at(step))
            stopped = error_of(lambda run=run: train(raw, run))  # type: ignore[misc]
        if stopped is None:
            break  # the signal came with the last step: nothing was left to stop
        assert isinstance(stopped, StoppedError)
        assert stopped.exit_code == 130
        assert "add --resume to the same command to go on" in str(stopped)
        train(raw, run, resume=True)
        assert flat(checkpoints.load_state(run)) == expected
        for name in (HISTORY_FILE, HYPOTHESES_FILE):
            assert (run / name).read_bytes() == (whole / name).read_bytes()
        assert checkpoints.load(run).report == checkpoints.load(whole).report
    assert step > 10


def test_saving_after_each_step_does_not_change_the_training(
    raw: list[TextPair], tmp_path: Path
) -> None:
    train(raw, tmp_path / "a")
    train(raw, tmp_path / "b", save_interval=0)
    one, other = (checkpoints.load_state(tmp_path / name) for name in "ab")
    assert flat(one) == flat(other)
    one["learner"].pop("position")
    previous = torch.load(tmp_path / "b" / PREVIOUS_FILE, weights_only=True)
    assert previous["learner"]["position"]["epoch"] == RECIPE.epochs


def error_of(call: Callable[[], object]) -> S2SError | None:
    """Return the error that a call ends with, if it does."""
    try:
        call()
    except S2SError as error:
        return error
    return None


def fail_call(patched: pytest.MonkeyPatch, k: int) -> None:
    """Let the k-th call fail of those that make a file safe."""
    calls = 0

    def failing(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == k:
                raise OSError(28, "No space left on device")
            return original(*arguments)

        return call

    for name in ("fsync", "replace"):
        patched.setattr(os, name, failing(getattr(os, name)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch_size": 4}, "begun with --batch-size 8, this command has 4; resume with the same"),
        ({"seed": 1}, "begun with --seed 0, this command has 1"),
        ({"epochs": 4}, "begun with --epochs 3, this command has 4"),
        ({"selection": Selection(held_out=0.3)}, "--held-out 0.2, this command has 0.3"),
    ],
)
def test_resuming_with_another_recipe_is_refused(
    raw: list[TextPair], tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    train(raw, tmp_path)
    before = (tmp_path / LAST_FILE).read_bytes()
    with pytest.raises(CheckpointError, match=message):
        train(raw, tmp_path, replace(RECIPE, **change), resume=True)
    assert (tmp_path / LAST_FILE).read_bytes() == before


def test_resuming_with_other_data_is_refused(raw: list[TextPair], tmp_path: Path) -> None:
    train(raw, tmp_path)
    with pytest.raises(DataError, match=r"tiny\.tsv: its pairs are not those that .* begun with"):
        train([*raw, TextPair("Je suis ici.", "I am here.")], tmp_path, resume=True)
    with pytest.raises(DataError, match="its pairs are not those"):
        train(raw[::-1], tmp_path, resume=True)


def test_resuming_with_another_torch_or_device_is_reported(
    raw: list[TextPair],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Learner, "take_step", interrupt_at(2))
        patched.setattr(torch, "__version__", "2.10.0")
        with pytest.raises(StoppedError):
            train(raw, tmp_path)
    capsys.readouterr()
    train(raw, tmp_path, resume=True)
    err = capsys.readouterr().err
    assert "note: begun with torch 2.10.0, device cpu" in err
    assert ": not bit-exact from here on" in err
    here, there = (resuming.environment(torch.device(name), Recipe()) for name in ("cpu", "cuda"))
    assert resuming.inexactness(here, here) is None
    assert resuming.inexactness(here, there) is not None


def test_a_nan_or_infinite_loss_keeps_the_last_good_checkpoint(
    raw: list[TextPair], tmp_path: Path
) -> None:
    wild = replace(RECIPE, learning_rate=1e38, warmup=0.0, clip_norm=0.0)
    with pytest.raises(NonFiniteError, match=r"in epoch 1.*keeps its last good checkpoint"):
        train(raw, tmp_path, wild, save_interval=0)
    state = checkpoints.load_state(tmp_path)
    assert all(weights.isfinite().all() for weights in state["learner"]["trained"].values())


def test_nan_or_infinite_weights_are_never_saved(
    raw: list[TextPair], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last step can break the weights after the last look at the loss."""
    original = Learner.take_step

    def take_step(self: Learner) -> Loss:
        loss = original(self)
        with torch.no_grad():
            self.model.decoder.out.bias[3] = float("inf")
        return loss

    monkeypatch.setattr(Learner, "take_step", take_step)
    with pytest.raises(NonFiniteError, match=r"a weight is NaN or infinite in epoch 1; .*keeps"):
        train(raw, tmp_path, save_interval=0)
    state = checkpoints.load_state(tmp_path)
    assert all(weights.isfinite().all() for weights in state["learner"]["trained"].values())


def test_every_fsync_and_rename_fails_in_turn(
    raw: list[TextPair], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The k-th call fails, for k = 1, 2, … until the run succeeds; a saved run can be resumed."""
    short = replace(RECIPE, epochs=1)
    train(raw, tmp_path / "whole", short)
    expected = flat(checkpoints.load_state(tmp_path / "whole"))
    k, failed = 0, True
    while failed:
        k += 1
        run = tmp_path / str(k)
        with monkeypatch.context() as patched:
            fail_call(patched, k)
            error = error_of(lambda run=run: train(raw, run, short))  # type: ignore[misc]
        failed = error is not None
        if failed:
            assert isinstance(error, OutputError)
            assert str(error).startswith(f"{run}/")
            assert "cannot be written: No space left on device" in str(error)
        assert not list(run.glob(".*.part"))
        if failed and (run / LAST_FILE).exists() | (run / PREVIOUS_FILE).exists():
            train(raw, run, short, resume=True)
            assert flat(checkpoints.load_state(run)) == expected
    assert k > 20


def test_the_metrics_are_those_of_the_test_pairs(raw: list[TextPair], tmp_path: Path) -> None:
    result = train(raw, tmp_path)
    corpus = Corpus.prepare(raw, RECIPE, "tiny.tsv")
    pipeline = result.pipeline
    examples = translate_pairs(pipeline, translatable(pipeline.source, corpus.test))
    assert result.report.metrics == metrics_of(examples, scorer_of(pipeline.target, corpus.test))
    assert (tmp_path / HYPOTHESES_FILE).read_bytes() == to_tsv(examples)
    trained = {pair.source for pair in corpus.training}
    chosen = {pair.source for pair in corpus.validation}
    assert {pair.source for pair in corpus.test}.isdisjoint(trained | chosen)
