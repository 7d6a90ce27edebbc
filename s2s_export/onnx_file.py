"""What an ONNX file says of itself, read without the onnx package: names, types, attributes.

``structure`` judges it. The run time has no onnx, and ONNX Runtime tells too little: nothing of a
GRU's attributes, and of weights outside the file only by opening them. So this reads protobuf's
wire format, field by field, and skips the weights. Standard library only.

Sources:
    Wire format: protobuf.dev/programming-guides/encoding. Field numbers: onnx.proto of ONNX 1.16.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from .contract import TensorSpec
from .errors import GraphError

_ELEMENT_TYPES = {1: "float32", 2: "uint8", 3: "int8", 6: "int32", 7: "int64", 10: "float16"}
_EXTERNAL = 1  # TensorProto.DataLocation
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass
class Node:
    """One operator of a graph.

    Attributes:
        name: of the node.
        operator: its type, such as ``GRU``.
        domain: of the operator; ``""`` is ONNX's own.
        attributes: by name; only integers and strings are kept, others are ``None``.
    """

    name: str = ""
    operator: str = ""
    domain: str = ""
    attributes: dict[str, int | str | None] = field(default_factory=dict)


@dataclass
class OnnxFile:
    """What is in an ONNX file beside the numbers.

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
            name: what messages call the file.

        Raises:
            GraphError: it is not an ONNX file, or a damaged one.
        """
        file = cls()
        try:
            _read_model(file, memoryview(content))
        except (ValueError, IndexError) as error:  # UnicodeDecodeError is a ValueError
            raise GraphError(f"{name}: not a valid ONNX file ({error}); export again") from None
        return file


def _read_model(file: OnnxFile, content: memoryview) -> None:
    graphs = 0
    for number, value in _fields(content):
        if number == 1:
            file.ir_version = _integer(value)
        elif number == 7:
            graphs += 1
            _read_graph(file, _bytes(value))
        elif number == 8:
            entry = dict(_fields(_bytes(value)))
            domain = _text(entry[1]) if 1 in entry else ""
            file.opsets[domain] = _integer(entry.get(2, 0))
        elif number in (20, 25):
            file.nested.append("a training graph or a function")
        elif number in (6, 14):
            file.notes = True
    if graphs != 1:
        raise ValueError(f"{graphs} graphs in it")


def _read_graph(file: OnnxFile, content: memoryview, *, is_body: bool = False) -> None:
    for number, value in _fields(content):
        if number == 1:
            _read_node(file, _bytes(value), in_body=is_body)
        elif number == 5:
            _read_tensor(file, _bytes(value))
        elif number in (11, 12):
            found = _read_value(file, _bytes(value))
            if number == 11 and not is_body:
                file.inputs += (found,)
            elif not is_body:
                file.outputs += (found,)
        elif number == 13:  # the type of a value in between; only its notes matter
            _read_value(file, _bytes(value))
        elif number == 15:
            file.nested.append("a sparse weight")
        elif number in (10, 16):
            file.notes = True


def _read_node(file: OnnxFile, content: memoryview, *, in_body: bool) -> None:
    node = Node()
    bodies: list[memoryview] = []
    for number, value in _fields(content):
        if number == 3:
            node.name = _text(value)
        elif number == 4:
            node.operator = _text(value)
        elif number == 5:
            bodies += _read_attribute(file, node, _bytes(value))
        elif number == 7:
            node.domain = _text(value)
        elif number in (6, 9):
            file.notes = True
    file.nodes.append(node)
    for body in bodies:
        if node.operator == "Scan" and not in_body:
            _read_graph(file, body, is_body=True)
        else:
            file.nested.append(f"a graph inside of {node.operator}")


def _read_attribute(file: OnnxFile, node: Node, content: memoryview) -> list[memoryview]:
    """Read an attribute and return the graphs in it."""
    name = ""
    bodies: list[memoryview] = []
    found: int | str | None = None
    for number, value in _fields(content):
        if number == 1:
            name = _text(value)
        elif number == 3:
            found = _signed(_integer(value))
        elif number == 4:
            found = bytes(_bytes(value)).decode("utf-8", errors="replace")
        elif number in (5, 10):
            _read_tensor(file, _bytes(value))
        elif number in (6, 11):
            bodies.append(_bytes(value))
        elif number in (22, 23):
            file.nested.append("a sparse weight")
        elif number == 13:
            file.notes = True
    node.attributes[name] = found
    return bodies


def _read_tensor(file: OnnxFile, content: memoryview) -> None:
    name, outside = "", False
    for number, value in _fields(content):
        if number == 8:
            name = _text(value)
        elif number == 13:
            outside = True
        elif number == 14:
            outside = outside or _integer(value) == _EXTERNAL
        elif number in (12, 16):
            file.notes = True
    if outside:
        file.outside.append(name)


def _read_value(file: OnnxFile, content: memoryview) -> TensorSpec:
    name, dtype = "", "unknown"
    shape: tuple[int | str, ...] = ()
    for number, value in _fields(content):
        if number == 1:
            name = _text(value)
        elif number == 2:
            for kind, tensor in _fields(_bytes(value)):
                if kind == 1:
                    dtype, shape = _read_tensor_type(_bytes(tensor))
        elif number in (3, 4):
            file.notes = True
    return TensorSpec(name, dtype, shape)


def _read_tensor_type(content: memoryview) -> tuple[str, tuple[int | str, ...]]:
    dtype = "unknown"
    shape: tuple[int | str, ...] = ()
    for number, value in _fields(content):
        if number == 1:
            dtype = _ELEMENT_TYPES.get(_integer(value), "unknown")
        elif number == 2:
            for kind, size in _fields(_bytes(value)):
                if kind == 1:
                    axis = dict(_fields(_bytes(size)))
                    shape += (_text(axis[2]) if 2 in axis else _signed(_integer(axis.get(1, 0))),)
    return dtype, shape


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


def _integer(value: int | memoryview) -> int:
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


def _text(value: int | memoryview) -> str:
    return str(_bytes(value), "utf-8")
