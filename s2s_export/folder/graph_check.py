"""The check of a graph whatever its numbers: the contract of a step, and nothing hidden.

Export asks before it publishes, the Translator and ``verify`` before they open a session.
"""

from ..decoding.contract import listed
from ..decoding.steps import EncoderSpec, StepSpec
from ..errors import GraphError
from ..onnx_format.model import Node
from .manifest import GraphRecord
from .onnx_file import OnnxFile

_STANDARD_DOMAINS = ("", "ai.onnx")
_RECURRENT: dict[str, dict[str, object]] = {
    "GRU": {"linear_before_reset": 1, "layout": 0},
    "LSTM": {"input_forget": 0, "layout": 0},
}
"""Attributes of PyTorch's recurrences. PyTorch's GRU multiplies the reset gate in after the linear
map. The other variant is valid ONNX and off by about 0.1: onnxscript 0.5.7 to 0.7.0 exported it."""
_DEFAULTS = {"linear_before_reset": 0, "input_forget": 0, "layout": 0, "direction": "forward"}


def check_graph(content: bytes, record: GraphRecord, spec: StepSpec, name: str) -> None:
    """Check a graph against the manifest.

    Args:
        content: the ONNX file's bytes.
        record: of the graph in the manifest.
        spec: of the step.
        name: of the file in messages.

    Raises:
        GraphError: the file is not ONNX; its versions, inputs or outputs are not the specified
            ones, frozen sizes that must vary included; weights lie outside the file; an operator is
            not of ONNX's own set, or holds a graph; a GRU or LSTM is not PyTorch's, or runs
            backwards though sentences may be cut; or there are notes beside the mathematics, which
            may hold paths.
    """
    file = OnnxFile.from_bytes(content, name)
    _require_equal(name, "IR version", record.ir_version, file.ir_version)
    _require_equal(name, "inputs", listed(spec.inputs), listed(file.inputs))
    _require_equal(name, "outputs", listed(spec.outputs), listed(file.outputs))
    foreign = {*file.opsets, *(node.domain for node in file.nodes)} - {*_STANDARD_DOMAINS}
    if foreign:
        raise GraphError(
            f"{name}: it needs operators outside the standard ONNX set, of {sorted(foreign)}; "
            "export again"
        )
    _require_equal(name, "opset", [record.opset], list(file.opsets.values()))
    if file.outside:
        raise GraphError(
            f"{name}: the weight {file.outside[0]!r} lies outside the file; export again"
        )
    if file.nested:
        raise GraphError(f"{name}: it holds {file.nested[0]}, which no step needs; export again")
    if file.notes:
        raise GraphError(
            f"{name}: it holds notes beside the mathematics, which may give away local paths; "
            "export again"
        )
    for node in file.nodes:
        if node.operator in _RECURRENT:
            whole = isinstance(spec, EncoderSpec) and spec.reads == "sentence"
            _check_recurrence(node, name, any_direction=whole)


def _check_recurrence(node: Node, name: str, *, any_direction: bool) -> None:
    expected = {**_RECURRENT[node.operator], "direction": "forward"}
    free = {"hidden_size", "direction"} if any_direction else {"hidden_size"}
    actual = {**{n: _DEFAULTS[n] for n in expected}, **node.attributes}
    for attribute, value in sorted(actual.items()):
        if attribute not in free and (attribute not in expected or value != expected[attribute]):
            raise GraphError(
                f"{name}: the {node.operator} node {node.name} is not PyTorch's {node.operator}: "
                f"{attribute} is {value!r}, expected {expected.get(attribute, 'none')!r}; export "
                "again, with onnxscript 0.7.1 or newer"
            )


def _require_equal(name: str, field: str, expected: object, actual: object) -> None:
    if actual != expected:
        raise GraphError(
            f"{name}: {field}: expected {expected}, found {actual}; the graph and the manifest do "
            "not belong together: export again"
        )
