"""Edits of the small graphs: each makes one fault, or a near miss of one."""

from typing import Any

import onnx
from onnx import helper

from .graphs import HIDDEN, Edit, constant, node, value, weight

Fault = tuple[Edit, str, str, str]
"""An edit, and severity, rule and text of the finding that it should give."""


def attribute(name: str, setting: object) -> Edit:
    """Set an attribute of the recurrent node; ``None`` removes it."""

    def edit(made: onnx.ModelProto) -> None:
        cell = node(made, "cell_0")
        kept = [entry for entry in cell.attribute if entry.name != name]
        del cell.attribute[:]
        cell.attribute.extend(kept)
        if setting is not None:
            cell.attribute.append(helper.make_attribute(name, setting))

    return edit


def lengths(made: onnx.ModelProto) -> None:
    node(made, "cell_0").input[4] = "lengths"


def lengths_as_input(made: onnx.ModelProto) -> None:
    lengths(made)
    made.graph.input.append(value("lengths", "int32", ["B"]))


def constant_lengths(made: onnx.ModelProto) -> None:
    lengths(made)
    made.graph.initializer.append(constant("lengths", [5, 3, 2], "int32"))


def peepholes(numbers: Any) -> Edit:
    def edit(made: onnx.ModelProto) -> None:
        node(made, "cell_0").input.append("p")
        made.graph.initializer.append(constant("p", numbers, "float32"))

    return edit


def state_from(name: str) -> Edit:
    """Let the recurrence start from another value, and drop the input."""

    def edit(made: onnx.ModelProto) -> None:
        node(made, "cell_0").input[5] = name
        del made.graph.input[1]

    return edit


def state_of_shape(tokens: str) -> Edit:
    """Make zeros in the size of the batch, as torch.zeros(1, tokens.shape[-1], H) does."""

    def edit(made: onnx.ModelProto) -> None:
        state_from("zeros")(made)
        for at, new in enumerate(
            (
                helper.make_node("Shape", [tokens], ["batch"], start=-1),
                helper.make_node("Concat", ["one", "batch", "size"], ["shape"], axis=0),
                helper.make_node("ConstantOfShape", ["shape"], ["zeros"], name="make_zeros"),
            )
        ):
            made.graph.node.insert(at, new)
        made.graph.initializer.extend([constant("one", [1]), constant("size", [HIDDEN])])

    return edit


def constant_state(batch: int) -> Edit:
    def edit(made: onnx.ModelProto) -> None:
        state_from("h0")(made)
        made.graph.initializer.append(weight("h0", 1, batch, HIDDEN))

    return edit


def resize(which: str, index: int, *sizes: int | str) -> Edit:
    """Declare other sizes of an input or output."""

    def edit(made: onnx.ModelProto) -> None:
        declared = {"input": made.graph.input, "output": made.graph.output}[which][index]
        declared.CopyFrom(value(declared.name, "float32" if index else "int64", sizes))

    return edit


def freeze_outputs(*sizes: int | str) -> Edit:
    def edit(made: onnx.ModelProto) -> None:
        made.graph.output[0].CopyFrom(value(made.graph.output[0].name, "float32", sizes))

    return edit


def insert_after_embedding(operator: str, *inputs: str, **attributes: Any) -> Edit:
    """Put a node between the embedding and the recurrence."""

    def edit(made: onnx.ModelProto) -> None:
        node(made, "embed").output[0] = "before"
        new = helper.make_node(operator, ["before", *inputs], ["x"], name="new", **attributes)
        made.graph.node.insert(1, new)

    return edit


def with_weights(*tensors: onnx.TensorProto) -> Edit:
    return lambda made: made.graph.initializer.extend(tensors)
