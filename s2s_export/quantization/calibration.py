"""Calibration: the shapes and ranges of a graph's values, measured on samples.

Part of the torch side: ``quantize`` asks. ``record`` collects the samples from the decoding loop.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray

from ..decoding.greedy import DecodingOptions, greedy_decode
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

Runner = Callable[[Feeds], Sequence[NDArray[np.generic]]]

Shapes = Mapping[str, tuple[int, ...]]

_EXAMPLE_SIZES = (97, 101, 103, 107, 109, 113)
"""Sizes of dynamic axes in an example: all different, and hardly a model's."""

_MANTISSA = 32
"""Measured ranges are widened to one of so many steps between powers of two. The samples do not
show everything; and another processor's rounding hardly ever leads to another file."""


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


def _rounded_up(number: float) -> float:
    mantissa, exponent = math.frexp(number)
    # A GRU's state can be 1.0000001.
    return math.ldexp(math.ceil(mantissa * _MANTISSA - 1e-3) / _MANTISSA, exponent)


class Calibration:
    """A graph and the samples on which its values are measured."""

    def __init__(self, content: bytes, feeds: Sequence[Feeds], name: str) -> None:
        """Take a graph.

        Args:
            content: the ONNX file's bytes.
            feeds: samples of its inputs, at least one.
            name: of the graph in messages.
        """
        assert feeds, "ranges are measured on samples"
        self._content, self._feeds, self._name = content, feeds, name

    @cache  # noqa: B019 (a calibration lives as long as the rewriting of its graph)
    def measured(self, value: str) -> Range:
        """Return the range of a value on all samples, widened a little.

        Args:
            value: name of an input or of a node's output.

        Returns:
            The range; infinite if the value is.
        """
        if value in self._feeds[0]:
            arrays = [feeds[value] for feeds in self._feeds]
        else:
            run = _runner(self._content, [value], self._name)
            arrays = [run(feeds)[0] for feeds in self._feeds]
        low = min(float(array.min()) for array in arrays)
        high = max(float(array.max()) for array in arrays)
        if not math.isfinite(low + high):
            return Range(-math.inf, math.inf)
        return Range(low, high).widened()


def example_shapes(content: bytes, name: str) -> Shapes:
    """Return the shapes of all values of a graph for inputs of zeros.

    Each dynamic axis has a size of its own, so a size of 1 is 1 for all inputs.

    Args:
        content: the ONNX file's bytes.
        name: of the graph in messages.
    """
    graph = onnx.load_from_string(content).graph
    sizes: dict[str, int] = {}
    feeds = {}
    for value in graph.input:
        tensor = value.type.tensor_type
        shape = [
            sizes.setdefault(size.dim_param, _EXAMPLE_SIZES[len(sizes)])
            if size.dim_param
            else size.dim_value
            for size in tensor.shape.dim
        ]
        feeds[value.name] = np.zeros(shape, onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    values = [output for node in graph.node for output in node.output if output]
    found = _runner(content, values, name)(feeds)
    shapes = {value: array.shape for value, array in zip(values, found, strict=True)}
    shapes |= {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    return shapes | {value: array.shape for value, array in feeds.items()}


def _runner(content: bytes, outputs: Sequence[str], name: str) -> Runner:
    """Open a graph so that it returns these values instead of its outputs."""
    model = onnx.load_from_string(content)
    del model.graph.output[:]
    model.graph.output.extend(onnx.ValueInfoProto(name=output) for output in outputs)
    given = [value.name for value in model.graph.input]
    session = open_session(model.SerializeToString(), name, SessionSettings())

    def run(feeds: Feeds) -> Sequence[NDArray[np.generic]]:
        try:
            found = session.run([*outputs], {key: feeds[key] for key in given})
        except Exception as error:  # onnxruntime's exceptions have no base class but Exception
            sizes = ", ".join(f"{key}{[*feeds[key].shape]}" for key in given)
            raise GraphError(
                f"{name}: it must run for inputs of all sizes, and ONNX Runtime fails for {sizes}: "
                f"{first_line(error)}; export again"
            ) from error
        return list(found)

    return run


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
    encoder_feeds: list[Feeds] = []
    decoder_feeds: list[Feeds] = []
    recorded = StepPair(
        EncoderStep(steps.encoder.spec, _recording(steps.encoder, encoder_feeds)),
        DecoderStep(steps.decoder.spec, _recording(steps.decoder, decoder_feeds)),
    )
    greedy_decode(recorded, sources, options)
    return encoder_feeds, decoder_feeds


def _recording(step: EncoderStep | DecoderStep, feeds: list[Feeds]) -> RunStep:
    """Return the computation of a step that also records copies of its inputs."""
    names = [tensor.name for tensor in step.spec.inputs]

    def run(tokens: TokenIds, state: Sequence[FloatArray]) -> Sequence[FloatArray]:
        arrays: list[NDArray[np.generic]] = [tokens.copy(), *(array.copy() for array in state)]
        feeds.append(dict(zip(names, arrays, strict=True)))
        return step.run(tokens, state)

    return run
