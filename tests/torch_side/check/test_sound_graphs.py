"""Sound graphs have no findings: the bases of the faults, and near misses of the rules."""

from collections.abc import Callable

import onnx
import pytest
from onnx import helper

from .edits import attribute, insert_after_embedding, peepholes, with_weights
from .graphs import (
    HIDDEN,
    Edit,
    constant,
    decoder_step,
    edited,
    encoder_step,
    node,
    report,
    session,
    value,
    weight,
)

SOUND: dict[str, tuple[Callable[..., onnx.ModelProto], Edit]] = {
    "encoder": (encoder_step, lambda made: None),
    "decoder": (decoder_step, lambda made: None),
    "LSTM": (lambda: decoder_step("LSTM"), lambda made: None),
    "RNN": (lambda: decoder_step("RNN"), lambda made: None),
    "an RNN with Relu, as PyTorch's may be": (
        lambda: encoder_step("RNN"),
        attribute("activations", ["Relu"]),
    ),
    "PyTorch's activations by name": (encoder_step, attribute("activations", ["Sigmoid", "Tanh"])),
    "all attributes at their defaults": (
        lambda: encoder_step("LSTM", direction="forward", input_forget=0, layout=0),
        lambda made: None,
    ),
    "peepholes of zero": (lambda: encoder_step("LSTM"), peepholes([[0.0] * 3 * HIDDEN])),
    "one state for many tokens by Identity": (
        encoder_step,
        lambda made: edited(
            made,
            lambda m: node(m, "cell_0").input.__setitem__(5, "same"),
            lambda m: m.graph.node.insert(0, helper.make_node("Identity", ["hidden"], ["same"])),
        ),
    ),
    "a Reshape that keeps the batch": (
        encoder_step,
        lambda made: edited(
            made,
            insert_after_embedding("Reshape", "to"),
            with_weights(constant("to", [0, -1, 3])),
        ),
    ),
    "a mask for all lengths": (
        encoder_step,
        lambda made: edited(
            made, insert_after_embedding("Mul", "mask"), with_weights(weight("mask", 1, 1, 3))
        ),
    ),
    "dropout of evaluation": (
        encoder_step,
        lambda made: edited(
            made,
            insert_after_embedding("Dropout", "ratio", "train"),
            with_weights(constant("ratio", 0.5, "float32"), constant("train", False, "bool")),
        ),
    ),
    "dropout of nothing": (
        encoder_step,
        lambda made: edited(
            made,
            insert_after_embedding("Dropout", "ratio", "train"),
            with_weights(constant("ratio", 0.0, "float32"), constant("train", True, "bool")),
        ),
    ),
    "names like paths": (
        encoder_step,
        lambda made: setattr(made.graph.node[0], "name", "/encoder/gru/embedding/Gather"),
    ),
    "an address in a description": (
        encoder_step,
        lambda made: setattr(made, "doc_string", "see https://example.org/a/b/c, or models/v1/x"),
    ),
    "float64 scalars": (encoder_step, with_weights(constant("eps", 1e-5, "float64"))),
    "outputs of open sizes": (
        encoder_step,
        lambda made: made.graph.output[0].CopyFrom(value("y", "float32", [None] * 4)),
    ),
}
"""Sound graphs: the bases of the changes, and near misses of the rules."""


@pytest.mark.parametrize("name", SOUND)
def test_sound_graphs_have_no_findings(name: str) -> None:
    base, edit = SOUND[name]
    made = edited(base(), edit)
    assert report(made).findings == ()


@pytest.mark.parametrize("name", SOUND)
def test_they_are_sound_to_onnx_and_onnx_runtime(name: str) -> None:
    base, edit = SOUND[name]
    made = edited(base(), edit)
    onnx.checker.check_model(made, full_check=True)
    session(made)


def test_a_state_of_another_recurrence_comes_from_the_input() -> None:
    """A decoder behind an encoder in one graph starts from the encoder's last state."""
    made = encoder_step()
    made.graph.node.append(
        helper.make_node(
            *("GRU", ["x", "w", "r", "", "", "next_hidden"], ["z"], "second"),
            hidden_size=HIDDEN,
            linear_before_reset=1,
        )
    )
    assert report(made).findings == ()


def test_operators_of_the_files_own_functions_are_no_custom_ones() -> None:
    made = edited(encoder_step(), insert_after_embedding("Twice", domain="my.ops"))
    made.opset_import.add(domain="my.ops", version=1)
    body = [helper.make_node("Add", ["a", "a"], ["b"])]
    opset = [helper.make_opsetid("", 20)]
    made.functions.append(helper.make_function("my.ops", "Twice", ["a"], ["b"], body, opset))
    assert report(made).findings == ()


def test_files_of_ir_version_3_list_weights_among_the_inputs() -> None:
    made = encoder_step()
    made.ir_version = 3
    for tensor in made.graph.initializer:
        made.graph.input.append(value(tensor.name, "float32", [*tensor.dims]))
    assert report(made).findings == ()
    assert [tensor.name for tensor in report(made).inputs] == ["tokens", "hidden"]
