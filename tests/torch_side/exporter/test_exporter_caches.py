"""Exports in one process: torch's exporter has caches, and none may reach the next graph."""

import warnings

import pytest
import torch
from torch import Tensor, nn

from s2s_export.exporter import build, onnx_export
from s2s_export.exporter.source import ExportSource
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


@EACH_MODEL
def test_the_same_module_gives_the_same_onnx(source: ExportSource) -> None:
    """Whatever was exported before; the exporter also numbers values as it goes."""
    other = Seq2Seq(Recipe(hidden_size=128), 20, 15).eval().decoder
    contents = []
    for _ in range(2):
        onnx_export.to_onnx(other, other.spec(), build.GRAPHS.decoder)
        contents.append(build.build_graphs(source))
    assert contents[0] == contents[1]


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
