"""Rules for types, training, operators, versions and paths: each fault has its finding."""

import pytest
from onnx import helper

from s2s_export.check.report import RULES

from .edits import Fault, insert_after_embedding, with_weights
from .graphs import (
    WORDS,
    assert_found,
    constant,
    edited,
    encoder_step,
    findings,
    model,
    node,
    report,
    value,
    weight,
)
from .test_recurrence_rules import GRU, LSTM

OTHERS: dict[str, Fault] = {
    "float64": (
        lambda made: made.graph.input.append(value("more", "float64", ["B"])),
        *("warning", "float64", "float64"),
    ),
    "half precision": (
        with_weights(weight("half", 3, 3, dtype="float16")),
        *("warning", "half-precision", "float16, 18 bytes: 'half'"),
    ),
    "int32 tokens": (
        lambda made: made.graph.input[0].CopyFrom(value("tokens", "int32", ["T", "B"])),
        *("warning", "int32-tokens", "int32"),
    ),
    "dropout in training": (
        lambda made: edited(
            made,
            insert_after_embedding("Dropout", "ratio", "train"),
            with_weights(constant("ratio", 0.5, "float32"), constant("train", True, "bool")),
        ),
        *("error", "dropout", "training_mode is true"),
    ),
    "dropout with a switch": (
        lambda made: edited(
            made,
            insert_after_embedding("Dropout", "ratio", "train"),
            with_weights(constant("ratio", 0.5, "float32")),
            lambda m: m.graph.input.append(value("train", "bool", [])),
        ),
        *("warning", "dropout", "training_mode is the value 'train'"),
    ),
    "dropout left over": (
        lambda made: edited(
            made,
            insert_after_embedding("Dropout", "ratio"),
            with_weights(constant("ratio", 0.5, "float32")),
        ),
        *("note", "dropout", "no training_mode, so without effect"),
    ),
    "random numbers": (
        insert_after_embedding("RandomNormalLike"),
        *("warning", "random", "random numbers"),
    ),
    "an optimizer": (
        lambda made: made.graph.node.append(
            helper.make_node(
                *("Adam", ["r", "t", "y", "g", "v", "h"], ["a", "b", "c"], "adam"),
                domain="ai.onnx.preview.training",
            )
        ),
        *("error", "training-operator", "Adam of 'ai.onnx.preview.training'"),
    ),
    "a training graph": (
        lambda made: made.training_info.add(),
        *("warning", "training-graph", "1 of them"),
    ),
    "no opset": (
        lambda made: made.ClearField("opset_import"),
        *("error", "opset-missing", "domain 'ai.onnx'"),
    ),
    "an operator of nobody": (
        lambda made: edited(
            made,
            insert_after_embedding("Foo", domain="my.ops"),
            lambda m: m.opset_import.add(domain="my.ops", version=1),
        ),
        *("error", "custom-domain", "domain 'my.ops', which the file does not define"),
    ),
    "an operator of ONNX Runtime": (
        lambda made: edited(
            made,
            insert_after_embedding("Gelu", domain="com.microsoft"),
            lambda m: m.opset_import.add(domain="com.microsoft", version=1),
        ),
        *("warning", "custom-domain", "domain 'com.microsoft', ONNX Runtime's own"),
    ),
    "an operator of ONNX Runtime without its opset": (
        insert_after_embedding("Gelu", domain="com.microsoft"),
        *("warning", "opset-missing", "domain 'com.microsoft'"),
    ),
    "a value of nobody": (
        insert_after_embedding("Add", "nowhere"),
        *("error", "broken-link", "'nowhere' is made by nobody"),
    ),
    "a value made twice": (
        lambda made: made.graph.node.append(helper.make_node("Neg", ["x"], ["y"], "twice")),
        *("error", "broken-link", "'y' is made twice"),
    ),
    "an output of nobody": (
        lambda made: made.graph.output.append(value("lost", "float32", ["B"])),
        *("error", "broken-link", "it is made by nobody"),
    ),
    "nodes out of order": (
        lambda made: made.graph.node.insert(0, made.graph.node.pop()),
        *("warning", "order", "'x' is made further down"),
    ),
    "a stack trace": (
        lambda made: made.graph.node[0].metadata_props.add(
            key="pkg.torch.onnx.stack_trace", value='File "/home/user/seq/train.py", line 3'
        ),
        *("warning", "local-path", "'/home/user/seq/train.py' in pkg.torch.onnx.stack_trace"),
    ),
    "a stack trace of relative paths": (
        lambda made: made.graph.node[0].metadata_props.add(
            key="pkg.torch.onnx.stack_trace", value='File "train.py", line 3'
        ),
        *("note", "local-path", "pkg.torch.onnx.stack_trace, without an absolute path"),
    ),
    "a description with a drive": (
        lambda made: setattr(made, "doc_string", r"from C:\Users\user\model.pt"),
        *("warning", "local-path", r"'C:\\Users\\user\\model.pt' in doc_string"),
    ),
    "a node with a path for a name": (
        lambda made: setattr(made.graph.node[0], "name", "/home/user/seq/embed"),
        *("warning", "local-path", "'/home/user/seq/embed'"),
    ),
    "an old opset": (
        lambda made: setattr(made.opset_import[0], "version", 6),
        *("warning", "old-opset", "opset 6"),
    ),
    "an opset of tomorrow": (
        lambda made: setattr(made.opset_import[0], "version", 99),
        *("error", "runtime-version", "opset 99, IR version 9: onnxruntime 1.32.0 is too old"),
    ),
}
"""Changes of a sound encoder step, each with severity, rule and text of its finding."""


@pytest.mark.parametrize("name", OTHERS)
def test_each_fault_is_found(name: str) -> None:
    edit, *expected = OTHERS[name]
    assert_found(edited(encoder_step(), edit), *expected)


def test_batch_normalization_in_training() -> None:
    statistics = [weight(name, 3) for name in ("scale", "shift", "mean", "variance")]
    inputs = ("scale", "shift", "mean", "variance")
    training = edited(
        encoder_step(),
        insert_after_embedding("BatchNormalization", *inputs, training_mode=1),
        with_weights(*statistics),
    )
    found = findings(training)["batch-normalization"]
    assert (found.severity, found.found) == ("error", "training_mode is 1")
    node(training, "new").ClearField("attribute")
    assert report(training).findings == ()
    node(training, "new").output.extend(["mean_of_batch", "variance_of_batch"])
    found = findings(training)["batch-normalization"]
    assert found.found == "it returns the statistics of the batch, as in training"


def test_a_graph_without_recurrence_is_a_note() -> None:
    made = model(
        [helper.make_node("Gemm", ["x", "w"], ["y"], "project")],
        [value("x", "float32", ["B", 3])],
        [value("y", "float32", ["B", WORDS])],
        [weight("w", 3, WORDS)],
    )
    assert {(f.severity, f.rule) for f in findings(made).values()} == {("note", "no-recurrence")}


def test_every_rule_has_a_test() -> None:
    """Those of loops, weights outside and doubles stand in files of their own."""
    tested = {expected[2] for changes in (GRU, LSTM, OTHERS) for expected in changes.values()}
    elsewhere = {
        *("batch-normalization", "no-recurrence"),
        *("loop", "branch", "unrolled"),
        *("external-weights", "weight-size", "duplicate-weights"),
    }
    assert {rule.name for rule in RULES} == tested | elsewhere


def test_paths_and_stack_traces_are_told_once() -> None:
    made = encoder_step()
    for each, trace in zip(made.graph.node, ("/home/user/seq/a.py", "a.py"), strict=True):
        each.metadata_props.add(key="pkg.torch.onnx.stack_trace", value=trace)
    [finding] = report(made).findings
    assert (finding.rule, finding.place) == ("local-path", "Gather 'embed'")
