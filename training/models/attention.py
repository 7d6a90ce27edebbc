"""The model with attention: the tutorial's, with a decoder that looks back at the source.

The encoder also returns its hidden state after each token (the memory); the decoder weighs these
anew in each of its steps. As in ``tutorial``, no ``forward`` branches on a Python value, and the
state is always an input.

Source:
    Additive attention is that of Bahdanau et al. 2015 (arXiv 1409.0473). That the decoder attends
    between two applications of its GRU is the conditional GRU of Nematus (Sennrich et al. 2017,
    arXiv 1703.04357), here with one GRU applied twice, as in the tutorial.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from s2s_export.decoding.steps import DecoderSpec, EncoderSpec

from .recurrence import gru_cell, unroll


def additive_attention(
    query: Tensor, energy: Tensor, memory: Tensor, key: Tensor, mask: Tensor
) -> tuple[Tensor, Tensor]:
    """Weigh the memory of each source token by its key and a query.

    Args:
        query: ``float32[1, B, H]``, a linear map of the decoder's hidden state.
        energy: ``float32[1, H]``, the weight of the energies.
        memory: ``float32[S, B, M]``.
        key: ``float32[S, B, H]``.
        mask: ``float32[S, B, 1]``; zero where a sentence has no token.

    Returns:
        The context ``float32[1, B, M]``, a weighted mean of the memory, and the weights
        ``float32[S, B, 1]``.
    """
    energies = functional.linear(torch.tanh(key + query), energy)  # [S, B, H] -> [S, B, 1]
    attention = torch.softmax(energies.masked_fill(mask == 0, -torch.inf), dim=0)
    return (attention * memory).sum(dim=0, keepdim=True), attention


class AttentionEncoderRNN(nn.Module):
    """Encoder step: the tutorial's, with a memory of each token for the decoder's attention."""

    def __init__(self, vocabulary_size: int, hidden_size: int) -> None:
        """Make the layers, for V = ``vocabulary_size`` tokens and H = ``hidden_size`` units."""
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size)
        # A layer of the attention, but here: its output is the same in all steps of the decoder.
        self.key = nn.Linear(hidden_size, hidden_size)

    def forward(self, tokens: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Read one or more tokens of each sentence.

        Args:
            tokens: ``int64[T, B]``, T ≥ 1.
            hidden: ``float32[1, B, H]``, zeros before the first token.

        Returns:
            ``float32[1, B, H]``, the hidden state after the last token; and of each token the
            memory ``float32[T, B, H]``, which is the hidden state after it, its key
            ``float32[T, B, H]``, and the mask ``float32[T, B, 1]``, which is one.
        """
        memory, hidden = self.gru(self.embedding(tokens), hidden)
        key, mask = self.describe(memory)
        return hidden, memory, key, mask

    def describe(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Return the key and the mask of a memory ``float32[T, B, H]``, as ``forward`` does."""
        return self.key(memory), torch.ones_like(memory[:, :, :1])

    def spec(self) -> EncoderSpec:
        """Return the specification of ``forward``."""
        size = self.gru.hidden_size
        return EncoderSpec.from_shapes(
            state={"hidden": (1, "B", size)},
            outputs={
                "next_hidden": (1, "B", size),
                "memory": ("T", "B", size),
                "key": ("T", "B", size),
                "mask": ("T", "B", 1),
            },
        )

    def unroll(self, embedded: Tensor, hidden: Tensor) -> tuple[Tensor, ...]:
        """Return the outputs of ``forward`` for whole embedded sentences ``float32[S, B, H]``."""
        memory = unroll(self.gru, embedded, hidden)
        return memory[-1:], memory, *self.describe(memory)


class AttentionDecoderRNN(nn.Module):
    """Decoder step: an embedding, one GRU applied twice with attention between, linear layers.

    The first application reads the token, and its hidden state is the query of the attention. The
    second application reads the context.
    """

    def __init__(self, vocabulary_size: int, hidden_size: int) -> None:
        """Make the layers, for V = ``vocabulary_size`` tokens and H = ``hidden_size`` units."""
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size)
        self.query = nn.Linear(hidden_size, hidden_size, bias=False)
        self.energy = nn.Linear(hidden_size, 1, bias=False)
        self.combine = nn.Linear(3 * hidden_size, hidden_size)
        self.out = nn.Linear(hidden_size, vocabulary_size)

    def forward(
        self, token: Tensor, hidden: Tensor, memory: Tensor, key: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Read the last token and predict the next one.

        Args:
            token: ``int64[B]``, SOS first.
            hidden: ``float32[1, B, H]``, at first the encoder's.
            memory: ``float32[S, B, H]``, the encoder's, for all tokens of the source.
            key: ``float32[S, B, H]``, the encoder's.
            mask: ``float32[S, B, 1]``, the encoder's; zero where a sentence has no token.

        Returns:
            ``float32[B, V]``, the log-probability (natural logarithm) of each next token;
            ``float32[1, B, H]``, the next hidden state; and ``float32[S, B, 1]``, the attention to
            each token of the source: between 0 and 1, in sum 1.
        """
        embedded = self.embedding(token).unsqueeze(0)  # [B, H] -> [1, B, H]: a sequence of one
        _, hidden = self.gru(torch.relu(embedded), hidden)
        context, attention = self.attend(hidden, memory, key, mask)
        _, hidden = self.gru(torch.relu(context), hidden)
        output = torch.cat([hidden, embedded, context], dim=-1)
        return self.score(output[0]), hidden, attention

    def attend(
        self, hidden: Tensor, memory: Tensor, key: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Compute the attention of a hidden state to the memory; inputs as for ``forward``.

        Returns:
            The context ``float32[1, B, H]``, a weighted mean of the memory, and the weights
            ``float32[S, B, 1]``.
        """
        return additive_attention(self.query(hidden), self.energy.weight, memory, key, mask)

    def score(self, output: Tensor) -> Tensor:
        """Turn outputs ``float32[…, 3H]`` into log-probabilities ``float32[…, V]``.

        An output is the hidden state after both applications, the embedded token and the context.
        """
        return torch.log_softmax(self.out(torch.tanh(self.combine(output))), dim=-1)

    def spec(self) -> DecoderSpec:
        """Return the specification of ``forward``."""
        size = self.gru.hidden_size
        return DecoderSpec.from_shapes(
            self.out.out_features,
            state={
                "hidden": (1, "B", size),
                "memory": ("S", "B", size),
                "key": ("S", "B", size),
                "mask": ("S", "B", 1),
            },
            outputs={"next_hidden": (1, "B", size), "attention": ("S", "B", 1)},
        )

    def unroll(
        self, embedded: Tensor, hidden: Tensor, memory: Tensor, key: Tensor, mask: Tensor
    ) -> Tensor:
        """Run all steps of sentences whose tokens are known, in training.

        The embedded tokens are ``float32[T, B, H]``; the state is as for ``forward``.

        Returns:
            ``float32[T, B, 3H]``, outputs for ``score``.
        """
        weight, bias = (self.gru.get_parameter(f"{kind}_ih_l0") for kind in ("weight", "bias"))
        from_embedded = functional.linear(torch.relu(embedded), weight, bias)
        states, contexts = [], []
        for of_step in from_embedded:
            hidden = gru_cell(self.gru, of_step, hidden)
            context, _ = self.attend(hidden, memory, key, mask)
            from_context = functional.linear(torch.relu(context[0]), weight, bias)
            hidden = gru_cell(self.gru, from_context, hidden)
            states.append(hidden)
            contexts.append(context)
        return torch.cat([torch.cat(states), embedded, torch.cat(contexts)], dim=-1)
