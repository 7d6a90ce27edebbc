"""Checkpoints: what is saved comes back, and a file that is none is named."""

from pathlib import Path

import pytest
import torch

from s2s_export import graphs
from s2s_export.errors import ArtefactNotFoundError, CheckpointError, OutputError
from training import checkpoint as checkpoints
from training.checkpoint import CHECKPOINT_FILE, Checkpoint


def test_comes_back_as_it_was(checkpoint: Checkpoint, tmp_path: Path) -> None:
    checkpoints.save(checkpoint, tmp_path)
    loaded = checkpoints.load(tmp_path)
    assert loaded.settings == checkpoint.settings
    assert loaded.report == checkpoint.report
    assert loaded.samples == checkpoint.samples
    assert loaded.vocabularies.source.words == checkpoint.vocabularies.source.words
    assert loaded.vocabularies.target.words == checkpoint.vocabularies.target.words
    assert graphs.tensors_sha256(loaded.model) == graphs.tensors_sha256(checkpoint.model)
    assert not loaded.model.training
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT_FILE]


def test_a_missing_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ArtefactNotFoundError, match=r"no checkpoint; make one with 'python -m tr"):
        checkpoints.load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"rubbish", b"PK\x03\x04"])
def test_a_file_that_is_no_checkpoint(tmp_path: Path, content: bytes) -> None:
    (tmp_path / CHECKPOINT_FILE).write_bytes(content)
    with pytest.raises(CheckpointError, match=r"checkpoint\.pt: cannot be read: .*; train again"):
        checkpoints.load(tmp_path)


def test_another_format(tmp_path: Path) -> None:
    torch.save({"format_version": 7}, tmp_path / CHECKPOINT_FILE)
    with pytest.raises(CheckpointError, match="expected checkpoint format 1, found 7"):
        checkpoints.load(tmp_path)


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path) -> None:
    class Malicious:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return print, ("run",)

    torch.save(Malicious(), tmp_path / CHECKPOINT_FILE)
    with pytest.raises(CheckpointError, match="cannot be read"):
        checkpoints.load(tmp_path)


def test_a_failed_write_keeps_the_old_checkpoint(
    checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 100."""
    checkpoints.save(checkpoint, tmp_path)
    before = (tmp_path / CHECKPOINT_FILE).read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match=r"checkpoint\.pt: cannot be written: No space left"):
        checkpoints.save(checkpoint, tmp_path)
    assert (tmp_path / CHECKPOINT_FILE).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT_FILE]
