"""The exported graphs: what the tool chain may not do to them, each check with its control."""

from collections.abc import Callable
from pathlib import Path

import onnx
import pytest

from s2s_export import bundle, graphs, parity
from s2s_export.errors import GraphError, ParityError
from s2s_export.folder import ExportedFolder
from s2s_export.manifest import GraphSpec
from s2s_export.parity import Backend
from training.checkpoint import Checkpoint
from training.steps import greedy_options


@pytest.fixture(scope="module")
def decoder(tiny: Path) -> bytes:
    return (tiny / "decoder.onnx").read_bytes()


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


def freeze_batch(model: onnx.ModelProto) -> None:
    model.graph.input[1].type.tensor_type.shape.dim[1].dim_value = 2


def rename_output(model: onnx.ModelProto) -> None:
    model.graph.output[0].name = model.graph.node[-1].output[0] = "scores"


def move_weight_outside(model: onnx.ModelProto) -> None:
    weight = model.graph.initializer[0]
    weight.data_location = onnx.TensorProto.EXTERNAL
    entry = weight.external_data.add()
    entry.key, entry.value = "location", "weights.bin"


def add_domain(model: onnx.ModelProto) -> None:
    model.opset_import.add(domain="com.example", version=1)


def test_the_untouched_graph_passes(decoder: bytes, spec: GraphSpec) -> None:
    graphs.check_onnx(decoder, "decoder.onnx", spec)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda m: set_linear_before_reset(m, 0), "lacks linear_before_reset=1"),
        (freeze_batch, r"shape=\(1, 2, 16\)"),
        (rename_output, "name='scores'"),
        (move_weight_outside, "lies outside the file"),
        (add_domain, "operators outside the standard ONNX set"),
    ],
)
def test_each_fault_is_refused(
    decoder: bytes,
    spec: GraphSpec,
    edit: Callable[[onnx.ModelProto], object],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if edit is move_weight_outside:  # onnx's own checker would look for the file first
        monkeypatch.setattr(onnx.checker, "check_model", lambda *_, **__: None)
    with pytest.raises(GraphError, match=message):
        graphs.check_onnx(edited(decoder, edit), "decoder.onnx", spec)


def test_a_flipped_linear_before_reset_fails_the_gate(
    tiny: Path, tiny_folder: ExportedFolder, decoder: bytes, backends: dict[str, Backend]
) -> None:
    """The trap of onnxscript 0.5.7 to 0.7.0: valid ONNX, wrong numbers. The numbers tell, too."""
    flipped = edited(decoder, lambda model: set_linear_before_reset(model, 0))
    manifest = tiny_folder.manifest
    encoder = (tiny / "encoder.onnx").read_bytes()
    with pytest.raises(ParityError, match="its outputs differ from eager by"):
        parity.compare(
            backends["eager"],
            [bundle.onnx_backend(encoder, flipped, manifest.graphs)],
            [list(golden.source_ids) for golden in manifest.golden],
            greedy_options(manifest.sizes.hidden, manifest.max_length.target),
            vocabulary_sizes=(manifest.sizes.source_vocabulary, manifest.sizes.target_vocabulary),
            batch_sizes=(1,),
        )


def test_graphs_hold_no_trace_of_the_machine(checkpoint: Checkpoint) -> None:
    here = str(Path(__file__).resolve().parents[2]).encode()
    torch_folder = str(Path(onnx.__file__).resolve().parents[1]).encode()
    model = checkpoint.model
    specs = bundle.graph_specs(16, len(checkpoint.vocabularies.target))
    for content in (
        graphs.to_onnx(model.encoder, specs.encoder),
        graphs.to_onnx(model.decoder, specs.decoder),
        graphs.save_torchscript(graphs.script(model.encoder)),
        graphs.save_torchscript(graphs.script(model.decoder)),
    ):
        assert here not in content
        assert torch_folder not in content
        assert b"site-packages" not in content
        assert b'.py"' not in content


def test_the_same_module_gives_the_same_onnx(checkpoint: Checkpoint) -> None:
    spec = bundle.graph_specs(16, len(checkpoint.vocabularies.target)).decoder
    decoder = checkpoint.model.decoder
    assert graphs.to_onnx(decoder, spec) == graphs.to_onnx(decoder, spec)


def test_torchscript_keeps_every_tensor(checkpoint: Checkpoint) -> None:
    decoder = checkpoint.model.decoder
    loaded = graphs.load_torchscript(graphs.save_torchscript(graphs.script(decoder)))
    assert graphs.tensors_sha256(loaded) == graphs.tensors_sha256(decoder)
    before = graphs.tensors_sha256(decoder)
    decoder.out.bias.data[3] += 1e-6
    assert graphs.tensors_sha256(decoder) != before
