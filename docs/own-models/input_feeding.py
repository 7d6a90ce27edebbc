"""Luong attention with input feeding (Luong, Pham and Manning, 2015), in LSTM cells.

The decoder looks at the source, joins what it found with its hidden state to the *attentional*
vector, predicts the token from it, and feeds it into its next step beside that token. It stumbles
in three places. The attentional vector is a state that no encoder supplies; an LSTM cell's states
have no axis of layers; and in a batch the attention must not look behind a shorter sentence's end.
In the specification the decoder has a state of its own, which starts as zeros; the wrapper takes
the axis of layers off and puts it on again; and the encoder returns a ``mask`` of ones, collected
like the memory, which is zero where a sentence has ended.
"""

import random
import string
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from s2s_export import Translator
from s2s_export.decoding.steps import DecoderSpec, EncoderSpec, Shape
from s2s_export.exporter import export_modules
from s2s_export.text.modes import text_mode
from s2s_export.text.tokenizer import Tokenizer
from s2s_export.text.vocabulary import EOS, SOS, Vocabulary

EMBEDDED, UNITS, LONGEST = 12, 20, 10

# The model as it was: two modules and a decoding loop.


class Decoder(nn.Module):
    """Read a token ``int64[B]``, four ``float32[B, H]`` … and the memory ``float32[B, S, H]``."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, EMBEDDED)
        self.cell = nn.LSTMCell(EMBEDDED + UNITS, UNITS)
        self.general = nn.Linear(UNITS, UNITS, bias=False)
        self.combine = nn.Linear(2 * UNITS, UNITS, bias=False)
        self.classify = nn.Linear(UNITS, tokens)

    def forward(
        self,
        token: Tensor,
        hidden: Tensor,
        cell: Tensor,
        attentional: Tensor,
        memory: Tensor,
        padding: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        fed = torch.cat([self.embedding(token), attentional], dim=1)
        hidden, cell = self.cell(fed, (hidden, cell))
        energies = torch.bmm(memory, self.general(hidden).unsqueeze(2)).squeeze(2)
        weights = torch.softmax(energies.masked_fill(padding, -1e9), dim=1)
        context = torch.bmm(weights.unsqueeze(1), memory).squeeze(1)
        attentional = torch.tanh(self.combine(torch.cat([context, hidden], dim=1)))
        return self.classify(attentional), hidden, cell, attentional, weights
