"""Loading of the worked examples of ``docs/own-models``, which are programs and no package."""

import importlib.util
import runpy
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]


def load_example(name: str) -> ModuleType:
    """Import an example as a module of its own name, under which TorchScript finds its classes."""
    path = ROOT / "docs" / "own-models" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def run_example(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run an example as a program in a folder; return its names."""
    monkeypatch.chdir(folder)
    return runpy.run_path(str(ROOT / "docs" / "own-models" / f"{name}.py"), run_name="__main__")
