"""Word vectors in the embeddings of a model: their scale, and rows that training leaves alone."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ..models.seq2seq import Seq2Seq
from ..recipes.selection import SideName
from .word_vectors import WordVectors


def embedding_of(model: Seq2Seq, side: SideName) -> nn.Embedding:
    """Return the embedding of the source or of the target."""
    return model.encoder.embedding if side == "source" else model.decoder.embedding


@torch.no_grad()
def set_vectors(embedding: nn.Embedding, vectors: WordVectors) -> None:
    """Put word vectors into their rows, all scaled by one factor.

    The factor gives them the root mean square of the embedding's own initial values: the layers
    behind it, their initial values and the learning rate are made for numbers of that size, and
    tokens without a vector have it too. Angles and relative lengths of the vectors stay.
    """
    values = torch.from_numpy(vectors.values)
    own, size = (tensor.square().mean().sqrt() for tensor in (embedding.weight, values))
    if size > 0:
        values = values * (own.cpu() / size)
        embedding.weight[list(vectors.ids)] = values.to(embedding.weight.device)


class FrozenRows:
    """Rows of the embeddings that training leaves as they are.

    Their gradients become zero before each step. Adam, without weight decay, then adds exactly
    zero. A matrix that is tied to an embedding has the same rows and the same gradients.
    """

    def __init__(self) -> None:
        self._rows: dict[SideName, Tensor] = {}

    def add(self, side: SideName, vectors: WordVectors) -> None:
        """Freeze the rows of these vectors."""
        self._rows[side] = torch.tensor(vectors.ids, dtype=torch.int64)

    def zero_gradients(self, model: Seq2Seq) -> None:
        """Set the gradients of the frozen rows to zero, after the backward pass."""
        for side, rows in self._rows.items():
            gradient = embedding_of(model, side).weight.grad
            assert gradient is not None
            gradient.index_fill_(0, rows.to(gradient.device), 0.0)

    def state(self) -> dict[SideName, Tensor]:
        """Return the rows of each side."""
        return dict(self._rows)

    def restore(self, state: Mapping[Any, Tensor]) -> None:
        """Go back to the rows that ``state`` returned."""
        self._rows = dict(state)
