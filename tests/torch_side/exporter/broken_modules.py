"""Modules of users that break the contract of a step, each in one way, and sound ones."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from s2s_export.decoding.steps import DecoderSpec, EncoderSpec

WORDS = ["a", "b", "c", "d", "e", "f"]
SIZE = len(WORDS) + 2
UNITS = 4
HIDDEN = {"hidden": (1, "B", UNITS)}
NEXT = {"next_hidden": (1, "B", UNITS)}


class Encoder(nn.Module):
    """A sound one."""

    spec = EncoderSpec.from_shapes(HIDDEN, NEXT)

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SIZE, UNITS)
        self.gru = nn.GRU(UNITS, UNITS)

    def forward(self, tokens: Tensor, hidden: Tensor) -> Any:
        return self.gru(self.embedding(tokens), hidden)[1]


class Decoder(nn.Module):
    """A sound one; the broken ones change what ``step`` is given or returns."""

    spec = DecoderSpec.from_shapes(SIZE, HIDDEN, NEXT)

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SIZE, UNITS)
        self.gru = nn.GRU(UNITS, UNITS)
        self.out = nn.Linear(UNITS, SIZE)

    def step(self, token: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        output, hidden = self.gru(self.embedding(token).unsqueeze(0), hidden)
        return torch.log_softmax(self.out(output[0]), dim=-1), hidden

    def forward(self, token: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        return self.step(token, hidden)


class Float64Output(Decoder):
    def forward(self, token: Tensor, hidden: Tensor) -> Any:
        log_probs, hidden = self.step(token, hidden)
        return log_probs, hidden.double()


class Float64Weight(Decoder):
    def __init__(self) -> None:
        super().__init__()
        self.out.double()


class BatchFirst(Decoder):
    def forward(self, token: Tensor, hidden: Tensor) -> Any:
        log_probs, hidden = self.step(token, hidden)
        return log_probs, hidden.transpose(0, 1)


class NoLayerAxis(Decoder):
    def forward(self, token: Tensor, hidden: Tensor) -> Any:
        log_probs, hidden = self.step(token, hidden)
        return log_probs, hidden[0]


class TokenAxis(Decoder):
    def forward(self, token: Tensor, hidden: Tensor) -> Any:
        log_probs, hidden = self.step(token, hidden)
        return log_probs.unsqueeze(1), hidden


class StateNotReturned(Decoder):
    def forward(self, token: Tensor, hidden: Tensor) -> Any:
        return self.step(token, hidden)[:1]


class PairOfStates(Decoder):
    def forward(self, token: Tensor, hidden: Tensor) -> Any:
        log_probs, hidden = self.step(token, hidden)
        return log_probs, (hidden, hidden)


class ListOfOutputs(Decoder):
    def forward(self, token: Tensor, hidden: Tensor) -> Any:
        return [*self.step(token, hidden)]


class Logits(Decoder):
    def forward(self, token: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        output, hidden = self.gru(self.embedding(token).unsqueeze(0), hidden)
        return self.out(output[0]), hidden


class Probabilities(Decoder):
    def forward(self, token: Tensor, hidden: Tensor) -> Any:
        log_probs, hidden = self.step(token, hidden)
        return log_probs.exp(), hidden


class MinusInfinity(Decoder):
    def forward(self, token: Tensor, hidden: Tensor) -> Any:
        log_probs, hidden = self.step(token, hidden)
        return log_probs.masked_fill(torch.arange(SIZE) == 0, -torch.inf), hidden


class MeanOfBatch(Decoder):
    def forward(self, token: Tensor, hidden: Tensor) -> Any:
        log_probs, hidden = self.step(token, hidden)
        return log_probs, hidden - hidden.mean(dim=1, keepdim=True)


class NormOfBatch(Encoder):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(UNITS, track_running_stats=False)

    def forward(self, tokens: Tensor, hidden: Tensor) -> Any:
        return self.norm(super().forward(tokens, hidden)[0]).unsqueeze(0)


class DropoutLeftOn(Decoder):
    def forward(self, token: Tensor, hidden: Tensor) -> Any:
        log_probs, hidden = self.step(token, hidden)
        return log_probs, nn.functional.dropout(hidden, 0.5)


class StateInTheModule(Decoder):
    last: Tensor | None = None

    def forward(self, token: Tensor, hidden: Tensor) -> Any:
        self.last = hidden if self.last is None else self.last + 1
        return self.step(token, self.last)


class Backwards(Encoder):
    def forward(self, tokens: Tensor, hidden: Tensor) -> Any:
        return super().forward(tokens.flip(0), hidden)


class SmallEmbedding(Encoder):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(5, UNITS)


class OneSentence(Encoder):
    def forward(self, tokens: Tensor, hidden: Tensor) -> Any:
        return self.gru(self.embedding(tokens).view(-1, 1, UNITS), hidden)[1]


class AnyInputs(Decoder):
    def forward(self, token: Tensor, *state: Tensor) -> Any:
        return self.step(token, *state)


class ThreeInputs(Decoder):
    def forward(  # type: ignore[override]
        self, token: Tensor, hidden: Tensor, memory: Tensor
    ) -> Any:
        return self.step(token, hidden + memory.sum())


class Branching(Decoder):
    def forward(self, token: Tensor, hidden: Tensor) -> Any:
        if hidden.sum() > 100:
            hidden = -hidden
        return self.step(token, hidden)


class Packing(Encoder):
    def forward(self, tokens: Tensor, hidden: Tensor) -> Any:
        lengths = torch.full((tokens.shape[1],), tokens.shape[0])
        return self.gru(pack_padded_sequence(self.embedding(tokens), lengths), hidden)[1]


class LoopOfCells(Encoder):
    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(UNITS, UNITS)

    def forward(self, tokens: Tensor, hidden: Tensor) -> Any:
        state = hidden[0]
        for embedded in self.embedding(tokens):
            state = self.cell(embedded, state)
        return state.unsqueeze(0)


class RowByRow(Decoder):
    def forward(self, token: Tensor, hidden: Tensor) -> Any:
        log_probs, hidden = self.step(token, hidden)
        return torch.stack([log_probs[row] for row in range(len(token))]), hidden


class NoSuchOperator(Decoder):
    def forward(self, token: Tensor, hidden: Tensor) -> Any:
        log_probs, hidden = self.step(token, hidden)
        square = hidden.transpose(0, 1) * torch.eye(UNITS)
        return log_probs, hidden + torch.linalg.eigvals(square).real.unsqueeze(0) * 0


class RememberingEncoder(Encoder):
    """Sound, for a decoder with attention."""

    spec = EncoderSpec.from_shapes(HIDDEN, {**NEXT, "memory": ("T", "B", UNITS)})

    def forward(self, tokens: Tensor, hidden: Tensor) -> Any:
        memory, hidden = self.gru(self.embedding(tokens), hidden)
        return hidden, memory


class UnmaskedAttention(Decoder):
    spec = DecoderSpec.from_shapes(SIZE, {**HIDDEN, "memory": ("S", "B", UNITS)}, NEXT)

    def forward(  # type: ignore[override]
        self, token: Tensor, hidden: Tensor, memory: Tensor
    ) -> Any:
        weights = torch.softmax((hidden * memory).sum(dim=2, keepdim=True), dim=0)
        return self.step(token, hidden + (weights * memory).sum(dim=0))


class NothingReplaced(Decoder):
    spec = DecoderSpec.from_shapes(SIZE, HIDDEN, {"new_hidden": (1, "B", UNITS)})


class OtherVocabulary(Decoder):
    spec = DecoderSpec.from_shapes(SIZE + 3, HIDDEN, NEXT)
