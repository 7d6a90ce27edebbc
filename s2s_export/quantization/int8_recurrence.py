"""GRU and LSTM written out for an int8 graph: a step's gates, and the run over a sequence.

Part of the torch side: ``quantize`` calls it. The token's half of each step is multiplied for all
tokens at once, before; here is the hidden state's half.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import onnx
from onnx import TensorProto, helper

from .calibration import Range
from .int8_graph import Int8Graph, Layer
from .views import Constants, attribute

GATES = {"GRU": 3, "LSTM": 4}
"""The recurrent operators of ONNX that can be written out, and how many gates each has."""

_UNUSUAL = ("activations", "activation_alpha", "activation_beta", "clip")


def obstacle(node: onnx.NodeProto, constants: Constants) -> str | None:
    """Return what keeps a GRU or LSTM from being written out, or ``None``.

    Args:
        node: the GRU or LSTM.
        constants: of its graph, by name.

    Returns:
        A reason, for messages: this is a variant that PyTorch lacks.
    """
    expected = {"input_forget": 0, "linear_before_reset": int(node.op_type == "GRU")}
    for key, value in expected.items():
        if attribute(node, key, 0) != value:
            return f"{key} is {attribute(node, key, 0)}, expected {value}"
    for key in _UNUSUAL:
        if attribute(node, key, None):
            return f"it has {key}"
    _, *weights, lengths = [*node.input, ""][:5]
    if any(weight and weight not in constants for weight in weights):
        return "its weights are not constant"
    if lengths or any(node.input[7:]):
        return "it is given sequence lengths or peepholes"
    return None


@dataclass(frozen=True)
class Recurrence:
    """One direction of a GRU or LSTM.

    Attributes:
        operator: ``GRU`` or ``LSTM``.
        layer: the hidden state's half, H to 3H or 4H.
        limits: of the hidden state.
    """

    operator: str
    layer: Layer
    limits: Range

    @property
    def size(self) -> int:
        """H, units of the hidden state."""
        return int(self.layer.weight.shape[1])

    def step(self, graph: Int8Graph, given: str, states: Sequence[str]) -> list[str]:
        """Take one step.

        Args:
            graph: to add it to.
            given: ``float32[B, G]``, the token's half, gates in ONNX's order.
            states: before the step, ``float32[B, H]`` each: the hidden state, an LSTM's cell.

        Returns:
            The states after the step.
        """
        return (self._lstm_step if self.operator == "LSTM" else self._gru_step)(
            graph, given, *states
        )

    def _gru_step(self, graph: Int8Graph, given: str, hidden: str) -> list[str]:
        """Take a step as ONNX has it with ``linear_before_reset``, which is PyTorch's GRU.

        The reset gate acts on the hidden state's product.
        """
        kept = graph.product(hidden, self.layer, self.limits)
        given_gates, given_new = graph.split(given, 2 * self.size, self.size)
        kept_gates, kept_new = graph.split(kept, 2 * self.size, self.size)
        gates = graph.node("Sigmoid", [graph.node("Add", [given_gates, kept_gates])])
        update, reset = graph.split(gates, self.size, self.size)
        new = graph.node("Add", [given_new, graph.node("Mul", [reset, kept_new])])
        new = graph.node("Tanh", [new])
        change = graph.node("Sub", [hidden, new])
        return [graph.node("Add", [new, graph.node("Mul", [update, change])])]

    def _lstm_step(self, graph: Int8Graph, given: str, hidden: str, cell: str) -> list[str]:
        total = graph.node("Add", [given, graph.product(hidden, self.layer, self.limits)])
        gates, new = graph.split(total, 3 * self.size, self.size)
        gates = graph.node("Sigmoid", [gates])
        into, out, forget = graph.split(gates, self.size, self.size, self.size)
        added = graph.node("Mul", [into, graph.node("Tanh", [new])])
        cell = graph.node("Add", [graph.node("Mul", [forget, cell]), added])
        return [graph.node("Mul", [out, graph.node("Tanh", [cell])]), cell]

    def scan(
        self,
        graph: Int8Graph,
        given: str,
        states: Sequence[str],
        *,
        name: str,
        backward: bool,
        collected: bool,
    ) -> tuple[list[str], str]:
        """Take a step for each token.

        Args:
            graph: to add it to.
            given: ``float32[T, B, G]``.
            states: before the first step.
            name: of the body's values, which no other graph may share.
            backward: whether the last token comes first.
            collected: whether the hidden states are wanted.

        Returns:
            The states after the last step; and of each token the hidden state after it,
            ``float32[T, B, H]``, or "".
        """
        body = Int8Graph(f"{name}.")
        before = [f"{name}.before.{i}" for i in range(len(states))]
        after = self.step(body, f"{name}.given", before)
        # What is collected is returned once more.
        returned = [body.node("Identity", [value]) for value in after + after[:1] * collected]
        outputs = [graph.new_name(f"after.{i}") for i in range(len(returned))]
        columns = GATES[self.operator] * self.size
        graph.node(
            "Scan",
            [*states, given],
            outputs,
            body=helper.make_graph(
                body.nodes,
                "step",
                [*map(self._described, before), self._described(f"{name}.given", columns)],
                [*map(self._described, returned)],
                body.constants,
            ),
            num_scan_inputs=1,
            scan_input_directions=[int(backward)],
            **({"scan_output_directions": [int(backward)]} if collected else {}),
        )
        return outputs[: len(states)], outputs[-1] if collected else ""

    def _described(self, name: str, size: int | None = None) -> onnx.ValueInfoProto:
        shape: list[str | int | None] = ["B", size or self.size]
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
