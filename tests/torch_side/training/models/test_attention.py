"""The mathematics of the model with attention, against the formulas written out in numpy."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from training.models.attention import AttentionDecoderRNN, AttentionEncoderRNN

Array = NDArray[np.float64]
SOURCE, TARGET, HIDDEN = 9, 7, 5


@pytest.fixture
def encoder() -> AttentionEncoderRNN:
    torch.manual_seed(0)
    return AttentionEncoderRNN(SOURCE, HIDDEN)


@pytest.fixture
def decoder() -> AttentionDecoderRNN:
    torch.manual_seed(1)
    return AttentionDecoderRNN(TARGET, HIDDEN)


def weights_of(module: torch.nn.Module) -> dict[str, Array]:
    return {name: t.detach().double().numpy() for name, t in module.state_dict().items()}


def gru_by_hand(w: dict[str, Array], x: Array, h: Array) -> Array:
    """One application, as ``torch.nn.GRU`` documents it."""

    def sigmoid(value: Array) -> Array:
        return 1 / (1 + np.exp(-value))

    ir, iz, in_ = np.split(w["gru.weight_ih_l0"] @ x + w["gru.bias_ih_l0"], 3)
    hr, hz, hn = np.split(w["gru.weight_hh_l0"] @ h + w["gru.bias_hh_l0"], 3)
    reset, update = sigmoid(ir + hr), sigmoid(iz + hz)
    new = np.tanh(in_ + reset * hn)
    return np.asarray((1 - update) * new + update * h)


def test_a_step_worked_out_by_hand(
    encoder: AttentionEncoderRNN, decoder: AttentionDecoderRNN
) -> None:
    """Bahdanau et al. 2015, section 3.1: e = v tanh(W s + U h), a = softmax(e), c = sum of a h."""
    source, token = [3, 8, 1], 4
    w = weights_of(encoder)
    hidden, memory = np.zeros(HIDDEN), []
    for index in source:
        hidden = gru_by_hand(w, w["embedding.weight"][index], hidden)
        memory.append(hidden)
    key = [w["key.weight"] @ state + w["key.bias"] for state in memory]

    found = encoder(torch.tensor([[i] for i in source]), torch.zeros(1, 1, HIDDEN))
    expected = (np.array([hidden]), np.array(memory), np.array(key), np.ones((3, 1)))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one[:, 0].detach(), other, rtol=0, atol=1e-6)

    w = weights_of(decoder)
    embedded = w["embedding.weight"][token]
    state = gru_by_hand(w, np.maximum(embedded, 0), hidden)
    energy = [w["energy.weight"][0] @ np.tanh(k + w["query.weight"] @ state) for k in key]
    attention = np.exp(energy) / np.exp(energy).sum()
    context = sum(a * state for a, state in zip(attention, memory, strict=True))
    state = gru_by_hand(w, np.maximum(context, 0), state)
    output = np.concatenate([state, embedded, context])
    output = np.tanh(w["combine.weight"] @ output + w["combine.bias"])
    scores = w["out.weight"] @ output + w["out.bias"]
    log_probs = scores - np.log(np.exp(scores).sum())

    given = [tensor.float() for tensor in found]
    found_log_probs, found_hidden, found_attention = decoder(torch.tensor([token]), *given)
    np.testing.assert_allclose(found_log_probs[0].detach(), log_probs, rtol=0, atol=1e-5)
    np.testing.assert_allclose(found_hidden[0, 0].detach(), state, rtol=0, atol=1e-6)
    np.testing.assert_allclose(found_attention[:, 0, 0].detach(), attention, rtol=0, atol=1e-6)


def test_masked_source_tokens_have_no_influence(decoder: AttentionDecoderRNN) -> None:
    """Whatever stands in the memory behind the end of a sentence."""
    token, hidden = torch.tensor([2]), torch.rand(1, 1, HIDDEN)
    memory, key = torch.rand(6, 1, HIDDEN), torch.rand(6, 1, HIDDEN)
    mask = torch.ones(6, 1, 1)
    mask[4:] = 0
    log_probs, state, attention = decoder(token, hidden, memory, key, mask)
    short = decoder(token, hidden, memory[:4], key[:4], mask[:4])
    assert attention[4:].tolist() == [[[0.0]], [[0.0]]]
    torch.testing.assert_close(log_probs, short[0], rtol=0, atol=1e-6)
    torch.testing.assert_close(state, short[1], rtol=0, atol=1e-6)
    torch.testing.assert_close(attention[:4], short[2], rtol=0, atol=1e-6)


def test_a_batch_is_its_rows_one_by_one(
    encoder: AttentionEncoderRNN, decoder: AttentionDecoderRNN
) -> None:
    tokens, hidden = torch.randint(SOURCE, (4, 3)), torch.rand(1, 3, HIDDEN)
    token = torch.randint(TARGET, (3,))
    read = encoder(tokens, hidden)
    found = decoder(token, *read)
    for row in range(3):
        one = slice(row, row + 1)
        alone = encoder(tokens[:, one], hidden[:, one])
        for whole, part in zip(read, alone, strict=True):
            torch.testing.assert_close(whole[:, one], part, rtol=0, atol=1e-6)
        log_probs, *rest = decoder(token[one], *alone)
        torch.testing.assert_close(found[0][one], log_probs, rtol=0, atol=1e-5)
        for whole, part in zip(found[1:], rest, strict=True):
            torch.testing.assert_close(whole[:, one], part, rtol=0, atol=1e-6)
