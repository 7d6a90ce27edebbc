"""The one description of a step, and a step as the decoding loop runs it.

A specification names the tensors that a step is given and returns. The torch modules, the ONNX
graphs, the manifest and the sessions derive from it; nothing states it twice. An ``EncoderStep`` or
``DecoderStep`` joins a specification to anything that computes: an eager module, TorchScript, a
session. Both worlds import it; numpy only.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

TokenIds = NDArray[np.int64]
FloatArray = NDArray[np.float32]
State = Mapping[str, FloatArray]
"""State tensors by name, each with the batch on axis 1."""

NEXT = "next_"
"""Prefix of an output that replaces a state tensor: ``next_hidden`` replaces ``hidden``."""

LARGEST_SIZE = 10_000_000
"""Elements of a state tensor for one sentence and token. Far above any model's, so that a damaged
number cannot ask for all the memory."""

Shape = tuple[int | str, ...]
Reads = Literal["tokens", "sentence"]


@dataclass(frozen=True)
class TensorSpec:
    """An input or output of a step.

    Attributes:
        name: its name in the graph.
        dtype: numpy's name of the element type: ``int64`` or ``float32``.
        shape: sizes; a string names a dynamic axis: ``"T"`` tokens read at once, ``"S"`` tokens of
            the whole source, ``"B"`` batch.
    """

    name: str
    dtype: str
    shape: Shape

    def __str__(self) -> str:
        return f"{self.name} {self.dtype}[{', '.join(map(str, self.shape))}]"


@dataclass(frozen=True)
class StepSpec:
    """The inputs and outputs of a step.

    Attributes:
        inputs: the token ids, then the state.
        outputs: in the order in which the step returns them. ``next_X`` replaces the state ``X``.
    """

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    @cached_property
    def state(self) -> tuple[TensorSpec, ...]:
        """The inputs that are state."""
        return self.inputs[1:]

    @cached_property
    def replaced(self) -> Mapping[str, int]:
        """State tensors that the step replaces, each with the index of its output."""
        names = {f"{NEXT}{spec.name}": spec.name for spec in self.state}
        return {names[s.name]: i for i, s in enumerate(self.outputs) if s.name in names}

    @cached_property
    def output_names(self) -> tuple[str, ...]:
        """Names of the outputs; one that replaces state has the name of that state."""
        state = dict(zip(self.replaced.values(), self.replaced, strict=True))
        return tuple(state.get(i, spec.name) for i, spec in enumerate(self.outputs))


@dataclass(frozen=True)
class EncoderSpec(StepSpec):
    """An encoder step: ``tokens int64[T, B]``, then state.

    Attributes:
        reads: ``tokens``: a sentence may be cut into stretches, which give the same result.
            ``sentence``: it may not (a bidirectional encoder), so the step gets whole sentences.
    """

    reads: Reads = "tokens"

    @classmethod
    def from_shapes(
        cls, state: Mapping[str, Shape], outputs: Mapping[str, Shape], reads: Reads = "tokens"
    ) -> "EncoderSpec":
        """Describe an encoder step by the ``float32`` shapes of its state and its outputs."""
        tokens = TensorSpec("tokens", "int64", ("T", "B"))
        return cls((tokens, *_float32(state)), _float32(outputs), reads)

    @cached_property
    def collected(self) -> Mapping[str, int]:
        """Outputs with ``T`` on axis 0, by index; collected for all tokens they become state."""
        return {s.name: i for i, s in self._other_outputs() if s.shape[:1] == ("T",)}

    @cached_property
    def final(self) -> Mapping[str, int]:
        """The other outputs, by index; after the last call of a sentence they become state."""
        return {s.name: i for i, s in self._other_outputs() if s.shape[:1] != ("T",)}

    def _other_outputs(self) -> Iterator[tuple[int, TensorSpec]]:
        replacing = self.replaced.values()
        return ((i, spec) for i, spec in enumerate(self.outputs) if i not in replacing)

    def initial_state(self, rows: int) -> dict[str, FloatArray]:
        """Return the state before the first token: zeros."""
        return _zeros(self.state, rows)

    def supplies(self) -> dict[str, Shape]:
        """Return the state that is left for the decoder after a sentence, with its shapes."""
        collected = {n: ("S", *self.outputs[i].shape[1:]) for n, i in self.collected.items()}
        final = {name: self.outputs[i].shape for name, i in self.final.items()}
        return {**{spec.name: spec.shape for spec in self.state}, **collected, **final}


@dataclass(frozen=True)
class DecoderSpec(StepSpec):
    """A decoder step: ``token int64[B]``, then state; ``log_probs float32[B, V]`` comes first."""

    @classmethod
    def from_shapes(
        cls, vocabulary_size: int, state: Mapping[str, Shape], outputs: Mapping[str, Shape]
    ) -> "DecoderSpec":
        """Describe a decoder step by the ``float32`` shapes of its state and its other outputs."""
        token = TensorSpec("token", "int64", ("B",))
        return cls((token, *_float32(state)), _float32({**_log_probs(vocabulary_size), **outputs}))

    @cached_property
    def extra(self) -> Mapping[str, int]:
        """Outputs that are neither log-probabilities nor state, by index; they can be recorded."""
        replacing = self.replaced.values()
        return {s.name: i for i, s in enumerate(self.outputs) if i > 0 and i not in replacing}

    def first_state(self, supplied: State, rows: int) -> dict[str, FloatArray]:
        """Return the state before the first token: supplied by the encoder, or else zeros."""
        state = {spec.name: supplied[spec.name] for spec in self.state if spec.name in supplied}
        return {**state, **_zeros((s for s in self.state if s.name not in state), rows)}


def fixed_shape(spec: TensorSpec, rows: int) -> tuple[int, ...]:
    """Return the shape of a state tensor for a batch of ``rows``; it may have no axis ``"S"``."""
    return tuple(rows if size == "B" else int(size) for size in spec.shape)


def _zeros(specs: Iterable[TensorSpec], rows: int) -> dict[str, FloatArray]:
    return {spec.name: np.zeros(fixed_shape(spec, rows), np.float32) for spec in specs}


def _float32(shapes: Mapping[str, Shape]) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(name, "float32", shape) for name, shape in shapes.items())


def _log_probs(vocabulary_size: int) -> dict[str, Shape]:
    return {"log_probs": ("B", vocabulary_size)}


RunStep = Callable[[TokenIds, Sequence[FloatArray]], Sequence[FloatArray]]
"""The computation of a step: token ids and the state in the order of the specification's inputs →
the outputs in the order of the specification's."""


class EncoderOutputs(NamedTuple):
    """Outputs of an encoder step by name: replaced state, ``float32[T, B, …]``, and final state."""

    replaced: State
    collected: State
    final: State


class EncoderStep:
    """An encoder step as the loop runs it."""

    def __init__(self, spec: EncoderSpec, run: RunStep) -> None:
        self.spec, self.run = spec, run
        self._names = [tensor.name for tensor in spec.state]

    def __call__(self, tokens: TokenIds, state: State) -> EncoderOutputs:
        """Read ``int64[T, B]``, T ≥ 1 tokens of each sentence."""
        spec = self.spec
        outputs = self.run(tokens, [state[name] for name in self._names])
        return EncoderOutputs(
            {name: outputs[i] for name, i in spec.replaced.items()},
            {name: outputs[i] for name, i in spec.collected.items()},
            {name: outputs[i] for name, i in spec.final.items()},
        )


class DecoderOutputs(NamedTuple):
    """Outputs of a decoder step: ``float32[B, V]``, and by name replaced state and the others."""

    log_probs: FloatArray
    replaced: State
    extra: State

    def by_name(self) -> State:
        """Return all of them by name."""
        return {"log_probs": self.log_probs, **self.replaced, **self.extra}


class DecoderStep:
    """A decoder step as the loop runs it."""

    def __init__(self, spec: DecoderSpec, run: RunStep) -> None:
        self.spec, self.run = spec, run
        self._names = [tensor.name for tensor in spec.state]

    def __call__(self, token: TokenIds, state: State) -> DecoderOutputs:
        """Read ``int64[B]``, the token chosen last for each sentence."""
        spec = self.spec
        outputs = self.run(token, [state[name] for name in self._names])
        return DecoderOutputs(
            outputs[0],
            {name: outputs[i] for name, i in spec.replaced.items()},
            {name: outputs[i] for name, i in spec.extra.items()},
        )


class Steps(Protocol):
    """An encoder step and a decoder step that belong together."""

    @property
    def encoder(self) -> EncoderStep:
        """The encoder step."""

    @property
    def decoder(self) -> DecoderStep:
        """The decoder step."""


class StepPair(NamedTuple):
    """Two steps that belong together, as ``Steps``."""

    encoder: EncoderStep
    decoder: DecoderStep
