"""Small graphs for the tests of the check, made with the onnx package and none of this project."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from s2s_export.check.finding import Finding
from s2s_export.check.report import Report, report_of
from s2s_export.check.subject import Runtime

HIDDEN, WORDS = 4, 7
GATES = {"GRU": 3, "LSTM": 4, "RNN": 1}
RUNTIME = Runtime("onnxruntime", "1.32.0")

Edit = Callable[[onnx.ModelProto], object]
Array = NDArray[Any]


def weight(name: str, *shape: int, dtype: str = "float32") -> TensorProto:
    """Return random numbers, the same for the same name."""
    generator = np.random.default_rng(sum(name.encode()))
    return numpy_helper.from_array(generator.normal(size=shape).astype(dtype), name)


def constant(name: str, value: object, dtype: str = "int64") -> TensorProto:
    return numpy_helper.from_array(np.array(value, dtype), name)


def value(name: str, dtype: str, shape: Sequence[int | str | None] | None) -> onnx.ValueInfoProto:
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return helper.make_tensor_value_info(name, kind, shape)


def model(
    nodes: Iterable[NodeProto],
    inputs: Iterable[onnx.ValueInfoProto],
    outputs: Iterable[onnx.ValueInfoProto],
    weights: Iterable[TensorProto] = (),
    *,
    opsets: Mapping[str, int] | None = None,
    functions: Iterable[onnx.FunctionProto] = (),
) -> onnx.ModelProto:
    graph = helper.make_graph([*nodes], "graph", [*inputs], [*outputs], [*weights])
    imports = [helper.make_opsetid(*opset) for opset in (opsets or {"": 20}).items()]
    return helper.make_model(graph, opset_imports=imports, ir_version=9, functions=[*functions])


def recurrence(operator: str, directions: int = 1, **attributes: Any) -> NodeProto:
    """Return a recurrent node that reads ``x`` and starts from ``hidden`` (and ``cell``)."""
    state = ["", "hidden", "cell"] if operator == "LSTM" else ["", "hidden"]
    outputs = ["y", "next_hidden", "next_cell"] if operator == "LSTM" else ["y", "next_hidden"]
    if operator == "GRU":
        attributes = {"linear_before_reset": 1, **attributes}
    if directions == 2:
        attributes = {"direction": "bidirectional", **attributes}
    inputs = ["x", "w", "r", "b", *state]
    return helper.make_node(
        operator, inputs, outputs, name="cell_0", hidden_size=HIDDEN, **attributes
    )


def encoder_step(operator: str = "GRU", directions: int = 1, **attributes: Any) -> onnx.ModelProto:
    """Return ``tokens int64[T, B]`` and state → all outputs and the next state."""
    rows = GATES[operator] * HIDDEN
    state = ["hidden", "cell"] if operator == "LSTM" else ["hidden"]
    shape = (directions, "B", HIDDEN)
    return model(
        [
            helper.make_node("Gather", ["embedding", "tokens"], ["x"], name="embed"),
            recurrence(operator, directions, **attributes),
        ],
        [value("tokens", "int64", ["T", "B"]), *(value(n, "float32", shape) for n in state)],
        [
            value("y", "float32", ["T", directions, "B", HIDDEN]),
            *(value(f"next_{n}", "float32", shape) for n in state),
        ],
        [
            weight("embedding", WORDS, 3),
            weight("w", directions, rows, 3),
            weight("r", directions, rows, HIDDEN),
            weight("b", directions, 2 * rows),
        ],
    )


def decoder_step(operator: str = "GRU", **attributes: Any) -> onnx.ModelProto:
    """Return ``token int64[B]`` and state → log-probabilities and the next state."""
    made = encoder_step(operator, **attributes)
    graph = made.graph
    graph.input[0].CopyFrom(value("token", "int64", ["B"]))
    graph.output[0].CopyFrom(value("log_probs", "float32", ["B", WORDS]))
    graph.node[0].input[1], graph.node[0].output[0] = "token", "embedded"
    graph.node.insert(1, helper.make_node("Unsqueeze", ["embedded", "zero"], ["x"], name="time"))
    graph.node.extend(
        [
            helper.make_node("Squeeze", ["y", "both"], ["last"], name="last"),
            helper.make_node("Gemm", ["last", "out"], ["logits"], name="project", transB=1),
            helper.make_node("LogSoftmax", ["logits"], ["log_probs"], name="normalize"),
        ]
    )
    graph.initializer.extend(
        [constant("zero", [0]), constant("both", [0, 1]), weight("out", WORDS, HIDDEN)]
    )
    return made


def edited(made: onnx.ModelProto, *edits: Edit) -> onnx.ModelProto:
    for edit in edits:
        edit(made)
    return made


def node(made: onnx.ModelProto, name: str) -> NodeProto:
    found: list[NodeProto] = [node for node in made.graph.node if node.name == name]
    assert len(found) == 1
    return found[0]


def report(made: onnx.ModelProto, folder: Path | None = None) -> Report:
    return report_of(made.SerializeToString(), "x.onnx", folder, RUNTIME)


def findings(made: onnx.ModelProto, folder: Path | None = None) -> dict[str, Finding]:
    """Return the first finding of each rule, by the rule's name."""
    found: dict[str, Finding] = {}
    for finding in report(made, folder).findings:
        found.setdefault(finding.rule, finding)
    return found


def assert_found(made: onnx.ModelProto, severity: str, rule: str, text: str) -> None:
    found = findings(made)
    assert rule in found, report(made).findings
    assert (found[rule].severity, found[rule].found) == (severity, text)


def session(made: onnx.ModelProto, *, optimized: bool = True) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(
        made.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def run(made: onnx.ModelProto, **feeds: Array) -> list[Array]:
    outputs: list[Array] = session(made).run(None, feeds)
    return outputs


def refused(made: onnx.ModelProto, message: str, **feeds: Array) -> None:
    with pytest.raises(Exception, match=message):
        run(made, **feeds)


def numbers(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(len(shape)).normal(size=shape).astype(np.float32)
