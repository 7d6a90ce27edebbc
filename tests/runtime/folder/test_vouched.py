"""Damaged folders whose manifest vouches for the damage: only ``verify`` can find it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("cases", [60, pytest.param(600, marks=pytest.mark.slow)])
def test_vouched_damage_is_refused_or_translates_as_before(
    tiny: Path, tmp_path: Path, cases: int
) -> None:
    """Each case runs in a process of its own; a crash would be in the list.

    Either the folder is refused, by ``verify`` or on loading, or its golden sentences still
    translate as they did.
    """
    program = Path(__file__).with_name("vouched.py")
    command = [sys.executable, str(program), str(tiny), str(tmp_path / "work"), str(cases)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=500)
    result = json.loads(done.stdout)
    assert result["listed"] == [], done.stderr
    endings = result["endings"]
    assert endings.keys() == {"own error", "intact"}
    assert sum(endings.values()) == cases
    assert endings["own error"] > cases // 2, "most damage must be found"
