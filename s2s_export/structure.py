"""What must hold of a graph whatever its numbers: the contract of a step, and nothing hidden.

Export asks before it publishes, the Translator and ``verify`` before they open a session.
"""

from .contract import GraphSpec, listed
from .errors import GraphError
from .onnx_file import Node, OnnxFile

_STANDARD_DOMAINS = ("", "ai.onnx")
_GRU = {"linear_before_reset": 1, "direction": "forward", "layout": 0}
"""PyTorch's GRU multiplies the reset gate in after the linear map. The other variant is valid ONNX
and off by about 0.1: onnxscript 0.5.7 to 0.7.0 exported that."""
_GRU_DEFAULTS = {"linear_before_reset": 0, "direction": "forward", "layout": 0}


def check_structure(content: bytes, spec: GraphSpec, name: str) -> None:
    """Check a graph against its specification.

    Args:
        content: the ONNX file's bytes.
        spec: what the manifest says of it.
        name: what messages call the file.

    Raises:
        GraphError: the file is not ONNX; its versions, inputs or outputs are not the specified
            ones, a size is frozen that must vary included; weights lie outside the file; an
            operator is not of ONNX's own set, or holds a graph; a GRU is not PyTorch's; or there
            are notes beside the mathematics, which may hold paths.
    """
    file = OnnxFile.from_bytes(content, name)
    _require_equal(name, "IR version", spec.ir_version, file.ir_version)
    _require_equal(name, "inputs", listed(spec.inputs), listed(file.inputs))
    _require_equal(name, "outputs", listed(spec.outputs), listed(file.outputs))
    foreign = {*file.opsets, *(node.domain for node in file.nodes)} - {*_STANDARD_DOMAINS}
    if foreign:
        raise GraphError(
            f"{name}: it needs operators outside the standard ONNX set, of {sorted(foreign)}; "
            "export again"
        )
    _require_equal(name, "opset", [spec.opset], list(file.opsets.values()))
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
        if node.operator == "GRU":
            _check_gru(node, spec, name)


def _check_gru(node: Node, spec: GraphSpec, name: str) -> None:
    expected = {**_GRU, "hidden_size": spec.state[0].shape[2]}
    found = {**_GRU_DEFAULTS, **node.attributes}
    for attribute in sorted(expected.keys() | found.keys()):
        if attribute not in expected or found.get(attribute) != expected[attribute]:
            raise GraphError(
                f"{name}: the GRU node {node.name} is not PyTorch's GRU: {attribute} is "
                f"{found.get(attribute)!r}, expected {expected.get(attribute, 'none')!r}; export "
                "again, with onnxscript 0.7.1 or newer"
            )


def _require_equal(name: str, what: str, expected: object, found: object) -> None:
    if found != expected:
        raise GraphError(
            f"{name}: {what}: expected {expected}, found {found}; the graph and the manifest do "
            "not belong together: export again"
        )
