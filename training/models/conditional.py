"""The conditional model: a bidirectional encoder, and a decoder of two GRUs with attention between.

Each token's memory knows what stands before and behind it. The first GRU of the decoder reads the
token, its state is the query of the attention, and the second GRU reads the context. As in
``tutorial``, no ``forward`` branches on a Python value, and the state is always an input.

Source:
    Bidirectional encoder and additive attention: Bahdanau et al. 2015 (arXiv 1409.0473). Two GRUs
    with attention between: the conditional GRU of Nematus (Sennrich et al. 2017, arXiv 1703.04357).
    Output matrix tied to the embedding: Press and Wolf 2017 (arXiv 1608.05859).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from s2s_export.decoding.steps import DecoderSpec, EncoderSpec

from .attention import additive_attention
from .recurrence import gru_cell


class ConditionalEncoder(nn.Module):
    """Encoder step: reads whole sentences, in both directions, with one or more layers."""

    def __init__(
        self, vocabulary_size: int, embedding_size: int, hidden_size: int, layers: int = 1
    ) -> None:
        """Make the layers.

        Args:
            vocabulary_size: tokens of the vocabulary.
            embedding_size: E, units of an embedded token.
            hidden_size: H, units of each direction, and of the decoder.
            layers: GRUs on top of each other, L.
        """
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_size)
        self.gru = nn.GRU(embedding_size, hidden_size, num_layers=layers, bidirectional=True)
        self.bridge = nn.Linear(2 * hidden_size, hidden_size)
        # A layer of the attention, but here: its output is the same in all steps of the decoder.
        self.key = nn.Linear(2 * hidden_size, hidden_size)

    def forward(self, tokens: Tensor, directions: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Read whole sentences, all of one length.

        Args:
            tokens: ``int64[T, B]``, T ≥ 1.
            directions: ``float32[2L, B, H]``, zeros: the states before the first token and, of the
                backward GRUs, behind the last one.

        Returns:
            ``float32[1, B, H]``, the decoder's first hidden state; and of each token the memory
            ``float32[T, B, 2H]``, which is the states of both directions, its key
            ``float32[T, B, H]``, and the mask ``float32[T, B, 1]``, which is one.
        """
        return self.unroll(self.embedding(tokens), directions)

    def unroll(self, embedded: Tensor, directions: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the outputs of ``forward`` for whole embedded sentences ``float32[S, B, E]``."""
        # Over whole sentences, autograd of PyTorch's GRU is as fast as ``recurrence.unroll``.
        memory, directions = self.gru(embedded, directions)
        ends = torch.cat([directions[-2], directions[-1]], dim=-1)  # of the top layer: [B, 2H]
        hidden = torch.tanh(self.bridge(ends)).unsqueeze(0)
        return hidden, memory, self.key(memory), torch.ones_like(memory[:, :, :1])

    def spec(self) -> EncoderSpec:
        """Return the specification of ``forward``."""
        size = self.gru.hidden_size
        return EncoderSpec.from_shapes(
            state={"directions": (2 * self.gru.num_layers, "B", size)},
            outputs={
                "hidden": (1, "B", size),
                "memory": ("T", "B", 2 * size),
                "key": ("T", "B", size),
                "mask": ("T", "B", 1),
            },
            reads="sentence",
        )


class ConditionalDecoder(nn.Module):
    """Decoder step: an embedding, two GRUs with attention between, and a tied output matrix."""

    def __init__(self, vocabulary_size: int, embedding_size: int, hidden_size: int) -> None:
        """Make the layers.

        Args:
            vocabulary_size: tokens of the vocabulary.
            embedding_size: E, units of an embedded token and of the last layer before the logits.
            hidden_size: H, units of the GRUs.
        """
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_size)
        self.gru = nn.GRU(embedding_size, hidden_size)
        self.query = nn.Linear(hidden_size, hidden_size, bias=False)
        self.energy = nn.Linear(hidden_size, 1, bias=False)
        self.context_gru = nn.GRU(2 * hidden_size, hidden_size)
        self.combine = nn.Linear(3 * hidden_size + embedding_size, embedding_size)
        self.out = nn.Linear(embedding_size, vocabulary_size)
        self.out.weight = self.embedding.weight  # tied: one parameter
        # With PyTorch's 1 the first logits have the size of sqrt(E): on dates, 13 tokens, the first
        # loss of a token is 7.0 nats instead of 2.6.
        nn.init.normal_(self.embedding.weight, std=embedding_size**-0.5)

    def forward(
        self, token: Tensor, hidden: Tensor, memory: Tensor, key: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Read the last token and predict the next one.

        Args:
            token: ``int64[B]``, SOS first.
            hidden: ``float32[1, B, H]``, at first the encoder's.
            memory: ``float32[S, B, 2H]``, the encoder's, for all tokens of the source.
            key: ``float32[S, B, H]``, the encoder's.
            mask: ``float32[S, B, 1]``, the encoder's; zero where a sentence has no token.

        Returns:
            ``float32[B, V]``, the log-probability (natural logarithm) of each next token;
            ``float32[1, B, H]``, the next hidden state; and ``float32[S, B, 1]``, the attention to
            each token of the source: between 0 and 1, in sum 1.
        """
        embedded = self.embedding(token).unsqueeze(0)  # [B, E] -> [1, B, E]: a sequence of one
        _, hidden = self.gru(embedded, hidden)
        context, attention = self.attend(hidden, memory, key, mask)
        _, hidden = self.context_gru(context, hidden)
        output = torch.cat([hidden, embedded, context], dim=-1)
        return self.score(output[0]), hidden, attention

    def attend(
        self, hidden: Tensor, memory: Tensor, key: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the context ``float32[1, B, 2H]`` and the attention; inputs as for ``forward``."""
        return additive_attention(self.query(hidden), self.energy.weight, memory, key, mask)

    def score(self, output: Tensor) -> Tensor:
        """Turn outputs ``float32[…, 3H + E]`` into log-probabilities ``float32[…, V]``.

        An output is the hidden state after both GRUs, the embedded token and the context.
        """
        return torch.log_softmax(self.out(torch.tanh(self.combine(output))), dim=-1)

    def spec(self) -> DecoderSpec:
        """Return the specification of ``forward``."""
        size = self.gru.hidden_size
        return DecoderSpec.from_shapes(
            self.out.out_features,
            state={
                "hidden": (1, "B", size),
                "memory": ("S", "B", 2 * size),
                "key": ("S", "B", size),
                "mask": ("S", "B", 1),
            },
            outputs={"next_hidden": (1, "B", size), "attention": ("S", "B", 1)},
        )

    def unroll(
        self, embedded: Tensor, hidden: Tensor, memory: Tensor, key: Tensor, mask: Tensor
    ) -> Tensor:
        """Run all steps of sentences whose tokens are known, in training.

        Differentiated by autograd: by hand, as in ``recurrence``, a batch of 64 takes this function
        8 % less time.

        The embedded tokens are ``float32[T, B, E]``; the state is as for ``forward``.

        Returns:
            ``float32[T, B, 3H + E]``, outputs for ``score``.
        """
        gru, context_gru = self.gru, self.context_gru
        w_ih, b_ih, context_w_ih, context_b_ih = (
            of.get_parameter(f"{kind}_ih_l0")
            for of in (gru, context_gru)
            for kind in ("weight", "bias")
        )
        from_embedded = functional.linear(embedded, w_ih, b_ih)
        states, contexts = [], []
        for of_step in from_embedded:
            hidden = gru_cell(gru, of_step, hidden)
            context, _ = self.attend(hidden, memory, key, mask)
            from_context = functional.linear(context[0], context_w_ih, context_b_ih)
            hidden = gru_cell(context_gru, from_context, hidden)
            states.append(hidden)
            contexts.append(context)
        return torch.cat([torch.cat(states), embedded, torch.cat(contexts)], dim=-1)
