"""The model's mathematics, against numbers worked out by hand and against its own definition."""

import math

import pytest
import torch
from torch import Tensor

from training.models.seq2seq import Seq2Seq
from training.models.tutorial import DecoderRNN, EncoderRNN
from training.recipes.recipe import Recipe


@torch.no_grad()
def one_unit(module: EncoderRNN | DecoderRNN) -> None:
    """Give a model with one hidden unit weights that are easy to follow.

    The gates are, in PyTorch's order, reset, update and new.
    """
    module.embedding.weight.copy_(torch.tensor([[0.0], [1.0], [-2.0]]))
    weights = {
        "weight_ih_l0": [[0.5], [-1.0], [2.0]],
        "weight_hh_l0": [[1.0], [0.25], [-0.5]],
        "bias_ih_l0": [0.0, 0.1, 0.0],
        "bias_hh_l0": [0.2, 0.0, 0.3],
    }
    module.gru.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})


def gru_by_hand(x: float, h: float) -> float:
    """One GRU step with the weights of ``one_unit``, in the form that PyTorch documents."""

    def sigmoid(value: float) -> float:
        return 1 / (1 + math.exp(-value))

    reset = sigmoid(0.5 * x + 1.0 * h + 0.2)
    update = sigmoid(-1.0 * x + 0.1 + 0.25 * h)
    new = math.tanh(2.0 * x + reset * (-0.5 * h + 0.3))
    return (1 - update) * new + update * h


def test_a_gru_step_worked_out_by_hand() -> None:
    """x = 1, h = 0.5: r = σ(1.2) = 0.768525, z = σ(-0.775) = 0.315415, n = tanh(2.038426)."""
    assert gru_by_hand(1.0, 0.5) == pytest.approx(
        (1 - 0.315415) * 0.966660 + 0.315415 * 0.5, abs=1e-5
    )
    encoder = EncoderRNN(vocabulary_size=3, hidden_size=1)
    one_unit(encoder)
    hidden = encoder(torch.tensor([[1]]), torch.tensor([[[0.5]]]))
    # float32 has 7 digits; five operations may lose one.
    assert hidden.item() == pytest.approx(gru_by_hand(1.0, 0.5), abs=1e-6)


def test_the_encoder_is_the_gru_over_the_embeddings() -> None:
    encoder = EncoderRNN(vocabulary_size=3, hidden_size=1)
    one_unit(encoder)
    expected = gru_by_hand(1.0, gru_by_hand(-2.0, gru_by_hand(0.0, 0.3)))
    hidden = encoder(torch.tensor([[0], [2], [1]]), torch.tensor([[[0.3]]]))
    assert hidden.item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("n_layers", [1, 2, 3])
def test_the_decoder_applies_the_same_gru_n_times_to_the_relu(n_layers: int) -> None:
    decoder = DecoderRNN(vocabulary_size=3, hidden_size=1, n_layers=n_layers)
    one_unit(decoder)
    output = -2.0  # the embedding of token 2, which the first ReLU cuts off
    hidden = 0.3
    for _ in range(n_layers):
        hidden = output = gru_by_hand(max(output, 0.0), hidden)
    scores = [w * output + b for w, b in zip(*_column(decoder), strict=True)]
    total = sum(math.exp(score) for score in scores)
    log_probs, next_hidden = decoder(torch.tensor([2]), torch.tensor([[[0.3]]]))
    assert next_hidden.item() == pytest.approx(hidden, abs=1e-6)
    assert log_probs[0].tolist() == pytest.approx(
        [score - math.log(total) for score in scores], abs=1e-5
    )


def _column(decoder: DecoderRNN) -> tuple[list[float], list[float]]:
    return decoder.out.weight[:, 0].tolist(), decoder.out.bias.tolist()


def random_state(batch: int, hidden_size: int) -> Tensor:
    return torch.rand((1, batch, hidden_size)) * 2 - 1


def test_a_sentence_at_once_is_the_sentence_token_by_token() -> None:
    torch.manual_seed(0)
    encoder = EncoderRNN(vocabulary_size=50, hidden_size=32)
    tokens, hidden = torch.randint(50, (9, 4)), random_state(4, 32)
    at_once = encoder(tokens, hidden)
    for token in tokens:
        hidden = encoder(token.unsqueeze(0), hidden)
    # The input products of all steps are one matrix product at once, several token by token:
    # float32 rounding of values below 1, nothing else.
    torch.testing.assert_close(hidden, at_once, rtol=0, atol=1e-6)


def test_a_batch_is_its_rows_one_by_one() -> None:
    torch.manual_seed(0)
    model = Seq2Seq(Recipe(hidden_size=32), 50, 40)
    tokens, hidden = torch.randint(50, (5, 7)), random_state(7, 32)
    token = torch.randint(40, (7,))
    encoded = model.encoder(tokens, hidden)
    log_probs, decoded = model.decoder(token, hidden)
    for row in range(7):
        one = slice(row, row + 1)
        alone = model.encoder(tokens[:, one], hidden[:, one])
        torch.testing.assert_close(encoded[:, one], alone, rtol=0, atol=1e-6)
        alone_log_probs, alone_decoded = model.decoder(token[one], hidden[:, one])
        torch.testing.assert_close(log_probs[one], alone_log_probs, rtol=0, atol=1e-5)
        torch.testing.assert_close(decoded[:, one], alone_decoded, rtol=0, atol=1e-6)


def test_log_probs_are_a_distribution() -> None:
    torch.manual_seed(0)
    log_probs, _ = DecoderRNN(40, 32)(torch.tensor([0, 5]), random_state(2, 32))
    torch.testing.assert_close(log_probs.exp().sum(dim=1), torch.ones(2))
