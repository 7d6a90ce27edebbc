"""Prefixes of translations, as an app asks for them."""

import pickle
from itertools import repeat
from pathlib import Path

import numpy as np
import pytest

from s2s_export import Translation, Translator
from s2s_export.errors import (
    InputTypeError,
    MalformedTextError,
    OptionError,
    TextError,
    TextTooLongError,
    UnknownWordError,
)

TEXTS = [
    "Je suis en retard.",
    "J'ai froid.",
    "",
    "Il est boulanger.",
    "Vous avez tort.",
    "J'ai faim.",
]
PREFIXES = ["We're", None, "He", "They're  making", "", "he is here."]


@pytest.fixture(scope="module", params=["tiny_unk", "tiny_3", "tiny_conditional", "tiny_natural"])
def translator(request: pytest.FixtureRequest) -> Translator:
    return Translator(request.getfixturevalue(request.param))


@pytest.fixture(scope="module")
def words(tiny_3: object) -> Translator:
    return Translator(tiny_3)  # type: ignore[arg-type]


def prefixes_for(translator: Translator) -> list[str | None]:
    """Return the prefixes, as the folder's target is written."""
    if translator.target.mode.name != "natural":
        return [*PREFIXES]
    return ["We're", None, "He", "They're  making", "", "He is here."]


@pytest.mark.parametrize("beam_size", [1, 4])
def test_a_translation_begins_with_its_prefix(translator: Translator, beam_size: int) -> None:
    prefixes = prefixes_for(translator)
    found = translator.translate_batch(
        TEXTS, prefix=prefixes, beam_size=beam_size, n_best=beam_size
    )
    free = translator.translate_batch(TEXTS, beam_size=beam_size, n_best=beam_size)
    for prefix, one, other in zip(prefixes, found, free, strict=True):
        tokens = translator.target.tokens(prefix or "")
        if not other.tokens:
            assert one == other, "a text without known words has no translation to begin"
            continue
        for alternative in one.alternatives:
            assert [*alternative.tokens[: len(tokens)]] == tokens
            assert alternative.text.startswith(translator.target.text(tokens))
            assert len(alternative.log_probs) == len(alternative.tokens) + alternative.finished
        if not tokens:
            assert one.tokens == other.tokens
    assert sum(one.tokens != other.tokens for one, other in zip(found, free, strict=True)) >= 2


@pytest.mark.parametrize("beam_size", [1, 4])
def test_a_batch_with_prefixes_equals_its_texts_one_by_one(
    translator: Translator, beam_size: int
) -> None:
    prefixes = prefixes_for(translator)
    together = translator.translate_batch(TEXTS, prefix=prefixes, beam_size=beam_size)
    streamed = translator.translate_iter(
        TEXTS, prefix=iter(prefixes), beam_size=beam_size, batch_size=2
    )
    for text, prefix, one, other in zip(TEXTS, prefixes, together, streamed, strict=True):
        [alone] = translator.translate_batch([text], prefix=[prefix], beam_size=beam_size)
        assert one.tokens == other.tokens == alone.tokens
        np.testing.assert_allclose(one.log_probs, alone.log_probs, rtol=0, atol=1e-5)
        assert translator.translate(text, prefix=prefix, beam_size=beam_size) == alone.text
        if beam_size == 1:
            assert "".join(translator.stream(text, prefix=prefix)) == alone.text


def test_the_log_probabilities_of_a_prefix_are_those_that_score_gives(
    translator: Translator,
) -> None:
    found = translator.translate_batch(TEXTS, prefix=prefixes_for(translator))
    ended = [(text, one) for text, one in zip(TEXTS, found, strict=True) if one.tokens]
    ended = [(text, one) for text, one in ended if one.finished]
    scored = translator.score([(text, one.text) for text, one in ended])
    compared = 0
    for score, (_, one) in zip(scored, ended, strict=True):
        if score.tokens == one.tokens:  # subwords may also spell a text otherwise
            np.testing.assert_allclose(score.log_probs, one.log_probs, rtol=0, atol=1e-5)
            compared += 1
    assert compared >= 3


def test_a_prefix_is_read_as_the_targets_text(words: Translator, tiny_natural: object) -> None:
    """Words in their normal form; of subwords, case stays and white space at the end goes."""
    [found] = words.translate_batch(["J'ai froid."], prefix=[" HE  is\n"])
    assert found.tokens[:2] == ("he", "is")
    natural = Translator(tiny_natural)  # type: ignore[arg-type]
    for prefix in ("He is", " He  is "):
        [found] = natural.translate_batch(["J'ai froid."], prefix=[prefix])
        tokens = natural.target.tokens("He is")
        assert [*found.tokens[: len(tokens)]] == tokens
        assert found.text.startswith("He is")


def test_the_pieces_of_a_stream_begin_with_the_tokens_of_the_prefix(words: Translator) -> None:
    assert [*words.stream("J'ai froid.", prefix="he is")][:2] == ["he", " is"]


@pytest.mark.parametrize(
    ("prefix", "error", "message"),
    [
        (3, InputTypeError, "prefix: expected a str, found int"),
        (b"he", InputTypeError, "prefix: expected a str, found bytes"),
        ("he glop is glip", UnknownWordError, "prefix: unknown words: 'glop', 'glip'; the model"),
        ("he " * 30, TextTooLongError, "the prefix has 30 tokens, the model takes at most "),
        ("h" * 20_000, TextTooLongError, "the prefix has 20000 characters, the model takes at"),
        ("he \ud800", MalformedTextError, r"prefix: half a character \(U\+D800"),
    ],
)
def test_a_prefix_that_cannot_be_used_is_an_error_with_the_texts_index(
    words: Translator, prefix: object, error: type[TextError], message: str
) -> None:
    prefixes = [None, prefix, None]
    with pytest.raises(error, match=message) as raised:
        words.translate_batch(TEXTS[:3], prefix=prefixes)  # type: ignore[arg-type]
    assert raised.value.index == 1
    again = pickle.loads(pickle.dumps(raised.value))
    assert (type(again), str(again)) == (error, str(raised.value))
    for call in (words.translate, words.stream):
        with pytest.raises(error, match=message):
            call("J'ai froid.", prefix=prefix)  # type: ignore[arg-type]
    errors: list[TextError] = []
    found = [*words.translate_iter(TEXTS[:3], prefix=prefixes, on_error=errors.append)]  # type: ignore[arg-type]
    assert [one.text for one in found][::2] == [words.translate(TEXTS[0]), ""]
    assert found[1] == Translation("", (), (), (), True)
    assert [(one.index, type(one)) for one in errors] == [(1, error)]


def test_the_longest_prefix_is_the_longest_translation(words: Translator, tiny_3: Path) -> None:
    longest = words.pipeline.max_length
    [found] = words.translate_batch(["J'ai froid."], prefix=["he " * longest])
    assert (found.tokens, found.finished) == (("he",) * longest, False)
    with pytest.raises(TextTooLongError, match=f"the prefix has {longest + 1} tokens"):
        words.translate("J'ai froid.", prefix="he " * (longest + 1))
    short = Translator(tiny_3, max_length=2)
    assert short.translate("J'ai froid.", prefix="he is") == "he is"
    with pytest.raises(
        TextTooLongError, match=r"the prefix has 3 tokens, .* at most 2: shorten it"
    ):
        short.translate("J'ai froid.", prefix="he is here")


def test_there_is_one_prefix_for_each_text(words: Translator) -> None:
    with pytest.raises(OptionError, match="prefix: expected one for each text, found one str"):
        words.translate_batch(["J'ai froid."], prefix="he")
    with pytest.raises(OptionError, match="expected one for each text, found 1 and more texts"):
        words.translate_batch(TEXTS, prefix=["he"])
    with pytest.raises(OptionError, match="expected one for each text, found 2 for 1 texts"):
        words.translate_batch(TEXTS[:1], prefix=["he", None])
    endless = words.translate_batch(TEXTS, prefix=repeat("he"))
    assert endless == words.translate_batch(TEXTS, prefix=["he"] * len(TEXTS))
    assert words.translate_batch([], prefix=[]) == []
    short = words.translate_iter(TEXTS, prefix=["he", None])
    assert [next(short).text, next(short).text][0].startswith("he")
    with pytest.raises(OptionError, match="found 2 and more texts"):
        next(short)
