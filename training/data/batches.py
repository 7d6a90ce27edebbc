"""Batches of encoded pairs: who sits with whom, and in which order.

The sentences of a batch have the same number of source tokens, so the encoder reads them without
padding; targets are padded with EOS and their padding is masked.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from s2s_export.text.vocabulary import EOS

from .corpus import EncodedPair


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


def shuffled_groups(
    pairs: Sequence[EncodedPair], batch_size: int, batch_tokens: int, *, seed: int, epoch: int
) -> list[list[EncodedPair]]:
    """Put each pair into one group, in an order that only the seed and the epoch decide.

    Nothing of it needs saving to continue an epoch: asked again, it gives the same groups.

    Args:
        pairs: at least one.
        batch_size: the most pairs of a group.
        batch_tokens: the most target tokens of a group, padding counted; one pair alone may have
            more.
        seed: seed of the run.
        epoch: number of the epoch; each has its own order.

    Returns:
        Groups for ``collate``.
    """
    generator = random.Random(f"{seed} {epoch}")
    by_length: dict[int, list[EncodedPair]] = {}
    for pair in generator.sample(pairs, len(pairs)):
        by_length.setdefault(len(pair.source), []).append(pair)
    groups = [
        group
        for members in by_length.values()
        for group in _grouped(sorted(members, key=_target_length), batch_size, batch_tokens)
    ]
    generator.shuffle(groups)
    return groups


def _target_length(pair: EncodedPair) -> int:
    """Sort by it, and a batch has next to no padding; those of one length stay shuffled."""
    return len(pair.target)


def _grouped(
    pairs: Sequence[EncodedPair], batch_size: int, batch_tokens: int
) -> list[list[EncodedPair]]:
    """Fill one group after the other."""
    groups: list[list[EncodedPair]] = [[]]
    longest = 0
    for pair in pairs:
        group = groups[-1]
        longest = max(longest, len(pair.target))
        if group and (len(group) == batch_size or longest * (len(group) + 1) > batch_tokens):
            groups.append([pair])
            longest = len(pair.target)
        else:
            group.append(pair)
    return groups


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
