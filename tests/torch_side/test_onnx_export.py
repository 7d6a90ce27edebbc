"""The exported graphs: what the tool chain may not do to them, each check with its control."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnx.numpy_helper
import pytest

from s2s_export import bundle, evidence, graphs, parity, torchscript
from s2s_export.errors import GraphError, ParityError
from s2s_export.graph_check import check_graph
from s2s_export.manifest_file import from_bytes
from s2s_export.parity import Backend
from s2s_export.reader import ExportedFolder
from s2s_export.steps import GraphSpec
from s2s_export.vocabulary import Vocabulary
from training.checkpoint import Checkpoint
from training.model import Seq2Seq
from training.steps import greedy_options

from .both_models import EACH_DECODER


@pytest.fixture(scope="module")
def decoder(each_tiny: Path) -> bytes:
    return (each_tiny / "decoder.onnx").read_bytes()


@pytest.fixture(scope="module")
def spec(tiny_folder: ExportedFolder) -> GraphSpec:
    return tiny_folder.manifest.graphs.decoder


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
        "hidden_size is None, expected 16",
    ),
    "a backward GRU": (lambda m: set_attribute(m, "direction", "reverse"), "direction is 'rev"),
    "batch first": (lambda m: set_attribute(m, "layout", 1), "layout is 1, expected 0"),
    "a clipped GRU": (lambda m: set_attribute(m, "clip", 1.0), "clip is None, expected 'none'"),
    "other activations": (
        lambda m: set_attribute(m, "activations", ["Relu", "Relu"]),
        "activations is",
    ),
    "a frozen batch": (lambda m: freeze(m, 1, 1), r"found token int64\[B\], hidden float32\[1, 2"),
    "another name": (rename, "outputs: expected log_probs .* found scores"),
    "another type": (widen, r"found log_probs unknown\[B, \d+\]"),
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


def test_the_untouched_graphs_pass(
    each_tiny: Path, tiny_folder: ExportedFolder, decoder: bytes
) -> None:
    graphs.check_onnx(decoder, tiny_folder.manifest.graphs.decoder)
    encoder = (each_tiny / "encoder.onnx").read_bytes()
    graphs.check_onnx(encoder, tiny_folder.manifest.graphs.encoder)


@pytest.mark.parametrize("change", CONTROLS)
def test_each_changed_graph_is_refused(decoder: bytes, spec: GraphSpec, change: str) -> None:
    """The run time has this check as well, without the onnx package."""
    edit, message = CONTROLS[change]
    with pytest.raises(GraphError, match=message) as error:
        check_graph(edited(decoder, edit), spec, "decoder.onnx")
    assert str(error.value).startswith("decoder.onnx: ")


def test_a_frozen_length_is_refused(each_tiny: Path, tiny_folder: ExportedFolder) -> None:
    encoder = edited((each_tiny / "encoder.onnx").read_bytes(), lambda m: freeze(m, 0, 0))
    with pytest.raises(GraphError, match=r"found tokens int64\[2, B\]"):
        check_graph(encoder, tiny_folder.manifest.graphs.encoder, "encoder.onnx")


def test_a_frozen_memory_is_refused(tiny_attention: Path) -> None:
    """What torch 2.13 makes of the encoder's outputs if it is left alone; see ``to_onnx``."""

    def freeze_output(model: onnx.ModelProto) -> None:
        model.graph.output[1].type.tensor_type.shape.dim[0].dim_value = 3

    encoder = edited((tiny_attention / "encoder.onnx").read_bytes(), freeze_output)
    spec = from_bytes((tiny_attention / "manifest.json").read_bytes()).graphs.encoder
    with pytest.raises(GraphError, match=r"found next_hidden .* memory float32\[3, B, 16\]"):
        check_graph(encoder, spec, "encoder.onnx")


def test_check_onnx_refuses_unknown_operators_and_graphs_without_gru(
    decoder: bytes, spec: GraphSpec
) -> None:
    def unknown_operator(model: onnx.ModelProto) -> None:
        model.graph.node[0].op_type = "Gathr"

    def no_gru(model: onnx.ModelProto) -> None:
        for node in model.graph.node:
            if node.op_type == "GRU":
                node.op_type = "Identity"
                node.ClearField("attribute")
                del node.input[1:], node.output[1:]

    with pytest.raises(GraphError, match=r"decoder\.onnx: not valid ONNX: "):
        graphs.check_onnx(edited(decoder, unknown_operator), spec)
    content = edited(decoder, no_gru)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnx.checker, "check_model", lambda *_, **__: None)
        with pytest.raises(GraphError, match="expected GRU nodes, found none"):
            graphs.check_onnx(content, spec)


def test_a_flipped_linear_before_reset_fails_the_gate(
    each_tiny: Path,
    tiny_folder: ExportedFolder,
    decoder: bytes,
    backends: dict[str, Backend],
    vocabularies: tuple[Vocabulary, Vocabulary],
) -> None:
    """The trap of onnxscript 0.5.7 to 0.7.0: valid ONNX, wrong numbers. The numbers tell, too."""
    flipped = edited(decoder, lambda model: set_linear_before_reset(model, 0))
    manifest = tiny_folder.manifest
    encoder = (each_tiny / "encoder.onnx").read_bytes()
    with pytest.raises(ParityError, match="differs from eager PyTorch's by"):
        parity.compare(
            backends["eager"],
            [evidence.onnx_backend(encoder, flipped, manifest.graphs)],
            [list(golden.source_ids) for golden in manifest.golden],
            greedy_options(manifest.sizes.hidden, manifest.max_length.target),
            vocabularies=vocabularies,
            batch_sizes=(1,),
        )


@EACH_DECODER
def test_graphs_hold_no_trace_of_the_machine(checkpoint: Checkpoint) -> None:
    here = str(Path(__file__).resolve().parents[2]).encode()
    torch_folder = str(Path(onnx.__file__).resolve().parents[1]).encode()
    model = checkpoint.model
    specs = bundle.graph_specs(model)
    for content in (
        graphs.to_onnx(model.encoder, specs.encoder),
        graphs.to_onnx(model.decoder, specs.decoder),
        torchscript.save(torchscript.script(model.encoder)),
        torchscript.save(torchscript.script(model.decoder)),
    ):
        assert here not in content
        assert torch_folder not in content
        assert b"site-packages" not in content
        assert b'.py"' not in content


@EACH_DECODER
def test_gru_weights_are_initializers_without_concat(attention: bool) -> None:
    """The GRU's weights lie there as ONNX wants them; they are not cut and joined again.

    Small ones the exporter folds by itself.
    """
    model = Seq2Seq(20, 15, 128, attention=attention).eval()
    specs = bundle.graph_specs(model)
    for module, spec, grus in (
        (model.encoder, specs.encoder, 1),
        (model.decoder, specs.decoder, 2),
    ):
        content = graphs.to_onnx(module, spec)
        graphs.check_onnx(content, spec)
        graph = onnx.load_from_string(content).graph
        weights = {tensor.name for tensor in graph.initializer}
        nodes = [node for node in graph.node if node.op_type == "GRU"]
        assert len(nodes) == grus
        assert all({*node.input[1:4]} <= weights for node in nodes)
        of_weights = {
            name for node in graph.node if node.op_type == "Concat" for name in node.input
        }
        assert not of_weights & weights


@EACH_DECODER
def test_the_same_module_gives_the_same_onnx(checkpoint: Checkpoint) -> None:
    """Whatever was exported before: the exporter has caches, and numbers values as it goes."""
    specs, model = bundle.graph_specs(checkpoint.model), checkpoint.model
    other = Seq2Seq(20, 15, 128).eval()
    for module, spec in ((model.encoder, specs.encoder), (model.decoder, specs.decoder)):
        graphs.to_onnx(other.decoder, bundle.graph_specs(other).decoder)
        contents = [graphs.to_onnx(module, spec) for _ in range(2)]
        assert contents[0] == contents[1]


@EACH_DECODER
def test_torchscript_keeps_every_tensor(checkpoint: Checkpoint) -> None:
    decoder = checkpoint.model.decoder
    loaded = torchscript.load(torchscript.save(torchscript.script(decoder)))
    assert torchscript.tensors_sha256(loaded) == torchscript.tensors_sha256(decoder)
    before = torchscript.tensors_sha256(decoder)
    decoder.out.bias.data[3] += 1e-6
    assert torchscript.tensors_sha256(decoder) != before
