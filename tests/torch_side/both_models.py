"""What tests of both models share: the mark that gives a test each, and the oracle.

The oracle drives a model by its modules alone, one token at a time. Nothing of the greedy loop and
nothing of training's bulk calculation is used, so that a fault of these cannot hide. For the
tutorial's model it is the loop of the tutorial's ``evaluate``.
"""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from training.model import Seq2Seq

EACH_DECODER = pytest.mark.parametrize("attention", [False, True], ids=["tutorial", "attention"])
"""For tests whose fixtures ask for ``attention``: once without, once with."""

DecoderState = tuple[Tensor, ...]


def read(model: Seq2Seq, source: Sequence[int]) -> DecoderState:
    """Return what the decoder is given beside the token after these source tokens."""
    hidden, collected = torch.zeros(1, 1, model.hidden_size), list[Sequence[Tensor]]()
    for index in source:
        found = model.encoder(torch.tensor([[index]]), hidden)
        hidden, *of_token = (found,) if isinstance(found, Tensor) else found
        collected.append(of_token)
    return hidden, *(torch.cat(parts) for parts in zip(*collected, strict=True))


def score(model: Seq2Seq, token: int, state: DecoderState) -> tuple[Tensor, DecoderState]:
    """Return the log-probabilities ``float32[V]`` of what comes after a token."""
    log_probs, hidden, *_ = model.decoder(torch.tensor([token]), *state)
    return log_probs[0], (hidden, *state[1:])


@torch.no_grad()
def decode(model: Seq2Seq, source: Sequence[int], max_length: int) -> list[int]:
    """Decode as the tutorial does: topk(1) of each step, EOS kept."""
    state = read(model, source)
    token, decoded = 0, list[int]()
    while len(decoded) < max_length and token != 1:
        log_probs, state = score(model, token, state)
        token = int(log_probs.topk(1)[1])
        decoded.append(token)
    return decoded
