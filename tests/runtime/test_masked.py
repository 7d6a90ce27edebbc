"""min_length, suppress and no_repeat_ngram, as an app asks for them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from s2s_export import Translation, Translator
from s2s_export.errors import OptionError

TEXTS = ["Je suis en retard.", "J'ai froid.", "", "Il est boulanger.", "Nous sommes très heureux !"]


@pytest.fixture(scope="module", params=["tiny_unk", "tiny_3", "tiny_conditional", "tiny_natural"])
def translator(request: pytest.FixtureRequest) -> Translator:
    return Translator(request.getfixturevalue(request.param))


@pytest.fixture(scope="module")
def words(tiny_3: Path) -> Translator:
    return Translator(tiny_3)


def own_score(translator: Translator, text: str, one: Translation) -> tuple[float, ...]:
    """Return what the model says of a translation, forced on it."""
    [scored] = translator.score([(text, one.text)])
    return scored.log_probs if scored.tokens == one.tokens else one.log_probs


@pytest.mark.parametrize("beam_size", [1, 4])
@pytest.mark.parametrize("least", [3, 6])
def test_min_length_counts_the_end_mark_as_max_length_does(
    translator: Translator, least: int, beam_size: int
) -> None:
    found = translator.translate_batch(TEXTS, min_length=least, beam_size=beam_size)
    free = translator.translate_batch(TEXTS, beam_size=beam_size)
    for text, one, other in zip(TEXTS, found, free, strict=True):
        if not other.tokens:
            assert one == other
            continue
        assert len(one.log_probs) >= least
        if beam_size == 1 and len(other.log_probs) >= least:
            assert one.tokens == other.tokens
        if one.finished:
            expected = own_score(translator, text, one)
            np.testing.assert_allclose(one.log_probs, expected, rtol=0, atol=1e-5)
    longest = translator.pipeline.max_length
    [one] = translator.translate_batch(TEXTS[:1], min_length=longest)
    assert len(one.log_probs) == longest


@pytest.mark.parametrize("beam_size", [1, 4])
def test_suppressed_texts_are_never_said(translator: Translator, beam_size: int) -> None:
    free = translator.translate_batch(TEXTS, beam_size=beam_size)
    never = [free[0].text.rstrip(" ."), ".", "I'm cold"]
    found = translator.translate_batch(TEXTS, suppress=never, beam_size=beam_size, n_best=beam_size)
    for one in found:
        for alternative in one.alternatives:
            said = list(alternative.tokens)
            for text in never:
                tokens = translator.target.tokens(text)
                parts = [said[i : i + len(tokens)] for i in range(len(said))]
                assert tokens not in parts
    assert free[0].tokens != found[0].tokens
    texts = [translator.translate(t, suppress=iter(never), beam_size=beam_size) for t in TEXTS]
    assert texts == [one.text for one in found]


def test_tokens_are_suppressed_as_they_stand(translator: Translator) -> None:
    """Also those that no text begins with: subwords inside of words."""
    [free] = translator.translate_batch(["Je suis en retard."])
    for token in {*free.tokens}:
        [found] = translator.translate_batch(["Je suis en retard."], suppress=[(token,)])
        assert token not in found.tokens
    pair = free.tokens[:2]
    [found] = translator.translate_batch(["Je suis en retard."], suppress=[pair])
    assert pair not in [found.tokens[i : i + 2] for i in range(len(found.tokens))]


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("beam_size", [1, 4])
def test_no_ngram_is_said_twice(translator: Translator, size: int, beam_size: int) -> None:
    options: dict[str, Any] = {
        "min_length": translator.pipeline.max_length - 1,
        "beam_size": beam_size,
    }
    found = translator.translate_batch(TEXTS, no_repeat_ngram=size, **options)
    free = translator.translate_batch(TEXTS, **options)

    def again(one: Translation) -> bool:
        grams = [one.tokens[i : i + size] for i in range(len(one.tokens) - size + 1)]
        return len({*grams}) < len(grams)

    assert not any(map(again, found))
    if (size, beam_size) == (1, 1):
        assert any(map(again, free)), "a rule that nothing would break tests nothing"


def test_a_suppressed_text_of_subwords_begins_a_word(tiny_natural: Path) -> None:
    """A full stop that clings to the word before is another token."""
    translator = Translator(tiny_natural)
    text = "Je suis en retard."
    assert translator.translate(text, suppress=["."]) == "I'm late."
    assert "." not in translator.translate(text, suppress=[(".",)])


def test_streams_and_iterators_take_the_masks_too(translator: Translator) -> None:
    options: dict[str, Any] = {"min_length": 5, "suppress": [".", (".",)], "no_repeat_ngram": 2}
    found = translator.translate_batch(TEXTS, **options)
    several = translator.translate_iter(TEXTS, batch_size=2, **options)
    for text, one, other in zip(TEXTS, found, several, strict=True):
        assert one.tokens == other.tokens
        assert "".join(translator.stream(text, **options)) == one.text
        assert translator.translate(text, **options) == one.text
    assert found != translator.translate_batch(TEXTS)


def test_a_prefix_may_say_what_is_suppressed_after_it(words: Translator) -> None:
    [found] = words.translate_batch(
        ["J'ai froid."], prefix=["he he is"], suppress=["he", "is"], no_repeat_ngram=1
    )
    assert found.tokens[:3] == ("he", "he", "is")
    assert not {"he", "is"} & {*found.tokens[3:]}


def test_a_suppressed_word_that_the_model_cannot_say_changes_nothing(words: Translator) -> None:
    free = words.translate_batch(TEXTS)
    assert words.translate_batch(TEXTS, suppress=["glop", "glop late", ("glop",)]) == free


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_length": -1}, "min_length: expected an int from 0 to 1000000, found -1"),
        ({"min_length": 12}, "min_length: expected at most max_length, 6, found 12"),
        ({"no_repeat_ngram": -1}, "no_repeat_ngram: expected an int from 0 to 1000000, found -1"),
        ({"no_repeat_ngram": 1.5}, "no_repeat_ngram: expected an int"),
        ({"suppress": "late"}, "suppress: expected several texts, found one str"),
        ({"suppress": ["<eos>"]}, "suppress: <eos> ends a sentence, without it none would end"),
        ({"suppress": [("late", "<eos>")]}, "suppress: <eos> ends a sentence"),
        ({"suppress": [" "]}, "suppress: ' ' has no token for the target's tokenizer"),
        ({"suppress": [()]}, r"suppress: \(\) has no token"),
        ({"suppress": [3]}, "suppress: expected a text or a sequence of tokens, found 3"),
        ({"suppress": [(3,)]}, r"suppress: expected a text or a sequence of tokens, found \(3,\)"),
        ({"suppress": ["late \ud800"]}, r"suppress: half a character \(U\+D800"),
    ],
)
def test_wrong_options_are_errors_before_any_text_is_read(
    words: Translator, options: dict[str, Any], message: str
) -> None:
    def unread() -> Iterator[str]:
        raise AssertionError("a text was read")
        yield

    for several in (words.translate_batch, words.translate_iter):
        with pytest.raises(OptionError, match=message):
            several(unread(), **options)
    for call in (words.translate, words.stream):
        with pytest.raises(OptionError, match=message):
            call("J'ai froid.", **options)


def test_suppressing_every_word_is_an_error(words: Translator) -> None:
    every = [(word,) for word in words.target.vocabulary.words]
    with pytest.raises(OptionError, match="suppress: every word of the target is suppressed"):
        words.translate("J'ai froid.", suppress=every)
    assert words.translate("J'ai froid.", suppress=every[1:], min_length=2) in ("", every[0][0])
