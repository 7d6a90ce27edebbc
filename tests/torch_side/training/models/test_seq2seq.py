"""Models by name: their sizes and initial weights, and the whole sentence beside the steps."""

from dataclasses import replace
from typing import get_args

import pytest
import torch
from torch import nn

from training.loss import encode
from training.models.seq2seq import Seq2Seq
from training.recipes.recipe import ModelName, Recipe

RECIPES: dict[str, Recipe] = {
    name: Recipe(model=name, hidden_size=8) for name in get_args(ModelName)
}
RECIPES["conditional, other sizes"] = replace(
    RECIPES["conditional"], embedding_size=6, encoder_layers=2
)


@pytest.fixture(params=[*RECIPES.values()], ids=[*RECIPES])
def model(request: pytest.FixtureRequest) -> Seq2Seq:
    torch.manual_seed(0)
    return Seq2Seq(request.param, 20, 15)


@torch.no_grad()
def test_a_batch_is_its_rows_one_by_one(model: Seq2Seq) -> None:
    tokens, token = torch.randint(20, (4, 3)), torch.randint(15, (3,))

    def results(rows: slice) -> list[torch.Tensor]:
        state = encode(model, tokens[:, rows])
        first = [state[tensor.name] for tensor in model.decoder.spec().state]
        log_probs, *rest = model.decoder(token[rows], *first)
        return [log_probs[None], *first, *rest]

    together = results(slice(0, 3))
    for row in range(3):
        one = slice(row, row + 1)
        for whole, alone in zip(together, results(one), strict=True):
            torch.testing.assert_close(whole[:, one], alone, rtol=0, atol=1e-6)


@torch.no_grad()
def test_sentences_unrolled_are_the_steps_one_by_one(model: Seq2Seq) -> None:
    source, fed = torch.randint(20, (5, 3)), torch.randint(15, (6, 3))
    encoder, decoder = model.encoder, model.decoder
    units = 2 * model.encoder.gru.num_layers if model.encoder.gru.bidirectional else 1
    outputs = encoder(source, torch.zeros(units, 3, 8))
    hidden, *rest = (outputs,) if isinstance(outputs, torch.Tensor) else outputs
    unrolled = encoder.unroll(encoder.embedding(source), torch.zeros(units, 3, 8))
    for one, other in zip(unrolled, (hidden, *rest), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-6)
    features = decoder.unroll(decoder.embedding(fed), *unrolled)
    for token, log_probs in zip(fed, decoder.score(features), strict=True):
        expected, hidden, *_ = decoder(token, hidden, *rest)
        torch.testing.assert_close(log_probs, expected, rtol=0, atol=1e-5)


def test_orthogonal_weights_of_every_layer_and_direction(model: Seq2Seq) -> None:
    before = {name: weights.clone() for name, weights in model.named_parameters()}
    model.initialize_orthogonally()
    grus = [name for name, module in model.named_modules() if isinstance(module, nn.GRU)]
    for name, weights in model.named_parameters():
        module, _, parameter = name.rpartition(".")
        changed = module in grus and parameter.startswith("weight")
        assert torch.equal(weights, before[name]) != changed, name
        if changed and parameter.startswith("weight_hh"):
            for gate in weights.chunk(3):
                torch.testing.assert_close(gate @ gate.T, torch.eye(8), rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["tutorial", "attention"])
@torch.no_grad()
def test_orthogonal_weights_are_drawn_encoder_first_hidden_state_first(name: ModelName) -> None:
    """The order of random numbers decides every weight of a run: a seed keeps its meaning."""
    model = Seq2Seq(RECIPES[name], 20, 15)
    torch.manual_seed(5)
    model.initialize_orthogonally()
    torch.manual_seed(5)
    for gru in (model.encoder.gru, model.decoder.gru):
        for parameter, draw in (
            ("weight_hh_l0", nn.init.orthogonal_),
            ("weight_ih_l0", nn.init.xavier_uniform_),
        ):
            for gate in gru.get_parameter(parameter).chunk(3):
                assert torch.equal(draw(torch.empty_like(gate)), gate)


def test_embeddings_have_the_size_of_the_recipe() -> None:
    model = Seq2Seq(RECIPES["conditional, other sizes"], 20, 15)
    assert model.encoder.embedding.weight.shape == (20, 6)
    assert model.decoder.embedding.weight.shape == (15, 6)
    assert model.encoder.gru.num_layers == 2
    assert Seq2Seq(RECIPES["conditional"], 20, 15).encoder.embedding.weight.shape == (20, 8)
