"""Import rules: one row a package, and training in one function of the exporter's command."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TEXT = {"errors", "text"}
DECODING = {"errors", "decoding", "numpy"}
ONNX_FORMAT = {"onnx_format", "numpy"}
FOLDER = {*TEXT, *DECODING, *ONNX_FORMAT, "folder"}
CHECK = {"errors", *ONNX_FORMAT, "folder.file_kind", "command", "__init__", "check"}
RUNTIME = {*FOLDER, "runtime", "onnxruntime"}
HUB = {*FOLDER, "hub", "huggingface_hub", "__init__"}
APP = {*RUNTIME, "translation", "control", "pipeline", "loading", "translator", "hub"}
APP |= {"command", "atomic_file", "__init__"}
QUANTIZATION = {*RUNTIME, "quantization", "onnx", "onnx_ir"}
EXPORTER = {*APP, *QUANTIZATION, "verify", "exporter", "torch", "onnxscript"}
RULES = {
    "errors": set[str](),
    "command, atomic_file": {"errors"},
    "command_line": {"__init__", "command", "errors", "atomic_file", "command_line"},
    "text": TEXT,
    "decoding": DECODING,
    "onnx_format": ONNX_FORMAT,
    "folder": FOLDER,
    "runtime": RUNTIME,
    "hub": HUB,
    "translation": DECODING,
    "control": {*TEXT, *DECODING, "translation", "control"},
    "pipeline": {*TEXT, *DECODING, "translation", "control"},
    "loading, translator, __init__": APP,
    "golden": APP,
    "check": CHECK,
    "verify, info, push, __main__": {*APP, "golden", "verify", "command_line"},
    "quantization": QUANTIZATION,
    "exporter": EXPORTER,
    "export": {*EXPORTER, "training"},
    "training": {
        *(*TEXT, *DECODING, "translation", "pipeline", "command", "atomic_file", "training"),
        *("exporter.torch_steps", "exporter.publishing.file_lock", "torch", "matplotlib", "pooch"),
        *("requests", "sacrebleu", "tokenizers", "rapidfuzz", "tqdm", "tyro"),
    },
}
"""Packages and modules, with all that each may import beside the standard library."""


def imports(path: Path) -> Iterator[str]:
    """Yield the absolute names of the modules that a module imports anywhere in it."""
    package = path.relative_to(ROOT).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*base, *filter(None, [node.module])))
            for alias in node.names:
                whole = f"{module}.{alias.name}"
                is_module = (ROOT / (whole.replace(".", "/") + ".py")).exists()
                is_package = (ROOT / whole.replace(".", "/") / "__init__.py").exists()
                yield whole if is_module or is_package else module


def allowed(name: str, rule: set[str]) -> bool:
    """Tell whether a rule lets a module be imported."""
    head, _, rest = name.partition(".")
    if head == "s2s_export":
        room = rest.partition(".")[0] or "__init__"
        return room in rule or rest in rule
    return head in sys.stdlib_module_names or head in rule


def modules(names: str) -> list[Path]:
    """Return the files of the modules and packages of a row."""
    paths: list[Path] = []
    for name in names.split(", "):
        folder = ROOT if name == "training" else ROOT / "s2s_export"
        path = folder / f"{name}.py"
        paths += [path] if path.exists() else sorted((folder / name).rglob("*.py"))
    return paths


@pytest.mark.parametrize("names", RULES)
def test_packages_import_only_the_packages_of_their_row(names: str) -> None:
    files = modules(names)
    assert files
    for path in files:
        rule = RULES[names]
        if path.name == "evaluate.py":  # metrics of an exported folder are its purpose
            rule = {*rule, "translator"}
        foreign = {name for name in imports(path) if not allowed(name, rule)}
        assert not foreign, path


def test_every_module_stands_in_a_row() -> None:
    listed = {path for names in RULES for path in modules(names)}
    assert listed == {p for d in ("s2s_export", "training") for p in (ROOT / d).rglob("*.py")}


def test_training_is_named_in_one_function_of_the_package() -> None:
    places = []
    for path in sorted((ROOT / "s2s_export").rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                        "training"
                    ):
                        places.append((path.name, function.name))
    assert set(places) == {("export.py", "source_of")}


def test_no_folder_holds_more_than_a_dozen_modules() -> None:
    folders = {path.parent for d in ("s2s_export", "training") for path in (ROOT / d).rglob("*.py")}
    for folder in folders:
        count = len([path for path in folder.glob("*.py") if path.name != "__init__.py"])
        assert count <= 12, folder
