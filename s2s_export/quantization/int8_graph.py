"""Nodes of an int8 graph: integer products and embeddings of 8 bits, as ONNX Runtime wants them.

Part of the torch side: ``quantize`` rewrites graphs with them. Nothing here knows of models.

Each product is a ``Gemm`` between ``QuantizeLinear`` and ``DequantizeLinear``, which ONNX Runtime
runs in integers. Its operand is rounded to 8 bits over a *fixed* range: a range taken from the
batch would make a sentence's translation depend on the sentences beside it. Weights are rounded to
7 bits for each output: on processors without VNNI two products of 8 bits overflow the 16 bits in
which they are added.
"""

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from .calibration import Range

Array = NDArray[np.float32]

_WEIGHT_LEVELS = 63  # on either side of 0: 7 bits
_EMBEDDING_LEVELS = 127
_SMALLEST_SCALE = 1e-12  # of numbers that are all zero


@dataclass(frozen=True)
class Layer:
    """A linear layer.

    Attributes:
        name: of its constants.
        weight: ``float32[N, K]``, for K inputs and N outputs.
        bias: ``float32[N]``.
    """

    name: str
    weight: Array
    bias: Array


class Int8Tape(ir.tape.Tape):
    """A recorder of new nodes and constants, in a graph or for the body of a loop."""

    def __init__(self, graph: ir.Graph | None = None) -> None:
        """Take the graph that gets the nodes at once; without one they are only recorded."""
        super().__init__(graph)
        self._constants: dict[tuple[str, tuple[int, ...], bytes], ir.Value] = {}

    def constant(self, name: str, value: NDArray[np.generic]) -> ir.Value:
        """Return a constant with these numbers, a new one unless there is one already."""
        value = np.asarray(value, order="C")
        numbers = (value.dtype.str, value.shape, value.tobytes())
        if numbers not in self._constants:
            name = f"int8.{name}.{len(self._constants)}"
            self._constants[numbers] = self.initializer(ir.tensor(value, name=name))
        return self._constants[numbers]

    def sizes(self, *sizes: int) -> ir.Value:
        """Return a constant shape or list of axes."""
        return self.constant("sizes", np.array(sizes, np.int64))

    def embedding(self, table: Array, tokens: ir.Value, name: str) -> ir.Value:
        """Look up rows of a table of 8 bits, with a scale for each row.

        Args:
            table: ``float32[V, H]``.
            tokens: ``int64[...]``.
            name: of the constants.

        Returns:
            ``float32[..., H]``.
        """
        scales = np.abs(table).max(axis=1, keepdims=True) / _EMBEDDING_LEVELS
        scales = np.maximum(scales, _SMALLEST_SCALE)
        rows = self.constant(f"{name}.rows", np.rint(table / scales).astype(np.int8))
        scale = self.constant(f"{name}.scale", scales.astype(np.float32))
        row = self.op("Cast", [self.op("Gather", [rows, tokens])], {"to": ir.DataType.FLOAT})
        return self.op("Mul", [row, self.op("Gather", [scale, tokens])])

    def product(self, x: ir.Value, layer: Layer, limits: Range) -> ir.Value:
        """Multiply in integers.

        Args:
            x: ``float32[M, K]``.
            layer: K to N.
            limits: the range of x; numbers outside are cut off.

        Returns:
            ``float32[M, N]``.
        """
        zero = 0 if limits.low >= 0 else 128  # without negative values there is a bit more
        step = np.float32(max(limits.largest / (255 - zero), _SMALLEST_SCALE))
        scales = np.maximum(np.abs(layer.weight).max(axis=1) / _WEIGHT_LEVELS, _SMALLEST_SCALE)
        scales = scales.astype(np.float32)
        weight = np.rint(layer.weight / scales[:, np.newaxis]).astype(np.int8).T  # [K, N]
        bias_scales = step * scales  # of the sums of products, to which the bias is added
        bias = np.rint(layer.bias / bias_scales).astype(np.int32)
        x_scale = self.constant("step", np.array(step))
        x_zero = self.constant("zero", np.array(zero, np.uint8))
        x_int8 = self.op("QuantizeLinear", [x, x_scale, x_zero])
        operands = [
            self.op("DequantizeLinear", [x_int8, x_scale, x_zero]),
            self._dequantized(f"{layer.name}.weight", weight, scales, axis=1),
            self._dequantized(f"{layer.name}.bias", bias, bias_scales, axis=0),
        ]
        return self.op("Gemm", operands)

    def _dequantized(
        self, name: str, numbers: NDArray[np.generic], scales: Array, axis: int
    ) -> ir.Value:
        constants = [
            self.constant(name, numbers),
            self.constant(f"{name}.scale", scales),
            self.constant("zeros", np.zeros(len(scales), numbers.dtype)),
        ]
        return self.op("DequantizeLinear", constants, {"axis": axis})

    def split(self, x: ir.Value, *sizes: int) -> list[ir.Value]:
        """Cut ``float32[B, N]`` into pieces with these numbers of columns."""
        inputs = [x, self.sizes(*sizes)]
        return [*self.op_multi_out("Split", inputs, {"axis": 1}, num_outputs=len(sizes))]
