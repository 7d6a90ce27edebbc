"""Mixed precision: near to float32 where it is on, and nowhere else."""

from dataclasses import replace

import pytest
import torch

from training.data.batches import collate, shuffled_groups
from training.data.encoding import EncodedPair
from training.loss import Loss, batch_loss
from training.models.seq2seq import Seq2Seq
from training.precision import mixed_precision
from training.recipes.recipe import Recipe
from training.run import resuming

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
PLAIN = Recipe(model="conditional", hidden_size=64, word_dropout=0.0, word_prediction=0.0)
EIGHT_DIGITS = 0.02  # relative: bfloat16 has eight binary digits, and errors of some steps add up


@pytest.fixture
def amx(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> bool:
    """Whether the processor is one with circuits for bfloat16."""
    has: bool = request.param
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True} if has else {})
    return has


def gradient(model: Seq2Seq, loss: Loss) -> torch.Tensor:
    """Of all weights, in one row."""
    model.zero_grad()
    torch.autograd.backward(loss.value)
    parts = [weights.grad for weights in model.parameters() if weights.grad is not None]
    assert {part.dtype for part in parts} == {torch.float32}
    return torch.cat([part.flatten() for part in parts])


@pytest.mark.parametrize("recipe", [PLAIN, replace(PLAIN, dropout=0.3, consistency=1.0)])
def test_loss_and_gradient_in_mixed_precision_are_near_those_in_float32(
    recipe: Recipe, random_pairs: list[EncodedPair]
) -> None:
    torch.manual_seed(0)
    model = Seq2Seq(recipe, 20, 15)
    groups = shuffled_groups(random_pairs, 16, 999, seed=0, epoch=0)
    batch = collate(max(groups, key=lambda group: len(group[0].source)))
    losses, found = [], []
    for mixed in (False, True):
        torch.manual_seed(1)
        loss = batch_loss(model, batch, recipe, free_running=False, mixed_precision=mixed)
        assert loss.value.dtype == torch.float32
        losses.append(loss.nll)
        found.append(gradient(model, loss))
    exact, near = losses
    assert near != exact, "it is on"
    assert near == pytest.approx(exact, rel=EIGHT_DIGITS)
    assert (found[1] - found[0]).norm() < EIGHT_DIGITS * found[0].norm()


def test_word_prediction_and_free_running_in_mixed_precision(
    random_pairs: list[EncodedPair],
) -> None:
    torch.manual_seed(0)
    model, predictor = Seq2Seq(PLAIN, 20, 15), torch.nn.Linear(64, 15)
    batch = collate(shuffled_groups(random_pairs, 16, 999, seed=0, epoch=0)[0])
    exact, near = (
        batch_loss(
            model,
            batch,
            replace(PLAIN, word_prediction=1.0),
            free_running=True,
            word_predictor=predictor,
            mixed_precision=mixed,
        )
        for mixed in (False, True)
    )
    assert near.value.item() == pytest.approx(exact.value.item(), rel=EIGHT_DIGITS)


@pytest.mark.parametrize("amx", [True, False], indirect=True)
def test_auto_is_for_large_models_on_processors_with_circuits_for_it(amx: bool) -> None:
    large = replace(PLAIN, hidden_size=512)
    assert mixed_precision(large, CPU) == amx
    assert not mixed_precision(large, CUDA)
    assert not mixed_precision(PLAIN, CPU)
    assert not mixed_precision(Recipe(hidden_size=512), CPU), "the tutorial's model cannot"
    assert not mixed_precision(replace(large, mixed_precision="off"), CPU)
    assert mixed_precision(replace(PLAIN, mixed_precision="on"), CPU)


@pytest.mark.parametrize("amx", [True], indirect=True)
def test_resuming_in_another_precision_is_not_bit_exact(amx: bool) -> None:
    begun, now = (
        resuming.environment(CPU, replace(PLAIN, hidden_size=512, mixed_precision=choice))
        for choice in ("auto", "off")
    )
    difference = resuming.inexactness(begun, now)
    assert difference is not None
    assert "products bfloat16" in difference
