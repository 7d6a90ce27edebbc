"""GRU and LSTM as nodes of an int8 graph: the gates of a step, and a loop over a sequence.

Part of the torch side: ``quantize`` calls it. Each step adds two products: the token's, which is
computed for all tokens at once before, and the hidden state's, which is computed here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import onnx_ir as ir

from .calibration import Range
from .int8_graph import Int8Tape, Layer

RECURRENCES = ("GRU", "LSTM")
"""The recurrent operators of ONNX that can be quantized."""

_UNUSUAL = ("activations", "activation_alpha", "activation_beta", "clip")


def obstacle(node: ir.Node, limits: Range) -> str | None:
    """Return the reason why a GRU or LSTM cannot be quantized, or ``None``.

    Quantized are the variants that PyTorch has.

    Args:
        node: the GRU or LSTM.
        limits: the range of its hidden state.

    Returns:
        A clause for messages.
    """
    expected = {"input_forget": 0, "linear_before_reset": int(node.op_type == "GRU")}
    for key, number in expected.items():
        if (actual := node.attributes.get_int(key, 0)) != number:
            return f"{key} is {actual}, expected {number}"
    for key in _UNUSUAL:
        if key in node.attributes:
            return f"it has {key}"
    if any(weight and weight.const_value is None for weight in node.inputs[1:4]):
        return "its weights are not constant"
    if any(node.inputs[4:5]) or any(node.inputs[7:]):
        return "it is given sequence lengths or peepholes"
    return None if math.isfinite(limits.largest) else "its first state is infinite in a sample"


@dataclass(frozen=True)
class Recurrence:
    """One direction of a GRU or LSTM.

    Attributes:
        operator: ``GRU`` or ``LSTM``.
        layer: from the hidden state, H to 3H or 4H.
        limits: the range of the hidden state.
        backward: whether the last token comes first.
    """

    operator: str
    layer: Layer
    limits: Range
    backward: bool

    @property
    def size(self) -> int:
        """H, units of the hidden state."""
        return int(self.layer.weight.shape[1])

    def step(self, tape: Int8Tape, states: Sequence[ir.Value], given: ir.Value) -> list[ir.Value]:
        """Add the nodes of one step.

        Args:
            tape: gets the nodes.
            states: before the step, ``float32[B, H]`` each: the hidden state, an LSTM's cell.
            given: ``float32[B, G]``, the token's product, gates in ONNX's order.

        Returns:
            The states after the step.
        """
        hidden, *cell = states
        kept = tape.product(hidden, self.layer, self.limits)
        step = self._lstm_step if self.operator == "LSTM" else self._gru_step
        return step(tape, given, kept, *(cell or [hidden]))

    def _gru_step(
        self, tape: Int8Tape, given: ir.Value, kept: ir.Value, hidden: ir.Value
    ) -> list[ir.Value]:
        """Add a step of PyTorch's GRU, which is ONNX's with ``linear_before_reset``.

        The reset gate acts on the hidden state's product.
        """
        given_gates, given_new = tape.split(given, 2 * self.size, self.size)
        kept_gates, kept_new = tape.split(kept, 2 * self.size, self.size)
        gates = tape.op("Sigmoid", [tape.op("Add", [given_gates, kept_gates])])
        update, reset = tape.split(gates, self.size, self.size)
        new = tape.op("Add", [given_new, tape.op("Mul", [reset, kept_new])])
        new = tape.op("Tanh", [new])
        change = tape.op("Mul", [update, tape.op("Sub", [hidden, new])])
        return [tape.op("Add", [new, change])]

    def _lstm_step(
        self, tape: Int8Tape, given: ir.Value, kept: ir.Value, cell: ir.Value
    ) -> list[ir.Value]:
        """Add a step of an LSTM, whose gates read the sum of both products."""
        gates, new = tape.split(tape.op("Add", [given, kept]), 3 * self.size, self.size)
        gates = tape.op("Sigmoid", [gates])
        into, out, forget = tape.split(gates, *[self.size] * 3)
        added = tape.op("Mul", [into, tape.op("Tanh", [new])])
        cell = tape.op("Add", [tape.op("Mul", [forget, cell]), added])
        return [tape.op("Mul", [out, tape.op("Tanh", [cell])]), cell]

    def scan(self, tape: Int8Tape, states: Sequence[ir.Value], given: ir.Value) -> list[ir.Value]:
        """Add a loop with one step for each token.

        Args:
            tape: gets the node of the loop.
            states: before the first step.
            given: ``float32[T, B, G]``.

        Returns:
            The hidden states after all steps, ``float32[T, B, H]``; then the states after the
            last step.
        """
        body = Int8Tape()
        state_shape, given_shape = ("B", self.size), ("B", len(self.layer.weight))
        before = [ir.val(f"before.{i}", ir.DataType.FLOAT, state_shape) for i in range(len(states))]
        row = ir.val("given", ir.DataType.FLOAT, given_shape)
        after = self.step(body, before, row)
        after.append(body.op("Identity", after[:1]))  # a body may not return one value twice
        for value in after:
            value.type, value.shape = ir.TensorType(ir.DataType.FLOAT), ir.Shape(state_shape)
        step = ir.Graph(
            [*before, row], after, nodes=body.nodes, initializers=body.initializers, name="step"
        )
        computed = [value for node in step for value in node.outputs]
        for value in (*before, row, *step.initializers.values(), *computed):
            value.name = f"{given.name}.{value.name}"  # no other graph may have the same names
        attributes: dict[str, ir.Graph | int | list[int]] = {
            "body": step,
            "num_scan_inputs": 1,
            "scan_input_directions": [int(self.backward)],
            "scan_output_directions": [int(self.backward)],
        }
        outputs = tape.op_multi_out("Scan", [*states, given], attributes, num_outputs=len(after))
        return [outputs[-1], *outputs[:-1]]
