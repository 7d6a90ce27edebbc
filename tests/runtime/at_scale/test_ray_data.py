"""``docs/at-scale/ray_data.py``, in an environment with Ray: ``make test-scale``."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from s2s_export import Translator

from .program import DEADLY, RECIPES, Fault, run

pytestmark = pytest.mark.scale


@pytest.fixture
def arguments(tiny_3: Path, tmp_path: Path) -> list[str | Path]:
    """Arguments of the program: 3,000 rows, which are three batches, and two actors."""
    from .parquet import rows, write

    write(tmp_path / "in.parquet", rows(3000))
    return [tmp_path / "in.parquet", tmp_path / "out", "--model", tiny_3, "--workers", "2"]


def test_a_killed_actor_loses_nothing_and_failed_rows_have_their_error(
    arguments: list[str | Path], tmp_path: Path, tiny_3: Path
) -> None:
    from .parquet import read, require_complete, rows

    fault = Fault(tmp_path)
    done = run("ray_data", arguments, tmp_path, fault)
    assert done.returncode == 0, done.stderr
    assert len(fault.processes) == 1
    require_complete(read(tmp_path / "out"), Translator(tiny_3), rows(3000))
    assert not (tmp_path / "out.part").exists()


def test_a_text_that_kills_each_actor_stops_the_program_after_some_tries(
    arguments: list[str | Path], tmp_path: Path
) -> None:
    from .parquet import write

    write(tmp_path / "in.parquet", [{"id": 0, "text": DEADLY}])
    fault = Fault(tmp_path, limit=1000)
    done = run("ray_data", arguments, tmp_path, fault)
    assert done.returncode == 1
    assert len(fault.processes) == 4
    assert not (tmp_path / "out").exists()


def test_an_output_that_is_there_is_kept(arguments: list[str | Path], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    done = run("ray_data", arguments, tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path / 'out'} is there: give another name, or delete it\n"


def test_the_statistics_of_usage_are_off(tmp_path: Path) -> None:
    """They are on by default; Ray tells only by a function of its own."""
    shown = (
        "from ray._common.usage.usage_lib import usage_stats_enabled; print(usage_stats_enabled())"
    )
    found = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=RECIPES,
            env={**os.environ, "HOME": str(tmp_path)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout
        for code in (shown, f"import ray_data; {shown}")
    ]
    assert found == ["True\n", "False\n"]
