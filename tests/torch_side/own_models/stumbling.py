"""Models as their owners have them, each with things at which an export stumbles.

Each has its own way to decode one sentence: token ids in, token ids and the scores of each step
out. The guide's wrappers turn them into steps.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

UNITS = 12
LONGEST = 8

M = TypeVar("M", bound=nn.Module)
Step = Callable[[Tensor, Any], tuple[Tensor, Any]]
"""A decoder: the last token ``int64[1]`` and its state → scores ``float32[1, V]``, new state."""


def initialised(module: M, seed: int) -> M:
    """Give a module weights by seed, so large that few tokens are nearly tied."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return module.eval()


@torch.no_grad()
def decode(step: Step, state: Any, sos: int = 0, eos: int = 1) -> tuple[list[int], list[Tensor]]:
    """Decode as an owner does, the most probable token each time."""
    tokens, scores = [sos], list[Tensor]()
    while len(scores) < LONGEST and (tokens[-1] != eos or not scores):
        step_scores, state = step(torch.tensor(tokens[-1:]), state)
        scores.append(step_scores[0])
        tokens.append(int(step_scores.argmax()))
    return [token for token in tokens[1:] if token != eos], scores


class BatchFirstEncoder(nn.Module):
    """It reads ``int64[B, T]``."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, UNITS)
        self.gru = nn.GRU(UNITS, UNITS, batch_first=True)

    def forward(self, sentences: Tensor) -> tuple[Tensor, Tensor]:
        memory, hidden = self.gru(self.embedding(sentences))
        return memory, hidden


class UnmaskedDecoder(nn.Module):
    """It attends without a mask."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, UNITS)
        self.gru, self.out = nn.GRU(2 * UNITS, UNITS), nn.Linear(UNITS, words)

    def forward(self, token: Tensor, hidden: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        weights = torch.softmax((hidden[-1:] * memory).sum(dim=2, keepdim=True), dim=0)
        return self.step(token, hidden, (weights * memory).sum(dim=0))

    def step(self, token: Tensor, hidden: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        features = torch.cat([self.embedding(token), context], dim=1)
        output, hidden = self.gru(features.unsqueeze(0), hidden)
        return self.out(output[0]), hidden


def attended(
    encoder: BatchFirstEncoder, decoder: UnmaskedDecoder, ids: Sequence[int]
) -> tuple[list[int], list[Tensor]]:
    memory, hidden = encoder(torch.tensor([ids]))
    return decode(lambda token, state: decoder(token, state, memory.transpose(0, 1)), hidden)


class PackingEncoder(nn.Module):
    """It reads padded sentences and their lengths."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.embedding, self.lstm = nn.Embedding(words, UNITS), nn.LSTM(UNITS, UNITS)

    def forward(self, sentences: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        _, (hidden, cell) = self.lstm(pack_padded_sequence(self.embedding(sentences), lengths))
        return hidden, cell


class LSTMCellDecoder(nn.Module):
    """Its states are a pair ``float32[B, H]``."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.embedding, self.cell = nn.Embedding(words, UNITS), nn.LSTMCell(UNITS, UNITS)
        self.out = nn.Linear(UNITS, words)

    def forward(
        self, token: Tensor, state: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        hidden, cell = self.cell(self.embedding(token), state)
        return self.out(hidden), (hidden, cell)


def packed(
    encoder: PackingEncoder, decoder: LSTMCellDecoder, ids: Sequence[int]
) -> tuple[list[int], list[Tensor]]:
    hidden, cell = encoder(torch.tensor([ids]).T, torch.tensor([len(ids)]))
    return decode(decoder, (hidden[0], cell[0]))


class SummaryEncoder(nn.Module):
    """It reads SOS, the words and EOS."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.embedding, self.gru = nn.Embedding(words, UNITS), nn.GRU(UNITS, UNITS)

    def forward(self, sentences: Tensor) -> Tensor:
        summary: Tensor = self.gru(self.embedding(sentences))[1]
        return summary


class FixedDecoder(nn.Module):
    """The tutorial's attention of 2017: weights for so many places, whatever stands there."""

    def __init__(self, words: int, places: int) -> None:
        super().__init__()
        self.embedding, self.attn = nn.Embedding(words, UNITS), nn.Linear(2 * UNITS, places)
        self.attn_combine, self.gru = nn.Linear(2 * UNITS, UNITS), nn.GRU(UNITS, UNITS)
        self.out = nn.Linear(UNITS, words)

    def forward(self, token: Tensor, hidden: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        embedded = self.embedding(token)
        weights = torch.softmax(self.attn(torch.cat([embedded, hidden[0]], dim=1)), dim=1)
        context = torch.bmm(weights.unsqueeze(1), memory.transpose(0, 1)).squeeze(1)
        features = torch.relu(self.attn_combine(torch.cat([embedded, context], dim=1)))
        output, hidden = self.gru(features.unsqueeze(0), hidden)
        return self.out(output[0]), hidden


def filled_up(
    encoder: BatchFirstEncoder, decoder: FixedDecoder, ids: Sequence[int], places: int
) -> tuple[list[int], list[Tensor]]:
    memory, hidden = encoder(torch.tensor([ids]))
    filled = torch.zeros(places, 1, UNITS)
    filled[: len(ids)] = memory.transpose(0, 1)
    return decode(lambda token, state: decoder(token, state, filled), hidden)
