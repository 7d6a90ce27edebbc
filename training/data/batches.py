"""Batches of encoded pairs, in an order that a seed decides. Training and validation use them.

The sources of a batch have equally many tokens, so the encoder reads no padding. The targets are
padded with EOS, and the padding is masked.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from s2s_export.text.vocabulary import EOS

from .encoding import EncodedPair


@dataclass(frozen=True)
class Batch:
    """Pairs of one source length, side by side.

    Attributes:
        source: ``int64[S, B]``, EOS last.
        target: ``int64[T, B]``, EOS last and as padding.
        mask: ``bool[T, B]``, false for padding.
    """

    source: Tensor
    target: Tensor
    mask: Tensor

    @property
    def size(self) -> int:
        """Number of pairs."""
        return self.source.shape[1]

    def repeated(self, times: int) -> "Batch":
        """Return the batch that holds these pairs so many times, one after the other."""
        if times == 1:
            return self
        return Batch(*(part.repeat(1, times) for part in (self.source, self.target, self.mask)))

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on a device."""
        return Batch(self.source.to(device), self.target.to(device), self.mask.to(device))


def shuffled_groups(
    pairs: Sequence[EncodedPair], batch_size: int, batch_tokens: int, *, seed: int, epoch: int
) -> list[list[EncodedPair]]:
    """Group pairs of one source length, in an order that the seed and the epoch alone decide.

    The same arguments give the same groups: to resume within an epoch, only its step is saved.

    Args:
        pairs: at least one.
        batch_size: the most pairs of a group.
        batch_tokens: the most target tokens of a group, padding counted; a single pair may have
            more.
        seed: of the run.
        epoch: number of the epoch; each has its own order.

    Returns:
        Groups for ``collate``.
    """
    generator = random.Random(f"{seed} {epoch}")
    by_length: dict[int, list[EncodedPair]] = {}
    for pair in generator.sample(pairs, len(pairs)):
        by_length.setdefault(len(pair.source), []).append(pair)
    groups: list[list[EncodedPair]] = []
    for members in by_length.values():
        group: list[EncodedPair] = []
        # Sorted by target length, a batch has next to no padding; equal lengths stay shuffled.
        for pair in sorted(members, key=lambda member: len(member.target)):
            tokens = len(pair.target) * (len(group) + 1)  # the longest target comes last
            if not group or len(group) == batch_size or tokens > batch_tokens:
                group = []
                groups.append(group)
            group.append(pair)
    generator.shuffle(groups)
    return groups


def collate(pairs: Sequence[EncodedPair]) -> Batch:
    """Make a batch of pairs whose sources have equally many tokens."""
    longest = max(len(pair.target) for pair in pairs)
    padded = [pair.target + (EOS,) * (longest - len(pair.target)) for pair in pairs]
    lengths = torch.tensor([len(pair.target) for pair in pairs])
    return Batch(
        source=torch.tensor([pair.source for pair in pairs]).T.contiguous(),  # [B, S] -> [S, B]
        target=torch.tensor(padded).T.contiguous(),  # [B, T] -> [T, B]
        mask=torch.arange(longest).unsqueeze(1) < lengths,
    )
