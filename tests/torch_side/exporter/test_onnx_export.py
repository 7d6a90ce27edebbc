"""Exported graphs: each fault of the tool chain is refused, and a sound graph passes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.numpy_helper
import pytest
import torch
from torch import Tensor, nn

from s2s_export.decoding.options import DecodingOptions
from s2s_export.decoding.steps import DecoderSpec, EncoderSpec, Shape
from s2s_export.errors import GraphError, ParityError
from s2s_export.exporter import onnx_export, parity
from s2s_export.exporter.backends import Backend, onnx_backend
from s2s_export.exporter.source import ExportSource
from s2s_export.folder.graph_check import check_graph
from s2s_export.folder.manifest import GraphRecord, Manifest
from s2s_export.folder.reader import ExportedFolder
from s2s_export.folder.sources.location import files_at
from s2s_export.text.vocabulary import EOS, SOS


@pytest.fixture(scope="module")
def decoder(each_tiny: Path) -> bytes:
    return (each_tiny / "decoder.onnx").read_bytes()


@pytest.fixture(scope="module")
def manifest(each_tiny: Path) -> Manifest:
    return ExportedFolder(files_at(each_tiny)).manifest


@pytest.fixture(scope="module")
def spec(manifest: Manifest) -> DecoderSpec:
    return manifest.steps.decoder


@pytest.fixture(scope="module")
def record(manifest: Manifest) -> GraphRecord:
    return manifest.graphs.decoder


def edited(content: bytes, edit: Callable[[onnx.ModelProto], object]) -> bytes:
    model = onnx.load_from_string(content)
    edit(model)
    result: bytes = model.SerializeToString()
    return result


def set_linear_before_reset(model: onnx.ModelProto, value: int) -> None:
    nodes = [node for node in model.graph.node if node.op_type == "GRU"]
    assert len(nodes) == 2, "one GRU node for each application"
    for node in nodes:
        [attribute] = [a for a in node.attribute if a.name == "linear_before_reset"]
        attribute.i = value


def first_gru(model: onnx.ModelProto) -> onnx.NodeProto:
    nodes: list[onnx.NodeProto] = [n for n in model.graph.node if n.op_type == "GRU"]
    return nodes[0]


def set_attribute(model: onnx.ModelProto, name: str, value: object) -> None:
    node = first_gru(model)
    kept = [attribute for attribute in node.attribute if attribute.name != name]
    del node.attribute[:]
    node.attribute.extend([*kept, onnx.helper.make_attribute(name, value)])


def freeze(model: onnx.ModelProto, index: int, axis: int) -> None:
    model.graph.input[index].type.tensor_type.shape.dim[axis].dim_value = 2


def rename(model: onnx.ModelProto) -> None:
    model.graph.output[0].name = model.graph.node[-1].output[0] = "scores"


def widen(model: onnx.ModelProto) -> None:
    model.graph.output[0].type.tensor_type.elem_type = onnx.TensorProto.DOUBLE


def move_weight_outside(model: onnx.ModelProto) -> None:
    weight = model.graph.initializer[0]
    weight.data_location = onnx.TensorProto.EXTERNAL
    entry = weight.external_data.add()
    entry.key, entry.value = "location", "weights.bin"


def move_constant_outside(model: onnx.ModelProto) -> None:
    """A weight in an attribute, where only reading every node finds it."""
    tensor = onnx.numpy_helper.from_array(np.zeros(3, np.float32), "far")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    model.graph.node.append(onnx.helper.make_node("Constant", [], ["far"], value=tensor))


def nest_a_graph(model: onnx.ModelProto) -> None:
    branch = onnx.helper.make_graph([], "branch", [], [])
    node = onnx.helper.make_node("If", ["x"], [], then_branch=branch, else_branch=branch)
    model.graph.node.append(node)


def scan(*nodes: onnx.NodeProto) -> onnx.NodeProto:
    body = onnx.helper.make_graph(nodes, "body", [], [])
    return onnx.helper.make_node("Scan", [], [], body=body, num_scan_inputs=1)


def nest_twice(model: onnx.ModelProto) -> None:
    model.graph.node.append(scan(scan()))


def note(described: object) -> None:
    entry = described.metadata_props.add()  # type: ignore[attr-defined]
    entry.key, entry.value = "pkg.torch.onnx.stack_trace", "me/secret.py"


CONTROLS: dict[str, tuple[Callable[[onnx.ModelProto], object], str]] = {
    "another GRU variant": (
        lambda m: set_linear_before_reset(m, 0),
        "not PyTorch's GRU: linear_before_reset is 0, expected 1",
    ),
    "a GRU without the attribute": (
        lambda m: first_gru(m).ClearField("attribute"),
        "linear_before_reset is 0, expected 1",
    ),
    "a backward GRU": (lambda m: set_attribute(m, "direction", "reverse"), "direction is 'rev"),
    "batch first": (lambda m: set_attribute(m, "layout", 1), "layout is 1, expected 0"),
    "a clipped GRU": (lambda m: set_attribute(m, "clip", 1.0), "clip is 1.0, expected 'none'"),
    "other activations": (
        lambda m: set_attribute(m, "activations", ["Relu", "Relu"]),
        "activations is",
    ),
    "a frozen batch": (lambda m: freeze(m, 1, 1), r"found token int64\[B\], hidden float32\[1, 2"),
    "another name": (rename, "outputs: expected log_probs .* found scores"),
    "another type": (widen, r"found log_probs float64\[B, \d+\]"),
    "a weight outside": (move_weight_outside, r"the weight '.*' lies outside the file"),
    "a constant outside": (move_constant_outside, "the weight 'far' lies outside the file"),
    "another domain": (
        lambda m: m.opset_import.add(domain="com.example", version=1),
        r"operators outside the standard ONNX set, of \['com.example'\]",
    ),
    "a node of another domain": (
        lambda m: setattr(m.graph.node[0], "domain", "com.example"),
        r"operators outside the standard ONNX set, of \['com.example'\]",
    ),
    "a newer opset": (
        lambda m: setattr(m.opset_import[0], "version", 99),
        r"opset: expected \[20\], found \[99\]",
    ),
    "a newer file format": (lambda m: setattr(m, "ir_version", 99), "IR version: expected 10"),
    "a graph in a node": (nest_a_graph, "it holds a graph inside of If, which no step needs"),
    "a graph in a body": (nest_twice, "it holds a graph inside of Scan, which no step needs"),
    "a domain in a body": (
        lambda m: m.graph.node.append(scan(onnx.helper.make_node("X", [], [], domain="com.me"))),
        r"operators outside the standard ONNX set, of \['com.me'\]",
    ),
    "a function": (lambda m: m.functions.add(name="f"), "a training graph or a function"),
    "a note on the model": (note, "notes beside the mathematics, which may give away local paths"),
    "a note on the graph": (lambda m: note(m.graph), "notes beside the mathematics"),
    "a note on a node": (lambda m: note(m.graph.node[1]), "notes beside the mathematics"),
    "a note on a weight": (lambda m: note(m.graph.initializer[0]), "notes beside the mathematics"),
    "a note on an input": (lambda m: note(m.graph.input[0]), "notes beside the mathematics"),
    "a text on a node": (
        lambda m: setattr(m.graph.node[0], "doc_string", "me/secret.py"),
        "notes beside the mathematics",
    ),
}


def test_the_untouched_graphs_pass(each_tiny: Path, manifest: Manifest, decoder: bytes) -> None:
    steps, graphs = manifest.steps, manifest.graphs
    onnx_export.check_onnx(decoder, steps.decoder, graphs.decoder)
    encoder = (each_tiny / "encoder.onnx").read_bytes()
    onnx_export.check_onnx(encoder, steps.encoder, graphs.encoder)


@pytest.mark.parametrize("change", CONTROLS)
def test_each_changed_graph_is_refused(
    decoder: bytes, spec: DecoderSpec, record: GraphRecord, change: str
) -> None:
    """The run time has this check as well, without the onnx package."""
    edit, message = CONTROLS[change]
    with pytest.raises(GraphError, match=message) as error:
        check_graph(edited(decoder, edit), record, spec, "decoder.onnx")
    assert str(error.value).startswith("decoder.onnx: ")


def test_a_backward_gru_needs_an_encoder_that_reads_sentences(
    each_tiny: Path, manifest: Manifest
) -> None:
    content = (each_tiny / "encoder.onnx").read_bytes()
    backward = edited(content, lambda m: set_attribute(m, "direction", "reverse"))
    record, steps = manifest.graphs.encoder, manifest.steps.encoder
    of_tokens = EncoderSpec(steps.inputs, steps.outputs, "tokens")
    with pytest.raises(GraphError, match="direction is 'reverse', expected 'forward'"):
        check_graph(backward, record, of_tokens, "encoder.onnx")
    check_graph(backward, record, EncoderSpec(steps.inputs, steps.outputs, "sentence"), "x")


@pytest.mark.parametrize(
    ("attribute", "value", "message"),
    [("input_forget", 1, "input_forget is 1, expected 0"), ("layout", 1, "layout is 1")],
)
def test_an_lstm_that_is_not_pytorchs_is_refused(attribute: str, value: int, message: str) -> None:
    spec = DecoderSpec.from_shapes(3, {}, {})
    record = GraphRecord("decoder.onnx", 20, 10)

    def lstm(**attributes: Any) -> bytes:
        node = onnx.helper.make_node("LSTM", ["x", "w", "r"], ["y"], hidden_size=4, **attributes)
        inputs = [onnx.helper.make_tensor_value_info("token", onnx.TensorProto.INT64, ["B"])]
        kind = onnx.TensorProto.FLOAT
        outputs = [onnx.helper.make_tensor_value_info("log_probs", kind, ["B", 3])]
        graph = onnx.helper.make_graph([node], "step", inputs, outputs)
        opset = onnx.helper.make_opsetid("", 20)
        content: bytes = onnx.helper.make_model(
            graph, ir_version=10, opset_imports=[opset]
        ).SerializeToString()
        return content

    check_graph(lstm(), record, spec, "x")
    with pytest.raises(GraphError, match=message):
        check_graph(lstm(**{attribute: value}), record, spec, "x")


def test_a_frozen_length_is_refused(each_tiny: Path, manifest: Manifest) -> None:
    encoder = edited((each_tiny / "encoder.onnx").read_bytes(), lambda m: freeze(m, 0, 0))
    with pytest.raises(GraphError, match=r"found tokens int64\[2, B\]"):
        check_graph(encoder, manifest.graphs.encoder, manifest.steps.encoder, "encoder.onnx")


def test_a_frozen_memory_is_refused(tiny_attention: Path) -> None:
    """What torch 2.13 makes of the encoder's outputs if it is left alone; see ``to_onnx``."""

    def freeze_output(model: onnx.ModelProto) -> None:
        model.graph.output[1].type.tensor_type.shape.dim[0].dim_value = 3

    encoder = edited((tiny_attention / "encoder.onnx").read_bytes(), freeze_output)
    manifest = ExportedFolder(files_at(tiny_attention)).manifest
    with pytest.raises(GraphError, match=r"found next_hidden .* memory float32\[3, B, 16\]"):
        check_graph(encoder, manifest.graphs.encoder, manifest.steps.encoder, "encoder.onnx")


def test_check_onnx_refuses_unknown_operators(
    decoder: bytes, spec: DecoderSpec, record: GraphRecord
) -> None:
    def unknown_operator(model: onnx.ModelProto) -> None:
        model.graph.node[0].op_type = "Gathr"

    with pytest.raises(GraphError, match=r"decoder\.onnx: not valid ONNX: "):
        onnx_export.check_onnx(edited(decoder, unknown_operator), spec, record)


class GruByHand(nn.Module):
    """A module whose GRU is there, and whose graph has no GRU node."""

    def __init__(self) -> None:
        super().__init__()
        self.gru, self.out = nn.GRU(4, 4), nn.Linear(4, 5)

    def forward(self, token: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        weight = self.gru.get_parameter("weight_hh_l0")[:4]
        hidden = torch.tanh(hidden @ weight + token[:, None])
        return self.out(hidden[0]).log_softmax(dim=1), hidden


def test_a_recurrence_written_as_a_loop_is_refused(record: GraphRecord) -> None:
    state: dict[str, Shape] = {"hidden": (1, "B", 4)}
    spec = DecoderSpec.from_shapes(5, state, {"next_hidden": (1, "B", 4)})
    with pytest.raises(GraphError, match="expected GRU nodes, found none"):
        onnx_export.to_onnx(GruByHand().eval(), spec, record)


def test_a_flipped_linear_before_reset_fails_the_gate(
    each_tiny: Path,
    manifest: Manifest,
    decoder: bytes,
    backends: dict[str, Backend],
    tiny_source: ExportSource,
) -> None:
    """The trap of onnxscript 0.5.7 to 0.7.0: valid ONNX, wrong numbers. The numbers tell, too."""
    flipped = edited(decoder, lambda model: set_linear_before_reset(model, 0))
    encoder = (each_tiny / "encoder.onnx").read_bytes()
    with pytest.raises(ParityError, match="differs from eager PyTorch's by"):
        parity.compare(
            backends["eager"],
            [onnx_backend((encoder, flipped), tiny_source)],
            [list(golden.source_ids) for golden in manifest.golden],
            DecodingOptions(SOS, EOS, manifest.target.max_length),
            vocabularies=(tiny_source.source.vocabulary, tiny_source.target.vocabulary),
            batch_sizes=(1,),
        )
