"""From one plain module to its TorchScript file and its ONNX graph, and checks of the latter.

Part of the torch side: export calls it. It knows the tool chain's traps, and nothing of sentences.
"""

import hashlib
import io
import logging
import warnings
import zipfile
from collections.abc import Mapping
from typing import Any

import onnx
import torch
from torch import Tensor, nn

from .errors import GraphError
from .manifest import GraphSpec, TensorSpec


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
    # The exporter swaps the GRU's kernel for one that keeps the number of steps dynamic, but torch
    # 2.13 goes on using the kernel that it has cached, if any, and freezes that number: from the
    # second export in a process on, check_onnx would refuse the encoder.
    getattr(torch.ops.aten.gru.input, "_dispatch_cache", {}).clear()
    dynamic_shapes = tuple(
        {i: dimensions[axis] for i, axis in enumerate(tensor.shape) if isinstance(axis, str)}
        for tensor in spec.inputs
    )
    # It logs a line for each operator of torchvision, which nothing here needs.
    logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)
    with warnings.catch_warnings():
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
    model = program.model_proto
    model.ir_version = spec.ir_version
    _strip_metadata(model)
    _number_names(model.graph)
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


def _number_names(graph: onnx.GraphProto) -> None:
    """Give nodes and intermediate values names that depend on the graph alone.

    The exporter numbers them with a counter that runs on over what it did before and threw away,
    so the second export in a process has other numbers than the first.
    """
    numbered: dict[str, str] = {}

    def renamed(name: str) -> str:
        return (
            numbered.setdefault(name, f"val_{len(numbered)}") if name.startswith("val_") else name
        )

    for index, node in enumerate(graph.node):
        node.name = f"{node.op_type}_{index}"
        node.input[:] = [renamed(name) for name in node.input]
        node.output[:] = [renamed(name) for name in node.output]
    for initializer in graph.initializer:
        initializer.name = renamed(initializer.name)


def check_onnx(content: bytes, file: str, spec: GraphSpec) -> None:
    """Check what must hold of an exported graph whatever its numbers.

    Args:
        content: the ONNX file's bytes.
        file: what messages call the graph.
        spec: what the manifest will say of it.

    Raises:
        GraphError: the graph is not valid ONNX, has other inputs or outputs, a frozen axis, weights
            outside the file, an operator outside the standard set, or a GRU of another variant.
    """
    model = onnx.load_from_string(content)
    onnx.checker.check_model(model, full_check=True)
    found = describe(content, file)
    if found != spec:
        raise GraphError(f"{file}: expected {spec}, found {found}")
    for tensor in model.graph.initializer:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise GraphError(f"{file}: the weight {tensor.name} lies outside the file")
    if any(opset.domain not in ("", "ai.onnx") for opset in model.opset_import):
        raise GraphError(f"{file}: it needs operators outside the standard ONNX set")
    recurrent = [node for node in model.graph.node if node.op_type == "GRU"]
    if not recurrent:
        raise GraphError(f"{file}: expected GRU nodes, found none")
    for node in recurrent:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        # PyTorch's GRU multiplies the reset gate in after the linear map. The other variant is
        # valid ONNX and off by about 0.1: onnxscript 0.5.7 to 0.7.0 exported that.
        if attributes.get("linear_before_reset", 0) != 1:
            raise GraphError(
                f"{file}: the GRU node {node.name} lacks linear_before_reset=1, so it is not "
                "PyTorch's GRU; install onnxscript 0.7.1 or newer"
            )


def describe(content: bytes, file: str) -> GraphSpec:
    """Return an ONNX file's specification as the manifest records it."""
    model = onnx.load_from_string(content)
    opset = next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))
    return GraphSpec(
        file=file,
        opset=opset,
        ir_version=model.ir_version,
        inputs=tuple(map(_describe_value, model.graph.input)),
        outputs=tuple(map(_describe_value, model.graph.output)),
    )


def _describe_value(value: onnx.ValueInfoProto) -> TensorSpec:
    tensor = value.type.tensor_type
    return TensorSpec(
        name=value.name,
        dtype=onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type).name,
        shape=tuple(axis.dim_param or axis.dim_value for axis in tensor.shape.dim),
    )


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
