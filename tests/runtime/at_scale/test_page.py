"""``docs/at-scale.md`` beside the programs: the numbers and messages that it states."""

import re
import shlex

import pytest

from .program import RECIPES

PAGE = (RECIPES.parent / "at-scale.md").read_text(encoding="utf-8")
PROGRAMS = {path.name: path.read_text(encoding="utf-8") for path in RECIPES.glob("*.py")}


def test_the_commands_name_programs_and_options_that_are_there() -> None:
    commands = re.findall(r"^(?:    )?python docs/at-scale/(.*)$", PAGE, flags=re.MULTILINE)
    assert {shlex.split(command)[0] for command in commands} == PROGRAMS.keys()
    for command in commands:
        name, *words = shlex.split(command)
        for word in words:
            if word.startswith("--"):
                assert f'"{word}"' in PROGRAMS[name], command


@pytest.mark.parametrize(
    ("name", "source", "pattern"),
    [
        ("processes.py", r'"--chunk", type=int, default=(\d+)', r"a chunk, ([\d,]+) rows"),
        ("processes.py", r"^TRIES = (\d+)", r"(\d+) workers died of it alone"),
        ("ray_data.py", r"^ROWS = (\d+)", r"a batch, ([\d,]+) rows"),
        ("ray_data.py", r"ray\[data\]<(2\.\d+)", r"a version below (2\.\d+)"),
        ("spark.py", r"^ROWS = (\d+)", r"a task, ([\d,]+) rows"),
        ("spark.py", r"local\[\*,(\d)\]", r"local\[\*,(\d)\]"),
    ],
)
def test_the_numbers_are_those_of_the_programs(name: str, source: str, pattern: str) -> None:
    in_program = re.search(source, PROGRAMS[name], flags=re.MULTILINE)
    on_page = re.search(pattern, PAGE)
    assert in_program is not None
    assert on_page is not None
    assert on_page[1].replace(",", "") == in_program[1]


def test_a_text_without_known_words_has_the_error_of_the_page() -> None:
    message = "there is no word in it that the model knows"
    assert message in PAGE
    assert [name for name, text in PROGRAMS.items() if message not in text] == []
