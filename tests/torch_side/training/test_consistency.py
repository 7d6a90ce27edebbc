"""Consistency of two passes with different dropout, compared with PyTorch's own divergence."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from training.data.batches import collate, shuffled_groups
from training.data.encoding import EncodedPair
from training.loss import batch_loss, consistency_loss
from training.models.seq2seq import Seq2Seq
from training.recipes.recipe import Recipe

PLAIN = Recipe(
    hidden_size=12,
    model="conditional",
    dropout=0.0,
    label_smoothing=0.0,
    word_prediction=0.0,
    word_dropout=0.0,
)
SUMS = 1e-5  # relative: sums of some hundred float32, added in another order


def test_consistency_loss_is_the_mean_of_both_divergences() -> None:
    torch.manual_seed(0)
    counted = torch.tensor([[True, True, True], [True, False, True]]).repeat(1, 2)
    log_probs = torch.log_softmax(torch.randn(10, 4), dim=-1)  # three columns twice, five each
    ones, others = [0, 1, 2, 6, 7], [3, 4, 5, 8, 9]
    expected = 0.0
    for one, other in zip(ones, others, strict=True):
        for a, b in ((one, other), (other, one)):
            expected += nn.functional.kl_div(
                log_probs[a], log_probs[b], log_target=True, reduction="sum"
            ).item()
    assert consistency_loss(log_probs, counted).item() == pytest.approx(expected / 2, rel=SUMS)


def test_consistency_adds_its_weight_and_leaves_the_counts(random_pairs: list[EncodedPair]) -> None:
    torch.manual_seed(0)
    model = Seq2Seq(PLAIN, 20, 15)
    batch = collate(shuffled_groups(random_pairs, 16, 999, seed=0, epoch=0)[0])
    plain = batch_loss(model, batch, PLAIN, free_running=False)
    losses = []
    for weight in (1e-9, 1.0, 2.0):
        torch.manual_seed(0)
        recipe = replace(PLAIN, dropout=0.3, consistency=weight)
        losses.append(batch_loss(model, batch, recipe, free_running=False))
    assert {(loss.tokens, loss.sentences) for loss in losses} == {(plain.tokens, plain.sentences)}
    none, once, twice = (loss.value.item() for loss in losses)
    # The reference's loss is the mean of two passes: of the size of one.
    assert none == pytest.approx(losses[0].nll / plain.tokens, rel=SUMS)
    assert once > none
    assert twice - none == pytest.approx(2 * (once - none), rel=1e-4)


def test_consistency_needs_dropout_and_teacher_forcing() -> None:
    with pytest.raises(ValueError, match="--consistency: expected 0 without --dropout"):
        Recipe(consistency=1.0, dropout=0.0)
    with pytest.raises(ValueError, match="or with free running, found"):
        Recipe(consistency=1.0, dropout=0.1, teacher_forcing_ratio=0.5)
