"""Manifests of format versions 1 and 2, rewritten as version 3.

``manifest_file`` calls it with parsed JSON, before the records are built. Standard library only.
"""

from typing import Any

from ..errors import ManifestError
from .manifest import MANIFEST_FILE

_STEPS = ("encoder", "decoder")


def upgraded(value: dict[str, Any]) -> dict[str, Any]:
    """Return the manifest as version 3 has it; its ``format_version`` stays.

    Versions 1 and 2 have one normalizer for both sides, one record a graph with its inputs and
    outputs, and scores inside of ``training``. Version 1 has no attention.

    Args:
        value: of version 1 or 2, not yet validated.

    Raises:
        ManifestError: a field is missing.
    """
    int8 = _take(value, "int8")
    if isinstance(int8, dict):
        int8 = {**int8, "graphs": {step: _file(value, "int8", "graphs", step) for step in _STEPS}}
    return {
        **value,
        "source": _side(value, "source"),
        "target": _side(value, "target"),
        "steps": {
            step: {"reads": "tokens", **_fields(value, "graphs", step, names=("inputs", "outputs"))}
            for step in _STEPS
        },
        "graphs": {step: _file(value, "graphs", step) for step in _STEPS},
        "int8": int8,
        "metrics": _take(value, "training", "scores"),
        "training": {name: fact for name, fact in value["training"].items() if name != "scores"},
    }


def _side(value: dict[str, Any], side: str) -> dict[str, Any]:
    return {
        "language": _take(value, f"{side}_language"),
        "text": _take(value, "normalizer"),
        "fold_case": False,
        "vocabulary_size": _take(value, "sizes", f"{side}_vocabulary"),
        "max_length": _take(value, "max_length", side),
    }


def _file(value: Any, *path: str) -> dict[str, Any]:
    return _fields(value, *path, names=("file", "opset", "ir_version"))


def _fields(value: Any, *path: str, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: _take(value, *path, name) for name in names}


def _take(value: Any, *path: str) -> Any:
    """Return the value at a path of names from the manifest's root."""
    for name in path:
        if not isinstance(value, dict) or name not in value:
            raise ManifestError(f"{'.'.join((MANIFEST_FILE, *path))}: missing; export again")
        value = value[name]
    return value
