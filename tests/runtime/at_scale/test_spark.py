"""``docs/at-scale/spark.py``, in an environment with PySpark and Java: ``make test-spark``."""

from pathlib import Path

import pytest

from s2s_export import Translator

from .program import DEADLY, Fault, run

pytestmark = pytest.mark.spark


@pytest.fixture
def arguments(tiny_3: Path, tmp_path: Path) -> list[str | Path]:
    """Arguments of the program: 20,000 rows, which are three tasks, on two cores."""
    from .parquet import rows, write

    write(tmp_path / "in.parquet", rows(20_000))
    return [
        *(tmp_path / "in.parquet", tmp_path / "out"),
        *("--model", tiny_3, "--master", "local[2,4]"),
    ]


def test_a_killed_worker_loses_nothing_and_failed_rows_have_their_error(
    arguments: list[str | Path], tmp_path: Path, tiny_3: Path
) -> None:
    from .parquet import read, require_complete, rows

    fault = Fault(tmp_path)
    done = run("spark", arguments, tmp_path, fault)
    assert done.returncode == 0, done.stderr
    assert len(fault.processes) == 1
    assert (tmp_path / "out" / "_SUCCESS").exists()
    written = sorted(read(tmp_path / "out"), key=lambda row: str(row["id"]))
    require_complete(written, Translator(tiny_3), rows(20_000))


def test_a_text_that_kills_each_worker_stops_the_program_after_some_tries(
    arguments: list[str | Path], tmp_path: Path
) -> None:
    from .parquet import write

    write(tmp_path / "in.parquet", [{"id": 0, "text": DEADLY}])
    fault = Fault(tmp_path, limit=1000)
    done = run("spark", arguments, tmp_path, fault)
    assert done.returncode != 0
    assert len(fault.processes) == 4
    assert not (tmp_path / "out" / "_SUCCESS").exists()
