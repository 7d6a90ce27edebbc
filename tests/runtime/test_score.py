"""Scores of given targets, compared with a plain loop over the sessions' own steps."""

from pathlib import Path

import numpy as np
import pytest

from s2s_export import ScoredTarget, Translator
from s2s_export.errors import (
    InputTypeError,
    OptionError,
    TextError,
    TextTooLongError,
    UnknownWordError,
)
from s2s_export.text.vocabulary import EOS, SOS

PAIRS = [
    ("Je suis en retard.", "I'm late."),
    ("Je suis en retard.", "He is a baker."),
    ("Elle est glop en retard.", "She is late."),
    ("Ils sont en train de préparer le dîner.", "They're making dinner."),
    ("J'ai froid.", "I'm"),
    ("Il a raison.", ""),
]


@pytest.fixture(scope="module", params=["tiny_unk", "tiny_3", "tiny_conditional", "tiny_natural"])
def translator(request: pytest.FixtureRequest) -> Translator:
    return Translator(request.getfixturevalue(request.param))


def step_by_step(translator: Translator, source: str, target: str) -> list[float]:
    """Feed a target to the model's own steps, one sentence and one token at a time."""
    encoder, decoder = translator.pipeline.steps.encoder, translator.pipeline.steps.decoder
    ids = translator.source.encode(source).ids
    outputs = encoder(np.array([ids], dtype=np.int64).T, encoder.spec.initial_state(1))
    state = decoder.spec.first_state({**outputs.replaced, **outputs.collected, **outputs.final}, 1)
    words = [*translator.target.vocabulary.encode(translator.target.tokens(target))[:-1], EOS]
    log_probs = []
    for before, token in zip([SOS, *words], words, strict=False):
        after = decoder(np.array([before], dtype=np.int64), state)
        log_probs.append(float(after.log_probs[0, token]))
        state = {**state, **after.replaced}
    return log_probs


@pytest.mark.parametrize("batch_size", [1, 2, 64])
def test_scores_are_those_of_a_plain_loop_over_the_steps(
    translator: Translator, batch_size: int
) -> None:
    found = translator.score(iter(PAIRS), batch_size=batch_size)
    for (source, target), one in zip(PAIRS, found, strict=True):
        assert [*one.tokens] == translator.target.tokens(target)
        assert len(one.log_probs) == len(one.tokens) + 1, "the end of the sentence is scored too"
        expected = step_by_step(translator, source, target)
        np.testing.assert_allclose(one.log_probs, expected, rtol=0, atol=1e-5)
        assert one.score == pytest.approx(np.mean(expected), abs=1e-5)
    right, wrong = found[:2]
    assert right.score > wrong.score + 0.5


def test_the_score_of_a_translation_is_its_own(translator: Translator) -> None:
    [found] = translator.translate_batch(["Je suis en retard."])
    [scored] = translator.score([("Je suis en retard.", found.text)])
    assert scored.score == pytest.approx(found.score, abs=1e-5)
    [summed] = translator.score([("Je suis en retard.", found.text)], length_penalty=0)
    assert summed.score == pytest.approx(sum(scored.log_probs))


@pytest.fixture(scope="module")
def words(tiny_3: Path) -> Translator:
    return Translator(tiny_3)


@pytest.mark.parametrize(
    ("pair", "error", "message"),
    [
        (("J'ai froid.", 3), InputTypeError, "target: expected a str, found int"),
        ((None, "i'm cold"), InputTypeError, "expected a str, found NoneType"),
        (("J'ai froid.", "glop"), UnknownWordError, "target: unknown word: 'glop'"),
        (("J'ai froid.", "he " * 30), TextTooLongError, "the target has 31 tokens, .* shorten it"),
        (("je " * 30, "he"), TextTooLongError, "the text has 31 tokens, .* split it"),
        (("😀", "he"), TextError, "the model knows no word of the text: there is nothing to score"),
        (("J'ai froid.",), InputTypeError, "expected a pair of a text and its target, found"),
        ("J!", InputTypeError, "expected a pair of a text and its target, found 'J!'"),
    ],
)
def test_a_pair_that_cannot_be_scored_is_an_error_with_its_index(
    words: Translator, pair: tuple[str, str], error: type[TextError], message: str
) -> None:
    with pytest.raises(error, match=message) as raised:
        words.score([("J'ai faim.", "i'm hungry ."), pair])
    assert raised.value.index == 1


def test_the_longest_target_that_is_scored_is_the_longest_translation(words: Translator) -> None:
    longest = words.pipeline.max_length
    [found] = words.score([("J'ai froid.", "he " * (longest - 1))])
    assert len(found.log_probs) == longest
    with pytest.raises(TextTooLongError, match=f"the target has {longest + 1} tokens"):
        words.score([("J'ai froid.", "he " * longest)])


def test_options_and_the_empty_batch(words: Translator) -> None:
    assert words.score([]) == []
    with pytest.raises(OptionError, match="batch_size: expected 1 or more, found 0"):
        words.score(PAIRS, batch_size=0)
    with pytest.raises(OptionError, match="length_penalty: expected a number from 0 to 10"):
        words.score(PAIRS, length_penalty=-1)
    assert ScoredTarget(("a",), (-1.0, -3.0)).score == -2.0


def test_the_lexicon_is_not_asked_for_scores(words: Translator, tiny_3: Path) -> None:
    other = Translator(tiny_3, lexicon={"J'ai froid.": "brr"})
    assert other.score(PAIRS) == words.score(PAIRS)
