"""Contents of exported graphs: each weight once, and as it is used."""

import onnx
import onnx.numpy_helper

from s2s_export.exporter import build, onnx_export, torchscript
from s2s_export.exporter.source import ExportSource
from training.models.seq2seq import Seq2Seq
from training.recipes.recipe import ModelName, Recipe

from ..each_model import EACH_MODEL


@EACH_MODEL
def test_gru_weights_are_initializers_without_concat(model_name: ModelName) -> None:
    """The GRU's weights lie there as ONNX wants them; they are not cut and joined again.

    Small ones the exporter folds by itself.
    """
    model = Seq2Seq(Recipe(hidden_size=128, model=model_name), 20, 15).eval()
    for module, record, grus in (
        (model.encoder, build.GRAPHS.encoder, 1),
        (model.decoder, build.GRAPHS.decoder, 2),
    ):
        content = onnx_export.to_onnx(module, module.spec(), record)
        graph = onnx.load_from_string(content).graph
        weights = {tensor.name for tensor in graph.initializer}
        nodes = [node for node in graph.node if node.op_type == "GRU"]
        assert len(nodes) == grus
        assert all({*node.input[1:4]} <= weights for node in nodes)
        of_weights = {
            name for node in graph.node if node.op_type == "Concat" for name in node.input
        }
        assert not of_weights & weights


def test_tied_matrix_is_one_initializer() -> None:
    decoder = Seq2Seq(Recipe(model="conditional", hidden_size=16), 20, 15).eval().decoder
    content = onnx_export.to_onnx(decoder, decoder.spec(), build.GRAPHS.decoder)
    graph = onnx.load_from_string(content).graph
    [matrix] = [tensor.name for tensor in graph.initializer if {*tensor.dims} == {15, 16}]
    readers = {node.op_type for node in graph.node if matrix in node.input}
    assert readers == {"Gather", "Gemm"}


@EACH_MODEL
def test_torchscript_keeps_every_tensor(source: ExportSource) -> None:
    decoder = source.decoder
    content = torchscript.to_torchscript(decoder, source.decoder_spec, "decoder")
    loaded = torchscript.load(content)
    assert torchscript.tensors_sha256(loaded) == torchscript.tensors_sha256(decoder)
    before = torchscript.tensors_sha256(decoder)
    decoder.get_parameter("out.bias").data[3] += 1e-6
    assert torchscript.tensors_sha256(decoder) != before
