"""The check on graphs that this project did not make, with the findings that each should have."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from s2s_export.check import Report, check
from s2s_export.errors import GraphError

from . import foreign
from .edits import constant_state
from .foreign import UNITS, B, T, by_dynamo, by_torchscript, state, tokens
from .graphs import decoder_step, edited, node, value

SENTENCES = {0: "T", 1: "B"}
NO_LENGTH = {1: "B"}


def seeded(kind: type[nn.Module], *, train: bool = False) -> nn.Module:
    torch.manual_seed(0)
    return kind().train(train)


def tutorial_encoder(path: Path) -> Path:
    module = seeded(foreign.TutorialEncoder)
    return by_torchscript(module, path, [tokens(B, T)], [{0: "B", 1: "T"}])


def encoder_in_training(path: Path) -> Path:
    module = seeded(foreign.TutorialEncoder, train=True)
    mode = torch.onnx.TrainingMode.TRAINING
    return by_torchscript(
        *(module, path, [tokens(B, T)], [{0: "B", 1: "T"}]),
        training=mode,
        do_constant_folding=False,
    )


def tutorial_decoder(path: Path) -> Path:
    module, example = seeded(foreign.TutorialDecoder), [torch.ones(B, T, UNITS), state(1)]
    return by_dynamo(module, path, example, [{}, {}])


def bidirectional_lstm(path: Path) -> Path:
    module = seeded(foreign.BidirectionalLstm)
    return by_torchscript(module, path, [tokens(T, B)], [SENTENCES])


def packed(path: Path) -> Path:
    example = [tokens(T, B), torch.tensor([5, 3, 2])]
    return by_torchscript(seeded(foreign.Packed), path, example, [SENTENCES, {0: "B"}])


def gru_by_hand(path: Path) -> Path:
    example = [tokens(B), torch.zeros(B, UNITS)]
    return by_dynamo(seeded(foreign.GruByHand), path, example, [{0: "B"}, {0: "B"}])


def loop_over_cells(path: Path) -> Path:
    return by_torchscript(seeded(foreign.LoopOverCells), path, [tokens(T, B)], [SENTENCES])


def weights_outside(path: Path) -> Path:
    module, axes = seeded(foreign.Step), [{0: "B"}, NO_LENGTH, NO_LENGTH]
    example = [tokens(B), state(2), state(2)]
    return by_dynamo(module, path, example, axes, external_data=True)


def in_float64(path: Path) -> Path:
    module = seeded(foreign.TutorialEncoder).double()
    return by_torchscript(module, path, [tokens(B, T)], [{0: "B", 1: "T"}])


def example_sizes(path: Path) -> Path:
    axes = [{0: "B"}, NO_LENGTH]
    return by_torchscript(seeded(foreign.ExampleSizes), path, [tokens(B), state(1)], axes)


def fixed_length(path: Path) -> Path:
    example = [tokens(1, 1), state(1, 1), torch.zeros(10, UNITS)]
    return by_torchscript(seeded(foreign.FixedLength), path, example, [{}, {}, {0: "S"}])


def sound_step(path: Path) -> Path:
    example = [tokens(B), state(2), state(2)]
    axes = [{0: "B"}, NO_LENGTH, NO_LENGTH]
    return by_torchscript(seeded(foreign.Step), path, example, axes)


def by_hand(path: Path) -> Path:
    """ONNX's defaults taken for PyTorch's, int32 ids, a state of two sentences."""
    made = edited(
        decoder_step(),
        constant_state(2),
        lambda m: node(m, "cell_0").ClearField("attribute"),
        lambda m: node(m, "cell_0").attribute.append(onnx.helper.make_attribute("hidden_size", 4)),
        lambda m: m.graph.input[0].CopyFrom(value("token", "int32", ["B"])),
    )
    onnx.save(made, path)
    return path


def damaged(path: Path) -> Path:
    """One byte of the name of a value is another."""
    content = sound_step(path).read_bytes()
    assert content.count(b"/Unsqueeze_output_0") == 2
    path.write_bytes(content.replace(b"/Unsqueeze_output_0", b"/Unsqueeze_outpuT_0", 1))
    return path


GRAPHS: dict[str, tuple[Callable[[Path], Path], dict[str, str]]] = {
    "tutorial encoder": (tutorial_encoder, {"state-inside": "warning"}),
    "encoder in training": (
        encoder_in_training,
        {"dropout": "error", "state-inside": "warning"},
    ),
    "tutorial decoder": (
        tutorial_decoder,
        {
            **{"frozen-input": "warning", "unrolled": "warning", "local-path": "warning"},
            "duplicate-weights": "note",
        },
    ),
    "bidirectional LSTM": (
        bidirectional_lstm,
        {"state-inside": "warning", "direction": "note"},
    ),
    "packed sequences": (
        packed,
        {"state-inside": "warning", "direction": "note", "sequence-lengths": "note"},
    ),
    "GRU by hand": (gru_by_hand, {"local-path": "warning", "no-recurrence": "note"}),
    "loop over cells": (loop_over_cells, {"frozen-size": "error", "unrolled": "warning"}),
    "weights outside": (
        weights_outside,
        {"external-weights": "warning", "local-path": "warning"},
    ),
    "float64": (in_float64, {"float64": "error", "state-inside": "warning"}),
    "sizes of the example": (example_sizes, {"frozen-size": "error"}),
    "attention over ten": (fixed_length, {"frozen-size": "error", "frozen-input": "warning"}),
    "nodes by hand": (
        by_hand,
        {
            **{"gru-variant": "error", "frozen-state": "error", "state-inside": "error"},
            "int32-tokens": "warning",
        },
    ),
    "damaged": (damaged, {"broken-link": "error"}),
    "sound step": (sound_step, {}),
}
"""Graphs, each with its rules and the worst severity of each rule."""


def found(report: Report) -> dict[str, str]:
    """Return the worst severity of each rule."""
    return {finding.rule: finding.severity for finding in reversed(report.findings)}


@pytest.mark.parametrize("name", GRAPHS)
def test_findings(name: str, tmp_path: Path) -> None:
    make, expected = GRAPHS[name]
    assert found(check(make(tmp_path / "x.onnx"))) == expected


def test_a_truncated_file_is_an_error(tmp_path: Path) -> None:
    path = sound_step(tmp_path / "x.onnx")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(GraphError, match=r"x\.onnx: not a valid ONNX file \(cut short\)"):
        check(path)


def opened(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def runs_as(path: Path, module: nn.Module, inputs: Sequence[Tensor]) -> bool:
    """Tell whether ONNX Runtime gives PyTorch's numbers for inputs of other sizes."""
    feeds = {f"in{i}": tensor.numpy() for i, tensor in enumerate(inputs)}
    try:
        with torch.no_grad():
            expected = module(*inputs)
        actual = opened(path).run(None, feeds)
    except Exception:  # ONNX Runtime's derive straight from it; a module may be frozen itself
        return False
    return all(
        one.shape == tuple(other.shape) and np.abs(one - other.numpy()).max() < 1e-4
        for one, other in zip(actual, expected, strict=True)
    )


@pytest.mark.parametrize("export", [by_torchscript, by_dynamo])
@pytest.mark.parametrize(
    ("kind", "axes", "example", "others"),
    [
        (foreign.TutorialEncoder, [{0: "B", 1: "T"}], [(B, T)], [(2, 9), (1, 1)]),
        (foreign.BidirectionalLstm, [SENTENCES], [(T, B)], [(7, 2), (10, 3), (2, 1)]),
        (foreign.LoopOverCells, [SENTENCES], [(T, B)], [(7, 2)]),
        (foreign.Step, [{0: "B"}, NO_LENGTH, NO_LENGTH], [(B,), 2, 2], [(2,), (7,)]),
        (foreign.ExampleSizes, [{0: "B"}, NO_LENGTH], [(B,), 1], [(2,), (6,)]),
        (foreign.GruByHand, [{0: "B"}, {0: "B"}], [(B,), 0], [(2,), (7,)]),
    ],
)
def test_frozen_sizes_are_found_if_and_only_if_other_sizes_fail(
    export: foreign.Export,
    kind: type[nn.Module],
    axes: Sequence[foreign.Axes],
    example: Sequence[tuple[int, ...] | int],
    others: Sequence[tuple[int, ...]],
    tmp_path: Path,
) -> None:
    """Torch's dynamo exporter freezes the length behind a recurrence in some processes."""

    def inputs(shape: tuple[int, ...]) -> list[Tensor]:
        batch = shape[-1]
        return [
            tokens(*shape),
            *(
                torch.ones(layers, batch, UNITS) if layers else torch.ones(batch, UNITS)
                for layers in example[1:]
                if isinstance(layers, int)
            ),
        ]

    module, [first, *_] = seeded(kind), example
    assert isinstance(first, tuple)
    try:
        path = export(module, tmp_path / "x.onnx", inputs(first), axes)
    except torch.onnx.errors.OnnxExporterError:
        return  # dynamo refuses what it sees; that is no silent fault
    report = check(path)
    assert runs_as(path, module, inputs(first))
    frozen = any(f.rule == "frozen-size" and f.severity == "error" for f in report.findings)
    assert frozen != all(runs_as(path, module, inputs(shape)) for shape in others)
