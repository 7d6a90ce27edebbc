"""An ONNX graph in the making whose products are between integers.

Part of the torch side: ``quantized`` builds the int8 steps with it. It knows how ONNX Runtime wants
quantization written, and a step of a GRU; nothing of models.

Each product is a ``Gemm`` between ``QuantizeLinear`` and ``DequantizeLinear``, which ONNX Runtime
runs in integers. What is multiplied is rounded to 8 bits over a *fixed* range, known from the
model: a hidden state lies between -1 and 1, an embedding no further out than the largest. Ranges
taken from the batch would make a sentence's translation depend on the sentences beside it. Weights
are rounded to 7 bits for each output: on processors without VNNI two products of 8 bits overflow
the 16 bits in which they are added.
"""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from .manifest import GraphRecord
from .steps import StepSpec, TensorSpec

Array = NDArray[np.float32]

_WEIGHT_LEVELS = 63  # on either side of 0: 7 bits
_EMBEDDING_LEVELS = 127
_DTYPES = {"int64": TensorProto.INT64, "float32": TensorProto.FLOAT}


class Layer:
    """A linear layer: ``weight float32[N, K]`` and ``bias float32[N]``, as PyTorch keeps them."""

    def __init__(self, weight: Array, bias: Array) -> None:
        self.weight, self.bias = weight, bias


class Int8Graph:
    """A graph in the making: nodes in their order, and constants by name, each once."""

    def __init__(self, prefix: str = "") -> None:
        """Begin.

        Args:
            prefix: of all names; a graph inside of another one may share none with it.
        """
        self._prefix = prefix
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def node(
        self,
        operator: str,
        inputs: list[str],
        outputs: list[str] | None = None,
        **attributes: Any,
    ) -> str:
        """Add a node and return the name of its first output."""
        outputs = outputs or [self.new_name()]
        name = f"{self._prefix}{operator}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, outputs, name=name, **attributes))
        return outputs[0]

    def new_name(self, suffix: str = "value") -> str:
        """Return a name that no value has yet, for an output of the next node."""
        return f"{self._prefix}{suffix}_{len(self._nodes)}"

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        """Add a constant, unless one of this name is there, and return its whole name."""
        name = self._prefix + name
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def shape(self, name: str, *sizes: int) -> str:
        """Add a constant shape or list of axes."""
        return self.constant(name, np.array(sizes, np.int64))

    def ones(self, shape: str, output: str) -> None:
        """Add a node that gives ``float32`` ones of a shape."""
        one = numpy_helper.from_array(np.ones(1, np.float32))
        self.node("ConstantOfShape", [shape], [output], value=one)

    def embedding(self, tokens: str, table: Array, name: str) -> str:
        """Look up rows of a table that is kept in 8 bits, with a scale for each row.

        Args:
            tokens: ``int64[...]``.
            table: ``float32[V, H]``.
            name: of the constants.

        Returns:
            ``float32[..., H]``.
        """
        scales = np.maximum(np.abs(table).max(axis=1, keepdims=True) / _EMBEDDING_LEVELS, 1e-12)
        rows = self.constant(f"{name}.weight", np.rint(table / scales).astype(np.int8))
        scale = self.constant(f"{name}.scale", scales.astype(np.float32))
        found = self.node("Cast", [self.node("Gather", [rows, tokens])], to=TensorProto.FLOAT)
        return self.node("Mul", [found, self.node("Gather", [scale, tokens])])

    def product(
        self, x: str, layer: Layer, name: str, largest: float, *, positive: bool = False
    ) -> str:
        """Multiply in integers.

        Args:
            x: ``float32[M, K]``.
            layer: K to N.
            name: of the constants.
            largest: the largest absolute value that x can have.
            positive: whether x has no negative values, which leaves a bit more for the others.

        Returns:
            ``float32[M, N]``.
        """
        zero = 0 if positive else 128
        step = np.float32(largest / (255 - zero))
        scales = np.maximum(np.abs(layer.weight).max(axis=1) / _WEIGHT_LEVELS, 1e-12)
        scales = scales.astype(np.float32)
        weight = np.rint(layer.weight / scales[:, np.newaxis]).astype(np.int8).T  # [K, N]
        bias_scales = step * scales  # of the sums of products, in which the bias is added
        bias = np.rint(layer.bias / bias_scales).astype(np.int32)
        # The same layer reads numbers of different ranges; the weights are kept once.
        ranged = f"{name}.{step!r}"
        x_scale = self.constant(f"{ranged}.step", np.array(step))
        x_zero = self.constant(f"zero.{zero}", np.array(zero, np.uint8))
        quantized = self.node("QuantizeLinear", [x, x_scale, x_zero])
        constants = (
            self.constant(f"{name}.weight", weight),
            self.constant(f"{name}.weight.scale", scales),
            self.constant(f"{name}.weight.zero", np.zeros(len(scales), np.int8)),
        )
        biases = (
            self.constant(f"{ranged}.bias", bias),
            self.constant(f"{ranged}.bias.scale", bias_scales),
            self.constant(f"{name}.bias.zero", np.zeros(len(scales), np.int32)),
        )
        operands = [
            self.node("DequantizeLinear", [quantized, x_scale, x_zero]),
            self.node("DequantizeLinear", [*constants], axis=1),
            self.node("DequantizeLinear", [*biases], axis=0),
        ]
        return self.node("Gemm", operands)

    def gru_step(self, given: str, hidden: str, layer: Layer, name: str) -> str:
        """Take one step of PyTorch's GRU.

        Args:
            given: ``float32[B, 3H]``, the token's half: reset, update, new.
            hidden: ``float32[B, H]``, before the step.
            layer: the hidden state's half, H to 3H.
            name: of the constants.

        Returns:
            ``float32[B, H]``, after the step.

        Source:
            The formulas of ``torch.nn.GRU``; the reset gate acts on the hidden state's product.
        """
        size = layer.weight.shape[1]
        parts = self.shape("gates.parts", 2 * size, size)
        kept = self.product(hidden, layer, name, 1.0)
        given_gates, given_new = self._split(given, parts)
        kept_gates, kept_new = self._split(kept, parts)
        gates = self.node("Sigmoid", [self.node("Add", [given_gates, kept_gates])])
        reset, update = self._split(gates, self.shape("gates.halves", size, size))
        new = self.node("Add", [given_new, self.node("Mul", [reset, kept_new])])
        new = self.node("Tanh", [new])
        change = self.node("Sub", [hidden, new])
        return self.node("Add", [new, self.node("Mul", [update, change])])

    def _split(self, x: str, sizes: str) -> tuple[str, str]:
        first = self.new_name()
        second = f"{first}.rest"
        self.node("Split", [x, sizes], outputs=[first, second], axis=1)
        return first, second

    def as_graph(
        self, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]
    ) -> onnx.GraphProto:
        """Return what was added, as a graph."""
        constants = [tensor for _, tensor in sorted(self._constants.items())]
        return helper.make_graph(self._nodes, "step", inputs, outputs, constants)

    def as_model(self, spec: StepSpec, record: GraphRecord) -> bytes:
        """Return what was added, as a file."""
        graph = self.as_graph([*map(_described, spec.inputs)], [*map(_described, spec.outputs)])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", record.opset)])
        model.ir_version = record.ir_version
        content: bytes = model.SerializeToString(deterministic=True)
        return content


def _described(tensor: TensorSpec) -> onnx.ValueInfoProto:
    return value_info(tensor.name, tensor.dtype, list(tensor.shape))


def value_info(name: str, dtype: str, shape: list[int | str]) -> onnx.ValueInfoProto:
    """Describe an input or an output of a graph."""
    return helper.make_tensor_value_info(name, _DTYPES[dtype], shape)
