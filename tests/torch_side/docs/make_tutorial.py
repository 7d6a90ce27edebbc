"""Makes the outputs of ``docs/tutorial.ipynb`` anew: ``make notebook``.

All cells run in a fresh kernel, in their order, with warnings as errors. The notebook is written
without anything that differs from one run to the next: no times, no version of Python. Only the
cells are edited by hand, never the outputs. ``test_tutorial_notebook`` runs this as well.
"""

import argparse
import os
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from traitlets.config import Config

NOTEBOOK = Path(__file__).parents[3] / "docs" / "tutorial.ipynb"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_STRICT = """
import warnings

warnings.simplefilter("error")
warnings.filterwarnings("ignore", module="ipykernel")  # its own shutdown warns
"""
_SECONDS = 600
"""For a cell, and for the kernel's start: generous, since other work may have the cores."""


def read(path: Path) -> NotebookNode:
    """Read a notebook."""
    notebook: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return notebook


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the code cells of a notebook."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def run(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook with the outputs of a run in a fresh kernel.

    Raises:
        CellExecutionError: a cell raises, or warns; the message has its traceback.
    """
    strict = new_code_cell(_STRICT)  # type: ignore[no-untyped-call]
    result: NotebookNode = new_notebook(  # type: ignore[no-untyped-call]
        cells=[strict, *notebook.cells]
    )
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            result,
            kernel_name="python3",
            timeout=_SECONDS,
            startup_timeout=_SECONDS,
            record_timing=False,
            coalesce_streams=True,
            # Sockets in the folder, not ports that others can reach.
            config=Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}}),
            resources={"metadata": {"path": str(NOTEBOOK.parent)}},
        )
        client.execute(env=_environment(folder))
    del result.cells[0]
    result["metadata"] = METADATA  # the client has added the version of Python
    for number, cell in enumerate(code_cells(result), 1):
        cell.execution_count = number
    return result


def _environment(folder: str) -> dict[str, str]:
    """Return the kernel's environment: nothing of the user's that changes what a cell does."""
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    return {**environment, "IPYTHONDIR": folder}


def main() -> None:
    """Run the notebook and write it, or another file of the same cells."""
    parser = argparse.ArgumentParser(description="Make the outputs of docs/tutorial.ipynb anew.")
    parser.add_argument("--out", type=Path, default=NOTEBOOK, help="file to write")
    out: Path = parser.parse_args().out
    nbformat.write(run(read(NOTEBOOK)), out)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
