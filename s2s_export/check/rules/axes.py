"""Rules for axes: a number where a step needs an axis that varies.

Standard library only.
"""

from collections.abc import Iterator

from ...onnx_format.model import Value
from ...onnx_format.scopes import named
from ...onnx_format.sizes import Sizes, written
from ..finding import Finding, Rule, Severity
from ..subject import Subject

FROZEN_INPUT = Rule(
    "frozen-input",
    "The graph takes inputs of exactly this size: the length of a sentence or the number of "
    "sentences of the export's example.",
    "Export again with dynamic_shapes (dynamo=True) or dynamic_axes (dynamo=False) for the axes of "
    "time and batch, and sizes of 2 or more in the example.",
)
FROZEN_OUTPUT = Rule(
    "frozen-output",
    "The file declares a number for an axis that varies. ONNX Runtime warns at each run, and a "
    "reader that trusts the declaration takes the wrong size. Torch 2.13 does so for what follows "
    "from a GRU or LSTM.",
    "Export again with the axis dynamic, and test with several lengths; if the outputs are right, "
    "name the axis in the file.",
)
FROZEN_SIZE = Rule(
    "frozen-size",
    "A size of the export's example is a constant of the graph. Other sizes are refused, or mixed "
    "up without a word where a Reshape happens to fit.",
    "Take sizes from tensors (x.shape[0], -1 for one of them) and not from Python numbers, and "
    "export again with dynamic axes; test with several lengths and batches.",
)
RULES = (FROZEN_INPUT, FROZEN_OUTPUT, FROZEN_SIZE)

_TOKEN_TYPES = ("int64", "int32", "uint8", "int16", "uint16", "uint32", "uint64", "int8")


def find(subject: Subject) -> Iterator[Finding]:
    """Yield the findings for the inputs, the values in between and the outputs of the graph."""
    for value in subject.main.inputs:
        yield from _input(value)
    for clash in subject.shapes.clashes:
        if clash.kind == "size":
            only = f"; only {clash.only} works" if clash.only is not None else ""
            yield FROZEN_SIZE.finding("error", named(clash.node), clash.found + only)
    varies = any(isinstance(size, str) for v in subject.main.inputs for size in v.shape or ())
    for value in subject.main.graph.outputs:
        if varies and value.shape is not None:
            yield from _output(value, value.shape, subject.shapes.of.get(value.name))


def _input(value: Value) -> Iterator[Finding]:
    """Judge an input: token ids may not have a fixed axis, states must have one that varies."""
    numbers = [size for size in value.shape or () if isinstance(size, int) and size > 0]
    if value.shape is None or not numbers:
        return
    is_fixed = len(numbers) == len(value.shape)
    severity: Severity = "warning"
    if value.dtype in _TOKEN_TYPES:
        if max(numbers) > 1:
            severity = "error"
        elif not is_fixed:
            severity = "note"  # [B, 1]: right for a decoder step that reads one token a call
    elif not is_fixed or len(numbers) < 2:
        return
    found = f"{value.dtype}{written(value.shape)}"
    yield FROZEN_INPUT.finding(severity, f"input {value.name!r}", found)


def _output(value: Value, declared: Sizes, inferred: Sizes | None) -> Iterator[Finding]:
    """Compare the declared sizes of an output with those that follow from the inputs."""
    place, found = f"output {value.name!r}", f"declared as {written(declared)}"
    if inferred is not None and len(inferred) == len(declared):
        frozen = [
            size
            for size, true in zip(declared, inferred, strict=True)
            if isinstance(size, int) and isinstance(true, str)
        ]
        if frozen:
            yield FROZEN_OUTPUT.finding("warning", place, f"{found}, but it is {written(inferred)}")
    elif inferred is None and len(declared) > 1 and all(isinstance(n, int) for n in declared):
        yield FROZEN_OUTPUT.finding("warning", place, f"{found}, though axes of the inputs vary")
