"""Batches and the training loop: nothing lost, nothing padded in, the loss is the definition's."""

import pytest
import torch

from training.batches import collate, shuffled_batches
from training.dataset import EncodedPair
from training.loop import mean_loss, teacher_forced_loss, train_epoch
from training.model import Seq2Seq


def random_pairs(count: int) -> list[EncodedPair]:
    generator = torch.Generator().manual_seed(0)

    def ids(limit: int) -> tuple[int, ...]:
        length = int(torch.randint(0, 6, (1,), generator=generator))
        return (*torch.randint(2, limit, (length,), generator=generator).tolist(), 1)

    return [EncodedPair(ids(20), ids(15)) for _ in range(count)]


def test_an_epoch_holds_each_pair_once() -> None:
    pairs = random_pairs(200)
    batches = list(shuffled_batches(pairs, 16, seed=0, epoch=1))
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


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    pairs = random_pairs(50)

    def order(seed: int, epoch: int) -> list[list[list[int]]]:
        return [b.source.tolist() for b in shuffled_batches(pairs, 8, seed=seed, epoch=epoch)]

    torch.manual_seed(1)
    first = order(0, 1)
    torch.manual_seed(2)
    assert order(0, 1) == first
    assert order(0, 2) != first
    assert order(1, 1) != first


@torch.no_grad()
def step_by_step_loss(model: Seq2Seq, pair: EncodedPair) -> float:
    """The definition: one sentence, one step at a time, the reference fed back."""
    hidden = torch.zeros(1, 1, model.hidden_size)
    for index in pair.source:
        hidden = model.encoder(torch.tensor([[index]]), hidden)
    token, loss = 0, 0.0
    for reference in pair.target:
        log_probs, hidden = model.decoder(torch.tensor([token]), hidden)
        loss -= log_probs[0, reference].item()
        token = reference
    return loss


def test_the_batched_loss_is_that_of_the_sentences_step_by_step() -> None:
    torch.manual_seed(0)
    model = Seq2Seq(20, 15, hidden_size=12, n_layers=2)
    pairs = random_pairs(60)
    batches = list(shuffled_batches(pairs, 16, seed=0, epoch=0))
    expected = sum(step_by_step_loss(model, pair) for pair in pairs)
    batched = sum(teacher_forced_loss(model, batch).item() for batch in batches)
    assert batched == pytest.approx(expected, rel=1e-5)  # sums of 300 float32
    tokens = sum(len(pair.target) for pair in pairs)
    assert mean_loss(model, batches) == pytest.approx(expected / tokens, rel=1e-5)


def test_training_learns() -> None:
    torch.manual_seed(0)
    model = Seq2Seq(20, 15, hidden_size=24, n_layers=2)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    batch = collate([pair for pair in random_pairs(60) if len(pair.source) == 4])
    seen: list[float] = []
    losses = [
        train_epoch(model, optimizer, [batch], lambda _, loss: seen.append(loss))
        for _ in range(100)
    ]
    assert losses[0] > 2.0
    assert losses[-1] < 0.3
    assert seen == pytest.approx(losses)
