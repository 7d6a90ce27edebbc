"""TorchScript files of a module: the one place that calls this deprecated part of torch.

Part of the exporter. Modules are scripted here, saved without local paths, and loaded again.
"""

import hashlib
import io
import sys
import warnings
import zipfile
from typing import Any

import torch
from torch import nn

from ..decoding.steps import StepSpec
from ..errors import ModuleError
from ..folder.manifest import TorchScript, TorchScriptRecord
from .modules import tool_failures
from .torch_steps import example_inputs

FILES = "encoder.pt", "decoder.pt"
"""Names of the files of the encoder step and the decoder step."""

_FIRST_PYTHON_WITHOUT_TORCHSCRIPT = (3, 14)


def unsupported_because() -> str | None:
    """Return the reason why TorchScript cannot be made here; ``None`` where it can."""
    if sys.version_info >= _FIRST_PYTHON_WITHOUT_TORCHSCRIPT:
        version = ".".join(map(str, sys.version_info[:2]))
        return f"TorchScript is not supported on Python {version}; export with an older one"
    return None


def to_torchscript(module: nn.Module, spec: StepSpec, step: str) -> bytes:
    """Compile a module, and load and run the result once.

    Args:
        module: in evaluation mode.
        spec: of its ``forward``.
        step: its name in messages.

    Returns:
        The file's bytes.

    Raises:
        ModuleError: TorchScript cannot compile it, or not load or run what it has compiled.
    """
    with warnings.catch_warnings(), tool_failures.quiet():
        # "torch.jit.script is deprecated", on each call since torch 2.10.
        warnings.simplefilter("ignore", DeprecationWarning)
        # An annotation in the constructor of any module, of torch's own too, that it passes over.
        warnings.filterwarnings("ignore", "The TorchScript type system", UserWarning)
        doing = "compiles"
        try:
            content = _saved(torch.jit.script(module))
            doing = "loads"
            loaded = load(content)
            doing = "runs"
            with torch.inference_mode():
                loaded(*example_inputs(spec))
        except Exception as error:  # its exceptions have no base class but Exception
            raise ModuleError(
                f"{step}: TorchScript fails when it {doing} forward: "
                f"{tool_failures.sentence(error)}"
            ) from error
    return content


def _saved(scripted: Any) -> bytes:
    """Return a TorchScript file without its debugging records, which hold local paths."""
    buffer = io.BytesIO()
    torch.jit.save(scripted, buffer)
    stripped = io.BytesIO()
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(stripped, "w") as target:
        for name in source.namelist():
            if not name.endswith(".debug_pkl"):
                target.writestr(zipfile.ZipInfo(name), source.read(name))
    return stripped.getvalue()


def load(content: bytes) -> Any:
    """Load a TorchScript file of our own making; one from elsewhere could run any code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.load(io.BytesIO(content), map_location="cpu")  # type: ignore[no-untyped-call]


def record(encoder: nn.Module, decoder: nn.Module, reason: str | None) -> TorchScript:
    """Return the manifest's record of the files, or of the reason why there are none."""
    if reason is not None:
        return TorchScript(None, None, reason)
    one, other = (
        TorchScriptRecord(file, tensors_sha256(module))
        for file, module in zip(FILES, (encoder, decoder), strict=True)
    )
    return TorchScript(one, other, None)


def tensors_sha256(module: nn.Module) -> str:
    """Return the sha256 over each parameter's name, dtype, shape and bytes, in name order."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        array = tensor.detach().cpu().contiguous().numpy()
        digest.update(f"{name} {array.dtype} {list(array.shape)}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
