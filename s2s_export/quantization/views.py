"""Axes of size 1 in an ONNX graph: nodes that only move them are removed where they can be.

Part of the torch side: ``quantize`` calls it last. PyTorch's GRU wants a sequence of one token, so
an exported step squeezes, transposes and slices around each GRU. That costs as much as the small
operators between the products.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from .calibration import Shapes

Constants = Mapping[str, onnx.TensorProto]
Shape = tuple[int, ...]

_SAME_ORDER = {"Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Expand"}
_ELEMENTWISE = {"Relu", "Tanh", "Sigmoid", "Add", "Sub", "Mul", "Div"}


def attribute(node: onnx.NodeProto, name: str, default: Any) -> Any:
    """Return an attribute of a node, or a default where it has none of this name."""
    found = [entry for entry in node.attribute if entry.name == name]
    return helper.get_attribute_value(found[0]) if found else default


def is_view(node: onnx.NodeProto, shapes: Shapes, constants: Constants) -> bool:
    """Return whether a node returns the numbers that it is given, in their order.

    Args:
        node: of the graph.
        shapes: of all values, with different sizes for different dynamic axes.
        constants: of the graph, by name.

    Returns:
        Whether input and output differ in axes of size 1 alone.
    """
    if len(node.output) != 1 or not node.input or node.input[0] in constants:
        return False
    before, after = shapes[node.input[0]], shapes[node.output[0]]
    if _long(before) != _long(after):
        return False
    if node.op_type == "Transpose":
        order = attribute(node, "perm", [*reversed(range(len(before)))])
        moved = [axis for axis in order if before[axis] != 1]
        return moved == sorted(moved)
    if node.op_type == "Slice":
        steps = [constants.get(name) for name in node.input[4:]]
        forward = all(
            step is not None and (numpy_helper.to_array(step) > 0).all() for step in steps
        )
        return before == after and forward
    if node.op_type == "Gather":
        return bool(before[attribute(node, "axis", 0)] == 1)
    return node.op_type in _SAME_ORDER


def remove_views(model: onnx.ModelProto, shapes: Shapes) -> None:
    """Remove nodes that only move axes of size 1, and what nothing reads then.

    Args:
        model: to be changed; what it computes stays.
        shapes: of all its values, as for ``is_view``.
    """
    graph = model.graph
    outputs = [value.name for value in graph.output]
    removal = _Removal(graph, shapes)
    for node in graph.node:
        removal.take(node)
    for name in outputs:
        removal.give(name)
    del graph.node[:]
    graph.node.extend(_needed(removal.nodes, {*outputs}))
    used = {name for node in graph.node for name in node.input}
    del graph.initializer[:]
    graph.initializer.extend(
        removal.constants[name] for name in sorted(used & {*removal.constants})
    )


class _Removal:
    """The nodes that are left, and where the numbers of the removed ones are found.

    Values with the same numbers are a family, which has the name of the first of them.
    """

    def __init__(self, graph: onnx.GraphProto, shapes: Shapes) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants = {tensor.name: tensor for tensor in graph.initializer}
        self._shapes = {"": (), **shapes}  # "" is an optional input that is not given
        self._families: dict[str, str] = {}
        self._members: dict[tuple[str, Shape], str] = {}

    def take(self, node: onnx.NodeProto) -> None:
        """Add a node, unless it is a view."""
        if is_view(node, self._shapes, self.constants):
            self._families[node.output[0]] = self._family(node.input[0])
        elif node.op_type in _ELEMENTWISE:
            self._take_elementwise(node)
        else:
            self._add(node, [self._member(name, self._shapes[name]) for name in node.input])

    def _take_elementwise(self, node: onnx.NodeProto) -> None:
        """Add a node that does without leading axes of size 1, which broadcasting adds itself."""
        [output] = node.output
        full = {name: self._shapes[name] for name in (*node.input, output)}
        wanted = {name: _without_leading_ones(shape) for name, shape in full.items()}
        fixed = [name for name in node.input if name in self.constants]
        if any(len(full[name]) > len(wanted[output]) for name in fixed):
            wanted = full
        inputs = [
            name if name in fixed else self._member(name, wanted[name]) for name in node.input
        ]
        if wanted[output] != full[output]:
            inner = f"{output}.inner"
            self._shapes[inner] = wanted[output]
            self._families[output] = output = inner
        self._add(node, inputs, output)

    def give(self, output: str) -> None:
        """Make an output of the graph out of its family."""
        family, shape = self._family(output), self._shapes[output]
        if family == output:
            return
        if self._shapes[family] == shape:
            self.nodes.append(helper.make_node("Identity", [family], [output]))
        else:
            self._reshape(family, shape, output)

    def _add(self, node: onnx.NodeProto, inputs: list[str], output: str | None = None) -> None:
        added = onnx.NodeProto()
        added.CopyFrom(node)
        added.input[:] = inputs
        if output:
            added.output[:] = [output]
        self.nodes.append(added)

    def _family(self, name: str) -> str:
        return self._families.get(name, name)

    def _member(self, name: str, shape: Shape) -> str:
        """Return a value with the numbers of another one and this shape; make it if need be."""
        family = self._family(name)
        if self._shapes[family] == shape:
            return family
        if (family, shape) not in self._members:
            member = f"{family}.view.{len(self._members)}"
            self._reshape(family, shape, member)
            self._members[family, shape] = member
        return self._members[family, shape]

    def _reshape(self, value: str, shape: Shape, result: str) -> None:
        """Add nodes that take axes of size 1 away or add them."""
        before = self._shapes[value]
        if (axes := _surplus(before, shape)) is not None:
            self._move("Squeeze", value, axes, result)
        elif (axes := _surplus(shape, before)) is not None:
            self._move("Unsqueeze", value, axes, result)
        else:
            self._move("Squeeze", value, _ones(before), f"{result}.long")
            self._move("Unsqueeze", f"{result}.long", _ones(shape), result)

    def _move(self, operator: str, value: str, axes: list[int], result: str) -> None:
        constant = f"view.axes.{'.'.join(map(str, axes))}"
        self.constants[constant] = numpy_helper.from_array(np.array(axes, np.int64), constant)
        self.nodes.append(helper.make_node(operator, [value, constant], [result]))


def _needed(nodes: list[onnx.NodeProto], wanted: set[str]) -> list[onnx.NodeProto]:
    """Return the nodes on which the wanted values depend, in their order."""
    kept = []
    for node in reversed(nodes):
        if wanted & {*node.output} - {""}:
            kept.append(node)
            wanted |= {*node.input}
    return kept[::-1]


def _long(shape: Shape) -> list[int]:
    return [size for size in shape if size != 1]


def _ones(shape: Shape) -> list[int]:
    return [axis for axis, size in enumerate(shape) if size == 1]


def _without_leading_ones(shape: Shape) -> Shape:
    first = next((axis for axis, size in enumerate(shape) if size != 1), len(shape))
    return shape[first:]


def _surplus(longer: Shape, shorter: Shape) -> list[int] | None:
    """Return the axes of size 1 that a shape has more than another; ``None`` if it lacks some."""
    axes, matched = [], 0
    for axis, size in enumerate(longer):
        if matched < len(shorter) and size == shorter[matched]:
            matched += 1
        elif size == 1:
            axes.append(axis)
    return axes if matched == len(shorter) else None
