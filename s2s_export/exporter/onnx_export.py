"""The ONNX graph of a module, and its check. It knows the tool chain's traps.

Part of the exporter.
"""

import logging
import warnings
from collections.abc import Mapping

import onnx
import torch
from onnxscript import optimizer
from torch import nn
from torch.export._patches import (
    register_gru_while_loop_decomposition,
    register_lstm_while_loop_decomposition,
)

from ..decoding.steps import StepSpec
from ..errors import GraphError, ModuleError
from ..folder.graph_check import check_graph
from ..folder.manifest import GraphRecord
from ..folder.onnx_file import OnnxFile
from .modules import tool_failures
from .torch_steps import dynamic_axes, example_inputs

_ANY_SIZE = 2**31
_RECURRENCES: Mapping[str, type[nn.Module]] = {"GRU": nn.GRU, "LSTM": nn.LSTM}
"""Operators of ONNX, and the modules whose recurrence they compute."""


def to_onnx(module: nn.Module, spec: StepSpec, record: GraphRecord) -> bytes:
    """Export a module as an ONNX file that holds its weights and no trace of this machine.

    Args:
        module: in evaluation mode; the graph computes its ``forward``.
        spec: of ``forward``.
        record: the file's name in messages, and the versions.

    Returns:
        The file's bytes; the same module gives the same bytes.

    Raises:
        ModuleError: torch cannot export the module, or only for one size of an axis that varies.
        GraphError: the graph breaks the contract of a step; see ``check_onnx``.
    """
    content = _exported(module, spec, record)
    _require_dynamic(content, spec, record)
    check_onnx(content, spec, record)
    nodes = OnnxFile.from_bytes(content, record.file).nodes
    for operator, kind in _RECURRENCES.items():
        # The exporter can write a recurrence as a loop of its parts, which is slow.
        used = any(isinstance(part, kind) for part in module.modules())
        if used and operator not in {node.operator for node in nodes}:
            raise GraphError(f"{record.file}: expected {operator} nodes, found none")
    return content


def _require_dynamic(content: bytes, spec: StepSpec, record: GraphRecord) -> None:
    """Check that no axis has the size of the example that the module was exported with.

    Raises:
        ModuleError: an axis has; the message names it.
    """
    file = OnnxFile.from_bytes(content, record.file)
    pairs = zip((*spec.inputs, *spec.outputs), (*file.inputs, *file.outputs), strict=False)
    for expected, found in pairs:
        for axis, size in zip(expected.shape, found.shape, strict=False):
            if isinstance(axis, str) and isinstance(size, int):
                raise ModuleError(
                    f"{record.file}: forward computes with one size of {axis} alone, the example's "
                    f"(expected {expected}, found {found}): it loops over that axis in Python, or "
                    "makes its size an int; let nn.GRU or nn.LSTM read the tokens, and write -1 "
                    "for the batch in view and reshape"
                )


def check_onnx(content: bytes, spec: StepSpec, record: GraphRecord) -> None:
    """Check a graph by the ONNX project's own checker and by the contract of a step.

    Args:
        content: the ONNX file's bytes.
        spec: of the step.
        record: of the graph in the manifest.

    Raises:
        GraphError: the graph is not valid ONNX, or breaks the contract; see
            ``graph_check.check_graph``.
    """
    check_graph(content, record, spec, record.file)
    try:
        onnx.checker.check_model(onnx.load_from_string(content), full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise GraphError(f"{record.file}: not valid ONNX: {error}") from error


def _exported(module: nn.Module, spec: StepSpec, record: GraphRecord) -> bytes:
    dimensions = {name: torch.export.Dim(name, min=1) for name in dynamic_axes(spec)}
    dynamic_shapes = tuple(
        {i: dimensions[axis] for i, axis in enumerate(tensor.shape) if isinstance(axis, str)}
        for tensor in spec.inputs
    )
    # It logs a line for each operator of torchvision, which nothing here needs.
    logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)
    # The exporter swaps the recurrences' kernels for ones that keep the number of steps dynamic,
    # but only while it captures the module. When it then takes operators apart, torch 2.13 uses the
    # usual ones again, and freezes that number in all values that follow from their outputs; it
    # also goes on using a kernel that it has cached. check_onnx would refuse such an encoder.
    # What dynamo has learnt of sizes outlives an export, too: after one that was refused because
    # its module asks for one batch, the next module, which does not, is frozen to the example's.
    with (
        tool_failures.quiet(),
        register_gru_while_loop_decomposition(),
        register_lstm_while_loop_decomposition(),
        warnings.catch_warnings(),
    ):
        torch._dynamo.reset()
        for operator in (torch.ops.aten.gru.input, torch.ops.aten.lstm.input):
            getattr(operator, "_dispatch_cache", {}).clear()
        # Torch's exporter calls parts of torch that torch has deprecated. Faults of the graph are
        # not left to warnings: see check_onnx and the parity gate.
        warnings.simplefilter("ignore")
        try:
            program = torch.onnx.export(
                module,
                example_inputs(spec),
                dynamo=True,
                dynamic_shapes=dynamic_shapes,
                input_names=[tensor.name for tensor in spec.inputs],
                output_names=[tensor.name for tensor in spec.outputs],
                opset_version=record.opset,
                external_data=False,
                verbose=False,
            )
        except Exception as error:  # those of torch.export have no base class but Exception
            raise ModuleError(
                f"{record.file}: torch.onnx.export refuses it: {tool_failures.sentence(error)}"
            ) from error
    assert program is not None
    # The exporter has turned the GRU's weights round in the graph, gate by gate, and folds no
    # constants of their size: each session would do it again.
    model = optimizer.optimize(
        program.model_proto, input_size_limit=_ANY_SIZE, output_size_limit=_ANY_SIZE
    )
    model.ir_version = record.ir_version
    _strip_metadata(model)
    _number_names(model.graph, {*dict(module.named_parameters(remove_duplicate=False))})
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _strip_metadata(model: onnx.ModelProto) -> None:
    """Remove the exporter's notes beside the mathematics: stack traces with local paths."""
    graph = model.graph
    for described in (model, graph, *graph.node, *graph.input, *graph.output, *graph.initializer):
        described.ClearField("doc_string")
        described.ClearField("metadata_props")
    graph.ClearField("value_info")  # shapes of intermediate values, which ONNX Runtime infers


def _number_names(graph: onnx.GraphProto, kept: set[str]) -> None:
    """Name nodes, intermediate values and constants after their place in the graph.

    The exporter's own numbers may depend on what it has exported before in this process.

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
