"""What findings claim of recurrences, states and axes, tried with PyTorch and ONNX Runtime."""

from typing import Any

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from torch import nn

from .edits import (
    attribute,
    constant_lengths,
    constant_state,
    freeze_outputs,
    insert_after_embedding,
    lengths_as_input,
    peepholes,
    resize,
    state_from,
    state_of_shape,
    with_weights,
)
from .graphs import (
    HIDDEN,
    WORDS,
    Edit,
    constant,
    decoder_step,
    edited,
    encoder_step,
    numbers,
    refused,
    run,
)

TOKENS = np.array([[1, 2], [3, 4], [5, 6], [0, 1]])  # int64[T, B]
STATE = numbers(1, 2, HIDDEN)
ORDER = {"GRU": (1, 0, 2), "LSTM": (0, 2, 3, 1), "RNN": (0,)}
"""PyTorch's gates in the order of ONNX's, by index."""


def torch_module(made: onnx.ModelProto, operator: str) -> nn.Module:
    """Return PyTorch's module with the weights of a graph."""
    weights = {t.name: numpy_helper.to_array(t) for t in made.graph.initializer}
    module: nn.Module = getattr(nn, operator)(3, HIDDEN)
    gates = np.split(np.arange(len(ORDER[operator]) * HIDDEN), len(ORDER[operator]))
    rows = np.concatenate([gates[gate] for gate in ORDER[operator]])
    both = np.split(weights["b"][0], 2)
    for name, array in (
        ("weight_ih_l0", weights["w"][0]),
        ("weight_hh_l0", weights["r"][0]),
        ("bias_ih_l0", both[0]),
        ("bias_hh_l0", both[1]),
    ):
        module.get_parameter(name).data = torch.from_numpy(np.ascontiguousarray(array[rows]))
    return module


def largest_difference(made: onnx.ModelProto, operator: str) -> float:
    """Return the difference between ONNX Runtime and PyTorch in the outputs of all tokens."""
    states = ["hidden", "cell"] if operator == "LSTM" else ["hidden"]
    feeds = {name: numbers(1, 2, HIDDEN) for name in states}
    embedding = numpy_helper.to_array(made.graph.initializer[0])
    given = tuple(torch.from_numpy(state) for state in feeds.values())
    with torch.no_grad():
        expected, _ = torch_module(made, operator)(
            torch.from_numpy(embedding[TOKENS]), given if len(given) > 1 else given[0]
        )
    return float(np.abs(run(made, tokens=TOKENS, **feeds)[0][:, 0] - expected.numpy()).max())


@pytest.mark.parametrize("operator", ["GRU", "LSTM", "RNN"])
def test_the_sound_graphs_are_pytorchs(operator: str) -> None:
    assert largest_difference(encoder_step(operator), operator) < 1e-6


@pytest.mark.parametrize(
    ("operator", "edit"),
    [
        ("GRU", attribute("linear_before_reset", 0)),
        ("GRU", attribute("linear_before_reset", None)),
        ("GRU", attribute("activations", ["HardSigmoid", "Tanh"])),
        ("GRU", attribute("clip", 0.5)),
        ("LSTM", attribute("input_forget", 1)),
        ("LSTM", peepholes([[0.5] * 3 * HIDDEN])),
        ("RNN", attribute("activations", ["Relu"])),
    ],
)
def test_other_recurrences_are_not_pytorchs(operator: str, edit: Edit) -> None:
    """Not by rounding: by more than a hundredth."""
    assert largest_difference(edited(encoder_step(operator), edit), operator) > 1e-2


@pytest.mark.parametrize(
    ("operator", "edit"),
    [
        ("GRU", attribute("activation_alpha", [0.5])),
        ("GRU", attribute("activations", ["sigmoid", "tanh"])),
        ("LSTM", peepholes([[0.0] * 3 * HIDDEN])),
    ],
)
def test_what_has_no_effect(operator: str, edit: Edit) -> None:
    assert largest_difference(edited(encoder_step(operator), edit), operator) < 1e-6


@pytest.mark.parametrize("operator", ["GRU", "LSTM", "RNN"])
def test_layout_1_and_a_clip_of_zero_are_refused(operator: str) -> None:
    refused(edited(encoder_step(operator), attribute("layout", 1)), "layout_ == 0")
    if operator == "LSTM":
        refused(edited(encoder_step(operator), attribute("clip", 0.0)), "clip_ > 0")


@pytest.mark.parametrize(("directions", "is_same"), [(1, True), (2, False)])
def test_only_a_forward_recurrence_may_be_cut_into_stretches(
    directions: int, is_same: bool
) -> None:
    made = encoder_step(directions=directions)
    state = np.zeros((directions, 2, HIDDEN), np.float32)
    whole, _ = run(made, tokens=TOKENS, hidden=state)
    first, state = run(made, tokens=TOKENS[:2], hidden=state)
    second, _ = run(made, tokens=TOKENS[2:], hidden=state)
    difference = np.abs(np.concatenate([first, second]) - whole).max()
    assert (difference < 1e-6) == is_same
    assert is_same or difference > 1e-2


def test_lengths_stop_a_recurrence() -> None:
    made = edited(encoder_step(), lengths_as_input)
    lengths = np.array([4, 2], np.int32)
    outputs, last = run(made, tokens=TOKENS, hidden=STATE, lengths=lengths)
    assert not outputs[2:, 0, 1].any()
    assert outputs[3, 0, 0].any()
    np.testing.assert_array_equal(last[0, 1], outputs[1, 0, 1])


def test_constant_lengths_refuse_another_batch() -> None:
    made = edited(encoder_step(), constant_lengths)  # of three sentences
    refused(made, "sequence_lens must have shape", tokens=TOKENS, hidden=STATE)


@pytest.mark.parametrize("edit", [state_from(""), state_of_shape("token")])
def test_a_decoder_step_without_state_forgets(edit: Edit) -> None:
    token = np.array([3, 4])
    whole, forgetful = decoder_step(), edited(decoder_step(), edit)
    before, after = (np.zeros_like(STATE), numbers(1, 2, HIDDEN))
    one, other = (run(whole, token=token, hidden=state)[0] for state in (before, after))
    assert np.abs(one - other).max() > 1e-2
    np.testing.assert_allclose(run(forgetful, token=token)[0], one, atol=1e-6)


def test_a_constant_state_refuses_another_batch() -> None:
    for batch in (1, 3):
        made = edited(encoder_step(), constant_state(batch))
        run(made, tokens=TOKENS[:, :1].repeat(batch, axis=1))
        refused(made, "initial_h must have shape", tokens=TOKENS)


def test_a_frozen_input_refuses_another_size() -> None:
    made = edited(encoder_step(), resize("input", 0, 5, "B"))
    refused(made, "invalid dimensions", tokens=TOKENS, hidden=STATE)


def test_a_frozen_output_is_only_declared() -> None:
    made = edited(encoder_step(), freeze_outputs(5, 1, "B", HIDDEN))
    assert run(made, tokens=TOKENS, hidden=STATE)[0].shape == (4, 1, 2, HIDDEN)


def test_a_frozen_reshape_mixes_sentences_up_without_a_word() -> None:
    """Ten tokens of two sentences are read as five of four."""
    made = edited(encoder_step(), with_weights(constant("to", [5, -1, 3])))
    sound = edited(encoder_step(), with_weights(constant("to", [0, -1, 3])))
    for each in (made, sound):
        insert_after_embedding("Reshape", "to")(each)
    tokens = np.arange(20).reshape(10, 2) % WORDS
    hidden = np.zeros((1, 2, HIDDEN), np.float32)
    assert run(sound, tokens=tokens, hidden=hidden)[0].shape == (10, 1, 2, HIDDEN)
    refused(made, "initial_h must have shape", tokens=tokens, hidden=hidden)
    four = np.zeros((1, 4, HIDDEN), np.float32)
    assert run(made, tokens=tokens, hidden=four)[0].shape == (5, 1, 4, HIDDEN)
    refused(made, "cannot be reshaped", tokens=tokens[:7], hidden=hidden)


@pytest.mark.parametrize("operator", ["GRU", "LSTM", "RNN"])
def test_recurrences_in_float64_are_refused(operator: str) -> None:
    refused(of_type(encoder_step(operator), "float64"), "double|NOT_IMPLEMENTED", **feeds(operator))


@pytest.mark.parametrize("operator", ["GRU", "LSTM", "RNN"])
def test_recurrences_in_float16_run(operator: str) -> None:
    made = of_type(encoder_step(operator), "float16")
    assert run(made, **feeds(operator, "float16"))[0].dtype == np.float16
    refused(made, "Unexpected input data type", **feeds(operator, "float32"))


def of_type(made: onnx.ModelProto, dtype: str) -> onnx.ModelProto:
    for tensor in made.graph.initializer:
        array = numpy_helper.to_array(tensor).astype(dtype)
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    for declared in (*made.graph.input[1:], *made.graph.output):
        declared.type.tensor_type.elem_type = kind
    return made


def feeds(operator: str, dtype: str = "float64") -> dict[str, NDArray[Any]]:
    states = ["hidden", "cell"] if operator == "LSTM" else ["hidden"]
    return {"tokens": TOKENS, **{name: STATE.astype(dtype) for name in states}}
