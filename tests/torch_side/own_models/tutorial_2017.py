"""The modules of the PyTorch tutorial of 2017 without attention, for one sentence at a time.

Shapes and names of the layers are the tutorial's; so a ``state_dict`` of these is one of its
checkpoints.
"""

import torch
from torch import Tensor, nn

SOS, EOS, MAX_LENGTH = 0, 1, 10


class EncoderRNN(nn.Module):
    """One token at a time, a batch of one."""

    def __init__(self, words: int, size: int) -> None:
        super().__init__()
        self.embedding, self.gru = nn.Embedding(words, size), nn.GRU(size, size)

    def forward(self, token: Tensor, hidden: Tensor) -> Tensor:
        last: Tensor = self.gru(self.embedding(token).view(1, 1, -1), hidden)[1]
        return last


class DecoderRNN(nn.Module):
    """The same GRU so many times in a row."""

    def __init__(self, words: int, size: int, n_layers: int) -> None:
        super().__init__()
        self.n_layers = n_layers
        self.embedding, self.gru = nn.Embedding(words, size), nn.GRU(size, size)
        self.out = nn.Linear(size, words)

    def forward(self, token: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        output = self.embedding(token).view(1, 1, -1)
        for _ in range(self.n_layers):
            output, hidden = self.gru(torch.relu(output), hidden)
        return torch.log_softmax(self.out(output[0]), dim=1), hidden


@torch.no_grad()
def evaluate(
    encoder: EncoderRNN, decoder: DecoderRNN, ids: list[int]
) -> tuple[list[int], list[Tensor]]:
    """Translate token by token, without EOS in the result."""
    hidden = torch.zeros(1, 1, encoder.gru.hidden_size)
    for token in ids:
        hidden = encoder(torch.tensor([token]), hidden)
    said, scores, last = list[int](), list[Tensor](), SOS
    for _ in range(MAX_LENGTH):
        log_probs, hidden = decoder(torch.tensor([last]), hidden)
        scores.append(log_probs[0])
        last = int(log_probs.topk(1).indices)
        if last == EOS:
            break
        said.append(last)
    return said, scores
