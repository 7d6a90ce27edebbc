"""Rules for recurrent nodes, states and axes: each fault has its finding."""

import pytest
from onnx import AttributeProto, helper

from .edits import (
    Fault,
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
    assert_found,
    constant,
    decoder_step,
    edited,
    encoder_step,
    findings,
    node,
    report,
    weight,
)

GRU: dict[str, Fault] = {
    "reset gate before the map": (
        attribute("linear_before_reset", 0),
        *("error", "gru-variant", "linear_before_reset is 0"),
    ),
    "no linear_before_reset": (
        attribute("linear_before_reset", None),
        *("error", "gru-variant", "linear_before_reset is missing, so 0"),
    ),
    "other activations": (
        attribute("activations", ["HardSigmoid", "Tanh"]),
        *("warning", "activations", "activations are HardSigmoid, Tanh"),
    ),
    "an alpha without effect": (
        attribute("activation_alpha", [0.5]),
        *("note", "activations", "activation_alpha is (0.5,), without effect on these activations"),
    ),
    "clip": (attribute("clip", 3.0), "warning", "clip", "clip is 3"),
    "clip of zero": (
        attribute("clip", 0.0),
        *("error", "clip", "clip is 0, which ONNX Runtime refuses"),
    ),
    "batch first": (attribute("layout", 1), "error", "layout", "layout is 1"),
    "backwards": (
        attribute("direction", "reverse"),
        *("note", "direction", "direction is reverse"),
    ),
    "lengths": (
        lengths_as_input,
        *("note", "sequence-lengths", "lengths are given as 'lengths'"),
    ),
    "constant lengths": (
        constant_lengths,
        *("error", "sequence-lengths", "lengths are always [5, 3, 2]"),
    ),
    "no state": (state_from(""), "warning", "state-inside", "initial_h is missing, so zeros"),
    "zeros as state": (
        state_of_shape("tokens"),
        *("warning", "state-inside", "initial_h is made by ConstantOfShape 'make_zeros'"),
    ),
    "constant state": (
        constant_state(3),
        *("error", "frozen-state", "[1, 3, 4] for a batch of 'B'"),
    ),
    "constant state of one": (
        constant_state(1),
        *("warning", "frozen-state", "[1, 1, 4] for a batch of 'B'"),
    ),
    "frozen length": (resize("input", 0, 5, "B"), "error", "frozen-input", "int64[5, B]"),
    "frozen batch": (resize("input", 0, "T", 3), "error", "frozen-input", "int64[T, 3]"),
    "frozen batch of two": (resize("input", 0, "T", 2), "error", "frozen-input", "int64[T, 2]"),
    "a batch of one": (resize("input", 0, "T", 1), "note", "frozen-input", "int64[T, 1]"),
    "a single token": (resize("input", 0, 1, 1), "warning", "frozen-input", "int64[1, 1]"),
    "frozen state input": (
        resize("input", 1, 1, 3, HIDDEN),
        *("warning", "frozen-input", "float32[1, 3, 4]"),
    ),
    "frozen output": (
        freeze_outputs(5, 1, "B", HIDDEN),
        *("warning", "frozen-output", "declared as [5, 1, B, 4], but it is [T, 1, B, 4]"),
    ),
    "a Reshape to the example's length": (
        lambda made: edited(
            made,
            insert_after_embedding("Reshape", "to"),
            with_weights(constant("to", [5, -1, 3])),
        ),
        *("error", "frozen-size", "[T, B, 3] becomes [5, -1, 3]"),
    ),
    "a Reshape to the example's sizes": (
        lambda made: edited(
            made,
            insert_after_embedding("Reshape", "to"),
            with_weights(constant("to", [5, 2, 3])),
        ),
        *("error", "frozen-size", "[T, B, 3] becomes [5, 2, 3]"),
    ),
    "an Expand to the example's batch": (
        lambda made: edited(
            made,
            insert_after_embedding("Expand", "to"),
            with_weights(constant("to", [1, 2, 3])),
        ),
        *("error", "frozen-size", "[T, B, 3] meets [1, 2, 3]; only 2 works"),
    ),
    "a mask of the example's length": (
        lambda made: edited(
            made,
            insert_after_embedding("Mul", "mask"),
            with_weights(weight("mask", 5, 1, 1)),
        ),
        *("error", "frozen-size", "[T, B, 3] meets [5, 1, 1]; only 5 works"),
    ),
}
"""Changes of a sound encoder step, each with severity, rule and text of its finding."""

LSTM: dict[str, Fault] = {
    "coupled gates": (
        attribute("input_forget", 1),
        *("warning", "input-forget", "input_forget is 1"),
    ),
    "peepholes": (
        peepholes([[0.5] * 3 * HIDDEN]),
        *("warning", "peepholes", "peephole weights 'p'"),
    ),
    "no cell": (
        lambda made: node(made, "cell_0").input.pop(),
        *("warning", "state-inside", "initial_c is missing, so zeros"),
    ),
}


@pytest.mark.parametrize("name", GRU)
def test_each_fault_of_a_gru_graph_is_found(name: str) -> None:
    edit, *expected = GRU[name]
    assert_found(edited(encoder_step(), edit), *expected)


@pytest.mark.parametrize("name", LSTM)
def test_each_fault_of_an_lstm_graph_is_found(name: str) -> None:
    edit, *expected = LSTM[name]
    assert_found(edited(encoder_step("LSTM"), edit), *expected)


def test_a_fault_is_found_where_it_is() -> None:
    found = findings(edited(encoder_step(), attribute("linear_before_reset", 0)))["gru-variant"]
    assert found.place == "GRU 'cell_0'"
    assert "off by about 0.1" in found.why
    assert "onnxscript 0.7.1" in found.remedy


def test_a_nameless_node_goes_by_its_output() -> None:
    made = edited(encoder_step(), attribute("layout", 1))
    node(made, "cell_0").name = ""
    assert findings(made)["layout"].place == "GRU of 'y'"


@pytest.mark.parametrize(("producer", "severity"), [("pytorch", "error"), ("tf2onnx", "warning")])
def test_kerass_converters_may_mean_the_other_gru(producer: str, severity: str) -> None:
    made = edited(encoder_step(), attribute("linear_before_reset", 0))
    made.producer_name = producer
    assert findings(made)["gru-variant"].severity == severity


def test_a_decoder_step_without_state_is_an_error() -> None:
    """One token a call, each time from zeros: no recurrence at all."""
    for edit in (state_from(""), state_of_shape("token")):
        found = findings(edited(decoder_step(), edit))["state-inside"]
        assert found.severity == "error"
        assert found.found.endswith(", and the node reads one token a call")


def test_a_bidirectional_recurrence_is_a_note() -> None:
    found = findings(encoder_step("LSTM", directions=2))
    assert {(f.severity, f.rule) for f in found.values()} == {("note", "direction")}


def test_faults_inside_of_functions_are_found() -> None:
    gru = helper.make_node("GRU", ["a", "w", "r"], ["b"], "inner", hidden_size=HIDDEN)
    made = edited(encoder_step(), insert_after_embedding("Mine", "w", "r", domain="my.ops"))
    made.opset_import.add(domain="my.ops", version=1)
    opset = [helper.make_opsetid("", 20)]
    made.functions.append(helper.make_function("my.ops", "Mine", [*"awr"], ["b"], [gru], opset))
    assert findings(made)["gru-variant"].place == "GRU 'inner' in the function 'Mine'"


def test_a_frozen_state_is_told_once() -> None:
    found = report(edited(encoder_step(), constant_state(3))).findings
    assert [finding.rule for finding in found] == ["frozen-state", "state-inside"], "errors first"


def test_activations_are_listed_for_each_direction() -> None:
    names = ["Sigmoid", "Tanh", "Tanh"]
    both = edited(encoder_step("LSTM", 2), attribute("activations", names * 2))
    assert findings(both).keys() == {"direction"}
    for wrong in (names, [*names, "Sigmoid", "Tanh", "Relu"]):
        made = edited(encoder_step("LSTM", 2), attribute("activations", wrong))
        assert findings(made)["activations"].severity == "warning"


def test_an_attribute_that_a_function_takes_from_its_call_is_not_judged() -> None:
    gru = helper.make_node("GRU", ["a", "w", "r"], ["b"], "inner", hidden_size=HIDDEN)
    gru.attribute.add(name="linear_before_reset", type=AttributeProto.INT, ref_attr_name="variant")
    made = edited(encoder_step(), insert_after_embedding("Mine", "w", "r", domain="my.ops"))
    made.opset_import.add(domain="my.ops", version=1)
    opset = [helper.make_opsetid("", 20)]
    function = helper.make_function("my.ops", "Mine", [*"awr"], ["b"], [gru], opset, ["variant"])
    made.functions.append(function)
    assert report(made).findings == ()


def test_the_worst_findings_come_first() -> None:
    made = edited(encoder_step(), attribute("direction", "reverse"), resize("input", 0, 5, "B"))
    assert [(f.severity, f.rule) for f in report(made).findings] == [
        ("error", "frozen-input"),
        ("note", "direction"),
    ]
