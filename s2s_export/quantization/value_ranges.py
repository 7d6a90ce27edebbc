"""The range of each value of a graph: known from the operators, or else measured on samples.

Part of the torch side: ``quantize`` asks. What is known holds for every input: a hidden state lies
between -1 and 1, an embedding no further out than its table. Samples lack rare tokens, so they are
asked only where nothing is known.
"""

import onnx
from onnx import numpy_helper

from .calibration import Calibration, Range

_STATE = Range(-1.0, 1.0)
_KNOWN = {"Tanh": _STATE, "Sigmoid": Range(0.0, 1.0), "Softmax": Range(0.0, 1.0)}
_PASSED_ON = {
    *("Gather", "Identity", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Flatten"),
    *("Expand", "Split"),
}
"""What only chooses from its first input, or moves it."""


class ValueRanges:
    """Ranges by the value's name."""

    def __init__(self, graph: onnx.GraphProto, calibration: Calibration) -> None:
        """Take a graph and what is measured of it."""
        self._constants = {tensor.name: tensor for tensor in graph.initializer}
        self._producers = {value: node for node in graph.node for value in node.output}
        self._calibration = calibration

    def of(self, value: str) -> Range:
        """Return the range of a value; infinite if nothing bounds it."""
        if value in self._constants:
            array = numpy_helper.to_array(self._constants[value])
            return Range(float(array.min()), float(array.max()))
        node = self._producers.get(value)
        operator = node.op_type if node else ""
        if node is None:
            return self._calibration.measured(value)
        if operator in _KNOWN:
            return _KNOWN[operator]
        if operator in _PASSED_ON:
            return self.of(node.input[0])
        if operator == "Relu":
            given = self.of(node.input[0])
            return Range(max(given.low, 0.0), max(given.high, 0.0))
        if operator == "Concat":
            first, *others = map(self.of, node.input)
            return first.joined(*others)
        if operator in ("GRU", "LSTM") and value in node.output[:2]:
            return self.of_state(node)
        return self._calibration.measured(value)

    def of_state(self, node: onnx.NodeProto) -> Range:
        """Return the range of the hidden state of a GRU or LSTM.

        A GRU's state is a mean of a tanh and the state before, an LSTM's a product of a tanh: only
        the first state can lie outside of -1 to 1.
        """
        first = node.input[5] if len(node.input) > 5 else ""
        return _STATE.joined(self.of(first)) if first else _STATE
