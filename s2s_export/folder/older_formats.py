"""Manifests of format versions 1 and 2, rewritten as version 3.

``manifest_file`` calls it with parsed JSON, before the records are built. Standard library only.
"""

from typing import Any

from ..errors import ManifestError
from .manifest import MANIFEST_FILE


def upgraded(value: dict[str, Any]) -> dict[str, Any]:
    """Return the manifest as version 3 has it; its ``format_version`` stays.

    Versions 1 and 2 have one normalizer for both sides, one record a graph with its inputs and
    outputs, and scores inside of ``training``. Version 1 has no attention.

    Args:
        value: of version 1 or 2, not yet validated.

    Raises:
        ManifestError: a field is missing.
    """
    graphs = {step: _take(value, "graphs", step) for step in ("encoder", "decoder")}
    int8 = _take(value, "int8")
    if isinstance(int8, dict):
        int8 = {**int8, "graphs": {n: _file(_take(int8, "graphs", n)) for n in graphs}}
    training = _take(value, "training")
    return {
        **value,
        "source": _side(value, "source"),
        "target": _side(value, "target"),
        "steps": {
            name: {"reads": "tokens", **{key: _take(graph, key) for key in ("inputs", "outputs")}}
            for name, graph in graphs.items()
        },
        "graphs": {name: _file(graph) for name, graph in graphs.items()},
        "int8": int8,
        "metrics": _take(training, "scores"),
        "training": {name: fact for name, fact in training.items() if name != "scores"},
    }


def _side(value: dict[str, Any], side: str) -> dict[str, Any]:
    return {
        "language": _take(value, f"{side}_language"),
        "text": _take(value, "normalizer"),
        "vocabulary_size": _take(value, "sizes", f"{side}_vocabulary"),
        "max_length": _take(value, "max_length", side),
    }


def _file(graph: Any) -> dict[str, Any]:
    return {name: _take(graph, name) for name in ("file", "opset", "ir_version")}


def _take(value: Any, *names: str) -> Any:
    """Return the value at a path of names."""
    for name in names:
        if not isinstance(value, dict) or name not in value:
            raise ManifestError(f"{MANIFEST_FILE}: {'.'.join(names)}: missing; export again")
        value = value[name]
    return value
