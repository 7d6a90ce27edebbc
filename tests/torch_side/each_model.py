"""Shared by the tests of all models: the mark that runs a test with each, and the oracle.

The oracle drives a model by its modules alone, one token at a time. Nothing of the greedy loop and
nothing of training's bulk calculation is used, so that a fault of these cannot hide. For the
tutorial's model it is the loop of the tutorial's ``evaluate``.
"""

from collections.abc import Sequence
from typing import get_args

import pytest
import torch
from torch import Tensor, nn

from s2s_export.exporter.torch_steps import as_tuple
from training.recipes.recipe import ModelName

EACH_MODEL = pytest.mark.parametrize("model_name", get_args(ModelName))
"""For tests whose fixtures ask for ``model_name``: once with each model."""

DecoderState = tuple[Tensor, ...]


def run_encoder(encoder: nn.Module, source: Sequence[int]) -> DecoderState:
    """Return the decoder's first state after these source tokens."""
    gru = encoder.get_submodule("gru")
    assert isinstance(gru, nn.GRU)
    if gru.bidirectional:  # reads the whole sentence at once
        zeros = torch.zeros(2 * gru.num_layers, 1, gru.hidden_size)
        return as_tuple(encoder(torch.tensor([source]).T, zeros))
    hidden, collected = torch.zeros(1, 1, gru.hidden_size), list[Sequence[Tensor]]()
    for index in source:
        hidden, *of_token = as_tuple(encoder(torch.tensor([[index]]), hidden))
        collected.append(of_token)
    return hidden, *(torch.cat(parts) for parts in zip(*collected, strict=True))


def run_decoder(decoder: nn.Module, token: int, state: DecoderState) -> tuple[Tensor, DecoderState]:
    """Return the log-probabilities ``float32[V]`` of the next token, and the next state."""
    log_probs, hidden, *_ = decoder(torch.tensor([token]), *state)
    return log_probs[0], (hidden, *state[1:])


@torch.no_grad()
def greedy_oracle(
    encoder: nn.Module, decoder: nn.Module, source: Sequence[int], max_length: int
) -> list[int]:
    """Decode as the tutorial does: topk(1) of each step, EOS kept."""
    state = run_encoder(encoder, source)
    token, decoded = 0, list[int]()
    while len(decoded) < max_length and token != 1:
        log_probs, state = run_decoder(decoder, token, state)
        token = int(log_probs.topk(1)[1])
        decoded.append(token)
    return decoded
