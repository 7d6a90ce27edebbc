"""A finished float32 graph rewritten as an int8 graph with the same inputs and outputs.

Part of the torch side: ``build`` calls it; any step will do, whatever model it comes from.
Products with constant weights become integer products, tables of embeddings get 8 bits, and GRUs
and LSTMs are written out, since ONNX Runtime has none in integers. All else stays.
"""

import math
from collections.abc import Sequence

import numpy as np
import onnx
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.passes.common import RemoveUnusedNodesPass

from ..errors import GraphError
from .calibration import Feeds, Ranges
from .int8_nodes import Array, Int8Tape, Layer
from .int8_recurrence import RECURRENCES, Recurrence, obstacle

_FEWEST_COLUMNS = 8
"""A product with fewer outputs takes less time than the rounding of its operand."""

_OLDEST_OPSET = 15  # of Shape with a start and an end

_DIRECTIONS = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}


def to_int8(content: bytes, feeds: Sequence[Feeds], name: str) -> bytes:
    """Rewrite a graph.

    Args:
        content: the float32 ONNX file's bytes.
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
        self._replaced: list[tuple[ir.Value, ir.Value]] = []

    def rewrite(self, node: ir.Node) -> None:
        """Add the new nodes for an old one, if there are any."""
        first, second = (_constant(value) for value in [*node.inputs, None, None][:2])
        attributes = node.attributes
        if node.op_type in RECURRENCES:
            self._recurrence(node)
        elif node.op_type == "Gather" and _is_matrix(first) and not attributes.get_int("axis", 0):
            table, tokens = node.inputs
            assert first is not None
            assert tokens
            self._replace(node.outputs[0], self._tape.embedding(first, tokens, _name(table)))
        elif node.op_type == "MatMul" and _is_matrix(second):
            assert second is not None
            self._matmul(node, second.T)
        elif node.op_type == "Gemm" and _is_matrix(second):
            assert second is not None
            self._gemm(node, second if attributes.get_int("transB", 0) else second.T)

    def finish(self) -> None:
        """Let the new values take the old ones' places; nothing reads the old nodes then."""
        for old, new in self._replaced:
            new.name, new.type, new.shape = old.name, old.type, old.shape
            old.replace_all_uses_with(new, replace_graph_outputs=True)
        self._graph.sort()

    def _replace(self, old: ir.Value, new: ir.Value) -> None:
        self._replaced.append((old, new))

    def _matmul(self, node: ir.Node, weight: Array) -> None:
        """Rewrite a product, and the bias that PyTorch adds to it in a node of its own."""
        output, bias = node.outputs[0], np.zeros(len(weight), np.float32)
        readers = [*output.uses()]
        if len(readers) == 1 and not output.is_graph_output() and readers[0].node.op_type == "Add":
            added = _constant(readers[0].node.inputs[1 - readers[0].idx])
            if added is not None and added.shape == bias.shape:
                output, bias = readers[0].node.outputs[0], added
        self._linear(node, weight, bias, output)

    def _gemm(self, node: ir.Node, weight: Array) -> None:
        bias = _constant(node.inputs[2]) if len(node.inputs) > 2 else np.zeros(1, np.float32)
        factors = {node.attributes.get_float(key, 1.0) for key in ("alpha", "beta")}
        plain = factors == {1.0} and not node.attributes.get_int("transA", 0)
        if plain and bias is not None and bias.size in (1, len(weight)):
            bias = np.broadcast_to(bias.reshape(-1), len(weight))
            self._linear(node, weight, bias, node.outputs[0])

    def _linear(self, node: ir.Node, weight: Array, bias: Array, output: ir.Value) -> None:
        """Rewrite a product if its operand has a range and rounding costs less than it gains."""
        x, name = node.inputs[0], _name(node.inputs[1])
        assert x
        finite = all(math.isfinite(self._ranges.of(piece).largest) for piece in _pieces(x))
        if _constant(x) is None and len(weight) >= _FEWEST_COLUMNS and finite:
            product = self._product_of_rows(x, Layer(name, weight, bias))
            self._replace(output, self._shaped_like(x, product, len(weight)))

    def _product_of_rows(self, x: ir.Value, layer: Layer) -> ir.Value:
        """Multiply ``x float32[..., K]`` and return ``float32[M, N]``."""
        pieces = _pieces(x)
        ends = np.cumsum([_columns(piece) or 0 for piece in pieces])
        total, bias = None, layer.bias
        for piece, weight in zip(pieces, np.split(layer.weight, ends[:-1], axis=1), strict=True):
            rows = piece
            if _rank(piece) != 2:
                rows = self._tape.op("Reshape", [piece, self._tape.sizes(-1, weight.shape[1])])
            part = Layer(layer.name, weight, bias)
            product = self._tape.product(rows, part, self._ranges.of(piece))
            total = self._tape.op("Add", [total, product]) if total else product
            bias = np.zeros_like(bias)
        assert total
        return total

    def _shaped_like(self, x: ir.Value, rows: ir.Value, columns: int) -> ir.Value:
        """Give ``float32[M, N]`` the leading axes of ``x float32[..., K]``."""
        axes = [size if isinstance(size, int) else -1 for size in x.shape or (-1, -1, -1)][:-1]
        if len(axes) == 1:
            return rows
        shape = self._tape.sizes(*axes, columns)
        if axes.count(-1) > 1:
            sizes = [self._tape.op("Shape", [x], {"end": -1}), self._tape.sizes(columns)]
            shape = self._tape.op("Concat", sizes, {"axis": 0})
        return self._tape.op("Reshape", [rows, shape])

    def _recurrence(self, node: ir.Node) -> None:
        """Write a GRU or an LSTM out, each direction by itself."""
        limits = self._ranges.of_state(node)
        reason = obstacle(node)
        if reason is None and not math.isfinite(limits.largest):
            reason = "its first state is infinite in a sample"
        if reason:
            raise GraphError(
                f"{self._name}: the {node.op_type} node {node.name} cannot be quantized, because "
                f"{reason}; export in fp32"
            )
        x, w, r, b, _, *first = [*node.inputs, *[None] * 7][:7]
        weights, recurrent, biases = _constant(w), _constant(r), _constant(b)
        assert x
        assert weights is not None
        assert recurrent is not None
        if biases is None:
            biases = np.zeros((len(weights), 2 * weights.shape[1]), np.float32)
        all_states, sequences = [], []
        directions = _DIRECTIONS[node.attributes.get_string("direction", "forward")]
        for index, backward in enumerate(directions):
            bias, recurrent_bias = np.split(biases[index], 2)
            given = self._product_of_rows(x, Layer(f"{_name(w)}.{index}", weights[index], bias))
            layer = Layer(f"{_name(r)}.{index}", recurrent[index], recurrent_bias)
            recurrence = Recurrence(node.op_type, layer, limits, backward)
            states: Sequence[ir.Value] = [
                self._first_state(value, index, x, recurrence.size)
                for value in first[: 1 + (node.op_type == "LSTM")]
            ]
            if x.shape and x.shape[0] == 1:
                states = recurrence.step(self._tape, states, given)
                sequence = self._tape.op("Unsqueeze", [states[0], self._tape.sizes(0)])
            else:
                given = self._shaped_like(x, given, weights.shape[1])
                states, sequence = recurrence.scan(self._tape, states, given)
            all_states.append(states)
            sequences.append(sequence)
        parts = [(1, sequences), *((0, list(state)) for state in zip(*all_states, strict=True))]
        for output, (axis, values) in zip(node.outputs, parts, strict=False):
            stacked = [
                self._tape.op("Unsqueeze", [part, self._tape.sizes(axis)]) for part in values
            ]
            joined = self._tape.op("Concat", stacked, {"axis": axis}) if values[1:] else stacked[0]
            self._replace(output, joined)

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
    while node and (before := _same_rows(node)):
        joined, node = before, before.producer()
    if node is None or node.op_type != "Concat":
        return [x]
    pieces = [piece for piece in node.inputs if piece and _columns(piece)]
    constant = any(piece.const_value is not None for piece in pieces)
    last = node.attributes["axis"].as_int() in (-1, _rank(joined) - 1)
    return pieces if last and len(pieces) == len(node.inputs) and not constant else [x]


def _same_rows(node: ir.Node) -> ir.Value | None:
    """Return the input of a node that changes leading axes alone; ``None`` for other nodes."""
    before, after = node.inputs[0] if node.inputs else None, node.outputs[0]
    if before is None or not _columns(before) or _columns(before) != _columns(after):
        return None
    # PyTorch's x[0] for a sequence of one token; an axis that is gone was read at one index.
    axis = node.attributes.get_int("axis", 0)
    first = node.op_type == "Gather" and axis == 0 and before.shape and before.shape[0] == 1
    if first and _rank(after) < _rank(before):
        return before
    return before if node.op_type in ("Identity", "Reshape", "Squeeze", "Unsqueeze") else None


def _rank(value: ir.Value) -> int:
    """Return the number of axes; 0 if it is unknown."""
    return len(value.shape) if value.shape else 0


def _columns(value: ir.Value) -> int | None:
    """Return the size of the last axis; ``None`` if it is dynamic or unknown."""
    size = value.shape[-1] if value.shape else None
    return size if isinstance(size, int) else None


def _name(value: ir.Value | None) -> str:
    assert value
    assert value.name
    return value.name


def _constant(value: ir.Value | None) -> NDArray[np.float32] | None:
    """Return a constant as an array; ``None`` if it is none."""
    return None if value is None or value.const_value is None else value.const_value.numpy()


def _is_matrix(array: NDArray[np.generic] | None) -> bool:
    return array is not None and array.ndim == 2 and array.dtype == np.float32
