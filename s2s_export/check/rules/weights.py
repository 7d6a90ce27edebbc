"""Rules for weights: where they lie, whether they are whole, their types, and doubles.

Standard library and numpy.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from ...onnx_format.scopes import given, named
from ...onnx_format.tensors import Tensor
from ..finding import Finding, Rule
from ..subject import RECURRENT, Subject

EXTERNAL = Rule(
    "external-weights",
    "The weights lie outside the file: alone it cannot be copied, hashed or loaded from memory. "
    "This project's loader refuses it, and ONNX Runtime a path that leads out of the folder.",
    "Export again with external_data=False (up to 2 GB), or keep both files together.",
)
WEIGHT_SIZE = Rule(
    "weight-size",
    "A weight holds more or fewer bytes than its type and shape say: the file is damaged.",
    "Copy or download the file again, or export again.",
)
FLOAT64 = Rule(
    "float64",
    "Twice the size and slower; ONNX Runtime has no GRU, LSTM or RNN in float64 on the CPU, and "
    "this project's loop feeds float32.",
    "Call module.float() before the export; make constants with dtype=torch.float32.",
)
HALF_PRECISION = Rule(
    "half-precision",
    "Half the size and three digits; on the CPU ONNX Runtime casts it to float32 and back. This "
    "project's loop feeds float32.",
    "Export in float32; for a smaller file quantize to int8.",
)
INT32_TOKENS = Rule(
    "int32-tokens",
    "PyTorch's token ids, and those that this project's loop feeds, are int64; ONNX Runtime "
    "refuses another type than the declared one.",
    "Trace with ids of dtype=torch.long, or convert the ids in the app.",
)
DUPLICATES = Rule(
    "duplicate-weights",
    "The same numbers are stored twice: a tied matrix that was written out for each use, for "
    "example. The file is larger than it must be, and so is the memory.",
    "Let both places use one parameter in the module, and export again.",
)
RULES = (EXTERNAL, WEIGHT_SIZE, FLOAT64, HALF_PRECISION, INT32_TOKENS, DUPLICATES)

_SMALL = 1024
"""Bytes; doubles below do not matter."""


def find(subject: Subject) -> Iterator[Finding]:
    """Yield the findings for weights and constants, and for the types of inputs and outputs."""
    tensors = _tensors(subject)
    yield from _external(tensors, subject.folder)
    for tensor in tensors:
        if tensor.external is None and not _is_whole(tensor):
            found = f"{tensor.stored_bytes:,} bytes for {tensor.dtype}{list(tensor.shape)}"
            yield WEIGHT_SIZE.finding("error", f"weight {tensor.name!r}", found)
    yield from _types(subject, tensors, FLOAT64, ("float64",))
    yield from _types(subject, tensors, HALF_PRECISION, ("float16", "bfloat16"))
    for value in subject.main.inputs:
        if value.dtype == "int32" and value.shape:
            yield INT32_TOKENS.finding("warning", f"input {value.name!r}", "int32")
    yield from _duplicates(tensors)


def _tensors(subject: Subject) -> list[Tensor]:
    """Return all weights, and all constants in attributes."""
    held = [tensor for scope in subject.scopes for tensor in scope.graph.weights]
    return held + [
        tensor
        for _, node in subject.nodes()
        for tensors in node.tensors.values()
        for tensor in tensors
    ]


def _is_whole(tensor: Tensor) -> bool:
    """Tell whether a tensor has as many numbers as its shape says, as far as that can be told."""
    if tensor.raw is None or tensor.expected_bytes is None:
        return tensor.stored_bytes > 0 or tensor.size == 0
    return len(tensor.raw) == tensor.expected_bytes


def _external(tensors: list[Tensor], folder: Path | None) -> Iterator[Finding]:
    counts: dict[str, int] = defaultdict(int)
    for tensor in tensors:
        if tensor.external is not None:
            counts[tensor.external.get("location", "")] += 1
    for location, count in sorted(counts.items()):
        place = f"{count} weights" if count > 1 else "1 weight"
        if not location or _leads_out(location):
            yield EXTERNAL.finding("error", place, f"in {location!r}, which ONNX Runtime refuses")
        elif folder is not None and not (folder / location).is_file():
            yield EXTERNAL.finding("error", place, f"in {location!r}, which is not there")
        else:
            yield EXTERNAL.finding("warning", place, f"in {location!r}")


def _leads_out(location: str) -> bool:
    path = PurePosixPath(location.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or bool(PureWindowsPath(location).drive)


def _types(
    subject: Subject, tensors: list[Tensor], rule: Rule, dtypes: tuple[str, ...]
) -> Iterator[Finding]:
    for scope, node in subject.standard_nodes(*RECURRENT):
        weight = scope.weight(given(node, 1))
        if rule is FLOAT64 and weight is not None and weight.dtype in dtypes:
            yield rule.finding("error", named(node) + scope.place, f"a recurrence in {dtypes[0]}")
    for kind, values in (("input", subject.main.inputs), ("output", subject.main.graph.outputs)):
        for value in values:
            if value.dtype in dtypes:
                yield rule.finding("warning", f"{kind} {value.name!r}", value.dtype)
    found = [tensor for tensor in tensors if tensor.dtype in dtypes and tensor.size > 1]
    if found:
        size = sum(tensor.expected_bytes or 0 for tensor in found)
        named_one = f"{found[0].name!r} and others" if len(found) > 1 else repr(found[0].name)
        place = f"{len(found)} weights" if len(found) > 1 else "1 weight"
        yield rule.finding("warning", place, f"{found[0].dtype}, {size:,} bytes: {named_one}")


def _duplicates(tensors: list[Tensor]) -> Iterator[Finding]:
    """Compare by type, shape and numbers; matrices also with each other's transpose."""
    first: dict[tuple[str, tuple[int, ...], bytes], str] = {}
    for tensor in tensors:
        if tensor.stored_bytes < _SMALL or tensor.external is not None or tensor.is_zero:
            continue
        key = (tensor.dtype, tensor.shape, tensor.digest)
        turned = _transposed_digest(tensor)
        other_key = (tensor.dtype, tensor.shape[::-1], turned or b"")
        bytes_wasted = f"{tensor.stored_bytes:,} bytes"
        if key in first:
            found = f"the same numbers as {first[key]!r}, {bytes_wasted}"
            yield DUPLICATES.finding("note", f"weight {tensor.name!r}", found)
        elif other_key in first:
            found = f"the transpose of {first[other_key]!r}, {bytes_wasted}"
            yield DUPLICATES.finding("note", f"weight {tensor.name!r}", found)
        first.setdefault(key, tensor.name)


def _transposed_digest(tensor: Tensor) -> bytes | None:
    """Return the digest that the transpose of a matrix would have; ``None`` for other tensors."""
    if tensor.raw is None or len(tensor.shape) != 2 or len(tensor.raw) != tensor.expected_bytes:
        return None
    import numpy as np  # takes longer than all the rest of a --help

    element = len(tensor.raw) // tensor.size
    matrix = np.frombuffer(tensor.raw, f"V{element}").reshape(tensor.shape)
    return hashlib.sha256(matrix.T.tobytes()).digest()
