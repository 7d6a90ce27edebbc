"""From one plain module to its TorchScript file and its ONNX graph, and checks of the latter.

Part of the torch side: export calls it. It knows the tool chain's traps, and nothing of sentences.
"""

import hashlib
import io
import logging
import sys
import warnings
import zipfile
from collections.abc import Mapping
from typing import Any

import onnx
import torch
from onnxscript import optimizer
from torch import Tensor, nn
from torch.export._patches import register_gru_while_loop_decomposition

from .contract import GraphSpec, TensorSpec
from .errors import GraphError
from .onnx_file import OnnxFile
from .structure import check_structure

_ANY_SIZE = 2**31
_FIRST_PYTHON_WITHOUT_TORCHSCRIPT = (3, 14)


def to_onnx(module: nn.Module, spec: GraphSpec) -> bytes:
    """Export a module as an ONNX file that holds its weights and no trace of this machine.

    Args:
        module: in evaluation mode; the graph computes its ``forward``.
        spec: names, types and dynamic axes of the inputs, names of the outputs, and versions.

    Returns:
        The file's bytes; the same module gives the same bytes.
    """
    axis_names = {axis for tensor in spec.inputs for axis in tensor.shape if isinstance(axis, str)}
    dimensions = {name: torch.export.Dim(name, min=1) for name in sorted(axis_names)}
    # An axis of the example must be at least 2 long to stay dynamic; no two alike, or they may be
    # taken for one.
    sizes = {name: 2 + i for i, name in enumerate(dimensions)}
    dynamic_shapes = tuple(
        {i: dimensions[axis] for i, axis in enumerate(tensor.shape) if isinstance(axis, str)}
        for tensor in spec.inputs
    )
    # It logs a line for each operator of torchvision, which nothing here needs.
    logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)
    # The exporter swaps the GRU's kernel for one that keeps the number of steps dynamic, but only
    # while it captures the module. When it then takes operators apart, torch 2.13 uses the usual
    # one again, and freezes that number in whatever follows from the GRU's outputs; it also goes on
    # using a kernel that it has cached. check_onnx would refuse such an encoder.
    with register_gru_while_loop_decomposition(), warnings.catch_warnings():
        getattr(torch.ops.aten.gru.input, "_dispatch_cache", {}).clear()
        # Torch's exporter calls parts of torch that torch has deprecated. What can go wrong with
        # the graph is not left to warnings: see check_onnx and the parity gate.
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module,
            tuple(_example(tensor, sizes) for tensor in spec.inputs),
            dynamo=True,
            dynamic_shapes=dynamic_shapes,
            input_names=[tensor.name for tensor in spec.inputs],
            output_names=[tensor.name for tensor in spec.outputs],
            opset_version=spec.opset,
            external_data=False,
            verbose=False,
        )
    assert program is not None
    # The exporter has turned the GRU's weights round in the graph, gate by gate, and folds no
    # constants of their size: each session would do it again.
    model = optimizer.optimize(
        program.model_proto, input_size_limit=_ANY_SIZE, output_size_limit=_ANY_SIZE
    )
    model.ir_version = spec.ir_version
    _strip_metadata(model)
    _number_names(model.graph, {*dict(module.named_parameters())})
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _example(tensor: TensorSpec, sizes: Mapping[str, int]) -> Tensor:
    """Make an input to trace with."""
    shape = [sizes[axis] if isinstance(axis, str) else axis for axis in tensor.shape]
    return torch.zeros(shape, dtype=getattr(torch, tensor.dtype))


def _strip_metadata(model: onnx.ModelProto) -> None:
    """Remove what the exporter notes beside the mathematics: stack traces with local paths."""
    graph = model.graph
    for described in (model, graph, *graph.node, *graph.input, *graph.output, *graph.initializer):
        described.ClearField("doc_string")
        described.ClearField("metadata_props")
    graph.ClearField("value_info")  # shapes of intermediate values, which ONNX Runtime infers


def _number_names(graph: onnx.GraphProto, kept: set[str]) -> None:
    """Name nodes, intermediate values and constants after their place in the graph.

    The exporter's own numbers depend on what else it has exported in this process.

    Args:
        graph: to be changed.
        kept: names of weights, which stay.
    """
    kept = {*kept, *(value.name for value in (*graph.input, *graph.output))}
    numbered: dict[str, str] = {"": ""}  # an optional input that is not given

    def name(old: str, kind: str) -> str:
        if old in kept:
            return old
        return numbered.setdefault(old, f"{kind}_{len(numbered)}")

    for index, node in enumerate(graph.node):
        node.name = f"{node.op_type}_{index}"
        node.input[:] = [name(old, "constant") for old in node.input]
        node.output[:] = [name(old, "value") for old in node.output]
    for tensor in graph.initializer:
        tensor.name = name(tensor.name, "constant")
    constants = sorted(graph.initializer, key=lambda tensor: tensor.name)
    del graph.initializer[:]
    graph.initializer.extend(constants)


def check_onnx(content: bytes, spec: GraphSpec, *, gru: bool = True) -> None:
    """Check an exported graph: by the ONNX project's own checker and by the contract of a step.

    Args:
        content: the ONNX file's bytes.
        spec: what the manifest will say of it.
        gru: whether the recurrence must be a GRU node.

    Raises:
        GraphError: the graph is not valid ONNX, has no GRU though it must, or breaks the contract;
            see ``structure.check_structure``.
    """
    check_structure(content, spec, spec.file)
    try:
        onnx.checker.check_model(onnx.load_from_string(content), full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise GraphError(f"{spec.file}: not valid ONNX: {error}") from error
    # The exporter can write a recurrence as a loop of its parts, which is slow.
    if gru and not any(
        node.operator == "GRU" for node in OnnxFile.from_bytes(content, spec.file).nodes
    ):
        raise GraphError(f"{spec.file}: expected GRU nodes, found none")


def no_torchscript_because() -> str | None:
    """Say why TorchScript cannot be made here; ``None`` where it can."""
    if sys.version_info >= _FIRST_PYTHON_WITHOUT_TORCHSCRIPT:
        version = ".".join(map(str, sys.version_info[:2]))
        return f"TorchScript is not supported on Python {version}; export with an older one"
    return None


def script(module: nn.Module) -> Any:
    """Compile a module to TorchScript: the one place that calls this deprecated part of torch."""
    with warnings.catch_warnings():
        # "torch.jit.script is deprecated", on each call since torch 2.10.
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.script(module)


def save_torchscript(scripted: Any) -> bytes:
    """Return a TorchScript file without its debugging records, which hold local paths."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(scripted, buffer)
    stripped = io.BytesIO()
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(stripped, "w") as target:
        for name in source.namelist():
            if not name.endswith(".debug_pkl"):
                target.writestr(zipfile.ZipInfo(name), source.read(name))
    return stripped.getvalue()


def load_torchscript(content: bytes) -> Any:
    """Load a TorchScript file of our own making; one from elsewhere could run any code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.load(io.BytesIO(content), map_location="cpu")  # type: ignore[no-untyped-call]


def tensors_sha256(module: nn.Module) -> str:
    """Return the sha256 over each parameter's name, dtype, shape and bytes, in name order."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        array = tensor.detach().cpu().contiguous().numpy()
        digest.update(f"{name} {array.dtype} {list(array.shape)}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
