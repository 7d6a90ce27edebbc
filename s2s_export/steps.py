"""ONNX graphs as the encoder step and the decoder step of the greedy loop.

``loading`` makes them from an exported folder, export from graphs that are not published yet.
"""

from typing import Any

import numpy as np

from .contract import RETURNED_PREFIX, GraphSpec, TensorSpec, listed
from .errors import GraphError
from .greedy import FloatArray, State, TokenIds
from .sessions import SessionSettings, first_line, open_session

_NUMPY_NAME = {"tensor(int64)": "int64", "tensor(float)": "float32"}


def initial_state(encoder: GraphSpec) -> State:
    """Return the zeros that a sentence starts from, ``float32[n, 1, H]`` for each state tensor."""
    sizes = {spec.name: (int(spec.shape[0]), 1, int(spec.shape[2])) for spec in encoder.state}
    return {name: np.zeros(shape, dtype=np.float32) for name, shape in sizes.items()}


class OnnxEncoderStep:
    """An encoder graph as ``greedy.EncoderStep``."""

    def __init__(self, model: bytes, spec: GraphSpec, settings: SessionSettings) -> None:
        """Open a session; see ``sessions.open_session``."""
        self._graph = _Graph(model, spec, settings)

    def __call__(self, tokens: TokenIds, state: State) -> tuple[State, State]:
        """Run the graph once; see ``greedy.EncoderStep``."""
        outputs = self._graph.run(tokens, state)
        changed = {name: outputs.pop(name) for name in self._graph.replaced}
        return changed, outputs


class OnnxDecoderStep:
    """A decoder graph as ``greedy.DecoderStep``."""

    def __init__(self, model: bytes, spec: GraphSpec, settings: SessionSettings) -> None:
        """Open a session; see ``sessions.open_session``."""
        self._graph = _Graph(model, spec, settings)

    def __call__(self, token: TokenIds, state: State) -> tuple[FloatArray, State]:
        """Run the graph once; see ``greedy.DecoderStep``."""
        outputs = self._graph.run(token, state)
        return outputs.pop("log_probs"), outputs


class _Graph:
    """A session whose inputs and outputs are those of its specification."""

    def __init__(self, model: bytes, spec: GraphSpec, settings: SessionSettings) -> None:
        self._file = spec.file
        self._session = open_session(model, spec.file, settings)
        _require_same(spec.file, "input", spec.inputs, self._session.get_inputs())
        _require_same(spec.file, "output", spec.outputs, self._session.get_outputs())
        self._tokens_name = spec.inputs[0].name
        self._state_names = [tensor.name for tensor in spec.state]
        self._output_names = [tensor.name for tensor in spec.outputs]
        self._returned_names = [name.removeprefix(RETURNED_PREFIX) for name in self._output_names]
        self.replaced = spec.replaced

    def run(self, tokens: TokenIds, state: State) -> dict[str, FloatArray]:
        feeds: dict[str, Any] = {name: state[name] for name in self._state_names}
        feeds[self._tokens_name] = tokens
        try:
            outputs = self._session.run(self._output_names, feeds)
        except Exception as error:  # onnxruntime's exceptions have no base class but Exception
            raise GraphError(
                f"{self._file}: ONNX Runtime failed while running it: {first_line(error)}"
            ) from error
        return dict(zip(self._returned_names, outputs, strict=True))


def _require_same(file: str, kind: str, expected: tuple[TensorSpec, ...], found: list[Any]) -> None:
    """Compare a session's inputs or outputs with the specification; dynamic sizes are names."""
    described = tuple(
        TensorSpec(node.name, _NUMPY_NAME.get(node.type, node.type), tuple(node.shape))
        for node in found
    )
    if described != expected:
        raise GraphError(
            f"{file}: expected {kind}s {listed(expected)}, found {listed(described)}; "
            "the graph and the manifest do not belong together: export again"
        )
