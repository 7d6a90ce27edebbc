"""Calibration: the range of each value of a graph, known from its operators or measured on samples.

Part of the torch side: ``quantize`` asks for ranges; the exporter records the samples.
A known range holds for every input: a hidden state lies between -1 and 1, an embedding within its
table. Samples lack rare tokens, so they are used only where nothing is known.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import onnx
import onnx_ir as ir
from numpy.typing import NDArray

from ..decoding.greedy import greedy_decode
from ..decoding.options import DecodingOptions
from ..decoding.steps import (
    DecoderStep,
    EncoderStep,
    FloatArray,
    RunStep,
    StepPair,
    Steps,
    TokenIds,
)
from ..errors import GraphError
from ..runtime.sessions import SessionSettings, first_line, open_session

Feeds = Mapping[str, NDArray[np.generic]]
"""Inputs of a graph by name."""

_MANTISSA = 32
"""Steps between two powers of two. The limits of measured ranges are rounded outwards to them:
samples are only a part of all inputs, and rounding on another processor rarely changes the file."""


class Range(NamedTuple):
    """The range of a value: its smallest and its largest number."""

    low: float
    high: float

    @property
    def largest(self) -> float:
        """The largest absolute value."""
        return max(-self.low, self.high)

    def joined(self, *others: "Range") -> "Range":
        """Return the smallest range around this one and others."""
        lows, highs = zip(self, *others, strict=True)
        return Range(min(lows), max(highs))

    def widened(self) -> "Range":
        """Return a range around this one with rounder limits."""
        return Range(-_rounded_up(-self.low), _rounded_up(self.high))


_STATE = Range(-1.0, 1.0)


def _rounded_up(number: float) -> float:
    mantissa, exponent = math.frexp(number)
    # A GRU's state can be 1.0000001.
    return math.ldexp(math.ceil(mantissa * _MANTISSA - 1e-3) / _MANTISSA, exponent)


class Ranges:
    """The ranges of a graph's values."""

    def __init__(self, content: bytes, feeds: Sequence[Feeds], name: str) -> None:
        """Take a graph.

        Args:
            content: the ONNX file's bytes.
            feeds: samples of its inputs, at least one.
            name: of the graph in messages.
        """
        assert feeds, "ranges are measured on samples"
        self._content, self._feeds, self._name = content, feeds, name

    def of(self, value: ir.Value) -> Range:
        """Return the range of a value; infinite if nothing bounds it."""
        if value.const_value is not None:
            array = value.const_value.numpy()
            return Range(float(array.min()), float(array.max()))
        node = value.producer()
        inputs = [given for given in node.inputs if given] if node else []
        match node.op_type if node else "":
            case "Tanh":
                return _STATE
            case "Sigmoid" | "Softmax":
                return Range(0.0, 1.0)
            case "Gather" | "Slice" | "Split" | "Expand" | "Identity" | "Transpose":
                return self.of(inputs[0])
            case "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze":
                return self.of(inputs[0])
            case "Relu":
                low, high = self.of(inputs[0])
                return Range(max(low, 0.0), max(high, 0.0))
            case "Concat":
                return self.of(inputs[0]).joined(*map(self.of, inputs[1:]))
            case "GRU" | "LSTM" if node and value in node.outputs[:2]:
                return self.of_state(node)
        assert value.name
        return self._measured(value.name)

    def of_state(self, node: ir.Node) -> Range:
        """Return the range of the hidden state of a GRU or LSTM.

        A GRU's state is a mean of a tanh and the state before, an LSTM's a product of a tanh: only
        the first state can lie outside of -1 to 1.
        """
        first = node.inputs[5] if len(node.inputs) > 5 else None
        return _STATE.joined(self.of(first)) if first else _STATE

    @cache  # noqa: B019 (the ranges live as long as the rewriting of their graph)
    def _measured(self, value: str) -> Range:
        """Return the range of a value on all samples, widened a little; infinite if the value is.

        Raises:
            GraphError: the graph does not run.
        """
        model = onnx.load_from_string(self._content)
        inputs = [given.name for given in model.graph.input]
        if value in inputs:
            arrays = [feeds[value] for feeds in self._feeds]
        else:
            del model.graph.output[:]
            model.graph.output.append(onnx.ValueInfoProto(name=value))
            session = open_session(model.SerializeToString(), self._name, SessionSettings())
            try:
                arrays = [
                    np.asarray(session.run(None, {name: feeds[name] for name in inputs})[0])
                    for feeds in self._feeds
                ]
            except Exception as error:  # onnxruntime's exceptions have no base class but Exception
                raise GraphError(
                    f"{self._name}: ONNX Runtime fails for a sample: {first_line(error)}; "
                    "export again"
                ) from error
        low = min(float(array.min()) for array in arrays)
        high = max(float(array.max()) for array in arrays)
        if not math.isfinite(low + high):
            return Range(-math.inf, math.inf)
        return Range(low, high).widened()


def record(
    steps: Steps, sources: Sequence[Sequence[int]], options: DecodingOptions
) -> tuple[list[Feeds], list[Feeds]]:
    """Decode sentences and return the inputs of the two steps, call by call.

    Args:
        steps: the encoder step and the decoder step.
        sources: token ids of the sentences, decoded as one batch.
        options: of decoding.

    Returns:
        The encoder's feeds and the decoder's.
    """
    feeds: tuple[list[Feeds], list[Feeds]] = ([], [])
    recorded = StepPair(
        EncoderStep(steps.encoder.spec, _recording(steps.encoder, feeds[0])),
        DecoderStep(steps.decoder.spec, _recording(steps.decoder, feeds[1])),
    )
    greedy_decode(recorded, sources, options)
    return feeds


def _recording(step: EncoderStep | DecoderStep, feeds: list[Feeds]) -> RunStep:
    """Return the computation of a step that also records copies of its inputs."""
    names = [tensor.name for tensor in step.spec.inputs]

    def run(tokens: TokenIds, state: Sequence[FloatArray]) -> Sequence[FloatArray]:
        copies: list[NDArray[np.generic]] = [tokens.copy(), *(array.copy() for array in state)]
        feeds.append(dict(zip(names, copies, strict=True)))
        return step.run(tokens, state)

    return run
