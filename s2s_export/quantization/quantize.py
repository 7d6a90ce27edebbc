"""A finished float32 graph rewritten as an int8 graph with the same inputs and outputs.

Part of the torch side: ``build`` calls it for the steps of any model. Products with constant
weights become integer products, tables of embeddings get 8 bits, and GRUs and LSTMs are written out
as their products and gates, since ONNX Runtime has none in integers. Other nodes stay. So do nodes
that only move axes of size 1 for PyTorch's GRU: without them a sentence takes 3 to 6 % less time,
and a batch as much.
"""

import math
from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
from onnx_ir.passes.common import RemoveUnusedNodesPass

from ..errors import GraphError
from .calibration import Feeds, Ranges
from .int8_graph import Array, Int8Tape, Layer
from .int8_recurrence import RECURRENCES, Recurrence, obstacle

_FEWEST_COLUMNS = 8
"""A product with fewer outputs takes less time than the rounding of its operand."""

_OLDEST_OPSET = 15  # of Shape with a start and an end

_DIRECTIONS = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}


def to_int8(content: bytes, feeds: Sequence[Feeds], name: str) -> bytes:
    """Rewrite a graph.

    Args:
        content: the float32 ONNX file's bytes; an axis of constant size, which
            ``graph_check`` refuses, stays so.
        feeds: samples of the graph's inputs, at least one; where the range of a product's
            operand does not follow from the graph, it is measured on them.
        name: of the graph in messages.

    Returns:
        The int8 ONNX file's bytes; the same arguments give the same bytes.

    Raises:
        GraphError: a GRU or LSTM cannot be written out, or the graph is too old.
    """
    proto = onnx.shape_inference.infer_shapes(onnx.load_from_string(content), data_prop=True)
    model = ir.from_proto(proto)
    opset = model.graph.opset_imports[""]
    if opset < _OLDEST_OPSET:
        raise GraphError(
            f"{name}: opset: expected {_OLDEST_OPSET} or newer for int8, found {opset}; "
            "export it again with a newer one"
        )
    rewriting = _Rewriting(model.graph, Ranges(content, feeds, name), name)
    for node in [*model.graph]:
        rewriting.rewrite(node)
    rewriting.finish()
    RemoveUnusedNodesPass()(model)
    proto = ir.to_proto(model)
    del proto.graph.value_info[:]  # shapes of intermediate values, which ONNX Runtime infers
    rewritten: bytes = proto.SerializeToString(deterministic=True)
    return rewritten


class _Rewriting:
    """New nodes beside the old ones, until ``finish``: ranges are those of the old graph."""

    def __init__(self, graph: ir.Graph, ranges: Ranges, name: str) -> None:
        self._graph, self._ranges, self._name = graph, ranges, name
        self._tape = Int8Tape(graph)
        self._replaced: dict[ir.Value, ir.Value] = {}

    def rewrite(self, node: ir.Node) -> None:
        """Add the new nodes for an old one, if there are any."""
        inputs: list[Any] = [*node.inputs, None, None]
        table, weight = map(_matrix, inputs[:2])
        if node.op_type in RECURRENCES:
            self._recurrence(node)
        elif node.op_type == "Gather" and table is not None and not _integer(node, "axis"):
            embedded = self._tape.embedding(table, inputs[1], inputs[0].name)
            self._replaced[node.outputs[0]] = embedded
        elif node.op_type == "MatMul" and weight is not None:
            self._matmul(node, weight.T)
        elif node.op_type == "Gemm" and weight is not None:
            self._gemm(node, weight if _integer(node, "transB") else weight.T)

    def finish(self) -> None:
        """Replace the old values by the new ones; nothing reads the old nodes afterwards."""
        for old, new in self._replaced.items():
            new.name, new.type, new.shape = old.name, old.type, old.shape
            old.replace_all_uses_with(new, replace_graph_outputs=True)
        self._graph.sort()

    def _matmul(self, node: ir.Node, weight: Array) -> None:
        """Rewrite a product, together with the bias that a node of its own adds to it."""
        output, bias = node.outputs[0], np.zeros(len(weight), np.float32)
        readers = [*output.uses()]
        if len(readers) == 1 and not output.is_graph_output() and readers[0].node.op_type == "Add":
            added = _constant(readers[0].node.inputs[1 - readers[0].idx])
            if added is not None and added.shape == bias.shape:
                output, bias = readers[0].node.outputs[0], added
        self._linear(node, weight, bias, output)

    def _gemm(self, node: ir.Node, weight: Array) -> None:
        """Rewrite a product and its bias if neither is scaled."""
        bias = _constant(node.inputs[2]) if len(node.inputs) > 2 else np.zeros(1, np.float32)
        factors = {node.attributes.get_float(key, 1.0) for key in ("alpha", "beta")}
        plain = factors == {1.0} and not _integer(node, "transA")
        if plain and bias is not None and bias.size in (1, len(weight)):
            bias = np.broadcast_to(bias.reshape(-1), len(weight))
            self._linear(node, weight, bias, node.outputs[0])

    def _linear(self, node: ir.Node, weight: Array, bias: Array, output: ir.Value) -> None:
        """Rewrite a product if its operand has finite limits and enough outputs are computed."""
        inputs: list[Any] = [*node.inputs]
        x, name = inputs[0], inputs[1].name
        finite = all(math.isfinite(self._ranges.of(piece).largest) for piece in _pieces(x))
        if finite and _constant(x) is None and len(weight) >= _FEWEST_COLUMNS:
            rows = self._product_of_rows(x, Layer(name, weight, bias))
            self._replaced[output] = self._with_axes_of(x, rows, len(weight))

    def _product_of_rows(self, x: ir.Value, layer: Layer) -> ir.Value:
        """Multiply ``x float32[..., K]`` and return ``float32[M, N]``."""
        pieces = _pieces(x)
        ends = np.cumsum([_columns(piece) for piece in pieces])
        products: list[ir.Value] = []
        for piece, weight in zip(pieces, np.split(layer.weight, ends[:-1], axis=1), strict=True):
            shape = self._tape.sizes(-1, weight.shape[1])
            rows = piece if len(_sizes(piece)) == 2 else self._tape.op("Reshape", [piece, shape])
            bias = np.zeros_like(layer.bias) if products else layer.bias
            part = Layer(layer.name, weight, bias)
            products.append(self._tape.product(rows, part, self._ranges.of(piece)))
        return reduce(lambda total, product: self._tape.op("Add", [total, product]), products)

    def _with_axes_of(self, x: ir.Value, rows: ir.Value, columns: int) -> ir.Value:
        """Give ``float32[M, N]`` the leading axes of ``x float32[..., K]``."""
        *axes, _ = _sizes(x) or [-1, -1, -1]
        if len(axes) == 1:
            return rows
        if axes.count(-1) < 2:
            shape = self._tape.sizes(*axes, columns)
        else:
            sizes = [self._tape.op("Shape", [x], {"end": -1}), self._tape.sizes(columns)]
            shape = self._tape.op("Concat", sizes, {"axis": 0})
        return self._tape.op("Reshape", [rows, shape])

    def _recurrence(self, node: ir.Node) -> None:
        """Write a GRU or an LSTM out, each direction by itself."""
        if reason := obstacle(node, self._ranges.of_state(node)):
            raise GraphError(
                f"{self._name}: the {node.op_type} node {node.name} cannot be quantized, because "
                f"{reason}; export in fp32"
            )
        directions = _DIRECTIONS[node.attributes.get_string("direction", "forward")]
        results = [self._direction(node, *direction) for direction in enumerate(directions)]
        for output, *parts in zip(node.outputs, *results, strict=False):
            axis = int(output is node.outputs[0])  # of [T, n, B, H]; the states are [n, B, H]
            unsqueezed = [
                self._tape.op("Unsqueeze", [part, self._tape.sizes(axis)]) for part in parts
            ]
            joined = unsqueezed[0]
            if len(parts) > 1:
                joined = self._tape.op("Concat", unsqueezed, {"axis": axis})
            self._replaced[output] = joined

    def _direction(self, node: ir.Node, index: int, backward: bool) -> list[ir.Value]:
        """Return the hidden states after all steps, and the states after the last one."""
        inputs: list[Any] = [*node.inputs, *[None] * 7]
        x, w, r, b = inputs[:4]
        weight, recurrent = _constant(w)[index], _constant(r)[index]
        biases = np.zeros(2 * len(weight), np.float32) if b is None else _constant(b)[index]
        bias, recurrent_bias = np.split(biases, 2)
        recurrence = Recurrence(
            node.op_type,
            Layer(f"{r.name}.{index}", recurrent, recurrent_bias),
            self._ranges.of_state(node),
            backward,
        )
        given = self._product_of_rows(x, Layer(f"{w.name}.{index}", weight, bias))
        states = [
            self._first_state(value, index, x, recurrence.size)
            for value in inputs[5 : 6 + (node.op_type == "LSTM")]
        ]
        if _sizes(x)[:1] == [1]:
            states = recurrence.step(self._tape, states, given)
            return [self._tape.op("Unsqueeze", [states[0], self._tape.sizes(0)]), *states]
        given = self._with_axes_of(x, given, len(weight))
        return recurrence.scan(self._tape, states, given)

    def _first_state(self, states: ir.Value | None, index: int, x: ir.Value, size: int) -> ir.Value:
        """Return the state of a direction before its first step, ``float32[B, H]``."""
        if states:
            direction = self._tape.constant("index", np.array(index, np.int64))
            return self._tape.op("Gather", [states, direction], {"axis": 0})
        batch = self._tape.op("Shape", [x], {"start": 1, "end": 2})
        shape = self._tape.op("Concat", [batch, self._tape.sizes(size)], {"axis": 0})
        return self._tape.op("ConstantOfShape", [shape])


def _pieces(x: ir.Value) -> list[ir.Value]:
    """Return the parts of a concatenated value: each has its own range, and so its own product."""
    joined, node = x, x.producer()
    while node and _keeps_rows(node) and node.inputs[0]:
        joined, node = node.inputs[0], node.inputs[0].producer()
    if node is None or node.op_type != "Concat":
        return [x]
    pieces = [piece for piece in node.inputs if piece and _columns(piece) > 0]
    variable = all(piece.const_value is None for piece in pieces)
    last = _integer(node, "axis") in (-1, len(_sizes(joined)) - 1)
    return pieces if last and variable and len(pieces) == len(node.inputs) else [x]


def _keeps_rows(node: ir.Node) -> bool:
    """Return whether a node changes the leading axes of its input alone."""
    before, after = node.inputs[0] if node.inputs else None, node.outputs[0]
    if before is None or _columns(before) < 1 or _columns(before) != _columns(after):
        return False
    if node.op_type == "Gather":  # x[0] of a sequence of one token
        is_first = not _integer(node, "axis") and _sizes(before)[0] == 1
        return is_first and len(_sizes(after)) < len(_sizes(before))
    return node.op_type in ("Identity", "Reshape", "Squeeze", "Unsqueeze")


def _sizes(value: ir.Value) -> list[int]:
    """Return the sizes of the axes, -1 for a dynamic one; nothing if they are unknown."""
    return [size if isinstance(size, int) else -1 for size in value.shape or ()]


def _columns(value: ir.Value) -> int:
    """Return the size of the last axis, -1 if it is dynamic or unknown."""
    return (_sizes(value) or [-1])[-1]


def _integer(node: ir.Node, attribute: str) -> int:
    return node.attributes.get_int(attribute, 0)


def _constant(value: ir.Value | None) -> Any:
    """Return a constant as an array; ``None`` if it is none."""
    return None if value is None or value.const_value is None else value.const_value.numpy()


def _matrix(value: ir.Value | None) -> Array | None:
    """Return a constant if it is ``float32[N, K]``."""
    array = _constant(value)
    is_matrix = array is not None and array.ndim == 2 and array.dtype == np.float32
    return array if is_matrix else None
