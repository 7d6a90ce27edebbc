"""Rules for control flow: loops over the parts of a cell, branches, and traced loops."""

import onnx
from onnx import helper

from .graphs import (
    HIDDEN,
    WORDS,
    constant,
    encoder_step,
    findings,
    model,
    node,
    recurrence,
    report,
    value,
    weight,
)


def body(*nodes: onnx.NodeProto) -> onnx.GraphProto:
    state, token = value("h", "float32", ["B", HIDDEN]), value("e", "float32", ["B", HIDDEN])
    after = value("h2", "float32", ["B", HIDDEN])
    return helper.make_graph([*nodes], "body", [state, token], [after])


def scan(*nodes: onnx.NodeProto) -> onnx.ModelProto:
    """Return a graph that applies some nodes to each token."""
    return model(
        [
            helper.make_node("Gather", ["embedding", "tokens"], ["x"], "embed"),
            helper.make_node(
                "Scan", ["hidden", "x"], ["last"], "each", body=body(*nodes), num_scan_inputs=1
            ),
        ],
        [value("tokens", "int64", ["T", "B"]), value("hidden", "float32", ["B", HIDDEN])],
        [value("last", "float32", ["B", HIDDEN])],
        [weight("embedding", WORDS, HIDDEN), weight("r", HIDDEN, HIDDEN)],
    )


CELL = (
    helper.make_node("MatMul", ["h", "r"], ["product"]),
    helper.make_node("Add", ["product", "e"], ["sum"]),
    helper.make_node("Tanh", ["sum"], ["h2"]),
)


def test_a_recurrence_in_a_loop_is_a_warning() -> None:
    made = scan(*CELL)
    onnx.checker.check_model(made, full_check=True)
    found = findings(made)
    assert found.keys() == {"loop"}
    assert (found["loop"].severity, found["loop"].place) == ("warning", "Scan 'each'")
    assert found["loop"].found == "a recurrence inside: MatMul, Tanh"


def test_a_quantized_recurrence_in_a_loop_is_a_note() -> None:
    quantized = helper.make_node("DequantizeLinear", ["r8", "scale"], ["q"])
    product = helper.make_node("MatMul", ["h", "q"], ["product"])
    made = scan(quantized, product, *CELL[1:])
    made.graph.initializer.extend(
        [constant("r8", [[1] * HIDDEN] * HIDDEN, "int8"), constant("scale", 0.1, "float32")]
    )
    found = findings(made)["loop"]
    assert (found.severity, found.found) == ("note", "a recurrence inside: MatMul, Tanh, quantized")


def test_a_gru_in_the_body_of_a_loop_is_judged_too() -> None:
    inner = helper.make_node("GRU", ["x3", "w", "r"], ["", "h3"], "inner", hidden_size=HIDDEN)
    found = findings(scan(inner, helper.make_node("Identity", ["e"], ["h2"])))
    assert found["gru-variant"].place == "GRU 'inner' in the body of Scan 'each'"
    assert found["loop"].found == "a recurrence inside: GRU"


def test_a_loop_without_recurrence_has_no_finding() -> None:
    assert report(scan(helper.make_node("Add", ["h", "e"], ["h2"]))).findings == ()


def test_a_branch_is_a_note() -> None:
    made = encoder_step()
    outputs = [value("chosen", "float32", None)]
    branches = [
        helper.make_graph([helper.make_node(operator, ["y"], ["chosen"])], "branch", [], outputs)
        for operator in ("Neg", "Identity")
    ]
    made.graph.node.append(
        helper.make_node(
            *("If", ["condition"], ["z"], "which"),
            then_branch=branches[0],
            else_branch=branches[1],
        )
    )
    made.graph.initializer.append(constant("condition", True, "bool"))
    found = findings(made)
    assert {rule: f.severity for rule, f in found.items()} == {"branch": "note"}


def unrolled(passes: int, *, through_identity: bool = False) -> onnx.ModelProto:
    """Return what tracing a loop over a cell of Tanh makes."""
    made = scan(*CELL)
    del made.graph.node[:]
    state = "hidden"
    for i in range(passes):
        matrix = f"r{i}" if through_identity else "r"
        if through_identity:
            made.graph.node.append(helper.make_node("Identity", ["r"], [matrix]))
        made.graph.node.append(helper.make_node("MatMul", [state, matrix], [f"p{i}"]))
        made.graph.node.append(helper.make_node("Tanh", [f"p{i}"], [f"h{i}"]))
        state = f"h{i}"
    made.graph.node.append(helper.make_node("Identity", [state], ["last"]))
    return made


def test_a_traced_loop_is_a_warning() -> None:
    for made in (unrolled(5), unrolled(5, through_identity=True)):
        found = findings(made)["unrolled"]
        assert (found.severity, found.place) == ("warning", "weight 'r'")
        assert found.found == "applied 5 times, each time to what follows from the time before"


def test_a_weight_that_is_applied_twice_is_no_traced_loop() -> None:
    """The tutorial's decoder applies its GRU twice."""
    assert "unrolled" not in findings(unrolled(2))
    made = encoder_step()
    again = recurrence("GRU")
    again.input[5], again.output[0], again.output[1] = "next_hidden", "y2", "h2"
    made.graph.node.append(again)
    assert report(made).findings == ()


def test_a_weight_that_is_applied_side_by_side_is_no_traced_loop() -> None:
    made = unrolled(1)
    made.graph.node.extend(
        helper.make_node("MatMul", ["hidden", "r"], [f"side{i}"]) for i in range(5)
    )
    assert "unrolled" not in findings(made)


def test_a_traced_loop_over_a_gru_is_a_warning() -> None:
    made = encoder_step()
    state = "next_hidden"
    for i in range(2):
        again = recurrence("GRU")
        again.input[5], again.output[0], again.output[1] = state, f"y{i}", f"h{i}"
        state = f"h{i}"
        made.graph.node.append(again)
    assert node(encoder_step(), "cell_0").op_type == "GRU"
    assert findings(made)["unrolled"].place == "weight 'r'"
