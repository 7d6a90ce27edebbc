"""Graphs that this project did not make: modules as people write them, by torch's two exporters.

The modules have the shapes of tutorials and forum questions; nothing of this project's training or
exporter takes part.
"""

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

UNITS, WORDS = 16, 20
T, B = 5, 3
"""Length and batch of the example that the exporters trace."""

Axes = Mapping[int, str]


class TutorialEncoder(nn.Module):
    """Batch first, dropout behind the embedding, the initial state left to nn.GRU."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.dropout = nn.Embedding(WORDS, UNITS), nn.Dropout(0.1)
        self.gru = nn.GRU(UNITS, UNITS, batch_first=True)

    def forward(self, tokens: Tensor) -> Any:
        return self.gru(self.dropout(self.embedding(tokens)))


class TutorialDecoder(nn.Module):
    """Bahdanau attention and the loop over target tokens inside of forward."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(WORDS, UNITS)
        self.query, self.key = nn.Linear(UNITS, UNITS), nn.Linear(UNITS, UNITS)
        self.energy = nn.Linear(UNITS, 1)
        self.gru = nn.GRU(2 * UNITS, UNITS, batch_first=True)
        self.out = nn.Linear(UNITS, WORDS)

    def forward(self, memory: Tensor, hidden: Tensor) -> Any:
        token = torch.zeros(memory.shape[0], 1, dtype=torch.long)
        outputs = []
        for _ in range(4):
            energy = torch.tanh(self.query(hidden.permute(1, 0, 2)) + self.key(memory))
            weights = torch.softmax(self.energy(energy).squeeze(2).unsqueeze(1), dim=-1)
            read = torch.cat((self.embedding(token), torch.bmm(weights, memory)), dim=2)
            output, hidden = self.gru(read, hidden)
            outputs.append(self.out(output))
            token = outputs[-1].argmax(-1)
        return torch.log_softmax(torch.cat(outputs, dim=1), dim=-1), hidden


class BidirectionalLstm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(WORDS, UNITS)
        self.lstm = nn.LSTM(UNITS, UNITS, num_layers=2, bidirectional=True)

    def forward(self, tokens: Tensor) -> Any:
        outputs, (hidden, _) = self.lstm(self.embedding(tokens))
        return outputs, hidden


class Packed(nn.Module):
    """The chatbot tutorial's encoder: padding, lengths, the two directions summed."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(WORDS, UNITS)
        self.gru = nn.GRU(UNITS, UNITS, bidirectional=True)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Any:
        packed = nn.utils.rnn.pack_padded_sequence(self.embedding(tokens), lengths)
        outputs, hidden = self.gru(packed)
        outputs, _ = nn.utils.rnn.pad_packed_sequence(outputs)
        return outputs[:, :, :UNITS] + outputs[:, :, UNITS:], hidden


class GruByHand(nn.Module):
    """A decoder step, the reset gate before the linear map."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.x = nn.Embedding(WORDS, UNITS), nn.Linear(UNITS, 3 * UNITS)
        self.gates = nn.Linear(UNITS, 2 * UNITS, bias=False)
        self.new, self.out = nn.Linear(UNITS, UNITS, bias=False), nn.Linear(UNITS, WORDS)

    def forward(self, token: Tensor, hidden: Tensor) -> Any:
        xz, xr, xn = self.x(self.embedding(token)).chunk(3, -1)
        hz, hr = self.gates(hidden).chunk(2, -1)
        z, r = torch.sigmoid(xz + hz), torch.sigmoid(xr + hr)
        hidden = (1 - z) * torch.tanh(xn + self.new(r * hidden)) + z * hidden
        return torch.log_softmax(self.out(hidden), -1), hidden


class LoopOverCells(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.cell = nn.Embedding(WORDS, UNITS), nn.GRUCell(UNITS, UNITS)

    def forward(self, tokens: Tensor) -> Any:
        hidden = torch.zeros(tokens.shape[1], UNITS)
        outputs = []
        for embedded in self.embedding(tokens):
            hidden = self.cell(embedded, hidden)
            outputs.append(hidden)
        return torch.stack(outputs), hidden


class Step(nn.Module):
    """A sound decoder step: two layers of LSTM, its state given and returned, a tied matrix."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.lstm = nn.Embedding(WORDS, UNITS), nn.LSTM(UNITS, UNITS, 2)
        self.out = nn.Linear(UNITS, WORDS)
        self.out.weight = self.embedding.weight

    def forward(self, token: Tensor, hidden: Tensor, cell: Tensor) -> Any:
        output, (hidden, cell) = self.lstm(self.embedding(token).unsqueeze(0), (hidden, cell))
        return torch.log_softmax(self.out(output[0]), -1), hidden, cell


class ExampleSizes(nn.Module):
    """A decoder step whose author reshapes by the numbers at hand."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.gru = nn.Embedding(WORDS, UNITS), nn.GRU(UNITS, UNITS)
        self.out = nn.Linear(UNITS, WORDS)

    def forward(self, token: Tensor, hidden: Tensor) -> Any:
        output, hidden = self.gru(self.embedding(token).view(1, 3, UNITS), hidden)
        return torch.log_softmax(self.out(output.view(3, UNITS)), -1), hidden


class FixedLength(nn.Module):
    """The older tutorial's attention decoder: attention over ten positions, a batch of one."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.attention = nn.Embedding(WORDS, UNITS), nn.Linear(2 * UNITS, 10)
        self.combine, self.gru = nn.Linear(2 * UNITS, UNITS), nn.GRU(UNITS, UNITS)
        self.out = nn.Linear(UNITS, WORDS)

    def forward(self, token: Tensor, hidden: Tensor, memory: Tensor) -> Any:
        embedded = self.embedding(token).view(1, 1, -1)
        both = torch.cat((embedded[0], hidden[0]), 1)
        weights = torch.softmax(self.attention(both), dim=1)
        context = torch.bmm(weights.unsqueeze(0), memory.unsqueeze(0))
        combined = torch.relu(self.combine(torch.cat((embedded[0], context[0]), 1)))
        output, hidden = self.gru(combined.unsqueeze(0), hidden)
        return torch.log_softmax(self.out(output[0]), dim=1), hidden


@contextmanager
def quiet() -> Iterator[None]:
    """Torch's exporters warn and log of their own business."""
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


def by_torchscript(
    module: nn.Module, path: Path, example: Sequence[Tensor], axes: Sequence[Axes], **options: Any
) -> Path:
    """Export with ``dynamo=False``; the inputs are named ``in0``, ``in1`` and so on."""
    names = [f"in{i}" for i in range(len(example))]
    with quiet():
        torch.onnx.export(
            module,
            tuple(example),
            path,
            dynamo=False,
            input_names=names,
            dynamic_axes={name: dict(of) for name, of in zip(names, axes, strict=True) if of},
            **options,
        )
    return path


def by_dynamo(
    module: nn.Module, path: Path, example: Sequence[Tensor], axes: Sequence[Axes], **options: Any
) -> Path:
    """Export with ``dynamo=True``."""
    dynamic = torch.export.Dim.DYNAMIC
    with quiet():
        torch.onnx.export(
            module,
            tuple(example),
            path,
            dynamo=True,
            verbose=False,
            input_names=[f"in{i}" for i in range(len(example))],
            dynamic_shapes=tuple(dict.fromkeys(of, dynamic) for of in axes) if any(axes) else None,
            **{"external_data": False, **options},
        )
    return path


Export = Callable[..., Path]


def tokens(*shape: int) -> Tensor:
    return torch.randint(0, WORDS, shape, generator=torch.Generator().manual_seed(len(shape)))


def state(layers: int, batch: int = B) -> Tensor:
    return torch.zeros(layers, batch, UNITS)
