"""The tutorial's model: an encoder step and a decoder step, each a module.

The same two modules are trained, scripted to TorchScript and exported to ONNX. All three compute
the same because the initial hidden state is always an input and no ``forward`` branches on a Python
value.

Source:
    ``EncoderRNN`` and ``DecoderRNN`` of the PyTorch tutorial "Translation with a Sequence to
    Sequence Network and Attention", in the form without attention; the idea is that of Sutskever
    et al. 2014 (arXiv 1409.3215) with the GRU of Cho et al. 2014 (arXiv 1406.1078).
"""

import torch
from torch import Tensor, nn

from s2s_export.decoding.steps import DecoderSpec, EncoderSpec

from .recurrence import unroll


class EncoderRNN(nn.Module):
    """Encoder step: an embedding and one GRU."""

    def __init__(self, vocabulary_size: int, hidden_size: int) -> None:
        """Make the layers, for V = ``vocabulary_size`` tokens and H = ``hidden_size`` units."""
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size)

    def forward(self, tokens: Tensor, hidden: Tensor) -> Tensor:
        """Read one or more tokens of each sentence; its stretches give the same as the whole.

        Args:
            tokens: ``int64[T, B]``, T ≥ 1.
            hidden: ``float32[1, B, H]``, zeros before the first token.

        Returns:
            ``float32[1, B, H]``, the hidden state after the last token.
        """
        _, hidden = self.gru(self.embedding(tokens), hidden)
        return hidden

    def spec(self) -> EncoderSpec:
        """Return the specification of ``forward``."""
        size = self.gru.hidden_size
        return EncoderSpec.from_shapes(
            state={"hidden": (1, "B", size)}, outputs={"next_hidden": (1, "B", size)}
        )

    def unroll(self, embedded: Tensor, hidden: Tensor) -> tuple[Tensor, ...]:
        """Return the outputs of ``forward`` for whole embedded sentences ``float32[S, B, H]``."""
        return (unroll(self.gru, embedded, hidden)[-1:],)


class DecoderRNN(nn.Module):
    """Decoder step: an embedding, one GRU applied ``n_layers`` times, and a linear layer.

    As in the tutorial, ``n_layers`` does not stack GRUs: the *same* GRU is applied that many times
    in a row, each time to the ReLU of its last output, and keeps its hidden state.
    """

    def __init__(self, vocabulary_size: int, hidden_size: int, n_layers: int = 2) -> None:
        """Make the layers, for V = ``vocabulary_size`` tokens and H = ``hidden_size`` units."""
        super().__init__()
        self.n_layers = n_layers
        self.embedding = nn.Embedding(vocabulary_size, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size)
        self.out = nn.Linear(hidden_size, vocabulary_size)

    def forward(self, token: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Read the last token and predict the next one.

        Args:
            token: ``int64[B]``, SOS first.
            hidden: ``float32[1, B, H]``, at first the encoder's.

        Returns:
            ``float32[B, V]``, the log-probability (natural logarithm) of each next token, and
            ``float32[1, B, H]``, the next hidden state.
        """
        output = self.embedding(token).unsqueeze(0)  # [B, H] -> [1, B, H]: a sequence of one
        for _ in range(self.n_layers):
            output, hidden = self.gru(torch.relu(output), hidden)
        return self.score(output[0]), hidden

    def score(self, output: Tensor) -> Tensor:
        """Turn outputs ``float32[…, H]`` into log-probabilities ``float32[…, V]``."""
        return torch.log_softmax(self.out(output), dim=-1)

    def spec(self) -> DecoderSpec:
        """Return the specification of ``forward``."""
        size = self.gru.hidden_size
        return DecoderSpec.from_shapes(
            self.out.out_features,
            state={"hidden": (1, "B", size)},
            outputs={"next_hidden": (1, "B", size)},
        )

    def unroll(self, embedded: Tensor, hidden: Tensor) -> Tensor:
        """Run all steps of sentences whose tokens are known, in training.

        Args:
            embedded: ``float32[T, B, H]``, the embedded tokens.
            hidden: ``float32[1, B, H]``, the encoder's.

        Returns:
            ``float32[T, B, H]``, outputs for ``score``.
        """
        return unroll(self.gru, torch.relu(embedded), hidden, self.n_layers)
