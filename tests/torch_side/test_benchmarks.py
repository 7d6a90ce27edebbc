"""Benchmarks: their command lines. The figures are not tested."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from training.data.encoding import Vocabularies
from training.models.seq2seq import Seq2Seq
from training.run import checkpoint as checkpoints
from training.run.checkpoint import Checkpoint

ROOT = Path(__file__).parents[2]
PACKAGES = {path.parent.name for path in (ROOT / "benchmarks").glob("*/__main__.py")}
SHARED = {"__init__", "timing"}
BENCHMARKS = sorted(PACKAGES | {path.stem for path in (ROOT / "benchmarks").glob("*.py")} - SHARED)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_help_is_printed_and_nothing_measured(name: str) -> None:
    command = [sys.executable, "-m", f"benchmarks.{name}", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: python -m benchmarks.{name} ")


QUICK_TRANSLATION = """
import sys
from benchmarks import translation
from s2s_export.exporter.backends import eager_backend

def eager_alone(source):
    return dict.fromkeys(("eager", "ONNX fp32"), eager_backend(source))

translation._backends = eager_alone  # to make graphs takes many seconds
translation.LENGTHS = translation.BATCHES = (30,)
translation._ROUNDS, translation._SECONDS = 1, 0.001
translation.main(sys.argv[1:])
"""


@pytest.mark.parametrize("beside_is_smaller", [True, False])
def test_translation_beside_a_model_with_another_vocabulary(
    checkpoint: Checkpoint, tmp_path: Path, *, beside_is_smaller: bool
) -> None:
    pairs = checkpoint.samples[:3]
    vocabularies = Vocabularies.from_pairs(pairs, checkpoint.modes)
    assert len(vocabularies.source) < len(checkpoint.vocabularies.source) / 2
    model = Seq2Seq.of(checkpoint.recipe, vocabularies).eval()
    smaller = replace(checkpoint, vocabularies=vocabularies, samples=pairs, model=model)
    runs = [tmp_path / "larger", tmp_path / "smaller"]
    for run, saved in zip(runs, (checkpoint, smaller), strict=True):
        run.mkdir()
        checkpoints.save(saved, run)
    run, beside = runs if beside_is_smaller else runs[::-1]
    command = [sys.executable, "-c", QUICK_TRANSLATION, "--run", str(run), "--beside", str(beside)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("batch of 30 ")]
    assert len(rows) == 1
    assert rows[0].count("(") == 4, "two back ends, the model beside, the floor"
