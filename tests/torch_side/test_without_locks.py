"""Training and export where Python has no ``fcntl``, as on Windows: one line says so at once."""

import subprocess
import sys
from pathlib import Path

import pytest

from training.run import checkpoint as checkpoints
from training.run.checkpoint import Checkpoint

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
import sacrebleu  # locks files in another way on Windows
sys.modules["fcntl"] = None
from {module} import main
sys.exit(main(sys.argv[1:]))
"""
MESSAGE = (
    "error: training and export need Linux or macOS: they lock folders with fcntl, which this "
    "Python lacks; train and export there, and copy the exported folder here to run it\n"
)


def run_without_fcntl(module: str, *arguments: str | Path) -> tuple[int, str]:
    """Run a command; return its exit code and stderr."""
    command = [sys.executable, "-c", PROGRAM.format(module=module), *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_training_says_so_and_writes_nothing(tiny_pairs: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert run_without_fcntl("training.fit", "--data", tiny_pairs, "--run", run) == (5, MESSAGE)
    assert not run.exists()


@pytest.mark.parametrize("name", ["exported", "model.zip"])
def test_export_says_so_and_writes_nothing(
    checkpoint: Checkpoint, tmp_path: Path, name: str
) -> None:
    run, out = tmp_path / "run", tmp_path / "out" / name
    run.mkdir()
    checkpoints.save(checkpoint, run)
    assert run_without_fcntl("s2s_export.export", "--run", run, "--out", out) == (5, MESSAGE)
    assert not out.parent.exists()
