"""``docs/tutorial.ipynb``: its cells run, and its outputs and its text say what they did."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat import NotebookNode

from .make_tutorial import METADATA, NOTEBOOK, code_cells, read

MOST_BYTES = 300_000
LONGEST_CELL = 15
VARIES = "varies"
"""Tag of a cell whose outputs depend on the processor: it rounds, and the weights follow."""


@pytest.fixture(scope="module")
def committed() -> NotebookNode:
    return read(NOTEBOOK)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> NotebookNode:
    """The notebook as ``make notebook`` would write it now; its assertions have held."""
    out = tmp_path_factory.mktemp("notebook") / "tutorial.ipynb"
    maker = Path(__file__).with_name("make_tutorial.py")
    command = [sys.executable, str(maker), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stderr
    return read(out)


def text(cell: NotebookNode) -> str:
    """Return what a cell prints."""
    return "".join(o.text for o in cell.outputs if o.output_type == "stream")


def kinds(cell: NotebookNode) -> list[tuple[str, ...]]:
    """Return the kinds of a cell's outputs: streams by name, and others by their formats."""
    return [(o.name,) if o.output_type == "stream" else tuple(o.data) for o in cell.outputs]


@pytest.mark.notebook
def test_every_cell_runs_and_gives_the_outputs_that_are_committed(
    committed: NotebookNode, made: NotebookNode
) -> None:
    for cell, again in zip(code_cells(committed), code_cells(made), strict=True):
        assert kinds(again) == kinds(cell), cell.id
        if VARIES not in cell.metadata.get("tags", ()):
            assert text(again) == text(cell), cell.id


def test_outputs_have_no_warning_no_path_and_no_time(committed: NotebookNode) -> None:
    for number, cell in enumerate(code_cells(committed), 1):
        assert set(kinds(cell)) <= {("stdout",), ("image/png", "text/plain")}
        assert not re.search(r"/tmp|/home|/root|/Users|pairs/s|\d+m \d\ds", text(cell)), cell.id
        assert cell.execution_count == number
        assert cell.metadata.keys() <= {"tags"}
    assert committed.metadata == METADATA
    assert NOTEBOOK.stat().st_size < MOST_BYTES


def test_cells_are_short(committed: NotebookNode) -> None:
    for cell in code_cells(committed):
        lines = [line for line in cell.source.split("\n") if line]
        assert len(lines) <= LONGEST_CELL, cell.id


def test_text_quotes_the_outputs_above_it(committed: NotebookNode) -> None:
    """What stands in “…” was printed since the text before: new outputs ask for a new text."""
    printed, quotes = "", 0
    for cell in committed.cells:
        if cell.cell_type == "code":
            printed += text(cell)
            continue
        for quote in re.findall(r"“(.*?)”", cell.source):
            assert quote in printed, (cell.id, quote)
            quotes += 1
        printed = ""
    assert quotes > 5


def test_both_figures_are_shown(committed: NotebookNode) -> None:
    shown = "".join(cell.source for cell in committed.cells if cell.cell_type == "markdown")
    for figure in ("training-step.svg", "testing-step.svg", "steps.svg"):
        assert f"]({figure})" in shown
