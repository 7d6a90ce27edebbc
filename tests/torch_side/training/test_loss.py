"""The loss and its gradients, compared with plain loops that share no code with it."""

import math
from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from s2s_export.decoding.steps import DecoderSpec
from training.data.batches import Batch, collate, shuffled_groups
from training.data.encoding import EncodedPair
from training.loss import batch_loss, encode, mean_loss, predicted_inputs
from training.models.seq2seq import Seq2Seq
from training.recipes.named import TUTORIAL
from training.recipes.recipe import ModelName, Recipe

from ..each_model import EACH_MODEL, run_decoder, run_encoder

pytestmark = EACH_MODEL

PLAIN = Recipe(dropout=0.0, label_smoothing=0.0, word_prediction=0.0, word_dropout=0.0)
SUMS = 1e-5  # relative: sums of some hundred float32, added in another order


@pytest.fixture
def model(model_name: ModelName) -> Seq2Seq:
    torch.manual_seed(0)
    return Seq2Seq(Recipe(hidden_size=12, model=model_name), 20, 15)


@pytest.fixture
def batches(random_pairs: list[EncodedPair]) -> list[Batch]:
    return [collate(group) for group in shuffled_groups(random_pairs, 16, 999, seed=0, epoch=0)]


def tutorial_loss(
    model: Seq2Seq, pair: EncodedPair, *, teacher_forcing: bool
) -> tuple[torch.Tensor, int]:
    """The tutorial's loop over one pair: the sum of its token losses, and how many there are."""
    state = run_encoder(model.encoder, pair.source)
    token, loss, count = 0, torch.zeros(()), 0
    for reference in pair.target:
        log_probs, state = run_decoder(model.decoder, token, state)
        loss = loss - log_probs[reference]
        count += 1
        token = reference if teacher_forcing else int(log_probs.argmax())
        if not teacher_forcing and token == 1:
            break
    return loss, count


@pytest.fixture
def float64() -> Iterator[None]:
    """Numbers of 16 digits, so that other sums of the same terms are equal to nearly as many."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("teacher_forcing", [True, False])
def test_loss_and_gradients_are_those_of_the_tutorials_loop(
    model: Seq2Seq,
    batches: list[Batch],
    random_pairs: list[EncodedPair],
    teacher_forcing: bool,
) -> None:
    model.double()
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
        assert 300 < sum(loss.tokens for loss in found) < sum(len(p.target) for p in random_pairs)
    total = torch.stack([loss.value * loss.tokens for loss in found]).sum()
    for one, other in zip(
        expected_gradients, torch.autograd.grad(total, list(model.parameters())), strict=True
    ):
        torch.testing.assert_close(other, one, rtol=1e-9, atol=1e-10)  # sums of 600 terms


def test_the_mean_loss_is_that_of_the_tutorials_loop(
    model: Seq2Seq, batches: list[Batch], random_pairs: list[EncodedPair]
) -> None:
    losses = [tutorial_loss(model, pair, teacher_forcing=True) for pair in random_pairs]
    mean = sum(loss.item() for loss, _ in losses) / sum(count for _, count in losses)
    assert mean_loss(model, batches) == pytest.approx(mean, rel=SUMS)
    assert mean_loss(model, []) is None


def test_weight_of_a_step_is_its_tokens_or_its_sentences(
    model: Seq2Seq, batches: list[Batch]
) -> None:
    per_token = batch_loss(model, batches[0], PLAIN, free_running=False)
    assert per_token.value.item() == pytest.approx(per_token.nll / per_token.tokens, rel=SUMS)
    per_sentence = batch_loss(model, batches[0], TUTORIAL, free_running=False)
    assert per_sentence.value.item() == pytest.approx(per_token.nll / batches[0].size, rel=SUMS)


def test_label_smoothing_is_uniform_over_the_vocabulary(
    model: Seq2Seq, batches: list[Batch]
) -> None:
    """Against PyTorch's own."""
    smoothed = replace(PLAIN, label_smoothing=0.2)
    found = batch_loss(model, batches[0], smoothed, free_running=False)
    plain = batch_loss(model, batches[0], PLAIN, free_running=False)
    logits, targets = [], []
    batch = batches[0]
    for row in range(batch.size):
        state = run_encoder(model.encoder, batch.source[:, row].tolist())
        token = 0
        for reference in batch.target[batch.mask[:, row], row].tolist():
            log_probs, state = run_decoder(model.decoder, token, state)
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


def test_free_running_loss_ends_at_the_first_eos(model: Seq2Seq, batches: list[Batch]) -> None:
    with torch.no_grad():
        model.decoder.out.bias[1] += 5.0
    state = encode(model, batches[0].source)
    fed, scored = predicted_inputs(model, state, batches[0])
    assert fed.tolist() == [[0] * batches[0].size]
    assert scored.all()


class TwoStateDecoder(nn.Module):
    """A decoder step that replaces two state tensors; its outputs have another order."""

    def __init__(self, vocabulary_size: int, hidden_size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, hidden_size)
        self.of_hidden = nn.Linear(hidden_size, hidden_size)
        self.of_trace = nn.Linear(hidden_size, hidden_size)
        self.out = nn.Linear(2 * hidden_size, vocabulary_size)

    def forward(
        self, token: Tensor, hidden: Tensor, trace: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        embedded = self.embedding(token).unsqueeze(0)
        hidden = torch.tanh(self.of_hidden(hidden) + embedded)
        trace = torch.tanh(self.of_trace(trace) - embedded)
        scores = self.out(torch.cat([hidden, trace], dim=-1)[0])
        return torch.log_softmax(scores, dim=-1), trace, hidden

    def spec(self) -> DecoderSpec:
        shape = (1, "B", self.of_hidden.out_features)
        return DecoderSpec.from_shapes(
            self.out.out_features,
            state={"hidden": shape, "trace": shape},
            outputs={"next_trace": shape, "next_hidden": shape},
        )


@torch.no_grad()
def test_free_running_keeps_all_replaced_state(model: Seq2Seq, batches: list[Batch]) -> None:
    """Against a loop over single sentences; the encoder supplies one of the two state tensors."""
    decoder = TwoStateDecoder(15, 12)
    # So that the predictions vary with the source and with both state tensors.
    for module in (model.encoder.gru, decoder.of_hidden, decoder.of_trace, decoder.out):
        for weights in module.parameters():
            weights.mul_(5)
    decoder.out.bias[1] += 1  # so that some sentences end early
    model.decoder = decoder  # type: ignore[assignment]

    def fed_in_turn(batch: Batch, row: int, kept: set[str]) -> list[int]:
        hidden, *_ = run_encoder(model.encoder, batch.source[:, row].tolist())
        trace = torch.zeros_like(hidden)
        token, fed = 0, list[int]()
        for _ in range(int(batch.mask[:, row].sum())):
            fed.append(token)
            log_probs, next_trace, next_hidden = decoder(torch.tensor([token]), hidden, trace)
            hidden = next_hidden if "hidden" in kept else hidden
            trace = next_trace if "trace" in kept else trace
            token = int(log_probs.argmax())
            if token == 1:
                break
        return fed

    def all_fed(kept: set[str]) -> list[list[int]]:
        return [fed_in_turn(batch, row, kept) for batch in batches for row in range(batch.size)]

    found = []
    for batch in batches:
        fed, scored = predicted_inputs(model, encode(model, batch.source), batch)
        found += [fed[scored[:, row], row].tolist() for row in range(batch.size)]
    assert found == all_fed({"hidden", "trace"})
    references = sum(int(batch.mask.sum()) for batch in batches)
    assert references / 2 < sum(map(len, found)) < references, "some end early"
    assert found != all_fed({"hidden"}), "the predictions depend on the trace"
    assert found != all_fed({"trace"}), "the predictions depend on the hidden state"


def test_word_prediction_reads_target_words_from_the_hidden_state(
    model: Seq2Seq, batches: list[Batch]
) -> None:
    predictor = torch.nn.Linear(12, 15)
    batch = batches[0]
    expected = 0.0
    for row in range(batch.size):
        hidden, *_ = run_encoder(model.encoder, batch.source[:, row].tolist())
        log_probs = torch.log_softmax(predictor(hidden[0, 0]), dim=0)
        expected -= sum(log_probs[i].item() for i in batch.target[batch.mask[:, row], row])
    recipe = replace(PLAIN, word_prediction=0.5)
    plain = batch_loss(model, batch, recipe, free_running=False)
    found = batch_loss(model, batch, recipe, free_running=False, word_predictor=predictor)
    difference = (found.value - plain.value).item() * plain.tokens
    assert difference == pytest.approx(0.5 * expected, rel=SUMS)
    assert found.nll == plain.nll
