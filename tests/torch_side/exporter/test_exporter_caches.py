"""Exports in one process: torch's exporter has caches, and none may reach the next graph."""

import warnings
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from s2s_export.exporter import build, onnx_export
from training.models.seq2seq import Seq2Seq
from training.recipes.recipe import ModelName, Recipe

from ..each_model import EACH_MODEL

UNITS, WORDS, BATCH = 16, 20, 3


class OneBatch(nn.Module):
    """A decoder step that reshapes to the batch of its example."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.gru = nn.Embedding(WORDS, UNITS), nn.GRU(UNITS, UNITS)
        self.out = nn.Linear(UNITS, WORDS)

    def forward(self, token: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        output, hidden = self.gru(self.embedding(token).view(1, BATCH, UNITS), hidden)
        return torch.log_softmax(self.out(output[0]), dim=-1), hidden


def test_names_that_the_exporter_gives_values_do_not_reach_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may number them as it goes on in a process: here each number is another one."""
    decoder = Seq2Seq(Recipe(hidden_size=UNITS), WORDS, WORDS).eval().decoder
    export = torch.onnx.export

    def export_with_other_numbers(*arguments: Any, **options: Any) -> torch.onnx.ONNXProgram:
        program = export(*arguments, **options)
        assert program is not None
        graph = program.model.graph
        for number, node in enumerate(graph):
            node.name = f"node_{number + 1000}"
            for value in node.outputs:
                if value not in graph.outputs:
                    value.name = f"val_{id(value)}"
        return program

    expected = onnx_export.to_onnx(decoder, decoder.spec(), build.GRAPHS.decoder)
    monkeypatch.setattr(torch.onnx, "export", export_with_other_numbers)
    assert onnx_export.to_onnx(decoder, decoder.spec(), build.GRAPHS.decoder) == expected


@EACH_MODEL
def test_an_export_that_torch_refuses_does_not_freeze_the_next(
    model_name: ModelName, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of a module of another size: one of the same size was spared."""
    dynamic = torch.export.Dim.DYNAMIC
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's, of its own business
        with pytest.raises(Exception, match="Failed to export the model"):
            torch.onnx.export(
                OneBatch().eval(),
                (torch.zeros(BATCH, dtype=torch.long), torch.zeros(1, BATCH, UNITS)),
                dynamo=True,
                verbose=False,
                dynamic_shapes=({0: dynamic}, {1: dynamic}),
            )
    capfd.readouterr()
    other = Seq2Seq(Recipe(model=model_name, hidden_size=UNITS + 8), 20, 15).eval().decoder
    onnx_export.to_onnx(other, other.spec(), build.GRAPHS.decoder)  # raises where an axis is fixed
