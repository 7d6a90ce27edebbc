"""Who may import whom: the two worlds, held against one table."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUN_TIME = {
    "errors": set[str](),
    "text": set[str](),
    "command": {"errors"},
    "word_forms": set[str](),
    "vocabulary": {"errors", "word_forms"},
    "schema": {"errors"},
    "file_kind": set[str](),
    "contract": set[str](),
    "manifest": {"contract"},
    "manifest_rules": {"contract", "errors", "manifest", "text", "vocabulary"},
    "manifest_file": {"errors", "file_kind", "manifest", "manifest_rules", "schema"},
    "onnx_file": {"contract", "errors"},
    "structure": {"contract", "errors", "onnx_file"},
    "folder": {
        *("contract", "errors", "file_kind", "manifest", "manifest_file", "structure"),
        "vocabulary",
    },
    "greedy": {"numpy", "errors"},
    "sessions": {"onnxruntime", "errors"},
    "steps": {"numpy", "contract", "errors", "greedy", "sessions"},
    "loading": {"errors", "folder", "greedy", "manifest_rules", "sessions", "steps"},
    "translation": {"numpy", "greedy", "sentences", "text", "vocabulary"},
    "sentences": {"errors", "manifest", "text", "vocabulary"},
    "progress": set[str](),
    "translator": {
        *("onnxruntime", "errors", "folder", "loading", "manifest", "sentences", "sessions"),
        "translation",
    },
    "parity": {"numpy", "errors", "greedy", "manifest", "vocabulary"},
    "verify": {
        *("__init__", "command", "contract", "errors", "folder", "greedy", "loading"),
        *("manifest", "parity", "sessions", "text"),
    },
    "info": {"__init__", "command", "errors", "folder", "manifest", "sessions"},
    "__init__": {"errors", "translation", "translator"},
    "__main__": {"__init__", "command", "errors", "progress", "translation", "translator"},
}
"""Modules that apps run, with all that each may import beside the standard library."""

TORCH_SIDE = {
    "publish": {"errors"},
    "graphs": {"onnx", "onnxscript", "torch", "contract", "errors", "onnx_file", "structure"},
    "int8_graph": {"numpy", "onnx", "contract"},
    "quantized": {"numpy", "torch", "contract", "int8_graph", "training"},
    "export": {
        *("__init__", "command", "contract", "errors", "folder", "manifest", "bundle"),
        "training",
    },
    "evidence": {
        *(
            "contract",
            "graphs",
            "greedy",
            "manifest",
            "parity",
            "sessions",
            "steps",
            "text",
            "training",
        ),
        "vocabulary",
    },
    "bundle": {
        *("__init__", "contract", "errors", "evidence", "folder", "graphs", "manifest"),
        *("manifest_file", "publish", "quantized", "verify", "vocabulary", "training"),
    },
}
"""The exporter and what it alone uses."""

SHARED = {"command", "errors", "greedy", "text", "translation", "vocabulary"}
"""What training may import from s2s_export."""

SHARED_BY_MODULE = {"evaluate.py": {"translator"}}
"""What a module of training may import beyond that: scoring an exported folder is its purpose."""

TRAINING_PACKAGES = {
    *("matplotlib", "numpy", "pooch", "requests", "sacrebleu", "torch", "tqdm", "tyro"),
}


def imports(path: Path, package: str) -> set[str]:
    """Return what a module imports anywhere in it: packages, and own modules by their last name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = ".".join(filter(None, [package if node.level else "", node.module or ""]))
            if module in ("s2s_export", "training"):
                found |= {f"{module}.{alias.name}" for alias in node.names}
            else:
                found.add(module)
    return found


def named(module: str, package: str) -> str:
    """Shorten an own module to its last name and another package to its first."""
    head, _, rest = module.partition(".")
    if head != package:
        return head
    return rest if (ROOT / package / f"{rest}.py").exists() else "__init__"


@pytest.mark.parametrize("module", sorted(RUN_TIME | TORCH_SIDE))
def test_s2s_export_imports_what_the_table_allows(module: str) -> None:
    found = {
        named(name, "s2s_export")
        for name in imports(ROOT / "s2s_export" / f"{module}.py", "s2s_export")
    }
    assert found - set(sys.stdlib_module_names) <= (RUN_TIME | TORCH_SIDE)[module]


def test_every_module_stands_in_the_table() -> None:
    modules = {path.stem for path in (ROOT / "s2s_export").glob("*.py")}
    assert modules == RUN_TIME.keys() | TORCH_SIDE.keys()


def test_the_run_time_reaches_neither_torch_nor_training() -> None:
    for module, allowed in RUN_TIME.items():
        assert allowed <= RUN_TIME.keys() | {"numpy", "onnxruntime"}, module


@pytest.mark.parametrize(
    "path", sorted((ROOT / "training").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT))
)
def test_training_imports_what_both_worlds_share(path: Path) -> None:
    found = imports(path, "training")
    assert {named(n, "s2s_export") for n in found if n.startswith("s2s_export")} <= (
        SHARED | SHARED_BY_MODULE.get(path.name, set())
    )
    others = {n.partition(".")[0] for n in found} - set(sys.stdlib_module_names)
    assert others <= TRAINING_PACKAGES | {"s2s_export", "training"}
