"""What findings claim of types, training leftovers and damaged files, tried with ONNX Runtime."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from .edits import insert_after_embedding, with_weights
from .graphs import (
    HIDDEN,
    WORDS,
    Array,
    constant,
    edited,
    encoder_step,
    model,
    numbers,
    refused,
    run,
    session,
    value,
    weight,
)

TOKENS = np.array([[1, 2], [3, 4], [5, 6], [0, 1]])  # int64[T, B]
STATE = numbers(1, 2, HIDDEN)


def test_int32_tokens_refuse_int64() -> None:
    made = encoder_step()
    made.graph.input[0].CopyFrom(value("tokens", "int32", ["T", "B"]))
    refused(made, "Unexpected input data type", tokens=TOKENS, hidden=STATE)


def outputs(made: onnx.ModelProto) -> Array:
    return run(made, tokens=TOKENS, hidden=STATE)[0]


def is_random(made: onnx.ModelProto, *, optimized: bool) -> bool:
    opened = session(made, optimized=optimized)
    several = [opened.run(None, {"tokens": TOKENS, "hidden": STATE}) for _ in range(8)]
    return any(
        (one != other).any() for run in several for one, other in zip(run, several[0], strict=True)
    )


@pytest.mark.parametrize(
    ("train", "ratio", "expected"), [(True, 0.5, True), (False, 0.5, False), (True, 0.0, False)]
)
def test_dropout_in_training_is_random(train: bool, ratio: float, expected: bool) -> None:
    made = edited(
        encoder_step(),
        insert_after_embedding("Dropout", "ratio", "train"),
        with_weights(constant("ratio", ratio, "float32"), constant("train", train, "bool")),
    )
    assert is_random(made, optimized=False) == expected
    assert not is_random(made, optimized=True), "ONNX Runtime removes it"
    made.graph.output.append(value("x", "float32", ["T", "B", 3]))
    assert is_random(made, optimized=True) == expected, "not beside an output"


@pytest.mark.parametrize("training", [0, 1])
def test_batch_normalization_in_training_depends_on_the_batch(training: int) -> None:
    names = ["scale", "shift", "mean", "variance"]
    made = model(
        [
            helper.make_node(
                *("BatchNormalization", ["x", *names], ["y", "m", "v"] if training else ["y"]),
                training_mode=training,
            )
        ],
        [value("x", "float32", ["B", 3])],
        [value("y", "float32", ["B", 3])],
        [constant(name, [1] * 3, "float32") for name in names],
    )
    x = numbers(4, 3)
    difference = np.abs(run(made, x=x)[0][:1] - run(made, x=x[:1])[0]).max()
    assert difference > 1e-2 if training else difference < 1e-6


def optimizer(made: onnx.ModelProto) -> None:
    inputs = ["rate", "count", "y", "y", "y", "y"]
    made.graph.node.append(
        helper.make_node("Adam", inputs, ["r2", "y2", "h2"], domain="ai.onnx.preview.training")
    )
    made.opset_import.add(domain="ai.onnx.preview.training", version=1)
    made.graph.initializer.extend([constant("rate", 0.1, "float32"), constant("count", 0)])


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (insert_after_embedding("Add", "nowhere"), "nowhere"),
        (lambda m: m.graph.node.append(helper.make_node("Neg", ["x"], ["y"])), "Duplicate"),
        (insert_after_embedding("Foo", domain="my.ops"), "No opset import for domain 'my.ops'"),
        (optimizer, "not a registered function/op"),
        (
            lambda m: edited(
                m,
                insert_after_embedding("Foo", domain="my.ops"),
                lambda made: made.opset_import.add(domain="my.ops", version=1),
            ),
            "not a registered function/op",
        ),
        (
            lambda m: m.graph.initializer[0].__setattr__(
                "raw_data", m.graph.initializer[0].raw_data[:-4]
            ),
            "FAIL",
        ),
    ],
)
def test_damaged_graphs_are_refused(
    edit: Callable[[onnx.ModelProto], object], message: str
) -> None:
    refused(edited(encoder_step(), edit), message, tokens=TOKENS, hidden=STATE)


def test_onnx_runtime_knows_its_own_operators_without_an_opset() -> None:
    made = edited(encoder_step(), insert_after_embedding("Gelu", domain="com.microsoft"))
    assert outputs(made).shape == (4, 1, 2, HIDDEN)


def test_onnx_runtime_sorts_nodes_and_the_onnx_checker_refuses_them() -> None:
    made = encoder_step()
    made.graph.node.insert(0, made.graph.node.pop())
    np.testing.assert_array_equal(outputs(made), outputs(encoder_step()))
    with pytest.raises(onnx.checker.ValidationError, match="sorted"):
        onnx.checker.check_model(made)


def test_weights_outside_are_refused_where_they_are_not(tmp_path: Path) -> None:
    made = encoder_step()
    onnx.save(made, tmp_path / "whole.onnx")
    for location in ("gone.bin", "../gone.bin"):
        tensor = made.graph.initializer[0]
        tensor.CopyFrom(weight("embedding", WORDS, 3))
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=location)
        refused(made, "gone.bin", tokens=TOKENS, hidden=STATE)
