"""Checkpoints: saving, loading, and errors that name a file that is no checkpoint."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from s2s_export.errors import ArtefactNotFoundError, CheckpointError, OutputError
from s2s_export.exporter import torchscript
from training.run import checkpoint as checkpoints
from training.run.checkpoint import Checkpoint, load_state, save_state
from training.run.folder import BEST_FILE, LAST_FILE, PREVIOUS_FILE

STATE = {"learner": {"position": {"epoch": 3, "step": 7}}, "weights": torch.zeros(3)}


def test_checkpoint_round_trip(checkpoint: Checkpoint, tmp_path: Path) -> None:
    checkpoints.save(checkpoint, tmp_path)
    loaded = checkpoints.load(tmp_path)
    assert loaded.recipe == checkpoint.recipe
    assert loaded.report == checkpoint.report
    assert loaded.samples == checkpoint.samples
    assert loaded.vocabularies.source.words == checkpoint.vocabularies.source.words
    assert loaded.vocabularies.source.unk == checkpoint.vocabularies.source.unk
    assert loaded.vocabularies.target.words == checkpoint.vocabularies.target.words
    assert torchscript.tensors_sha256(loaded.model) == torchscript.tensors_sha256(checkpoint.model)
    assert not loaded.model.training
    assert [path.name for path in tmp_path.iterdir()] == [BEST_FILE]


def test_a_missing_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ArtefactNotFoundError, match=r"no checkpoint; make one with 'python -m tr"):
        checkpoints.load(tmp_path)
    with pytest.raises(ArtefactNotFoundError, match="no training to resume; leave out --resume"):
        load_state(tmp_path)


@pytest.mark.parametrize("content", [b"", b"rubbish", b"PK\x03\x04"])
def test_a_file_that_is_no_checkpoint(tmp_path: Path, content: bytes) -> None:
    (tmp_path / BEST_FILE).write_bytes(content)
    with pytest.raises(CheckpointError, match=r"best\.pt: cannot be read, it is damaged or no ch"):
        checkpoints.load(tmp_path)


def test_another_checkpoint_format(tmp_path: Path) -> None:
    torch.save({"format_version": 7}, tmp_path / BEST_FILE)
    with pytest.raises(CheckpointError, match="expected checkpoint format 5, found 7"):
        checkpoints.load(tmp_path)


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path) -> None:
    class Malicious:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return print, ("run",)

    for name, load in ((BEST_FILE, checkpoints.load), (LAST_FILE, load_state)):
        torch.save(Malicious(), tmp_path / name)
        with pytest.raises(CheckpointError, match="cannot be read"):
            load(tmp_path)


def test_a_failed_write_keeps_the_old_checkpoint(
    checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints.save(checkpoint, tmp_path)
    before = (tmp_path / BEST_FILE).read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    better = replace(checkpoint, report=replace(checkpoint.report, epoch=2))
    with pytest.raises(OutputError, match=r"best\.pt: cannot be written: No space left"):
        checkpoints.save(better, tmp_path)
    assert (tmp_path / BEST_FILE).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [BEST_FILE]


@pytest.mark.parametrize("keep", [0, 1, 100, -1])
def test_a_truncated_newest_checkpoint(tmp_path: Path, keep: int) -> None:
    """The error names it and offers the one before."""
    save_state(STATE, tmp_path)
    save_state(STATE, tmp_path)
    last = tmp_path / LAST_FILE
    last.write_bytes(last.read_bytes()[:keep])
    message = (
        r"last\.pt: cannot be read, .*; the one before it is whole \(epoch 3, step 7\): "
        r"rename .*previous\.pt to last\.pt and resume again"
    )
    with pytest.raises(CheckpointError, match=message):
        load_state(tmp_path)
    (tmp_path / PREVIOUS_FILE).rename(last)
    assert load_state(tmp_path)["learner"] == STATE["learner"]


def test_two_damaged_checkpoints(tmp_path: Path) -> None:
    for name in (LAST_FILE, PREVIOUS_FILE):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(CheckpointError) as error:
        load_state(tmp_path)
    assert "the one before" not in str(error.value)


def test_killed_between_the_two_renamings(tmp_path: Path) -> None:
    save_state(STATE, tmp_path)
    (tmp_path / LAST_FILE).rename(tmp_path / PREVIOUS_FILE)
    assert load_state(tmp_path)["learner"] == STATE["learner"]


SAVE_UNTIL_KILLED = """
import os, pathlib, signal, sys, time, torch
from training.run.checkpoint import load_state, save_state

torch.set_num_threads(1)  # there are forks ahead
run = pathlib.Path(sys.argv[1])
for kill in range(int(sys.argv[2])):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            for step in range(10**9):
                position = {"epoch": kill, "step": step}
                weights = torch.full((50_000,), step)
                save_state({"learner": {"position": position}, "weights": weights}, run)
                os.write(writer, b"saved")
        finally:
            os._exit(1)
    os.close(writer)
    os.read(reader, 5)
    started = time.perf_counter()
    os.read(reader, 5)
    # From now on the kill may come at any instant of the next three saves.
    time.sleep((time.perf_counter() - started) * 3 * (kill % 40) / 40)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    reported = 2 + len(os.read(reader, 100_000)) // 5
    state = load_state(run)
    position = state["learner"]["position"]
    whole = bool(state["weights"].eq(position["step"]).all())
    print(kill, position["epoch"], reported, position["step"] + 1, whole)
    os.close(reader)
"""


@pytest.mark.parametrize("kills", [30, pytest.param(120, marks=pytest.mark.slow)])
def test_a_whole_checkpoint_loads_after_sigkill_at_any_instant(tmp_path: Path, kills: int) -> None:
    """SIGKILL to a process that saves without a pause, again and again."""
    process = subprocess.run(
        [sys.executable, "-c", SAVE_UNTIL_KILLED, str(tmp_path), str(kills)],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.split() for line in process.stdout.splitlines()]
    assert len(lines) == kills
    for kill, epoch, reported, loaded, whole in lines:
        assert (epoch, whole) == (kill, "True")
        assert int(loaded) >= int(reported), "what was reported saved is there"
    assert len({loaded for _, _, _, loaded, _ in lines}) > 1, "the kills came at different times"
