"""Small graphs rewritten in int8, beside ONNX Runtime on the float32 graph.

Rounding to 7 and 8 bits moves a hidden state of these sizes by some 0.01; a wrong gate, direction
or order of layers moves it by some 0.3.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from s2s_export.decoding.steps import DecoderSpec, EncoderSpec
from s2s_export.errors import GraphError
from s2s_export.exporter import onnx_export
from s2s_export.folder.manifest import GraphRecord
from s2s_export.quantization import quantize
from s2s_export.quantization.calibration import Feeds, Range

TOKENS, SIZE = 40, 32
ROUNDING = 0.03
SHAPES = ((1, 1), (7, 3), (4, 9))  # T, B

Arrays = list[NDArray[np.float32]]


def run(content: bytes, feeds: Feeds) -> Arrays:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return [np.asarray(array) for array in session.run(None, dict(feeds))]


def operators(content: bytes) -> Counter[str]:
    return Counter(node.op_type for node in onnx.load_from_string(content).graph.node)


def assert_close(int8: bytes, fp32: bytes, feeds: Feeds, tolerance: float = ROUNDING) -> None:
    for found, expected in zip(run(int8, feeds), run(fp32, feeds), strict=True):
        assert found.shape == expected.shape
        assert np.abs(expected).max() > 3 * tolerance  # or nothing would be compared
        assert np.abs(found - expected).max() < tolerance


def handmade(
    nodes: Sequence[onnx.NodeProto],
    constants: dict[str, NDArray[Any]],
    inputs: dict[str, Sequence[int | str]],
    outputs: dict[str, Sequence[int | str]],
) -> bytes:
    """Make a graph; inputs named tokens or lengths hold integers."""
    kinds = {"tokens": TensorProto.INT64, "lengths": TensorProto.INT32}

    def described(name: str, shape: Sequence[int | str]) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, kinds.get(name, TensorProto.FLOAT), shape)

    graph = helper.make_graph(
        nodes,
        "step",
        [described(*item) for item in inputs.items()],
        [described(*item) for item in outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString()
    return content


def random(*shape: int, seed: int = 0, scale: float = 1.0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).uniform(-scale, scale, shape).astype(np.float32)


class Encoder(nn.Module):
    """An encoder with stacked GRUs, in one direction or both, and a product for each token."""

    def __init__(self, n_layers: int, *, bidirectional: bool) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.embedding = nn.Embedding(TOKENS, SIZE)
        self.gru = nn.GRU(SIZE, SIZE, n_layers, bidirectional=bidirectional)
        self.key = nn.Linear(SIZE * (1 + bidirectional), SIZE)

    def forward(self, tokens: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        memory, hidden = self.gru(self.embedding(tokens), hidden)
        return hidden, memory, self.key(memory)


@pytest.mark.parametrize("n_layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["forward", "bidirectional"])
def test_an_encoder_of_gru_layers(n_layers: int, *, bidirectional: bool) -> None:
    directions = 1 + bidirectional
    states = n_layers * directions
    record = GraphRecord("encoder.onnx", 20, 10)
    spec = EncoderSpec.from_shapes(
        {"hidden": (states, "B", SIZE)},
        {
            "next_hidden": (states, "B", SIZE),
            "memory": ("T", "B", SIZE * directions),
            "key": ("T", "B", SIZE),
        },
        reads="sentence" if bidirectional else "tokens",
    )
    encoder = Encoder(n_layers, bidirectional=bidirectional).eval()
    fp32 = onnx_export.to_onnx(encoder, spec, record)

    def feeds(length: int, batch: int) -> dict[str, NDArray[Any]]:
        tokens: NDArray[Any] = np.random.default_rng(length).integers(0, TOKENS, (length, batch))
        return {"tokens": tokens, "hidden": random(states, batch, SIZE)}

    int8 = quantize.to_int8(fp32, [feeds(5, 4)], "encoder")
    onnx_export.check_onnx(int8, spec, record)
    found = operators(int8)
    assert found["Scan"] == states
    assert found["Gemm"] == states + 1
    assert not found.keys() & {"GRU", "MatMul"}
    for length, batch in SHAPES:
        assert_close(int8, fp32, feeds(length, batch))
    # To the last bit: rounding does not depend on the other rows.
    together = feeds(7, 3)
    second: dict[str, NDArray[Any]] = {name: array[:, 1:2] for name, array in together.items()}
    for one, all_three in zip(run(int8, second), run(int8, together), strict=True):
        assert np.array_equal(one, all_three[:, 1:2])


class StackedDecoder(nn.Module):
    """A decoder step with two GRUs, one upon the other."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.embedding = nn.Embedding(TOKENS, SIZE)
        self.gru = nn.GRU(SIZE, SIZE, 2)
        self.out = nn.Linear(SIZE, TOKENS)

    def forward(self, token: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        output, hidden = self.gru(self.embedding(token).unsqueeze(0), hidden)
        return torch.log_softmax(self.out(output[0]), dim=-1), hidden


def test_one_step_of_stacked_grus_is_written_without_a_scan() -> None:
    spec = DecoderSpec.from_shapes(
        TOKENS, {"hidden": (2, "B", SIZE)}, {"next_hidden": (2, "B", SIZE)}
    )
    record = GraphRecord("decoder.onnx", 20, 10)
    fp32 = onnx_export.to_onnx(StackedDecoder().eval(), spec, record)
    feeds: Feeds = {"token": np.arange(9), "hidden": random(2, 9, SIZE)}
    int8 = quantize.to_int8(fp32, [feeds], "decoder")
    assert operators(int8)["Gemm"] == 5
    assert not operators(int8).keys() & {"Scan", "GRU"}
    assert_close(int8, fp32, feeds)
    assert_close(int8, fp32, {"token": np.array([3]), "hidden": random(2, 1, SIZE, seed=5)})


@pytest.mark.parametrize("operator", ["GRU", "LSTM"])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("starts", [False, True], ids=["from-zeros", "from-a-state"])
def test_recurrent_nodes(operator: str, direction: str, *, starts: bool) -> None:
    """Every output, for several lengths."""
    columns = {"GRU": 3, "LSTM": 4}[operator] * SIZE
    n = 1 + (direction == "bidirectional")
    states = ["hidden", "cell"][: 1 + (operator == "LSTM")]
    scale = SIZE**-0.5
    constants = {
        "w": random(n, columns, SIZE, seed=1, scale=scale),
        "r": random(n, columns, SIZE, seed=2, scale=scale),
        "b": random(n, 2 * columns, seed=3, scale=scale),
    }
    inputs: dict[str, Sequence[int | str]] = {"x": ("T", "B", SIZE)}
    outputs: dict[str, Sequence[int | str]] = {"y": ("T", n, "B", SIZE)}
    outputs |= {f"next_{name}": (n, "B", SIZE) for name in states}
    if starts:
        inputs |= dict.fromkeys(states, (n, "B", SIZE))
    attributes: dict[str, Any] = {"linear_before_reset": 1} if operator == "GRU" else {}
    node = helper.make_node(
        operator,
        ["x", "w", "r", "b", "", *(name for name in states if starts)],
        [*outputs],
        hidden_size=SIZE,
        direction=direction,
        **attributes,
    )
    fp32 = handmade([node], constants, inputs, outputs)

    def feeds(length: int, batch: int) -> dict[str, NDArray[Any]]:
        first = {name: random(n, batch, SIZE, seed=i) for i, name in enumerate(states) if starts}
        return {"x": random(length, batch, SIZE, seed=length), **first}

    int8 = quantize.to_int8(fp32, [feeds(5, 8)], "x")
    assert not operators(int8).keys() & {"GRU", "LSTM"}
    for length, batch in SHAPES:
        assert_close(int8, fp32, feeds(length, batch))


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({}, "linear_before_reset is 0, expected 1"),
        ({"linear_before_reset": 1, "clip": 3.0}, "it has clip"),
    ],
    ids=["reset-first", "clip"],
)
def test_another_gru_than_pytorchs_is_refused(attributes: dict[str, Any], reason: str) -> None:
    node = helper.make_node("GRU", ["x", "w", "r"], ["y"], "GRU_7", hidden_size=SIZE, **attributes)
    weights = {name: random(1, 3 * SIZE, SIZE) for name in "wr"}
    fp32 = handmade([node], weights, {"x": ("T", "B", SIZE)}, {"y": ("T", 1, "B", SIZE)})
    message = f"^x: the GRU node GRU_7 cannot be quantized, because {reason}; export in fp32$"
    with pytest.raises(GraphError, match=message):
        quantize.to_int8(fp32, [{"x": random(2, 2, SIZE)}], "x")


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        (["x", "computed", "r"], "its weights are not constant"),
        (["x", "w", "r", "", "lengths"], "it is given sequence lengths or peepholes"),
    ],
    ids=["weights", "lengths"],
)
def test_a_gru_with_other_inputs_than_pytorchs_is_refused(inputs: list[str], reason: str) -> None:
    weight = random(1, 3 * SIZE, SIZE)
    feeds = {"x": random(2, 2, SIZE), "computed": weight, "lengths": np.array([2, 2], np.int32)}
    feeds = {name: array for name, array in feeds.items() if name in inputs}
    node = helper.make_node("GRU", inputs, ["y"], hidden_size=SIZE, linear_before_reset=1)
    fp32 = handmade(
        [node],
        {name: weight for name in "wr" if name in inputs},
        {name: array.shape for name, array in feeds.items()},
        {"y": (2, 1, 2, SIZE)},
    )
    with pytest.raises(GraphError, match=f"because {reason}; export in fp32"):
        quantize.to_int8(fp32, [feeds], "x")


@pytest.mark.parametrize("shape", [("B", SIZE), ("T", "B", SIZE)], ids=["rank-2", "rank-3"])
def test_a_matmul_and_its_bias_are_one_integer_product(shape: tuple[int | str, ...]) -> None:
    fp32 = handmade(
        [
            helper.make_node("MatMul", ["x", "weight"], ["found"]),
            helper.make_node("Add", ["bias", "found"], ["y"]),
        ],
        {"weight": random(SIZE, 24, seed=1, scale=0.1), "bias": random(24, seed=2)},
        {"x": shape},
        {"y": (*shape[:-1], 24)},
    )
    sizes = {"T": 5, "B": 4}
    feeds = {"x": random(*(sizes.get(str(size), SIZE) for size in shape), scale=2.0)}
    int8 = quantize.to_int8(fp32, [feeds], "x")
    assert operators(int8)["Gemm"] == 1
    assert not operators(int8).keys() & {"MatMul", "Add"}
    assert_close(int8, fp32, feeds)


def test_a_bias_is_not_taken_from_a_product_that_something_else_reads() -> None:
    fp32 = handmade(
        [
            helper.make_node("MatMul", ["x", "weight"], ["found"]),
            helper.make_node("Add", ["found", "bias"], ["y"]),
        ],
        {"weight": random(SIZE, 24, seed=1, scale=0.1), "bias": random(24, seed=2)},
        {"x": ("B", SIZE)},
        {"y": ("B", 24), "found": ("B", 24)},
    )
    feeds = {"x": random(6, SIZE)}
    assert_close(quantize.to_int8(fp32, [feeds], "x"), fp32, feeds)


@pytest.mark.parametrize("transposed", [0, 1])
def test_a_gemm_is_an_integer_product(transposed: int) -> None:
    weight = random(SIZE, 24, seed=1, scale=0.1)
    node = helper.make_node("Gemm", ["x", "weight", "bias"], ["y"], transB=transposed)
    constants = {"weight": np.ascontiguousarray(weight.T) if transposed else weight}
    constants["bias"] = random(24, seed=2)
    fp32 = handmade([node], constants, {"x": ("B", SIZE)}, {"y": ("B", 24)})
    feeds = {"x": random(6, SIZE)}
    int8 = quantize.to_int8(fp32, [feeds], "x")
    assert operators(int8)["QuantizeLinear"] == 1
    assert_close(int8, fp32, feeds)


def test_products_with_one_weight_and_two_biases() -> None:
    fp32 = handmade(
        [helper.make_node("Gemm", ["x", "weight", bias], [f"y.{bias}"]) for bias in "bc"],
        {
            "weight": random(SIZE, 24, seed=1, scale=0.1),
            "b": random(24, seed=2),
            "c": random(24, seed=3),
        },
        {"x": ("B", SIZE)},
        {"y.b": ("B", 24), "y.c": ("B", 24)},
    )
    feeds = {"x": random(6, SIZE)}
    assert_close(quantize.to_int8(fp32, [feeds], "x"), fp32, feeds)


@pytest.mark.parametrize(
    ("name", "node"),
    [
        ("alpha", helper.make_node("Gemm", ["x", "weight"], ["y"], alpha=0.5)),
        ("narrow", helper.make_node("MatMul", ["x", "narrow"], ["y"])),
        ("computed", helper.make_node("MatMul", ["x", "other"], ["y"])),
        ("constant", helper.make_node("MatMul", ["weight", "weight"], ["y"])),
        ("infinite", helper.make_node("MatMul", ["endless", "weight"], ["y"])),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_products_stay_as_they_are(name: str, node: onnx.NodeProto) -> None:
    columns = 7 if name == "narrow" else SIZE
    inputs: dict[str, Sequence[int | str]] = {"x": ("B", SIZE)}
    feeds = {"x": random(6, SIZE)}
    if name == "computed":
        inputs["other"] = (SIZE, SIZE)
        feeds["other"] = random(SIZE, SIZE)
    nodes = [node]
    if name == "infinite":
        nodes.insert(0, helper.make_node("Div", ["x", "zero"], ["endless"]))
    constants = {"weight": random(SIZE, SIZE), "narrow": random(SIZE, 7), "zero": random(1) * 0}
    constants = {key: constants[key] for key in constants if any(key in n.input for n in nodes)}
    rows = SIZE if name == "constant" else "B"
    fp32 = handmade(nodes, constants, inputs, {"y": (rows, columns)})
    int8 = quantize.to_int8(fp32, [feeds], "x")
    assert operators(int8)[node.op_type] == 1
    assert not operators(int8)["QuantizeLinear"]
    assert np.array_equal(run(int8, feeds), run(fp32, feeds), equal_nan=True)


def test_other_operators_stay_as_they_are() -> None:
    """A product reads the output of a LayerNormalization, over the range that samples show."""
    fp32 = handmade(
        [
            helper.make_node("LayerNormalization", ["x", "scale", "shift"], ["normal"]),
            helper.make_node("MatMul", ["normal", "weight"], ["product"]),
            helper.make_node("Elu", ["product"], ["y"]),
        ],
        {
            "scale": random(SIZE, seed=1, scale=3.0),
            "shift": random(SIZE, seed=2),
            "weight": random(SIZE, SIZE, seed=3, scale=0.1),
        },
        {"x": ("T", "B", SIZE)},
        {"y": ("T", "B", SIZE)},
    )
    feeds = {"x": random(7, 5, SIZE, scale=9.0)}
    int8 = quantize.to_int8(fp32, [feeds], "x")
    expected = {"LayerNormalization": 1, "Elu": 1, "Gemm": 1}
    assert {name: operators(int8)[name] for name in expected} == expected
    assert_close(int8, fp32, feeds, 0.06)


def test_an_embedding_that_no_sample_has_is_in_range() -> None:
    table = random(TOKENS, SIZE, scale=0.1)
    table[9] *= 30
    fp32 = handmade(
        [
            helper.make_node("Gather", ["table", "tokens"], ["embedded"]),
            helper.make_node("MatMul", ["embedded", "weight"], ["y"]),
        ],
        {"table": table, "weight": random(SIZE, SIZE, seed=1)},
        {"tokens": ("T", "B")},
        {"y": ("T", "B", SIZE)},
    )
    int8 = quantize.to_int8(fp32, [{"tokens": np.array([[1, 2], [3, 4]])}], "x")
    assert_close(int8, fp32, {"tokens": np.array([[9, 3]])}, 0.3)


def test_joined_values_are_multiplied_over_ranges_of_their_own() -> None:
    """One range for both would round the small ones away."""
    fp32 = handmade(
        [
            helper.make_node("Concat", ["small", "large"], ["joined"], axis=-1),
            helper.make_node("Unsqueeze", ["joined", "axis"], ["sequence"]),
            helper.make_node("MatMul", ["sequence", "weight"], ["product"]),
            helper.make_node("Add", ["product", "bias"], ["y"]),
        ],
        {
            "weight": np.concatenate([random(SIZE, 24), np.zeros((8, 24), np.float32)]),
            "bias": random(24, seed=2),
            "axis": np.array([0]),
        },
        {"small": ("B", SIZE), "large": ("B", 8)},
        {"y": (1, "B", 24)},
    )
    feeds = {"small": random(6, SIZE, seed=1, scale=0.1), "large": random(6, 8, scale=100.0)}
    int8 = quantize.to_int8(fp32, [feeds], "x")
    assert operators(int8)["Gemm"] == 2
    assert "Concat" not in operators(int8)
    assert_close(int8, fp32, feeds, 0.01)


def test_a_graph_that_fails_for_a_sample_is_refused() -> None:
    fp32 = handmade(
        [
            helper.make_node("Reshape", ["x", "shape"], ["square"]),
            helper.make_node("Elu", ["square"], ["bent"]),
            helper.make_node("MatMul", ["bent", "weight"], ["y"]),
        ],
        {"shape": np.array([SIZE, SIZE]), "weight": random(SIZE, SIZE)},
        {"x": ("T", SIZE)},
        {"y": (SIZE, SIZE)},
    )
    with pytest.raises(GraphError, match=r"^x: ONNX Runtime fails for a sample: .*; export again$"):
        quantize.to_int8(fp32, [{"x": random(6, SIZE)}], "x")


def test_an_old_opset_is_refused() -> None:
    fp32 = handmade([helper.make_node("Relu", ["x"], ["y"])], {}, {"x": ("B",)}, {"y": ("B",)})
    model = onnx.load_from_string(fp32)
    model.opset_import[0].version = 13
    with pytest.raises(GraphError, match=r"^x: opset: expected 15 or newer for int8, found 13"):
        quantize.to_int8(model.SerializeToString(), [{"x": random(2)}], "x")


@pytest.mark.parametrize(
    ("measured", "widened"),
    [((-1.0000001, 0.99), (-1.0, 1.0)), ((0.0, 3.01), (0.0, 3.125)), ((0.6, 5.0), (0.59375, 5.0))],
)
def test_measured_ranges_are_rounded_outwards(
    measured: tuple[float, float], widened: tuple[float, float]
) -> None:
    assert Range(*measured).widened() == Range(*widened)
