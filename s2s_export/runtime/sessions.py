"""ONNX Runtime sessions: opened where they were asked to run, or not at all.

The only module of the run time that touches onnxruntime, and it imports it when the first session
is opened, not before. ``onnx_steps`` runs the sessions.
"""

from __future__ import annotations

import os
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import GraphError, OptionError, ProviderError, RuntimeMissingError

if TYPE_CHECKING:
    import onnxruntime

PROVIDERS: dict[str, list[tuple[str, dict[str, str]]]] = {
    "cpu": [("CPUExecutionProvider", {})],
    # TF32 rounds the factors of each product to 10 bits of mantissa; parity needs float32.
    "cuda": [("CUDAExecutionProvider", {"use_tf32": "0"}), ("CPUExecutionProvider", {})],
}
"""Execution providers with their options, by the device's name."""

DEVICES = (*PROVIDERS, "auto")
"""Names of devices; ``choose_device`` decides on ``auto``."""

_HEAVY_OPERATORS = frozenset({"GRU", "LSTM", "Gemm", "MatMul", "MatMulInteger"})
"""On a GPU these must run there; shapes and indices may be the CPU's business."""

_ROWS_A_THREAD = 128
"""Sentences side by side for each thread of the CPU. 4,096 at once took 1.06 to 1.28 times as long
as in batches of 128, and 10 to 50 times the memory (``docs/benchmarks.md``)."""


@dataclass(frozen=True)
class SessionSettings:
    """How sessions are opened.

    Attributes:
        device: ``"cpu"`` or ``"cuda"``.
        threads: threads of one call.
        options: an ``onnxruntime.SessionOptions`` of the app's own, used as it is; then ``threads``
            is not looked at.
    """

    device: str = "cpu"
    threads: int = 1
    options: onnxruntime.SessionOptions | None = None

    def __post_init__(self) -> None:
        if self.device not in PROVIDERS:
            expected = ", ".join(PROVIDERS)
            raise ProviderError(f"device: expected one of {expected}, found {self.device!r}")
        if self.threads < 1:
            raise OptionError(f"threads: expected 1 or more, found {self.threads}")

    @property
    def survives_fork(self) -> bool:
        """Whether a session still works in a forked process: if it has no threads of its own."""
        return self.device == "cpu" and self.threads == 1 and self.options is None

    @property
    def largest_batch(self) -> int | None:
        """The most sentences that pay side by side; ``None`` for a GPU or options of the app's."""
        own = self.device == "cpu" and self.options is None
        return _ROWS_A_THREAD * self.threads if own else None


def choose_device(device: str) -> tuple[str, str]:
    """Decide where to run.

    Args:
        device: one of ``DEVICES``.

    Returns:
        ``"cpu"`` or ``"cuda"``, and why, in a few words.

    Raises:
        ProviderError: there is no such device.
        RuntimeMissingError: onnxruntime is not installed.
    """
    if device not in DEVICES:
        raise ProviderError(f"device: expected one of {', '.join(DEVICES)}, found {device!r}")
    if device != "auto":
        return device, "as asked for"
    if PROVIDERS["cuda"][0][0] not in available_providers():
        return "cpu", "this onnxruntime was built without CUDA"
    return "cuda", "this onnxruntime has CUDA"


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
    installed = _import_onnxruntime().__version__
    if _numbers(installed) < _numbers(version):
        raise RuntimeMissingError(
            f"these graphs need onnxruntime {version} or newer, found {installed}: "
            "pip install --upgrade onnxruntime (onnxruntime-gpu where that is installed)"
        )


def open_session(model: bytes, file: str, settings: SessionSettings) -> Any:
    """Open a session and make sure that it runs where it was asked to.

    Args:
        model: the ONNX file's bytes.
        file: name of the graph in messages.
        settings: device, threads, options.

    Raises:
        RuntimeMissingError: onnxruntime is not installed.
        ProviderError: the device is not available.
        GraphError: ONNX Runtime cannot load the graph.
    """
    ort = _import_onnxruntime()
    device = settings.device
    wanted = PROVIDERS[device][0][0]
    if wanted not in ort.get_available_providers():
        raise ProviderError(_not_available(device, "this onnxruntime was built without it"))
    options = settings.options
    if options is None:
        options = _session_options(ort, settings)
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
            raise GraphError(f"{file}: ONNX Runtime cannot load it: {first_line(error)}") from error
        raise ProviderError(_not_available(device, first_line(error))) from error
    if session.get_providers()[0] != wanted:
        raise ProviderError(_not_available(device, "ONNX Runtime fell back to the CPU"))
    if device != "cpu" and settings.options is None:  # ours record the assignment
        _require_assigned(session, wanted, file)
    return session


def first_line(error: Exception) -> str:
    """Return the first line of an error's message; onnxruntime's go on with stack traces."""
    return str(error).partition("\n")[0]


def _session_options(ort: Any, settings: SessionSettings) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = settings.threads
    options.inter_op_num_threads = 1
    # Idle threads would spin and take a core each from the app.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # faults are raised, too
    # The arena keeps what the largest call took, and ``largest_batch`` bounds that. Without it int8
    # took 1.2 times as long for batches of 128 (page faults in each), and without memory patterns
    # 1.07 times for single sentences.
    if settings.device != "cpu":
        options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    return options


def _require_assigned(session: Any, provider: str, file: str) -> None:
    """Make sure that heavy operators run on the provider; releases before 1.24 cannot tell."""
    tell = getattr(session, "get_provider_graph_assignment_info", None)
    if tell is None:
        return
    for subgraph in tell():
        heavy = {node.op_type for node in subgraph.get_nodes()} & _HEAVY_OPERATORS
        if heavy and subgraph.ep_name != provider:
            raise ProviderError(
                f"{file}: ONNX Runtime runs {', '.join(sorted(heavy))} on {subgraph.ep_name} and "
                f"not on {provider}; use device 'cpu'"
            )


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


def warn_of_two_onnxruntimes() -> None:
    """Warn where onnxruntime and onnxruntime-gpu are installed together: CUDA is lost then.

    Raises:
        RuntimeMissingError: neither is.
    """
    # importlib.metadata would tell, and takes a tenth of the whole start.
    packages = Path(_import_onnxruntime().__file__).parents[1]
    infos = packages.glob("onnxruntime*-*.dist-info")
    if {"onnxruntime", "onnxruntime_gpu"} <= {path.name.partition("-")[0] for path in infos}:
        warnings.warn(
            "onnxruntime and onnxruntime-gpu are both installed: they are the same module, and "
            "CUDA may be lost; pip uninstall both, then install the one that you need",
            RuntimeWarning,
            stacklevel=4,  # whoever makes a Translator
        )


def _not_available(device: str, reason: str) -> str:
    return (
        f"device {device!r} is not available: {reason}; for an NVIDIA GPU pip install "
        "onnxruntime-gpu, with no onnxruntime beside it, or use device 'cpu'"
    )


def _numbers(version: str) -> list[int]:
    """Return the leading numbers of a version: [1, 20, 0] for "1.20.0rc1"."""
    match = re.match(r"\d+(\.\d+)*", version)
    return [int(number) for number in match[0].split(".")] if match else []
