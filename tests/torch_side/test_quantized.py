"""The int8 graphs: close to the model, the same alone and in a batch, and really in integers."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from s2s_export import bundle, evidence, graphs, quantized
from s2s_export.errors import GraphError
from s2s_export.graph_check import check_graph
from s2s_export.greedy import DecodingOptions, State, encode
from s2s_export.parity import Backend
from s2s_export.steps import Graphs
from training.attention import AttentionDecoderRNN
from training.checkpoint import Checkpoint
from training.model import Seq2Seq
from training.steps import greedy_options

from .both_models import EACH_DECODER

HIDDEN, SOURCE, TARGET = 256, 400, 300


@pytest.fixture(scope="module", params=[False, True], ids=["tutorial", "attention"])
def model(request: pytest.FixtureRequest) -> Seq2Seq:
    """Of the tutorial's size, with scores as far apart as a trained model's."""
    torch.manual_seed(3)
    model = Seq2Seq(SOURCE, TARGET, HIDDEN, attention=request.param)
    model.initialize_orthogonally()
    with torch.no_grad():
        model.decoder.out.weight *= 8
    return model.eval()


@pytest.fixture(scope="module")
def specs(model: Seq2Seq) -> Graphs:
    return bundle.int8_specs(bundle.graph_specs(model))


@pytest.fixture(scope="module")
def contents(model: Seq2Seq, specs: Graphs) -> tuple[bytes, bytes]:
    return quantized.to_int8(model, specs)


@pytest.fixture(scope="module")
def int8(contents: tuple[bytes, bytes], specs: Graphs) -> Backend:
    return evidence.onnx_backend(*contents, specs)


@pytest.fixture(scope="module")
def eager(model: Seq2Seq) -> Backend:
    return evidence.eager_backend(model)


@pytest.fixture(scope="module")
def options() -> DecodingOptions:
    return greedy_options(HIDDEN, 12)


@pytest.fixture(scope="module")
def sources() -> list[list[int]]:
    rng = np.random.default_rng(0)
    return [[*rng.integers(3, SOURCE, n).tolist(), 1] for n in rng.integers(1, 12, 200)]


def test_the_numbers_are_close(
    int8: Backend, eager: Backend, sources: list[list[int]], options: DecodingOptions
) -> None:
    """Rounding to 7 and 8 bits; a wrong gate or scale is off by a whole hidden state."""
    for source in sources[:50]:
        one = encode(int8.encoder, [source], options.initial_state)
        other = encode(eager.encoder, [source], options.initial_state)
        assert one.keys() == other.keys()
        assert all(np.abs(one[name] - array).max() < 0.08 for name, array in other.items())
        scores, state = int8.decoder(np.array([0]), other)
        expected, expected_state = eager.decoder(np.array([0]), other)
        assert state.keys() == expected_state.keys()
        for name, array in expected_state.items():
            assert np.abs(state[name] - array).max() < 0.05
        assert np.abs(scores - expected).max() < 1.0
        assert np.corrcoef(scores[0], expected[0])[0, 1] > 0.999


def test_a_sentence_in_a_batch_is_the_sentence_alone(
    int8: Backend, sources: list[list[int]], options: DecodingOptions
) -> None:
    """To the last bit: nothing is rounded by what stands beside it."""
    alone = list(int8.decode(sources, options, (1,)))
    assert list(int8.decode(sources, options, (64,))) == alone
    assert list(int8.decode(sources, options, (3, 7))) == alone


def test_the_encoder_at_once_is_the_encoder_token_by_token(
    int8: Backend, options: DecodingOptions
) -> None:
    tokens = np.random.default_rng(0).integers(1, SOURCE, (9, 3))
    before = {"hidden": np.zeros((1, 3, HIDDEN), np.float32)}
    state: State = before
    for row in tokens:
        state, _ = int8.encoder(row[np.newaxis], state)
    assert np.array_equal(state["hidden"], int8.encoder(tokens, before)[0]["hidden"])


def test_products_are_integer_products(
    model: Seq2Seq, contents: tuple[bytes, bytes], tmp_path: Path
) -> None:
    """What ONNX Runtime makes of the graphs: in float32 only the attention's energies are left."""
    attends = isinstance(model.decoder, AttentionDecoderRNN)
    in_integers, in_float32 = ((2, 9), (0, 1)) if attends else ((1, 5), (0, 0))
    for content, products, left in zip(contents, in_integers, in_float32, strict=True):
        settings = onnxruntime.SessionOptions()
        settings.optimized_model_filepath = str(tmp_path / "optimized.onnx")
        settings.log_severity_level = 4  # it warns that such a file is for this machine alone
        onnxruntime.InferenceSession(content, settings, providers=["CPUExecutionProvider"])
        nodes = onnx.load(tmp_path / "optimized.onnx").graph.node
        operators = [node.op_type for node in nodes]
        assert operators.count("QGemm") == products
        assert operators.count("MatMul") == left
        assert not {"Gemm", "GRU"} & {*operators}


def test_at_most_35_percent_of_the_size(model: Seq2Seq, contents: tuple[bytes, bytes]) -> None:
    weights = sum(4 * parameter.numel() for parameter in model.parameters())
    assert sum(map(len, contents)) < 0.35 * weights


def test_the_same_model_gives_the_same_bytes(
    model: Seq2Seq, contents: tuple[bytes, bytes], specs: Graphs
) -> None:
    assert quantized.to_int8(model, specs) == contents


def test_the_structure_is_checked(contents: tuple[bytes, bytes], specs: Graphs) -> None:
    """A Scan may hold a graph; what is in it is held to the same rules."""
    for content, spec in zip(contents, (specs.encoder, specs.decoder), strict=True):
        graphs.check_onnx(content, spec, gru=False)
        with pytest.raises(GraphError, match="expected GRU nodes, found none"):
            graphs.check_onnx(content, spec)
    model = onnx.load_from_string(contents[0])
    [scan] = [node for node in model.graph.node if node.op_type == "Scan"]
    [body] = [attribute.g for attribute in scan.attribute if attribute.name == "body"]
    weight = body.initializer[0]
    weight.data_location = onnx.TensorProto.EXTERNAL
    with pytest.raises(GraphError, match=f"the weight '{weight.name}' lies outside the file"):
        check_graph(model.SerializeToString(), specs.encoder, "x")


@EACH_DECODER
def test_export_measures_and_records(checkpoint: Checkpoint, tmp_path: Path) -> None:
    manifest = bundle.write(checkpoint, tmp_path / "out", force=False, precision="int8")
    assert manifest.int8 is not None
    agreement = manifest.int8.agreement
    assert agreement.sentences == 26
    assert 0 <= agreement.identical <= 26
    assert agreement.bleu is not None
    assert len(manifest.int8.golden_target_ids) == len(manifest.golden)
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == bundle.OWN_FILES
    specs = manifest.int8.graphs
    encoder = (tmp_path / "out" / specs.encoder.file).read_bytes()
    decoder = (tmp_path / "out" / specs.decoder.file).read_bytes()
    steps = evidence.onnx_backend(encoder, decoder, specs)
    sources = [list(entry.source_ids) for entry in manifest.golden]
    found = steps.decode(sources, greedy_options(16, checkpoint.report.max_target_length))
    assert [(*h.ids, 1) if h.finished else h.ids for h in found] == [
        *manifest.int8.golden_target_ids
    ]
