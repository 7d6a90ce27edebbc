"""Batches: each pair once, a bounded size, an order that follows from seed and epoch."""

from itertools import pairwise

import torch

from training.data.batches import collate, shuffled_groups
from training.data.encoding import EncodedPair


def test_an_epoch_holds_each_pair_once(random_pairs: list[EncodedPair]) -> None:
    pairs = random_pairs
    batches = [collate(group) for group in shuffled_groups(pairs, 16, 1000, seed=0, epoch=1)]
    seen = [
        EncodedPair(
            tuple(batch.source[:, row].tolist()),
            tuple(batch.target[batch.mask[:, row], row].tolist()),
        )
        for batch in batches
        for row in range(batch.size)
    ]
    assert sorted(seen, key=repr) == sorted(pairs, key=repr)
    assert max(batch.size for batch in batches) == 16


def test_no_batch_has_too_many_target_tokens(random_pairs: list[EncodedPair]) -> None:
    pairs = [*random_pairs, EncodedPair((1,), (2,) * 50)]
    groups = shuffled_groups(pairs, 16, 24, seed=0, epoch=1)
    assert sum(map(len, groups)) == len(pairs)
    sizes = {collate(group).target.numel() for group in groups if len(group) > 1}
    assert max(sizes) == 24
    assert [len(group) for group in groups if len(group[0].target) == 50] == [1]


def test_the_order_depends_on_seed_and_epoch_alone(random_pairs: list[EncodedPair]) -> None:
    pairs = random_pairs[:50]

    def order(seed: int, epoch: int) -> list[list[EncodedPair]]:
        return shuffled_groups(pairs, 8, 100, seed=seed, epoch=epoch)

    torch.manual_seed(1)
    first = order(0, 1)
    torch.manual_seed(2)
    assert order(0, 1) == first
    assert order(0, 2) != first
    assert order(1, 1) != first


def test_with_one_pair_a_step_the_order_is_any() -> None:
    """As in the tutorial: lengths do not matter."""
    pairs = [EncodedPair((2,) * (i % 3) + (1,), (i, 1)) for i in range(300)]
    groups = shuffled_groups(pairs, 1, 100, seed=0, epoch=1)
    lengths = [len(group[0].source) for group in groups]
    changes = sum(a != b for a, b in pairwise(lengths))
    assert 160 < changes < 240, "two thirds of 299 in a random order"
