"""Each model in int8: close to fp32, the same alone and in a batch, and really in integers."""

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from s2s_export.decoding.encoder import run_encoder
from s2s_export.decoding.options import DecodingOptions
from s2s_export.decoding.steps import State
from s2s_export.errors import GraphError
from s2s_export.exporter import build, onnx_export
from s2s_export.exporter.backends import Backend, eager_backend, onnx_backend
from s2s_export.exporter.source import ExportSource
from s2s_export.folder.graph_check import check_graph
from s2s_export.quantization import calibration, quantize
from s2s_export.quantization.calibration import Feeds
from s2s_export.text.modes import text_mode
from s2s_export.text.tokenizer import Tokenizer
from s2s_export.text.vocabulary import EOS, SOS, Vocabulary
from training.models.attention import AttentionDecoderRNN
from training.models.conditional import ConditionalDecoder
from training.models.seq2seq import Seq2Seq
from training.models.tutorial import DecoderRNN
from training.recipes.recipe import ModelName, Recipe

from ..each_model import EACH_MODEL

OPTIONS = DecodingOptions(SOS, EOS, max_length=12)
HIDDEN, SOURCE, TARGET = 256, 400, 300
PRODUCTS = {DecoderRNN: (1, 5), AttentionDecoderRNN: (2, 9), ConditionalDecoder: (5, 9)}
"""Integer products of the encoder's and the decoder's graph, those inside of a Scan not counted."""


@pytest.fixture(scope="module", params=get_args(ModelName))
def model(request: pytest.FixtureRequest) -> Seq2Seq:
    """Of the tutorial's size, with scores as far apart as a trained model's."""
    torch.manual_seed(3)
    model = Seq2Seq(Recipe(hidden_size=HIDDEN, model=request.param), SOURCE, TARGET)
    model.initialize_orthogonally()
    with torch.no_grad():
        model.decoder.out.weight *= 8
    return model.eval()


@pytest.fixture(scope="module")
def exported(model: Seq2Seq) -> ExportSource:
    mode = text_mode("unicode")
    return ExportSource(
        encoder=model.encoder,
        encoder_spec=model.encoder.spec(),
        decoder=model.decoder,
        decoder_spec=model.decoder.spec(),
        source=Tokenizer(mode, Vocabulary([f"s{i}" for i in range(SOURCE - 2)])),
        target=Tokenizer(mode, Vocabulary([f"t{i}" for i in range(TARGET - 2)])),
        source_language="fra",
        target_language="eng",
        max_source_length=12,
        max_target_length=12,
        samples=(),
    )


@pytest.fixture(scope="module")
def fp32(exported: ExportSource) -> tuple[bytes, bytes]:
    return build.build_graphs(exported)


@pytest.fixture(scope="module")
def contents(
    fp32: tuple[bytes, bytes], eager: Backend, sources: list[list[int]]
) -> tuple[bytes, bytes]:
    return quantized(fp32, eager, sources)


def quantized(
    fp32: tuple[bytes, bytes], eager: Backend, sources: list[list[int]]
) -> tuple[bytes, bytes]:
    feeds = calibration.record(eager, sources[:20], OPTIONS)
    encoder, decoder = map(quantize.to_int8, fp32, feeds, ("encoder", "decoder"))
    return encoder, decoder


@pytest.fixture(scope="module")
def int8(contents: tuple[bytes, bytes], exported: ExportSource) -> Backend:
    return onnx_backend(contents, exported)


@pytest.fixture(scope="module")
def eager(exported: ExportSource) -> Backend:
    return eager_backend(exported)


@pytest.fixture(scope="module")
def sources() -> list[list[int]]:
    rng = np.random.default_rng(0)
    return [[*rng.integers(3, SOURCE, n).tolist(), 1] for n in rng.integers(1, 12, 200)]


def test_int8_log_probs_are_close_to_fp32(
    int8: Backend, eager: Backend, sources: list[list[int]]
) -> None:
    """Rounding to 7 and 8 bits; a wrong gate or scale is off by a whole hidden state."""
    for source in sources[:50]:
        one = run_encoder(int8.encoder, [source])
        other = run_encoder(eager.encoder, [source])
        assert one.keys() == other.keys()
        assert all(np.abs(one[name] - array).max() < 0.08 for name, array in other.items())
        outputs = int8.decoder(np.array([0]), other)
        expected_outputs = eager.decoder(np.array([0]), other)
        scores, expected = outputs.log_probs, expected_outputs.log_probs
        for state, expected_state in (
            (outputs.replaced, expected_outputs.replaced),
            (outputs.extra, expected_outputs.extra),
        ):
            assert state.keys() == expected_state.keys()
            for name, array in expected_state.items():
                assert np.abs(state[name] - array).max() < 0.05
        assert np.abs(scores - expected).max() < 1.0
        assert np.corrcoef(scores[0], expected[0])[0, 1] > 0.999


def test_a_sentence_in_a_batch_is_the_sentence_alone(
    int8: Backend, sources: list[list[int]]
) -> None:
    """To the last bit: rounding does not depend on the other rows."""
    alone = list(int8.decode(sources, OPTIONS, (1,)))
    assert list(int8.decode(sources, OPTIONS, (64,))) == alone
    assert list(int8.decode(sources, OPTIONS, (3, 7))) == alone


def test_an_encoder_of_tokens_gives_the_same_token_by_token(int8: Backend) -> None:
    if int8.encoder.spec.reads == "sentence":
        pytest.skip("an encoder that reads whole sentences gives another result")
    tokens = np.random.default_rng(0).integers(1, SOURCE, (9, 3))
    before = {"hidden": np.zeros((1, 3, HIDDEN), np.float32)}
    state: State = before
    for row in tokens:
        state = int8.encoder(row[np.newaxis], state).replaced
    assert np.array_equal(state["hidden"], int8.encoder(tokens, before).replaced["hidden"])


def test_products_are_integer_products(
    model: Seq2Seq, contents: tuple[bytes, bytes], tmp_path: Path
) -> None:
    """What ONNX Runtime makes of the graphs: in float32 only the attention's energies are left."""
    attends = "attention" in model.decoder.spec().extra
    in_integers, in_float32 = PRODUCTS[type(model.decoder)], (0, int(attends))
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


def test_int8_graphs_have_at_most_35_percent_of_the_size(
    model: Seq2Seq, contents: tuple[bytes, bytes]
) -> None:
    weights = sum(4 * parameter.numel() for parameter in model.parameters())
    assert sum(map(len, contents)) < 0.35 * weights


def test_the_same_model_gives_the_same_bytes(
    contents: tuple[bytes, bytes],
    fp32: tuple[bytes, bytes],
    eager: Backend,
    sources: list[list[int]],
) -> None:
    assert quantized(fp32, eager, sources) == contents


def test_structure_inside_of_a_scan_is_checked(
    contents: tuple[bytes, bytes], exported: ExportSource
) -> None:
    record = build.INT8_GRAPHS.encoder
    onnx_export.check_onnx(contents[0], exported.encoder_spec, record)
    onnx_export.check_onnx(contents[1], exported.decoder_spec, build.INT8_GRAPHS.decoder)
    model = onnx.load_from_string(contents[0])
    scan = next(node for node in model.graph.node if node.op_type == "Scan")
    [body] = [attribute.g for attribute in scan.attribute if attribute.name == "body"]
    weight = body.initializer[0]
    weight.data_location = onnx.TensorProto.EXTERNAL
    with pytest.raises(GraphError, match=f"the weight '{weight.name}' lies outside the file"):
        check_graph(model.SerializeToString(), record, exported.encoder_spec, "x")


@EACH_MODEL
def test_export_measures_and_records(source: ExportSource, tmp_path: Path) -> None:
    manifest = build.build(source, tmp_path / "out", force=False, precision="int8")
    assert manifest.int8 is not None
    agreement = manifest.int8.agreement
    assert agreement.sentences == 26
    assert 0 <= agreement.identical <= 26
    assert agreement.bleu is not None
    assert len(manifest.int8.golden_target_ids) == len(manifest.golden)
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == build.OWN_FILES - {"source.merges", "target.merges"}
    encoder, decoder = (
        (tmp_path / "out" / record.file).read_bytes()
        for record in (manifest.int8.graphs.encoder, manifest.int8.graphs.decoder)
    )
    sources = [list(entry.source_ids) for entry in manifest.golden]
    options = DecodingOptions(SOS, EOS, source.max_target_length)
    found = onnx_backend((encoder, decoder), source).decode(sources, options)
    assert tuple(h.with_eos(EOS) for h in found) == manifest.int8.golden_target_ids


def test_int8_without_samples_is_refused(exported: ExportSource, fp32: tuple[bytes, bytes]) -> None:
    with pytest.raises(GraphError, match="ranges are measured on samples, and there are none"):
        build.build_int8(exported, fp32)


def test_a_quantized_graph_with_a_frozen_length_is_refused(
    source: ExportSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_int8 = quantize.to_int8

    def frozen(content: bytes, feeds: Sequence[Feeds], name: str) -> bytes:
        model = onnx.load_from_string(to_int8(content, feeds, name))
        model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 3
        result: bytes = model.SerializeToString()
        return result

    monkeypatch.setattr(quantize, "to_int8", frozen)
    graphs = build.build_graphs(source)
    with pytest.raises(GraphError, match=r"^encoder\.int8\.onnx: .* found tokens int64\[3, B\]"):
        build.build_int8(source, graphs)
