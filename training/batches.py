"""Batches of encoded pairs for teacher forcing.

The sentences of a batch have the same number of source tokens, so the encoder reads them without
padding; targets are padded with EOS and their padding is masked.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from s2s_export.vocabulary import EOS

from .dataset import EncodedPair


@dataclass(frozen=True)
class Batch:
    """Pairs side by side.

    Attributes:
        source: ``int64[S, B]``, EOS last.
        target: ``int64[T, B]``, EOS last and as padding.
        mask: ``bool[T, B]``, true for the tokens that are no padding.
    """

    source: Tensor
    target: Tensor
    mask: Tensor

    @property
    def size(self) -> int:
        """Number of pairs."""
        return self.source.shape[1]

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on a device."""
        return Batch(self.source.to(device), self.target.to(device), self.mask.to(device))


def shuffled_batches(
    pairs: Sequence[EncodedPair], batch_size: int, *, seed: int, epoch: int
) -> Iterator[Batch]:
    """Yield all pairs once, in an order that only the seed and the epoch decide.

    Args:
        pairs: at least one.
        batch_size: the most pairs of a batch.
        seed: seed of the run.
        epoch: number of the epoch; each has its own order.
    """
    generator = random.Random(f"{seed} {epoch}")
    groups: dict[int, list[EncodedPair]] = {}
    for pair in generator.sample(pairs, len(pairs)):
        groups.setdefault(len(pair.source), []).append(pair)
    chunks = [
        group[start : start + batch_size]
        for group in groups.values()
        for start in range(0, len(group), batch_size)
    ]
    generator.shuffle(chunks)
    yield from map(collate, chunks)


def collate(pairs: Sequence[EncodedPair]) -> Batch:
    """Put pairs with sources of one length side by side."""
    longest = max(len(pair.target) for pair in pairs)
    padded = [pair.target + (EOS,) * (longest - len(pair.target)) for pair in pairs]
    lengths = torch.tensor([len(pair.target) for pair in pairs])
    return Batch(
        source=torch.tensor([pair.source for pair in pairs]).T.contiguous(),  # [B, S] -> [S, B]
        target=torch.tensor(padded).T.contiguous(),  # [B, T] -> [T, B]
        mask=torch.arange(longest).unsqueeze(1) < lengths,
    )
