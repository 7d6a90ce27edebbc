"""The oldest versions that can be tested are those that the package promises."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_constraints_hold_the_floors_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    promised = [*project["dependencies"], *project["optional-dependencies"]["cpu"]]
    oldest = (ROOT / "constraints-oldest.txt").read_text(encoding="utf-8").splitlines()
    for requirement in promised:
        name, floor = requirement.split(">=")
        assert any(re.fullmatch(rf"{name}=={re.escape(floor)}(\.0)*", line) for line in oldest), (
            name
        )
