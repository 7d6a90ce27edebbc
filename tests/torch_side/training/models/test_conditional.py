"""The mathematics of the conditional model, against the formulas written out in numpy."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from training.models.conditional import ConditionalDecoder, ConditionalEncoder

Array = NDArray[np.float64]
SOURCE, TARGET, EMBEDDED, HIDDEN = 9, 7, 4, 5


@pytest.fixture(params=[1, 2])
def encoder(request: pytest.FixtureRequest) -> ConditionalEncoder:
    torch.manual_seed(0)
    return ConditionalEncoder(SOURCE, EMBEDDED, HIDDEN, layers=request.param)


@pytest.fixture
def decoder() -> ConditionalDecoder:
    torch.manual_seed(1)
    return ConditionalDecoder(TARGET, EMBEDDED, HIDDEN)


def weights_of(module: torch.nn.Module) -> dict[str, Array]:
    return {name: t.detach().double().numpy() for name, t in module.state_dict().items()}


def gru_by_hand(w: dict[str, Array], gru: str, layer: str, x: Array, h: Array) -> Array:
    """One application, as ``torch.nn.GRU`` documents it."""

    def sigmoid(value: Array) -> Array:
        return 1 / (1 + np.exp(-value))

    w_ih, w_hh, b_ih, b_hh = (
        w[f"{gru}.{name}_{layer}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    ir, iz, in_ = np.split(w_ih @ x + b_ih, 3)
    hr, hz, hn = np.split(w_hh @ h + b_hh, 3)
    reset, update = sigmoid(ir + hr), sigmoid(iz + hz)
    new = np.tanh(in_ + reset * hn)
    return np.asarray((1 - update) * new + update * h)


def test_an_encoder_worked_out_by_hand(encoder: ConditionalEncoder) -> None:
    """Bahdanau et al. 2015, section 3.2: each token's memory is the states of both directions."""
    source = [3, 8, 1]
    w = weights_of(encoder)
    memory = [w["embedding.weight"][index] for index in source]
    for layer in range(encoder.gru.num_layers):
        onward, back = [np.zeros(HIDDEN)], [np.zeros(HIDDEN)]
        for x in memory:
            onward.append(gru_by_hand(w, "gru", f"l{layer}", x, onward[-1]))
        for x in reversed(memory):
            back.append(gru_by_hand(w, "gru", f"l{layer}_reverse", x, back[-1]))
        memory = [np.concatenate(both) for both in zip(onward[1:], back[:0:-1], strict=True)]
    ends = np.concatenate([onward[-1], back[-1]])
    hidden = np.tanh(w["bridge.weight"] @ ends + w["bridge.bias"])
    key = [w["key.weight"] @ state + w["key.bias"] for state in memory]
    expected = (np.array([hidden]), np.array(memory), np.array(key), np.ones((3, 1)))

    zeros = torch.zeros(2 * encoder.gru.num_layers, 1, HIDDEN)
    found = encoder(torch.tensor([[index] for index in source]), zeros)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one[:, 0].detach(), other, rtol=0, atol=1e-6)


def test_a_decoder_step_worked_out_by_hand(decoder: ConditionalDecoder) -> None:
    """Sennrich et al. 2017, section 2.1: GRU, attention, GRU; the output matrix is the embedding's.

    e = v tanh(W s + U h), a = softmax(e), c = sum of a h.
    """
    generator = np.random.default_rng(0)
    memory, key = generator.normal(size=(3, 2 * HIDDEN)), generator.normal(size=(3, HIDDEN))
    hidden, token = generator.normal(size=HIDDEN), 4
    w = weights_of(decoder)
    embedded = w["embedding.weight"][token]
    state = gru_by_hand(w, "gru", "l0", embedded, hidden)
    energy = [w["energy.weight"][0] @ np.tanh(k + w["query.weight"] @ state) for k in key]
    attention = np.exp(energy) / np.exp(energy).sum()
    context = attention @ memory
    state = gru_by_hand(w, "context_gru", "l0", context, state)
    output = np.concatenate([state, embedded, context])
    output = np.tanh(w["combine.weight"] @ output + w["combine.bias"])
    scores = w["embedding.weight"] @ output + w["out.bias"]
    log_probs = scores - np.log(np.exp(scores).sum())

    given = [torch.tensor(array[:, None]).float() for array in (hidden[None], memory, key)]
    found = decoder(torch.tensor([token]), *given, torch.ones(3, 1, 1))
    np.testing.assert_allclose(found[0][0].detach(), log_probs, rtol=0, atol=1e-5)
    np.testing.assert_allclose(found[1][0, 0].detach(), state, rtol=0, atol=1e-6)
    np.testing.assert_allclose(found[2][:, 0, 0].detach(), attention, rtol=0, atol=1e-6)


def test_masked_source_tokens_have_no_influence(decoder: ConditionalDecoder) -> None:
    """Whatever stands in the memory behind the end of a sentence."""
    token, hidden = torch.tensor([2]), torch.rand(1, 1, HIDDEN)
    memory, key = torch.rand(6, 1, 2 * HIDDEN), torch.rand(6, 1, HIDDEN)
    mask = torch.ones(6, 1, 1)
    mask[4:] = 0
    log_probs, state, attention = decoder(token, hidden, memory, key, mask)
    short = decoder(token, hidden, memory[:4], key[:4], mask[:4])
    assert attention[4:].tolist() == [[[0.0]], [[0.0]]]
    torch.testing.assert_close(log_probs, short[0], rtol=0, atol=1e-6)
    torch.testing.assert_close(state, short[1], rtol=0, atol=1e-6)
    torch.testing.assert_close(attention[:4], short[2], rtol=0, atol=1e-6)


def test_output_matrix_is_the_embedding(decoder: ConditionalDecoder) -> None:
    """One parameter; its gradient has both parts, the one of tokens read and the one of logits."""
    matrices = [p for p in decoder.parameters() if p.shape == (TARGET, EMBEDDED)]
    assert len(matrices) == 1
    token = torch.tensor([2])
    state = torch.rand(1, 1, HIDDEN), torch.rand(3, 1, 2 * HIDDEN), torch.rand(3, 1, HIDDEN)
    log_probs, *_ = decoder(token, *state, torch.ones(3, 1, 1))
    [gradient] = torch.autograd.grad(log_probs[0, 5], matrices)

    def with_copies(read: torch.Tensor, of_logits: torch.Tensor) -> torch.Tensor:
        weights = {"embedding.weight": read, "out.weight": of_logits}
        arguments = (token, *state, torch.ones(3, 1, 1))
        outputs = torch.func.functional_call(decoder, weights, arguments, tie_weights=False)
        return torch.as_tensor(outputs[0][0, 5])

    copies = [matrices[0].detach().clone().requires_grad_() for _ in range(2)]
    read, of_logits = torch.autograd.grad(with_copies(*copies), copies)
    assert read[2].abs().max() > 0
    assert of_logits[0].abs().max() > 0
    torch.testing.assert_close(gradient, read + of_logits)


def test_first_log_probs_are_nearly_even() -> None:
    """The tied embedding is small at first, for it also makes the logits."""
    torch.manual_seed(0)
    decoder = ConditionalDecoder(300, 64, 32)
    hidden, memory, key = torch.rand(1, 8, 32), torch.rand(4, 8, 64), torch.rand(4, 8, 32)
    log_probs, *_ = decoder(torch.arange(8), hidden, memory, key, torch.ones(4, 8, 1))
    assert log_probs.std() < 0.5
