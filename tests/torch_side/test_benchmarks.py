"""Benchmarks: their command lines. What they measure is not tested."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BENCHMARKS = sorted({path.stem for path in (ROOT / "benchmarks").glob("*.py")} - {"__init__"})


@pytest.mark.parametrize("name", BENCHMARKS)
def test_help_is_printed_and_nothing_measured(name: str) -> None:
    command = [sys.executable, "-m", f"benchmarks.{name}", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: python -m benchmarks.{name} ")
