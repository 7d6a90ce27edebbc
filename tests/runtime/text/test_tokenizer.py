"""Texts of apps: difficult ones by name, and generated ones."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2s_export import Translator
from s2s_export.errors import (
    MalformedTextError,
    OptionError,
    S2SError,
    TextTooLongError,
    UnknownWordError,
)
from s2s_export.text.tokenizer import UnknownWords


@pytest.fixture(scope="module")
def translator(tiny_unk: Path) -> Translator:
    return Translator(tiny_unk)


@pytest.fixture(scope="module")
def tutorial(tiny: Path) -> Translator:
    return Translator(tiny)


@pytest.mark.parametrize("text", ["", " \t\n", "😀", "!", "... ?!", "« »", "\u200b", "\0"])
def test_blanks_emoji_and_punctuation_have_empty_translations(
    translator: Translator, tutorial: Translator, text: str
) -> None:
    assert translator.translate(text) == ""
    assert list(translator.stream(text)) == []
    [translation] = translator.translate_batch([text])
    assert (translation.text, translation.tokens, translation.log_probs) == ("", (), ())
    assert (translation.finished, translation.score) == (True, 0.0)
    if not any(map(str.isalnum, "".join(tutorial.unknown_words(text)))) and text != "... ?!":
        assert tutorial.translate(text) == ""


@pytest.mark.parametrize("text", ["Glop glip.", "Привет, мир!", "안녕하세요", "你好"])
def test_texts_of_unknown_words_have_empty_translations(translator: Translator, text: str) -> None:
    [translation] = translator.translate_batch([text])
    assert translation.text == ""
    assert translation.unknown_words == translator.unknown_words(text) != ()


def test_each_rule_lists_the_unknown_words(tiny_unk: Path) -> None:
    text = "Je suis glop en retard."
    rules: tuple[UnknownWords | None, ...] = (None, "unk", "skip")
    for rule in rules:
        [found] = Translator(tiny_unk, unknown_words=rule).translate_batch([text])
        assert found.unknown_words == ("glop",)
        if rule == "skip":
            assert found.text == "i'm late ."
    with pytest.raises(UnknownWordError, match="unknown word: 'glop'"):
        Translator(tiny_unk, unknown_words="error").translate(text)


def test_unk_replaces_an_unknown_word_in_its_place(tiny_unk: Path) -> None:
    translator = Translator(tiny_unk)
    vocabulary = translator.source.vocabulary
    ids = translator.source.encode("je glop prête ici").ids
    assert vocabulary.decode(ids) == ["je", "<unk>", "prête", "ici", "<eos>"]
    # Another form of the word, where one is known: "boulangers" is read as "boulanger".
    ids = translator.source.encode("ils sont boulangers").ids
    assert vocabulary.decode(ids)[2].startswith("boulang")
    assert translator.unknown_words("ils sont boulangers") == ("boulangers",)


def test_wrong_rules_for_unknown_words(tiny: Path, tiny_unk: Path) -> None:
    with pytest.raises(OptionError, match="expected one of 'unk', 'skip', 'error', found 'drop'"):
        Translator(tiny_unk, unknown_words="drop")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="has not learned 'unk'"):
        Translator(tiny, unknown_words="unk")
    assert Translator(tiny, unknown_words="skip").translate("Je suis glop en retard") != ""


def test_skipping_the_only_word_leaves_an_empty_text(tiny: Path) -> None:
    [found] = Translator(tiny, unknown_words="skip").translate_batch(["glop."])
    assert (found.text, found.unknown_words) == ("", ("glop",))


@pytest.mark.parametrize(
    "text",
    [
        "J\u200b'ai\u200d fro\u00adid\u0000.",
        "\u202eJ'ai froid\u202c.\ufeff",
        "J'ai\u00a0froid\u202f.",
        "J’AI\nFROID.",
    ],
)
def test_zero_width_bidi_and_control_characters_are_removed(
    translator: Translator, tutorial: Translator, text: str
) -> None:
    """No-break spaces and newlines become spaces; case and apostrophes do not matter."""
    assert translator.translate(text) == "i'm cold ."
    assert tutorial.translate(text) == "i m cold ."


def test_letters_without_a_decomposition(tutorial: Translator, translator: Translator) -> None:
    """The tutorial's normalizer makes spaces of them, the other one keeps them."""
    assert tutorial.unknown_words("sœur") == ("s", "ur")
    assert tutorial.unknown_words("straße æon dıl") == ("stra", "e", "on", "d")
    assert translator.unknown_words("sœur") == ("sœur",)


def test_digits_as_in_training(tutorial: Translator, translator: Translator) -> None:
    """The tutorial's normalizer drops them, the other one keeps them."""
    assert tutorial.unknown_words("12 je") == ()
    assert translator.unknown_words("12 je") == ("12",)


@pytest.mark.parametrize("text", ["je \ud800", "\udfff", "je suis \udce9"])
def test_a_lone_surrogate_is_an_error(translator: Translator, text: str) -> None:
    with pytest.raises(MalformedTextError, match=r"half a character \(U\+D..., a lone surrogate\)"):
        translator.translate(text)


def test_control_tokens_are_ordinary_words(translator: Translator, tiny_unk: Path) -> None:
    assert translator.unknown_words("SOS <unk> <eos>") == ("sos", "<", "unk", ">", "eos")
    with pytest.raises(UnknownWordError):
        Translator(tiny_unk, unknown_words="error").translate("<eos>")


def test_texts_over_the_length_limit(translator: Translator) -> None:
    """Ten megabytes are refused before they are tokenized."""
    with pytest.raises(TextTooLongError, match="has 11 tokens, the model takes at most 10"):
        translator.translate("je " * 10)
    text = "é" * 10_000_000
    started = time.perf_counter()
    with pytest.raises(TextTooLongError) as error:
        translator.translate(text)
    # A generous limit; the check itself takes microseconds.
    assert time.perf_counter() - started < 0.05
    assert (error.value.length, error.value.unit) == (10_000_000, "characters")


def test_the_quantized_graphs(tiny: Path, tiny_unk: Path) -> None:
    translator = Translator(tiny_unk, precision="int8")
    assert translator.translate("Je suis en retard.") == "i'm late ."
    texts = ["J'ai froid.", "Ils sont en train de préparer le dîner.", ""]
    found = translator.translate_batch(texts)
    assert found == [translator.translate_batch([text])[0] for text in texts], "to the last bit"
    assert found != Translator(tiny_unk).translate_batch(texts)
    with pytest.raises(OptionError, match="has no int8 graphs; export it with --precision int8"):
        Translator(tiny, precision="int8")
    with pytest.raises(OptionError, match="expected one of 'fp32', 'int8', found 'fp16'"):
        Translator(tiny, precision="fp16")  # type: ignore[arg-type]


def test_max_length_stops_decoding_unfinished(tiny: Path) -> None:
    translator = Translator(tiny, max_length=2)
    [found] = translator.translate_batch(["Je suis en retard."])
    assert (found.text, found.tokens, found.finished) == ("i m", ("i", "m"), False)
    assert len(found.log_probs) == 2
    assert list(translator.stream("Je suis en retard.")) == ["i", "m"]
    for wrong in (0, -1, 10**9):
        with pytest.raises(OptionError, match="max_length: expected 1 to 1000000"):
            Translator(tiny, max_length=wrong)


PIECES = st.sampled_from(
    ["je", "suis", "elle", "est", "prête", "fatiguées", "glop", "l'hôtel", ".", "!", "’", "\0"]
)
TEXTS = st.text(max_size=40) | st.lists(PIECES | st.text(max_size=3), max_size=14).map(" ".join)


@pytest.mark.parametrize("examples", [500, pytest.param(5000, marks=pytest.mark.slow)])
def test_any_text_gives_a_str_or_an_error_of_this_project(
    translator: Translator, tutorial: Translator, examples: int
) -> None:
    # No deadline: the machines of CI pause now and then. Derandomized: the same examples each time.
    @settings(max_examples=examples, deadline=None, derandomize=True, database=None)
    @given(text=TEXTS)
    def check(text: str) -> None:
        for one in (translator, tutorial):
            assert outcome(one, text) == outcome(one, text)

    check()


def outcome(translator: Translator, text: str) -> str:
    try:
        found = translator.translate(text)
    except S2SError as error:
        return f"{type(error).__name__}: {error}"
    assert isinstance(found, str)
    return found
