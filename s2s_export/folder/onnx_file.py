"""The contents of an ONNX file beside the numbers: names, types, attributes.

``graph_check`` judges them. The run time has no onnx package, and ONNX Runtime tells too little:
nothing of a GRU's attributes, and of weights outside the file only by opening them. So this reads
protobuf's wire format and skips the weights. Standard library only, beside the specifications.

Sources:
    Wire format: protobuf.dev/programming-guides/encoding. Field numbers: onnx.proto of ONNX 1.16.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..decoding.steps import Shape, TensorSpec
from ..errors import GraphError

_MODEL = {
    **{1: "ir_version", 7: "graph", 8: "opset_import", 20: "training", 25: "functions"},
    **{6: "notes", 14: "notes"},
}
_OPSET = {1: "domain", 2: "version"}
_GRAPH = {
    **{1: "node", 5: "initializer", 11: "input", 12: "output", 13: "value_info", 15: "sparse"},
    **{10: "notes", 16: "notes"},
}
_NODE = {3: "name", 4: "op_type", 5: "attribute", 7: "domain", 6: "notes", 9: "notes"}
_ATTRIBUTE = {
    **{1: "name", 3: "int", 4: "string", 5: "tensor", 10: "tensor", 6: "graph", 11: "graph"},
    **{22: "sparse", 23: "sparse", 13: "notes"},
}
_TENSOR = {8: "name", 13: "external_data", 14: "data_location", 12: "notes", 16: "notes"}
_VALUE = {1: "name", 2: "type", 3: "notes", 4: "notes"}
_TYPE = {1: "tensor"}
_TENSOR_TYPE = {1: "element", 2: "shape"}
_SHAPE = {1: "axis"}
_AXIS = {1: "size", 2: "name"}
"""Names of the fields that are read, by number, for each kind of message."""

_ELEMENT_TYPES = {1: "float32", 2: "uint8", 3: "int8", 6: "int32", 7: "int64", 10: "float16"}
_EXTERNAL = 1  # TensorProto.DataLocation
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

_Message = Mapping[str, list[int | memoryview]]


@dataclass
class Node:
    """One operator of a graph.

    Attributes:
        name: of the node.
        operator: its type, such as ``GRU``.
        domain: of the operator; ``""`` is ONNX's own.
        attributes: by name; only integers and strings are kept, others are ``None``.
    """

    name: str
    operator: str
    domain: str
    attributes: dict[str, int | str | None] = field(default_factory=dict)


@dataclass
class OnnxFile:
    """The contents of an ONNX file beside the numbers.

    Attributes:
        ir_version: version of the file format.
        opsets: version of each operator set, by its domain.
        inputs: with their types; a size that may vary has a name.
        outputs: as ``inputs``.
        nodes: in the order in which they run, those in the body of a ``Scan`` included.
        outside: names of weights that lie outside the file.
        nested: graphs inside of any other node, functions and sparse weights, by a phrase for
            messages.
        notes: whether there is text that is not part of the mathematics: stack traces, paths.
    """

    ir_version: int = 0
    opsets: dict[str, int] = field(default_factory=dict)
    inputs: tuple[TensorSpec, ...] = ()
    outputs: tuple[TensorSpec, ...] = ()
    nodes: list[Node] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    nested: list[str] = field(default_factory=list)
    notes: bool = False

    @classmethod
    def from_bytes(cls, content: bytes, name: str) -> "OnnxFile":
        """Read an ONNX file.

        Args:
            content: the file's bytes.
            name: of the file in messages.

        Raises:
            GraphError: it is not an ONNX file, or a damaged one.
        """
        file = cls()
        try:
            file._read_model(memoryview(content))
        except (ValueError, IndexError) as error:  # UnicodeDecodeError is a ValueError
            raise GraphError(f"{name}: not a valid ONNX file ({error}); export again") from None
        return file

    def _read_model(self, content: memoryview) -> None:
        model = self._message(content, _MODEL)
        self.ir_version = _integer(model["ir_version"])
        for entry in model["opset_import"]:
            opset = self._message(_bytes(entry), _OPSET)
            self.opsets[_text(opset["domain"])] = _integer(opset["version"])
        if model["training"] or model["functions"]:
            self.nested.append("a training graph or a function")
        if len(model["graph"]) != 1:
            raise ValueError(f"{len(model['graph'])} graphs in it")
        graph = self._read_graph(_bytes(model["graph"][0]), is_body=False)
        self.inputs = tuple(self._read_value(value) for value in graph["input"])
        self.outputs = tuple(self._read_value(value) for value in graph["output"])

    def _read_graph(self, content: memoryview, *, is_body: bool) -> _Message:
        graph = self._message(content, _GRAPH)
        for node in graph["node"]:
            self._read_node(_bytes(node), in_body=is_body)
        for tensor in graph["initializer"]:
            self._read_tensor(_bytes(tensor))
        # Their types do not matter here, their notes do.
        for value in (*graph["value_info"], *graph["input"], *graph["output"]):
            self._read_value(value)
        self.nested += ["a sparse weight"] * len(graph["sparse"])
        return graph

    def _read_node(self, content: memoryview, *, in_body: bool) -> None:
        message = self._message(content, _NODE)
        node = Node(_text(message["name"]), _text(message["op_type"]), _text(message["domain"]))
        self.nodes.append(node)
        for entry in message["attribute"]:
            attribute = self._message(_bytes(entry), _ATTRIBUTE)
            node.attributes[_text(attribute["name"])] = _attribute_value(attribute)
            for tensor in attribute["tensor"]:
                self._read_tensor(_bytes(tensor))
            self.nested += ["a sparse weight"] * len(attribute["sparse"])
            for body in attribute["graph"]:
                if node.operator == "Scan" and not in_body:
                    self._read_graph(_bytes(body), is_body=True)
                else:
                    self.nested.append(f"a graph inside of {node.operator}")

    def _read_tensor(self, content: memoryview) -> None:
        tensor = self._message(content, _TENSOR)
        if tensor["external_data"] or _integer(tensor["data_location"]) == _EXTERNAL:
            self.outside.append(_text(tensor["name"]))

    def _read_value(self, content: int | memoryview) -> TensorSpec:
        value = self._message(_bytes(content), _VALUE)
        dtype, shape = "unknown", Shape()
        for kind in value["type"]:
            for tensor in self._message(_bytes(kind), _TYPE)["tensor"]:
                of_tensor = self._message(_bytes(tensor), _TENSOR_TYPE)
                dtype = _ELEMENT_TYPES.get(_integer(of_tensor["element"]), "unknown")
                for sizes in of_tensor["shape"]:
                    shape += tuple(
                        map(self._read_axis, self._message(_bytes(sizes), _SHAPE)["axis"])
                    )
        return TensorSpec(_text(value["name"]), dtype, shape)

    def _read_axis(self, content: int | memoryview) -> int | str:
        axis = self._message(_bytes(content), _AXIS)
        return _text(axis["name"]) if axis["name"] else _signed(_integer(axis["size"]))

    def _message(self, content: memoryview, names: Mapping[int, str]) -> _Message:
        """Return the named fields of a message, each with all its values in order."""
        message: _Message = defaultdict(list)
        for number, value in _fields(content):
            if number in names:
                message[names[number]].append(value)
        self.notes = self.notes or bool(message["notes"])
        return message


def _attribute_value(attribute: _Message) -> int | str | None:
    if attribute["string"]:
        return bytes(_bytes(attribute["string"][-1])).decode("utf-8", errors="replace")
    return _signed(_integer(attribute["int"])) if attribute["int"] else None


def _fields(content: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield a message's fields: the number, and an integer or the bytes.

    Raises:
        ValueError: this is not protobuf, or cut short.
    """
    position = 0
    while position < len(content):
        tag, position = _varint(content, position)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            integer, position = _varint(content, position)
            yield number, integer
            continue
        if kind == _BYTES:
            length, position = _varint(content, position)
        elif kind in (_FIXED64, _FIXED32):
            length = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"wire type {kind}")
        if length > len(content) - position:
            raise ValueError("cut short")
        yield number, content[position : position + length]
        position += length


def _varint(content: memoryview, position: int) -> tuple[int, int]:
    """Return an integer of variable length, and the position after it."""
    result = 0
    for shift in range(0, 64, 7):
        if position >= len(content):
            raise ValueError("cut short")
        byte = content[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
    raise ValueError("an integer of more than 64 bits")


def _integer(values: list[int | memoryview]) -> int:
    """Return the last value of a field, as protobuf's readers do; 0 where it is missing."""
    value = values[-1] if values else 0
    if not isinstance(value, int):
        raise ValueError("bytes where a number is expected")
    return value


def _signed(value: int) -> int:
    """Return an int64 from its 64 bits."""
    return value - 2**64 if value >= 2**63 else value


def _bytes(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a number where bytes are expected")
    return value


def _text(values: list[int | memoryview]) -> str:
    """Return the last value of a field as text; ``""`` where it is missing."""
    return str(_bytes(values[-1]), "utf-8") if values else ""
