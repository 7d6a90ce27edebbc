"""The learner: its steps, and a restored one goes on bit for bit."""

import io
from dataclasses import replace
from typing import Literal

import pytest
import torch

from s2s_export.errors import NonFiniteError
from s2s_export.text.vocabulary import EOS, UNK, Vocabulary
from training.data.batches import collate
from training.data.corpus import Corpus
from training.data.encoding import EncodedPair
from training.data.noise.word_dropout import WordDropout
from training.data.pairs_file import TextPair
from training.learner import Learner, learning_rate
from training.recipes.named import TUTORIAL
from training.recipes.recipe import Recipe
from training.recipes.selection import Selection

CPU = torch.device("cpu")
RAW = [
    TextPair(f"je suis y{n % 5} z{n % 4} " * (n % 2 + 1), f"i am w{n % 7} x{n % 3} .")
    for n in range(40)
]
# Letters alone pass the tutorial's normalizer; w1 becomes w.
UNICODE = Selection(source_text="unicode", target_text="unicode", held_out=0.0)
SMALL = Recipe(epochs=3, batch_size=8, hidden_size=12, selection=UNICODE)


def learner(recipe: Recipe) -> Learner:
    return Learner(Corpus.prepare(RAW, recipe, "x"), recipe, CPU)


def bits(value: Learner) -> bytes:
    """All of a learner's state, to the last bit."""
    buffer = io.BytesIO()
    torch.save(value.state(), buffer)
    state = torch.load(io.BytesIO(buffer.getvalue()), weights_only=True)
    tensors = [t for _, t in sorted(state["trained"].items())]
    for _, moments in sorted(state["optimizer"]["state"].items()):
        tensors += [moments["exp_avg"], moments["exp_avg_sq"], moments["step"]]
    return repr(state["position"]).encode() + b"".join(t.numpy().tobytes() for t in tensors)


def train(value: Learner, steps: int) -> list[float]:
    losses = []
    for _ in range(steps):
        losses.append(value.take_step().nll)
        if value.epoch_finished:
            value.begin_epoch()
    return losses


@pytest.mark.parametrize(
    "recipe",
    [SMALL, replace(SMALL, teacher_forcing_ratio=0.5), replace(TUTORIAL, hidden_size=12)],
    ids=["default", "half free running", "tutorial"],
)
def test_a_learner_restored_after_any_step_is_bit_exact(recipe: Recipe) -> None:
    recipe = replace(recipe, selection=UNICODE)
    steps = 18 if recipe.batch_size > 1 else 45  # into the last epoch; into the second
    whole = learner(recipe)
    losses = train(whole, steps)
    stopped = learner(recipe)
    for taken in range(steps):
        torch.manual_seed(taken)  # whatever else the process does with it
        resumed = learner(recipe)
        resumed.restore(stopped.state())
        assert train(resumed, steps - taken) == losses[taken:]
        assert bits(resumed) == bits(whole)
        stopped = learner(recipe)
        train(stopped, taken + 1)


def test_training_learns() -> None:
    value = learner(replace(SMALL, epochs=60, dropout=0.0, label_smoothing=0.0, word_dropout=0.0))
    losses = []
    while not value.finished:
        losses += train(value, 1)
    assert sum(losses[-5:]) < sum(losses[:5]) / 4
    assert value.position.epoch == 61
    assert value.position.sentences == 60 * 40


def test_a_seed_decides_everything() -> None:
    def trained(seed: int) -> bytes:
        value = learner(replace(SMALL, seed=seed))
        train(value, 3)
        return bits(value)

    assert trained(1) == trained(1) != trained(2)


def test_a_nan_loss_stops_before_the_weights_change() -> None:
    """The error names the step."""
    value = learner(SMALL)
    train(value, 2)
    with torch.no_grad():
        value.model.decoder.out.bias[3] = float("nan")
    before = bits(value)
    with pytest.raises(NonFiniteError, match="the loss is nan in epoch 1, step 3; a lower --le"):
        value.take_step()
    assert bits(value) == before
    assert not value.is_finite()


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [("cosine", [0.05, 0.5, 1.0, 0.5, 0.0]), ("constant", [0.05, 0.5, 1.0, 1.0, 1.0])],
)
def test_the_learning_rate(schedule: Literal["cosine", "constant"], expected: list[float]) -> None:
    recipe = replace(SMALL, learning_rate=2.0, warmup=0.1, schedule=schedule)
    rates = [learning_rate(recipe, done) / 2 for done in (0.0, 0.05, 0.1, 0.55, 1.0)]
    assert rates == pytest.approx(expected)


def test_the_initial_weights() -> None:
    orthogonal = learner(SMALL).model.encoder.gru.get_parameter("weight_hh_l0").chunk(3)
    for gate in orthogonal:
        torch.testing.assert_close((gate @ gate.T).detach(), torch.eye(12))
    torch.manual_seed(0)
    pytorch = learner(replace(SMALL, init="pytorch")).model.encoder.gru.get_parameter(
        "weight_hh_l0"
    )
    assert float(pytorch.detach().abs().max()) <= 12**-0.5


def test_word_dropout_replaces_rare_words_more_often() -> None:
    vocabulary = Vocabulary(["rare", "often"], unk=True)
    sentence = (3, *[4] * 9, EOS)
    noise = WordDropout([EncodedPair(sentence, (EOS,))], vocabulary, strength=1.0)
    batch = collate([EncodedPair(sentence, (EOS,))] * 2000)
    torch.manual_seed(0)
    noisy = noise(batch)
    replaced = (noisy.source == UNK).float().mean(dim=1)
    assert replaced[0].item() == pytest.approx(1 / 2, abs=0.05)  # 4 sigma of 2000 coins
    assert replaced[1:10].mean().item() == pytest.approx(1 / 10, abs=0.01)
    assert replaced[10].item() == 0, "EOS stays"
    assert torch.equal(noisy.target, batch.target)
    kept = noisy.source != UNK
    assert torch.equal(noisy.source[kept], batch.source[kept])


def test_word_dropout_replaces_words_as_the_run_time_replaces_unknown_ones() -> None:
    vocabulary = Vocabulary(["joueur", "joueurs", "glop"], unk=True)
    sentence = (3, 4, 5, EOS)
    always = WordDropout([EncodedPair(sentence, (EOS,))], vocabulary, strength=1e9)
    assert always(collate([EncodedPair(sentence, (EOS,))])).source.T.tolist() == [[4, 3, UNK, EOS]]
    for word, token in zip(vocabulary.words, (4, 3, UNK), strict=True):
        others = [other for other in vocabulary.words if other != word]
        without = Vocabulary(others, unk=True)
        [read, _] = without.encode([word])
        assert without.decode([read]) == vocabulary.decode([token])


def test_typing_noise_changes_the_sources_that_are_read() -> None:
    raw = [TextPair(f"y{n % 5} z{n % 4}.", f"i am w{n % 7}") for n in range(40)]
    losses = []
    for share in (0.0, 0.0, 0.9):
        recipe = replace(SMALL, dropout=0.0, word_dropout=0.0, typing_noise=share)
        losses.append(train(Learner(Corpus.prepare(raw, recipe, "x"), recipe, CPU), 3))
    assert losses[0] == losses[1]
    assert losses[0] != losses[2]
