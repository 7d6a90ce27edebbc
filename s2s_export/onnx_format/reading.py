"""Reading an ONNX file's bytes into a tree of its parts.

The run time has no onnx package, and ONNX Runtime tells too little: nothing of a GRU's attributes,
and of weights outside the file only by opening them. Standard library only.

Source:
    Field numbers: onnx.proto of ONNX 1.23.
"""

from .model import AttributeValue, Function, Graph, Model, Node, Value
from .notes import read_notes
from .protobuf import (
    FieldValue,
    Message,
    as_bytes,
    floats,
    integer,
    integers,
    read_message,
    signed,
    text,
    texts,
)
from .tensors import DTYPES, read_tensor

_MODEL = {
    **{1: "ir_version", 2: "producer", 3: "producer_version", 6: "doc", 7: "graph"},
    **{8: "opset_import", 14: "properties", 20: "training", 25: "functions"},
}
_OPSET = {1: "domain", 2: "version"}
_GRAPH = {
    **{1: "node", 5: "initializer", 10: "doc", 11: "input", 12: "output", 13: "value_info"},
    **{15: "sparse", 16: "properties"},
}
_FUNCTION = {
    **{1: "name", 4: "input", 5: "output", 7: "node", 8: "doc", 9: "opset_import"},
    **{10: "domain", 14: "properties"},
}
_NODE = {
    **{1: "input", 2: "output", 3: "name", 4: "op_type", 5: "attribute", 6: "doc", 7: "domain"},
    **{9: "properties"},
}
_ATTRIBUTE = {
    **{1: "name", 2: "float", 3: "int", 4: "string", 5: "tensor", 6: "graph", 7: "floats"},
    **{8: "ints", 9: "strings", 10: "tensors", 11: "graphs", 13: "doc", 20: "type"},
    **{21: "reference", 22: "sparse", 23: "sparse"},
}
_VALUE = {1: "name", 2: "type", 3: "doc", 4: "properties"}
_TYPE = {1: "tensor"}
_TENSOR_TYPE = {1: "element", 2: "shape"}
_SHAPE = {1: "axis"}
_AXIS = {1: "size", 2: "name"}
"""Names of the fields that are read, by number, for each kind of message."""

_KINDS = {
    **{1: "float", 2: "int", 3: "string", 4: "tensor", 5: "graph", 6: "floats", 7: "ints"},
    **{8: "strings", 9: "tensors", 10: "graphs"},
}
"""Fields of an attribute that hold its value, by AttributeProto.AttributeType."""

_MOST_LEVELS = 32
"""Graphs inside of graphs; ours have two. A damaged file cannot make Python recurse for ever."""


def read_model(content: bytes) -> Model:
    """Read an ONNX file.

    Raises:
        ValueError: it is not an ONNX file, or a damaged one.
    """
    message = read_message(memoryview(content), _MODEL)
    if len(message["graph"]) != 1:
        raise ValueError(f"{len(message['graph'])} graphs in it")
    return Model(
        ir_version=signed(integer(message["ir_version"])),
        producer=f"{text(message['producer'])} {text(message['producer_version'])}".strip(),
        opsets=_opsets(message),
        graph=_graph(message["graph"][0], level=1),
        functions=tuple(map(_function, message["functions"])),
        training=len(message["training"]),
        notes=read_notes(message),
    )


def _opsets(message: Message) -> dict[str, int]:
    opsets = (read_message(as_bytes(value), _OPSET) for value in message["opset_import"])
    return {text(opset["domain"]): signed(integer(opset["version"])) for opset in opsets}


def _graph(content: FieldValue, *, level: int) -> Graph:
    if level > _MOST_LEVELS:
        raise ValueError(f"more than {_MOST_LEVELS} graphs inside of each other")
    message = read_message(as_bytes(content), _GRAPH)
    return Graph(
        nodes=tuple(_node(node, level=level) for node in message["node"]),
        weights=tuple(read_tensor(as_bytes(tensor)) for tensor in message["initializer"]),
        inputs=tuple(map(_value, message["input"])),
        outputs=tuple(map(_value, message["output"])),
        declared=tuple(map(_value, message["value_info"])),
        sparse=len(message["sparse"]),
        notes=read_notes(message),
    )


def _function(content: FieldValue) -> Function:
    message = read_message(as_bytes(content), _FUNCTION)
    body = Graph(
        nodes=tuple(_node(node, level=1) for node in message["node"]),
        inputs=tuple(Value(name, "unknown", None) for name in texts(message["input"])),
        outputs=tuple(Value(name, "unknown", None) for name in texts(message["output"])),
        notes=read_notes(message),
    )
    return Function(text(message["domain"]), text(message["name"]), _opsets(message), body)


def _node(content: FieldValue, *, level: int) -> Node:
    message = read_message(as_bytes(content), _NODE)
    attributes: dict[str, AttributeValue] = {}
    tensors, graphs, sparse, notes = {}, {}, 0, list(read_notes(message))
    for entry in message["attribute"]:
        attribute = read_message(as_bytes(entry), _ATTRIBUTE)
        name = text(attribute["name"])
        attributes[name] = _attribute_value(attribute)
        of_tensors = (*attribute["tensor"], *attribute["tensors"])
        tensors[name] = tuple(read_tensor(as_bytes(tensor)) for tensor in of_tensors)
        of_graphs = (*attribute["graph"], *attribute["graphs"])
        graphs[name] = tuple(_graph(graph, level=level + 1) for graph in of_graphs)
        sparse += len(attribute["sparse"])
        notes += read_notes(attribute)
    return Node(
        name=text(message["name"]),
        operator=text(message["op_type"]),
        domain=text(message["domain"]),
        inputs=texts(message["input"]),
        outputs=texts(message["output"]),
        attributes=attributes,
        tensors={name: found for name, found in tensors.items() if found},
        graphs={name: found for name, found in graphs.items() if found},
        sparse=sparse,
        notes=tuple(notes),
    )


def _attribute_value(attribute: Message) -> AttributeValue:
    """Return the value of the declared type; of a file without types, the one that is there.

    A reference to an attribute of the function around it has none.
    """
    if attribute["reference"]:
        return None
    kind = _KINDS.get(integer(attribute["type"])) if attribute["type"] else None
    if not attribute["type"]:
        kind = next((name for name in _KINDS.values() if attribute[name]), None)
    if kind == "int":
        return signed(integer(attribute["int"]))
    if kind == "float":
        return next(floats(attribute["float"][-1:]), 0.0)
    if kind == "string":
        return _lenient(attribute["string"][-1]) if attribute["string"] else ""
    if kind == "ints":
        return tuple(integers(attribute["ints"]))
    if kind == "floats":
        return tuple(floats(attribute["floats"]))
    if kind == "strings":
        return tuple(map(_lenient, attribute["strings"]))
    return None


def _lenient(content: FieldValue) -> str:
    """Return text that the format allows to be any bytes."""
    return str(as_bytes(content), "utf-8", errors="replace")


def _value(content: FieldValue) -> Value:
    message = read_message(as_bytes(content), _VALUE)
    dtype, shape = "unknown", None
    for kind in message["type"]:
        for tensor in read_message(as_bytes(kind), _TYPE)["tensor"]:
            of_tensor = read_message(as_bytes(tensor), _TENSOR_TYPE)
            dtype = DTYPES.get(integer(of_tensor["element"]), "unknown")
            for sizes in of_tensor["shape"]:
                axes = read_message(as_bytes(sizes), _SHAPE)["axis"]
                shape = (*(shape or ()), *map(_axis, axes))
    return Value(text(message["name"]), dtype, shape, read_notes(message))


def _axis(content: FieldValue) -> int | str | None:
    axis = read_message(as_bytes(content), _AXIS)
    if axis["name"] and text(axis["name"]):
        return text(axis["name"])
    return signed(integer(axis["size"])) if axis["size"] else None
