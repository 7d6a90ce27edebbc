"""The reader of ONNX files, against the onnx package, which shares no code with it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import AttributeProto, GraphProto, NodeProto, TensorProto, helper, numpy_helper

from s2s_export.onnx_format.model import Graph, Node, Value
from s2s_export.onnx_format.reading import read_model
from s2s_export.onnx_format.tensors import DTYPES, Tensor

from .graphs import constant, decoder_step, encoder_step
from .test_loops import CELL, scan

FIXTURES = Path(__file__).parents[2] / "fixtures"


def cases() -> dict[str, onnx.ModelProto]:
    """Return made graphs, and the committed graphs of every kind."""
    committed = {
        f"{path.parent.name}/{path.name}": onnx.load(path)
        for path in sorted(FIXTURES.glob("*/*.onnx"))
    }
    made = {"encoder": encoder_step(), "LSTM": decoder_step("LSTM"), "Scan": scan(*CELL)}
    return {**made, "everything": everything(), **committed}


def everything() -> onnx.ModelProto:
    """Return a graph with a value in every field that is read."""
    made = encoder_step("LSTM", directions=2, clip=2.5, activation_alpha=[0.25, -1.5])
    made.producer_name, made.producer_version = "by hand", "1.2"
    made.doc_string = "described"
    made.metadata_props.add(key="author", value="é")
    made.graph.doc_string = "a graph"
    made.graph.value_info.append(helper.make_tensor_value_info("x", 1, ["T", None, 3]))
    made.graph.input[0].doc_string = "ids"
    branch = helper.make_graph([helper.make_node("Neg", ["y"], ["z"])], "then", [], [])
    tensor = numpy_helper.from_array(np.arange(3), "t")
    node = helper.make_node(
        "Many", ["", "x"], ["a", ""], "many", domain="my.ops", doc_string="a node",
        number=-7, real=0.5, text="é", numbers=[-1, 2**40], reals=[1.5], texts=["a", "b"],
        one=tensor, two=[tensor, tensor], graph=branch, graphs=[branch, branch],
    )  # fmt: skip
    node.metadata_props.add(key="pkg.torch.onnx.stack_trace", value="trace")
    made.graph.node.append(node)
    typed = helper.make_tensor("typed", TensorProto.INT64, [3], [-1, 0, 2**40])
    made.graph.initializer.extend([typed, constant("truth", [True, False], "bool")])
    outside = made.graph.initializer.add(name="outside", data_type=1, dims=[2])
    outside.data_location = TensorProto.EXTERNAL
    outside.external_data.add(key="location", value="w.bin")
    made.opset_import.add(domain="my.ops", version=3)
    opset = [helper.make_opsetid("", 18)]
    body = [helper.make_node("Neg", ["p"], ["q"])]
    made.functions.append(helper.make_function("my.ops", "Many", ["p"], ["q"], body, opset))
    made.training_info.add()
    return made


@pytest.mark.parametrize("name", cases())
def test_every_part_is_read_as_the_onnx_package_reads_it(name: str) -> None:
    expected = cases()[name]
    model = read_model(expected.SerializeToString())
    assert model.ir_version == expected.ir_version
    assert model.producer == f"{expected.producer_name} {expected.producer_version}".strip()
    assert model.opsets == {opset.domain: opset.version for opset in expected.opset_import}
    assert model.training == len(expected.training_info)
    assert [*model.notes] == notes(expected)
    compare_graphs(model.graph, expected.graph)
    for function, proto in zip(model.functions, expected.functions, strict=True):
        assert (function.domain, function.name) == (proto.domain, proto.name)
        assert function.opsets == {opset.domain: opset.version for opset in proto.opset_import}
        assert [value.name for value in function.body.inputs] == [*proto.input]
        compare_nodes(function.body.nodes, [*proto.node])


def notes(proto: object) -> list[tuple[str, str]]:
    described = [("doc_string", proto.doc_string)] if proto.doc_string else []  # type: ignore[attr-defined]
    return described + [(p.key, p.value) for p in proto.metadata_props]  # type: ignore[attr-defined]


def compare_graphs(graph: Graph, expected: GraphProto) -> None:
    compare_nodes(graph.nodes, [*expected.node])
    assert [*map(as_tuple, graph.weights)] == [*map(proto_tuple, expected.initializer)]
    for values, protos in (
        (graph.inputs, expected.input),
        (graph.outputs, expected.output),
        (graph.declared, expected.value_info),
    ):
        assert [*map(value_tuple, values)] == [*map(value_proto_tuple, protos)]
    assert [*graph.notes] == notes(expected)


def compare_nodes(nodes: tuple[Node, ...], expected: list[NodeProto]) -> None:
    for node, proto in zip(nodes, expected, strict=True):
        assert (node.name, node.operator, node.domain) == (proto.name, proto.op_type, proto.domain)
        assert (node.inputs, node.outputs) == (tuple(proto.input), tuple(proto.output))
        assert [*node.notes] == notes(proto)
        assert node.attributes.keys() == {attribute.name for attribute in proto.attribute}
        for attribute in proto.attribute:
            compare_attributes(node, attribute)


def compare_attributes(node: Node, attribute: AttributeProto) -> None:
    value, found = helper.get_attribute_value(attribute), node.attributes[attribute.name]
    if attribute.type in (AttributeProto.GRAPH, AttributeProto.GRAPHS):
        graphs = [value] if attribute.type == AttributeProto.GRAPH else value
        for graph, proto in zip(node.graphs[attribute.name], graphs, strict=True):
            compare_graphs(graph, proto)
        assert found is None
    elif attribute.type in (AttributeProto.TENSOR, AttributeProto.TENSORS):
        tensors = [value] if attribute.type == AttributeProto.TENSOR else value
        assert [*map(as_tuple, node.tensors[attribute.name])] == [*map(proto_tuple, tensors)]
        assert found is None
    else:
        assert found == decoded(value)


def decoded(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode()
    return tuple(map(decoded, value)) if isinstance(value, list) else value


def as_tuple(tensor: Tensor) -> tuple[object, ...]:
    return tensor.name, tensor.dtype, tensor.shape, tensor.external, tensor.integers


def proto_tuple(proto: TensorProto) -> tuple[object, ...]:
    external = {entry.key: entry.value for entry in proto.external_data} or None
    numbers = None
    if external is None and DTYPES[proto.data_type] in ("int64", "int32", "bool", "int8", "uint8"):
        array = numpy_helper.to_array(proto)
        numbers = tuple(array.astype(np.int64).flatten().tolist()) if array.size <= 64 else None
    dtype = helper.tensor_dtype_to_np_dtype(proto.data_type).name
    return proto.name, dtype, tuple(proto.dims), external, numbers


def value_tuple(value: Value) -> tuple[object, ...]:
    return value.name, value.dtype, value.shape, [*value.notes]


def value_proto_tuple(proto: onnx.ValueInfoProto) -> tuple[object, ...]:
    tensor = proto.type.tensor_type
    sizes = tuple(
        d.dim_param or (d.dim_value if d.HasField("dim_value") else None) for d in tensor.shape.dim
    )
    dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type).name
    return proto.name, dtype, sizes if tensor.HasField("shape") else None, notes(proto)


def nested(levels: int) -> onnx.ModelProto:
    graph = helper.make_graph([], "inner", [], [])
    for _ in range(levels):
        node = helper.make_node("If", ["c"], [], then_branch=graph)
        graph = helper.make_graph([node], "outer", [], [])
    return helper.make_model(graph)


def test_thirty_graphs_inside_of_each_other_are_read_and_a_thousand_refused() -> None:
    assert len([*inner(read_model(nested(30).SerializeToString()).graph)]) == 30
    content = b""
    for _ in range(1000):  # node { attribute { graph } } of the graph before
        content = field(1, field(5, field(6, content)))
    with pytest.raises(ValueError, match="more than 32 graphs inside of each other"):
        read_model(field(7, content))


def inner(graph: Graph) -> Iterator[Node]:
    for node in graph.nodes:
        yield node
        for graphs in node.graphs.values():
            for one in graphs:
                yield from inner(one)


def field(number: int, content: bytes) -> bytes:
    length, encoded = len(content), bytearray([number << 3 | 2])
    while length >= 128:
        encoded.append(length & 127 | 128)
        length >>= 7
    return bytes([*encoded, length]) + content


def test_packed_numbers_are_read_as_others() -> None:
    """As writers of protobuf 3 write them."""
    dims = field(1, bytes([3, 2])) + bytes([2 << 3, 1]) + field(8, b"w") + field(9, bytes(24))
    model = read_model(field(7, field(5, dims)))
    [weight] = model.graph.weights
    assert (weight.shape, weight.dtype, weight.expected_bytes) == ((3, 2), "float32", 24)


def test_a_default_value_that_is_left_out_is_read() -> None:
    """Protobuf 3 leaves out zeros; the declared type says what they are."""
    attribute = field(1, b"layout") + bytes([0xA0, 1, 2])
    model = read_model(field(7, field(1, field(5, attribute))))
    assert model.graph.nodes[0].attributes == {"layout": 0}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "0 graphs"),
        (field(7, b"") * 2, "2 graphs"),
        (field(7, field(5, bytes([8, *[255] * 9, 1]))), "a negative size"),
        (bytes([7 << 3, 1]), "a number where bytes are expected"),
        (field(1, b"abc") + field(7, b""), "bytes where a number is expected"),
        (field(7, b"\x0a\x05"), "cut short"),
        (bytes([8, *[255] * 10]), "an integer of more than 64 bits"),
    ],
)
def test_what_is_no_model(content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_model(content)
