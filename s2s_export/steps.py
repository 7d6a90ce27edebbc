"""ONNX Runtime sessions as the encoder step and the decoder step of the greedy loop.

The Translator makes them from an exported folder, export from graphs that are not published yet.
This is the only module of the run time that touches onnxruntime, and it imports it when the first
session is opened, not before.
"""

import os
import re
from typing import Any

import numpy as np

from .errors import GraphError, ProviderError, RuntimeMissingError
from .greedy import FloatArray, State, TokenIds
from .manifest import RETURNED_PREFIX, GraphSpec, TensorSpec

PROVIDERS: dict[str, list[tuple[str, dict[str, str]]]] = {
    "cpu": [("CPUExecutionProvider", {})],
    # TF32 rounds the factors of each product to 10 bits of mantissa; parity needs float32.
    "cuda": [("CUDAExecutionProvider", {"use_tf32": "0"}), ("CPUExecutionProvider", {})],
}
"""Execution providers with their options, by the device's name."""

_NUMPY_NAME = {"tensor(int64)": "int64", "tensor(float)": "float32"}


def initial_state(encoder: GraphSpec) -> State:
    """Return the zeros that a sentence starts from, ``float32[n, 1, H]`` for each state tensor."""
    sizes = {spec.name: (int(spec.shape[0]), 1, int(spec.shape[2])) for spec in encoder.state}
    return {name: np.zeros(shape, dtype=np.float32) for name, shape in sizes.items()}


class OnnxEncoderStep:
    """An encoder graph as ``greedy.EncoderStep``."""

    def __init__(self, model: bytes, spec: GraphSpec, *, device: str, threads: int) -> None:
        """Open a session; see ``_open_session``."""
        self._graph = _Graph(model, spec, device=device, threads=threads)

    def __call__(self, tokens: TokenIds, state: State) -> State:
        """Run the graph once; see ``greedy.EncoderStep``."""
        return self._graph.run(tokens, state)


class OnnxDecoderStep:
    """A decoder graph as ``greedy.DecoderStep``."""

    def __init__(self, model: bytes, spec: GraphSpec, *, device: str, threads: int) -> None:
        """Open a session; see ``_open_session``."""
        self._graph = _Graph(model, spec, device=device, threads=threads)

    def __call__(self, token: TokenIds, state: State) -> tuple[FloatArray, State]:
        """Run the graph once; see ``greedy.DecoderStep``."""
        outputs = dict(self._graph.run(token, state))
        return outputs.pop("log_probs"), outputs


class _Graph:
    """A session whose inputs and outputs are those of its specification."""

    def __init__(self, model: bytes, spec: GraphSpec, *, device: str, threads: int) -> None:
        self._file = spec.file
        self._session = _open_session(model, spec.file, device, threads)
        _require_same(spec.file, "input", spec.inputs, self._session.get_inputs())
        _require_same(spec.file, "output", spec.outputs, self._session.get_outputs())
        self._tokens_name = spec.inputs[0].name
        self._state_names = [tensor.name for tensor in spec.state]
        self._output_names = [tensor.name for tensor in spec.outputs]
        self._returned_names = [name.removeprefix(RETURNED_PREFIX) for name in self._output_names]

    def run(self, tokens: TokenIds, state: State) -> dict[str, FloatArray]:
        feeds: dict[str, Any] = {name: state[name] for name in self._state_names}
        feeds[self._tokens_name] = tokens
        try:
            outputs = self._session.run(self._output_names, feeds)
        except Exception as error:  # onnxruntime's exceptions have no base class but Exception
            raise GraphError(
                f"{self._file}: ONNX Runtime failed while running it: {_first_line(error)}"
            ) from error
        return dict(zip(self._returned_names, outputs, strict=True))


def available_providers() -> list[str]:
    """Return the execution providers that the installed onnxruntime was built with.

    Raises:
        RuntimeMissingError: onnxruntime is not installed.
    """
    return list(_import_onnxruntime().get_available_providers())


def require_onnxruntime(version: str) -> None:
    """Make sure that the installed onnxruntime is new enough.

    Args:
        version: the oldest that will do.

    Raises:
        RuntimeMissingError: it is older, or not installed.
    """
    found = _import_onnxruntime().__version__
    if _numbers(found) < _numbers(version):
        raise RuntimeMissingError(
            f"these graphs need onnxruntime {version} or newer, found {found}: "
            "pip install --upgrade onnxruntime (onnxruntime-gpu where that is installed)"
        )


def _numbers(version: str) -> list[int]:
    """Return the leading numbers of a version: [1, 20, 0] for "1.20.0rc1"."""
    match = re.match(r"\d+(\.\d+)*", version)
    return [int(number) for number in match[0].split(".")] if match else []


def _open_session(model: bytes, file: str, device: str, threads: int) -> Any:
    """Open an ONNX Runtime session and make sure that it runs where it was asked to.

    Args:
        model: the ONNX file's bytes.
        file: what messages call the graph.
        device: ``"cpu"`` or ``"cuda"``.
        threads: threads of one call; one is quickest for graphs of this size.

    Raises:
        RuntimeMissingError: onnxruntime is not installed.
        ProviderError: the device is unknown or not available.
        GraphError: ONNX Runtime cannot load the graph.
    """
    if device not in PROVIDERS:
        raise ProviderError(f"device: expected one of {', '.join(PROVIDERS)}, found {device!r}")
    ort = _import_onnxruntime()
    wanted = PROVIDERS[device][0][0]
    if wanted not in ort.get_available_providers():
        raise ProviderError(_not_available(device, "this onnxruntime was built without it"))
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Idle threads would spin and take a core each from the app.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # what goes wrong is raised, too
    try:
        # By default the Python layer answers a failing provider with a line on stdout and the CPU.
        session = ort.InferenceSession(
            model,
            options,
            providers=PROVIDERS[device],
            enable_fallback=0,
            read_config_from_model=0,
        )
    except Exception as error:  # onnxruntime's exceptions have no base class but Exception
        if device == "cpu":
            raise GraphError(
                f"{file}: ONNX Runtime cannot load it: {_first_line(error)}"
            ) from error
        raise ProviderError(_not_available(device, _first_line(error))) from error
    if session.get_providers()[0] != wanted:
        raise ProviderError(_not_available(device, "ONNX Runtime fell back to the CPU"))
    return session


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _import_onnxruntime() -> Any:
    # Read once, at import: without it ONNX Runtime 1.29 and later report to their makers and leave
    # a device id under ~/.cache. A value that the app has set is respected.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        import onnxruntime
    except ImportError as error:
        raise RuntimeMissingError(
            "onnxruntime is not installed: pip install onnxruntime, "
            f"or onnxruntime-gpu for an NVIDIA GPU ({error})"
        ) from error
    return onnxruntime


def _not_available(device: str, reason: str) -> str:
    return (
        f"device {device!r} is not available: {reason}; for an NVIDIA GPU pip install "
        "onnxruntime-gpu, with no onnxruntime beside it, or use device 'cpu'"
    )


def _require_same(file: str, kind: str, expected: tuple[TensorSpec, ...], found: list[Any]) -> None:
    """Compare a session's inputs or outputs with the specification; dynamic sizes are names."""
    described = tuple(
        TensorSpec(node.name, _NUMPY_NAME.get(node.type, node.type), tuple(node.shape))
        for node in found
    )
    if described != expected:
        raise GraphError(
            f"{file}: expected {kind}s {_listed(expected)}, found {_listed(described)}; "
            "the graph and the manifest do not belong together: export again"
        )


def _listed(specs: tuple[TensorSpec, ...]) -> str:
    return ", ".join(f"{s.name} {s.dtype}[{', '.join(map(str, s.shape))}]" for s in specs)
