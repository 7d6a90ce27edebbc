"""An ONNX graph in the making whose products are between integers.

Part of the torch side: ``quantize`` rewrites graphs with it. It knows how ONNX Runtime wants
quantization written; nothing of models.

Each product is a ``Gemm`` between ``QuantizeLinear`` and ``DequantizeLinear``, which ONNX Runtime
runs in integers. What is multiplied is rounded to 8 bits over a *fixed* range: a range taken from
the batch would make a sentence's translation depend on the sentences beside it. Weights are rounded
to 7 bits for each output: on processors without VNNI two products of 8 bits overflow the 16 bits in
which they are added.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

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


class Int8Graph:
    """A graph in the making: nodes in their order, and constants by name, each once."""

    def __init__(self, prefix: str) -> None:
        """Begin.

        Args:
            prefix: of all new names; a graph inside of another one may share none with it.
        """
        self._prefix = prefix
        self.nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._names: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    @property
    def constants(self) -> list[onnx.TensorProto]:
        """The constants, by name."""
        return [tensor for _, tensor in sorted(self._constants.items())]

    def node(
        self,
        operator: str,
        inputs: list[str],
        outputs: list[str] | None = None,
        **attributes: Any,
    ) -> str:
        """Add a node and return the name of its first output."""
        outputs = outputs or [self.new_name()]
        name = f"{self._prefix}{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, outputs, name=name, **attributes))
        return outputs[0]

    def keep(self, constant: onnx.TensorProto) -> None:
        """Add a constant of another graph, its name unchanged."""
        self._constants[constant.name] = constant

    def new_name(self, suffix: str = "value") -> str:
        """Return a name that no value has yet, for an output of the next node."""
        return f"{self._prefix}{suffix}_{len(self.nodes)}"

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        """Add a constant, unless one with the same numbers is there, and return its whole name."""
        value = np.asarray(value, order="C")
        numbers = (value.dtype.str, value.shape, value.tobytes())
        if numbers not in self._names:
            name = self._prefix + name
            while name in self._constants:  # the same weight, with another bias
                name += "'"
            self._names[numbers] = name
            self._constants[name] = numpy_helper.from_array(value, name)
        return self._names[numbers]

    def sizes(self, *sizes: int) -> str:
        """Add a constant shape or list of axes."""
        return self.constant(f"sizes.{'.'.join(map(str, sizes))}", np.array(sizes, np.int64))

    def embedding(self, tokens: str, table: Array, name: str, output: str) -> None:
        """Look up rows of a table that is kept in 8 bits, with a scale for each row.

        Args:
            tokens: ``int64[...]``.
            table: ``float32[V, H]``.
            name: of the constants.
            output: name of the result, ``float32[..., H]``.
        """
        scales = np.abs(table).max(axis=1, keepdims=True) / _EMBEDDING_LEVELS
        scales = np.maximum(scales, _SMALLEST_SCALE)
        rows = self.constant(f"{name}.rows", np.rint(table / scales).astype(np.int8))
        scale = self.constant(f"{name}.scale", scales.astype(np.float32))
        found = self.node("Cast", [self.node("Gather", [rows, tokens])], to=TensorProto.FLOAT)
        self.node("Mul", [found, self.node("Gather", [scale, tokens])], [output])

    def product(self, x: str, layer: Layer, limits: Range) -> str:
        """Multiply in integers.

        Args:
            x: ``float32[M, K]``.
            layer: K to N.
            limits: between which x lies; what lies outside is cut off.

        Returns:
            ``float32[M, N]``.
        """
        zero = 0 if limits.low >= 0 else 128  # without negative values there is a bit more
        step = np.float32(max(limits.largest / (255 - zero), _SMALLEST_SCALE))
        scales = np.maximum(np.abs(layer.weight).max(axis=1) / _WEIGHT_LEVELS, _SMALLEST_SCALE)
        scales = scales.astype(np.float32)
        weight = np.rint(layer.weight / scales[:, np.newaxis]).astype(np.int8).T  # [K, N]
        bias_scales = step * scales  # of the sums of products, in which the bias is added
        bias = np.rint(layer.bias / bias_scales).astype(np.int32)
        name = layer.name
        x_scale = self.constant(f"step.{step:.9g}", np.array(step))
        x_zero = self.constant(f"zero.{zero}", np.array(zero, np.uint8))
        quantized = self.node("QuantizeLinear", [x, x_scale, x_zero])
        constants = (
            self.constant(f"{name}.weight", weight),
            self.constant(f"{name}.weight.scale", scales),
            self.constant(f"zeros.{len(scales)}.int8", np.zeros(len(scales), np.int8)),
        )
        biases = (
            self.constant(f"{name}.bias.{step:.9g}", bias),
            self.constant(f"{name}.bias.scale.{step:.9g}", bias_scales),
            self.constant(f"zeros.{len(scales)}.int32", np.zeros(len(scales), np.int32)),
        )
        operands = [
            self.node("DequantizeLinear", [quantized, x_scale, x_zero]),
            self.node("DequantizeLinear", [*constants], axis=1),
            self.node("DequantizeLinear", [*biases], axis=0),
        ]
        return self.node("Gemm", operands)

    def split(self, x: str, *sizes: int) -> list[str]:
        """Cut ``float32[B, N]`` into pieces of these numbers of columns."""
        parts = [self.new_name(f"part.{i}") for i in range(len(sizes))]
        self.node("Split", [x, self.sizes(*sizes)], parts, axis=1)
        return parts
