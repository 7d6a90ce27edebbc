"""The loss is the definition's: held against plain loops that share no code with it."""

import math
from dataclasses import replace

import pytest
import torch

from training.data.batches import Batch, collate, shuffled_groups
from training.data.corpus import EncodedPair
from training.loss import batch_loss, encode, mean_loss, predicted_inputs
from training.models.seq2seq import Seq2Seq
from training.recipes import TUTORIAL, Recipe

from .both_models import EACH_DECODER, read, score

pytestmark = EACH_DECODER

PLAIN = Recipe(dropout=0.0, label_smoothing=0.0, word_prediction=0.0, word_dropout=0.0)
SUMS = 1e-5  # relative: sums of some hundred float32, added in another order


@pytest.fixture
def model(attention: bool) -> Seq2Seq:
    torch.manual_seed(0)
    return Seq2Seq(20, 15, hidden_size=12, attention=attention)


@pytest.fixture
def batches(random_pairs: list[EncodedPair]) -> list[Batch]:
    return [collate(group) for group in shuffled_groups(random_pairs, 16, 999, seed=0, epoch=0)]


def tutorial_loss(
    model: Seq2Seq, pair: EncodedPair, *, teacher_forcing: bool
) -> tuple[torch.Tensor, int]:
    """The tutorial's loop over one pair: the sum of its token losses, and how many there are."""
    state = read(model.encoder, pair.source)
    token, loss, count = 0, torch.zeros(()), 0
    for reference in pair.target:
        log_probs, state = score(model.decoder, token, state)
        loss = loss - log_probs[reference]
        count += 1
        token = reference if teacher_forcing else int(log_probs.argmax())
        if not teacher_forcing and token == 1:
            break
    return loss, count


@pytest.mark.parametrize("teacher_forcing", [True, False])
def test_loss_and_gradients_are_those_of_the_tutorials_loop(
    model: Seq2Seq,
    batches: list[Batch],
    random_pairs: list[EncodedPair],
    teacher_forcing: bool,
) -> None:
    # Decided and varied predictions, so that free running sometimes ends before the reference.
    with torch.no_grad():
        for weights in model.parameters():
            weights.mul_(3)
        model.decoder.out.bias[1] += 2
    losses = [tutorial_loss(model, p, teacher_forcing=teacher_forcing) for p in random_pairs]
    expected = torch.stack([loss for loss, _ in losses]).sum()
    expected_gradients = torch.autograd.grad(expected, list(model.parameters()))
    found = [batch_loss(model, b, PLAIN, free_running=not teacher_forcing) for b in batches]
    assert sum(loss.nll for loss in found) == pytest.approx(expected.item(), rel=SUMS)
    assert sum(loss.tokens for loss in found) == sum(count for _, count in losses)
    assert sum(loss.sentences for loss in found) == len(random_pairs)
    if not teacher_forcing:
        assert 500 < sum(loss.tokens for loss in found) < sum(len(p.target) for p in random_pairs)
    total = torch.stack([loss.value * loss.tokens for loss in found]).sum()
    for one, other in zip(
        expected_gradients, torch.autograd.grad(total, list(model.parameters())), strict=True
    ):
        torch.testing.assert_close(other, one, rtol=1e-4, atol=1e-5)  # sums of 600 terms


def test_the_mean_loss_is_that_of_the_tutorials_loop(
    model: Seq2Seq, batches: list[Batch], random_pairs: list[EncodedPair]
) -> None:
    losses = [tutorial_loss(model, pair, teacher_forcing=True) for pair in random_pairs]
    mean = sum(loss.item() for loss, _ in losses) / sum(count for _, count in losses)
    assert mean_loss(model, batches) == pytest.approx(mean, rel=SUMS)
    assert mean_loss(model, []) is None


def test_a_step_is_worth_its_tokens_or_its_sentences(model: Seq2Seq, batches: list[Batch]) -> None:
    per_token = batch_loss(model, batches[0], PLAIN, free_running=False)
    assert per_token.value.item() == pytest.approx(per_token.nll / per_token.tokens, rel=SUMS)
    per_sentence = batch_loss(model, batches[0], TUTORIAL, free_running=False)
    assert per_sentence.value.item() == pytest.approx(per_token.nll / batches[0].size, rel=SUMS)


def test_label_smoothing_asks_for_every_word_alike(model: Seq2Seq, batches: list[Batch]) -> None:
    """Against PyTorch's own."""
    smoothed = replace(PLAIN, label_smoothing=0.2)
    found = batch_loss(model, batches[0], smoothed, free_running=False)
    plain = batch_loss(model, batches[0], PLAIN, free_running=False)
    logits, targets = [], []
    batch = batches[0]
    for row in range(batch.size):
        state = read(model.encoder, batch.source[:, row].tolist())
        token = 0
        for reference in batch.target[batch.mask[:, row], row].tolist():
            log_probs, state = score(model.decoder, token, state)
            logits.append(log_probs)
            token = reference
            targets.append(token)
    expected = torch.nn.functional.cross_entropy(
        torch.stack(logits), torch.tensor(targets), label_smoothing=0.2
    )
    assert found.value.item() == pytest.approx(expected.item(), rel=SUMS)
    assert found.nll == plain.nll, "what is reported is the loss itself"


def test_dropout_drops_in_training_and_keeps_the_mean(model: Seq2Seq, batches: list[Batch]) -> None:
    dropped = replace(PLAIN, dropout=0.5)

    def losses(recipe: Recipe) -> list[float]:
        return [batch_loss(model, batches[0], recipe, free_running=False).nll for _ in range(3)]

    assert len(set(losses(PLAIN))) == 1
    assert len(set(losses(dropped))) == 3
    assert all(math.isfinite(loss) for loss in losses(dropped))
    before = mean_loss(model, batches)
    assert mean_loss(model, batches) == before, "validation knows no dropout"


def test_free_running_scores_up_to_the_first_eos(model: Seq2Seq, batches: list[Batch]) -> None:
    with torch.no_grad():
        model.decoder.out.bias[1] += 5.0
    state = encode(model, batches[0].source)
    fed, scored = predicted_inputs(model, state, batches[0])
    assert fed.tolist() == [[0] * batches[0].size]
    assert scored.all()


def test_word_prediction_asks_the_hidden_state_for_each_target_word(
    model: Seq2Seq, batches: list[Batch]
) -> None:
    predictor = torch.nn.Linear(12, 15)
    batch = batches[0]
    expected = 0.0
    for row in range(batch.size):
        hidden, *_ = read(model.encoder, batch.source[:, row].tolist())
        log_probs = torch.log_softmax(predictor(hidden[0, 0]), dim=0)
        expected -= sum(log_probs[i].item() for i in batch.target[batch.mask[:, row], row])
    recipe = replace(PLAIN, word_prediction=0.5)
    plain = batch_loss(model, batch, recipe, free_running=False)
    found = batch_loss(model, batch, recipe, free_running=False, word_predictor=predictor)
    difference = (found.value - plain.value).item() * plain.tokens
    assert difference == pytest.approx(0.5 * expected, rel=SUMS)
    assert found.nll == plain.nll
