"""A finished float32 graph rewritten as an int8 graph with the same inputs and outputs.

Part of the torch side: ``build`` calls it; any step will do, whatever model it comes from.
Products with constant weights become integer products, tables of embeddings get 8 bits, and GRUs
and LSTMs are written out, since ONNX Runtime has none in integers. All else is copied.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from ..errors import GraphError
from .calibration import Calibration, Feeds, example_shapes
from .int8_graph import Array, Int8Graph, Layer
from .int8_recurrence import GATES, Recurrence, obstacle
from .value_ranges import ValueRanges
from .views import attribute, is_view, remove_views

_FEWEST_COLUMNS = 8
"""A product with fewer outputs takes less time than rounding what it reads."""

_OLDEST_OPSET = 15  # of Shape with a start and an end

_DIRECTIONS = {b"forward": (False,), b"reverse": (True,), b"bidirectional": (False, True)}


def to_int8(content: bytes, feeds: Sequence[Feeds], name: str) -> bytes:
    """Rewrite a graph.

    Args:
        content: the float32 ONNX file's bytes.
        feeds: samples of the graph's inputs, at least one; where the range of a product's
            input does not follow from the graph, it is measured on them.
        name: of the graph in messages.

    Returns:
        The int8 ONNX file's bytes; the same arguments give the same bytes.

    Raises:
        GraphError: a GRU or LSTM cannot be written out, or the graph is too old.
    """
    model = onnx.load_from_string(content)
    [opset] = [entry.version for entry in model.opset_import if not entry.domain]
    if opset < _OLDEST_OPSET:
        raise GraphError(
            f"{name}: opset: expected {_OLDEST_OPSET} or newer for int8, found {opset}; "
            "export it again with a newer one"
        )
    rewriting = _Rewriting(model, content, feeds, name)
    for node in model.graph.node:
        rewriting.take(node)
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(rewriting.graph.nodes)
    model.graph.initializer.extend(rewriting.graph.constants)
    remove_views(model, example_shapes(model.SerializeToString(), name))
    for index, node in enumerate(model.graph.node):
        node.name = f"{node.op_type}_{index}"
    rewritten: bytes = model.SerializeToString(deterministic=True)
    return rewritten


class _Rewriting:
    """The graph in the making beside the one that is read; values keep their names."""

    def __init__(
        self, model: onnx.ModelProto, content: bytes, feeds: Sequence[Feeds], name: str
    ) -> None:
        self.graph = Int8Graph("int8.")
        self._name = name
        self._nodes = [*model.graph.node]
        self._constants = {tensor.name: tensor for tensor in model.graph.initializer}
        self._shapes = example_shapes(content, name)
        self._ranges = ValueRanges(model.graph, Calibration(content, feeds, name))
        self._producers = {value: node for node in self._nodes for value in node.output}
        self._readers = Counter(value for node in self._nodes for value in node.input)
        self._readers.update(value.name for value in model.graph.output)
        self._done: set[str] = set()  # values that were made together with others

    def take(self, node: onnx.NodeProto) -> None:
        """Rewrite a node, or copy it."""
        if node.output[0] in self._done:
            return
        first, second = (self._array(name) for name in [*node.input, "", ""][:2])
        if node.op_type in GATES:
            self._recurrence(node)
        elif node.op_type == "Gather" and _is_matrix(first) and not attribute(node, "axis", 0):
            self.graph.embedding(node.input[1], first, node.input[0], node.output[0])
        elif node.op_type == "MatMul" and _is_matrix(second):
            self._matmul(node, second.T)
        elif node.op_type == "Gemm" and _is_matrix(second):
            self._gemm(node, second if attribute(node, "transB", 0) else second.T)
        else:
            self._copy(node)

    def _array(self, name: str) -> Any:
        """Return a constant as an array; ``None`` if it is none."""
        return numpy_helper.to_array(self._constants[name]) if name in self._constants else None

    def _copy(self, node: onnx.NodeProto) -> None:
        for name in node.input:
            self._read(name)
        self.graph.nodes.append(node)

    def _read(self, name: str) -> str:
        """Keep a constant that is read as it is, and return its name."""
        if name in self._constants:
            self.graph.keep(self._constants[name])
        return name

    def _matmul(self, node: onnx.NodeProto, weight: Array) -> None:
        """Rewrite a product, and the bias that PyTorch adds to it in a node of its own."""
        x, name = node.input
        [output] = node.output
        bias = np.zeros(len(weight), np.float32)
        if not self._is_worth_it(x, weight):
            self._copy(node)
            return
        [reader, *_] = [*(other for other in self._nodes if output in other.input), node]
        if reader.op_type == "Add" and self._readers[output] == 1:
            [other] = {*reader.input} - {output}
            added = self._array(other)
            if added is not None and added.shape == bias.shape:
                bias, output = added, reader.output[0]
                self._done.add(output)
        self._linear(x, Layer(name, weight, bias), output)

    def _gemm(self, node: onnx.NodeProto, weight: Array) -> None:
        x, name, *biases = node.input
        bias = self._array(biases[0]) if biases else np.zeros(1, np.float32)
        plain = {"alpha": 1.0, "beta": 1.0, "transA": 0}
        if (
            any(attribute(node, key, value) != value for key, value in plain.items())
            or bias is None
            or bias.size not in (1, len(weight))
            or not self._is_worth_it(x, weight)
        ):
            self._copy(node)
            return
        bias = np.broadcast_to(bias.reshape(-1), len(weight))
        self._linear(x, Layer(name, weight, bias), node.output[0])

    def _is_worth_it(self, x: str, weight: Array) -> bool:
        if x in self._constants or len(weight) < _FEWEST_COLUMNS:
            return False
        return all(math.isfinite(self._ranges.of(piece).largest) for piece in self._pieces(x))

    def _linear(self, x: str, layer: Layer, output: str) -> str:
        """Multiply ``x float32[..., K]`` and name the result, ``float32[..., N]``."""
        sizes = [self.graph.node("Shape", [x], end=-1), self.graph.sizes(len(layer.weight))]
        shape = self.graph.node("Concat", sizes, axis=0)
        return self.graph.node("Reshape", [self._product_of_rows(x, layer), shape], [output])

    def _product_of_rows(self, x: str, layer: Layer) -> str:
        """Multiply ``x float32[..., K]`` and return ``float32[M, N]``."""
        pieces = self._pieces(x)
        ends = np.cumsum([self._shapes[piece][-1] for piece in pieces])
        total, bias = "", layer.bias
        for piece, weight in zip(pieces, np.split(layer.weight, ends[:-1], axis=1), strict=True):
            rows = self.graph.node("Reshape", [piece, self.graph.sizes(-1, weight.shape[1])])
            name = f"{layer.name}.{piece}" if len(pieces) > 1 else layer.name
            product = self.graph.product(rows, Layer(name, weight, bias), self._ranges.of(piece))
            total = self.graph.node("Add", [total, product]) if total else product
            bias = np.zeros_like(bias)
        return total

    def _pieces(self, x: str) -> list[str]:
        """Return what x was joined of: each piece has a range, and so a product, of its own."""
        node = self._producers.get(x)
        while node and is_view(node, self._shapes, self._constants):
            node = self._producers.get(node.input[0])
        if node is None or node.op_type != "Concat" or self._constants.keys() & {*node.input}:
            return [x]
        joined = self._shapes[node.output[0]]
        last = attribute(node, "axis", 0) in (-1, len(joined) - 1)
        return [*node.input] if last and joined[-1] == self._shapes[x][-1] else [x]

    def _recurrence(self, node: onnx.NodeProto) -> None:
        """Write a GRU or an LSTM out, each direction by itself."""
        reason = obstacle(node, self._constants)
        if reason is None and not math.isfinite(self._ranges.of_state(node).largest):
            reason = "its first state is infinite in a sample"
        if reason:
            raise GraphError(
                f"{self._name}: the {node.op_type} node {node.name} cannot be quantized, because "
                f"{reason}; export in fp32"
            )
        x, w, r, b, _, *first = [*node.input, *[""] * 7][:7]
        weights, recurrent = self._array(w), self._array(r)
        biases = self._array(b) if b else np.zeros((len(weights), 2 * weights.shape[1]), np.float32)
        sequence, *after = [*node.output, "", ""][:3]
        states_after, sequences = [], []
        for index, backward in enumerate(_DIRECTIONS[attribute(node, "direction", b"forward")]):
            of_token, of_state = np.split(biases[index], 2)
            layer = Layer(f"{w}.{index}", weights[index], of_token)
            given = self._linear(x, layer, self.graph.new_name("given"))
            layer = Layer(f"{r}.{index}", recurrent[index], of_state)
            recurrence = Recurrence(node.op_type, layer, self._ranges.of_state(node))
            states = [
                self._first_state(name, index, x, recurrence.size)
                for name in first[: 1 + (node.op_type == "LSTM")]
            ]
            if self._shapes[x][0] == 1:
                row = self.graph.node("Reshape", [given, self.graph.sizes(-1, weights.shape[1])])
                states = recurrence.step(self.graph, row, states)
                hidden = self.graph.node("Unsqueeze", [states[0], self.graph.sizes(0)])
            else:
                states, hidden = recurrence.scan(
                    self.graph,
                    given,
                    states,
                    name=f"{node.output[0] or node.output[1]}.{index}",
                    backward=backward,
                    collected=self._readers[sequence] > 0,
                )
            states_after.append(states)
            sequences.append(hidden)
        if self._readers[sequence]:
            self._stack(sequences, 1, sequence)
        for name, parts in zip(after, zip(*states_after, strict=True), strict=False):
            self._stack(parts, 0, name)

    def _first_state(self, name: str, index: int, x: str, size: int) -> str:
        """Return the state of a direction before its first step, ``float32[B, H]``."""
        if name:
            at = self.graph.constant(f"index.{index}", np.array(index, np.int64))
            return self.graph.node("Gather", [self._read(name), at], axis=0)
        sizes = [self.graph.node("Shape", [x], start=1, end=2), self.graph.sizes(size)]
        return self.graph.node("ConstantOfShape", [self.graph.node("Concat", sizes, axis=0)])

    def _stack(self, parts: Sequence[str], axis: int, output: str) -> None:
        """Join what the directions found along a new axis, and name it."""
        if output:
            axes = self.graph.sizes(axis)
            stacked = [self.graph.node("Unsqueeze", [part, axes]) for part in parts]
            if len(parts) == 1:
                self.graph.node("Identity", stacked, [output])
            else:
                self.graph.node("Concat", stacked, [output], axis=axis)


def _is_matrix(array: NDArray[np.generic] | None) -> bool:
    return array is not None and array.ndim == 2 and array.dtype == np.float32
