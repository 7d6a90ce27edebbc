"""Unknown words copied to the translation, over steps with known attention and on real folders."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from s2s_export import Translator
from s2s_export.decoding.options import SearchOptions
from s2s_export.decoding.steps import (
    DecoderSpec,
    DecoderStep,
    EncoderSpec,
    EncoderStep,
    FloatArray,
    StepPair,
    TokenIds,
)
from s2s_export.errors import OptionError
from s2s_export.pipeline import Pipeline
from s2s_export.text.modes import text_mode
from s2s_export.text.tokenizer import Tokenizer
from s2s_export.text.vocabulary import EOS, UNK, Vocabulary

WORDS = ["x", "y", "traverser", "."]
SAYS = {EOS: EOS, UNK: 2, 3: 3, 4: 4, 5: 5, 6: 6}
"""The target's token for each token of the source, as the steps below translate."""


def word_by_word(token: TokenIds, state: Sequence[FloatArray]) -> list[FloatArray]:
    """Attend to the next source token in each step, at last to EOS, and translate it."""
    place, memory = state
    columns = np.arange(len(token))
    lengths = (memory[:, :, 0] > 0).sum(axis=0)
    at = np.minimum(place[0, :, 0].astype(np.int64), lengths - 1)
    log_probs = np.full((len(token), 7), -4.0, np.float32)
    log_probs[columns, [SAYS[int(t)] for t in memory[at, columns, 0]]] = -0.25
    attention = np.full((len(memory), len(token), 1), 0.1, np.float32)
    attention[at, columns] = 0.6
    attention[memory == 0] = 0.9  # behind the end of a shorter text; a real model says 0
    return [log_probs, place + 1, attention]


def pipeline(mode: str = "unicode", max_length: int = 10) -> Pipeline:
    state: dict[str, tuple[int | str, ...]] = {"place": (1, "B", 1), "memory": ("S", "B", 1)}
    steps = StepPair(
        EncoderStep(
            EncoderSpec.from_shapes({}, {"memory": ("T", "B", 1)}),
            lambda tokens, _: [tokens[:, :, np.newaxis].astype(np.float32)],
        ),
        DecoderStep(
            DecoderSpec.from_shapes(
                7, state, {"next_place": (1, "B", 1), "attention": ("S", "B", 1)}
            ),
            word_by_word,
        ),
    )
    return Pipeline(
        steps,
        Tokenizer(text_mode(mode), Vocabulary(WORDS, unk=True, word_forms=mode == "unicode")),
        Tokenizer(text_mode(mode), Vocabulary(["?", "a", "b", "cross", "."])),
        max_length=max_length,
    )


@pytest.mark.parametrize(
    ("text", "plain", "copied"),
    [
        ("x Glop y.", "a ? b .", "a glop b ."),
        ("glip glop x", "? ? a", "glip glop a"),
        ("x 1945 ,", "a ? ?", "a 1945 ,"),
        ("x y.", "a b .", "a b ."),
    ],
)
def test_the_texts_own_word_stands_where_an_unknown_one_has_most_attention(
    text: str, plain: str, copied: str
) -> None:
    over = pipeline()
    encoding = over.source.encode(text)
    [without] = over.translate([encoding])
    [found] = over.translate([encoding], copy_unknown=True)
    assert (without.text, found.text) == (plain, copied)
    assert found.tokens == tuple(copied.split())
    assert found == replace(without, text=copied, tokens=found.tokens)
    assert found.log_probs == (-0.25,) * (len(found.tokens) + 1)
    assert found.attention is None
    assert "".join(over.stream(encoding, copy_unknown=True)) == copied


def test_a_word_read_as_another_form_of_it_is_translated() -> None:
    over = pipeline()
    encoding = over.source.encode("x traversers glop")
    assert encoding.unknown_tokens == ("traversers", "glop")
    assert encoding.ids == (3, 5, UNK, EOS), "the first has a related form"
    [found] = over.translate([encoding], copy_unknown=True)
    assert found.text == "a cross glop"


def test_the_tokens_of_a_prefix_stay() -> None:
    over = pipeline()
    encoding = replace(over.source.encode("glip glop x"), prefix=(2,))
    [found] = over.translate([encoding], copy_unknown=True)
    assert found.text == "? glop a"
    assert "".join(over.stream(encoding, copy_unknown=True)) == "? glop a"


def test_alternatives_and_batches_of_any_lengths_have_the_copied_words() -> None:
    """Rows beside longer ones have zeros behind their end."""
    over = pipeline()
    texts = ["x glop", "glop x y x y .", "y", "x y glip glop x x x"]
    search = SearchOptions(3, n_best=3)
    together = over.translate(
        [*map(over.source.encode, texts)], batch_size=4, search=search, copy_unknown=True
    )
    for text, one in zip(texts, together, strict=True):
        [alone] = over.translate([over.source.encode(text)], search=search, copy_unknown=True)
        assert one == alone
        assert [w for w in one.tokens if w.startswith("gl")] == [
            w for w in text.split() if w.startswith("gl")
        ]
    assert all("glop" in one.tokens for one in together[0].others if len(one.tokens) == 2)


def test_tokens_between_white_space_are_copied_verbatim() -> None:
    over = pipeline("spaces")
    [found] = over.translate([over.source.encode("x GLOP-7 y")], copy_unknown=True)
    assert found.text == "a GLOP-7 b"


TEXTS = ["Je suis glop.", "Elle est glop, glip.", "J'ai froid.", "glop est fatigué", "Glop !", ""]


@pytest.mark.parametrize("beam_size", [1, 4])
@pytest.mark.parametrize("folder", ["tiny_3", "tiny_attention", "tiny_conditional"])
def test_real_models_copy_by_the_attention_that_they_return(
    folder: str, beam_size: int, request: pytest.FixtureRequest
) -> None:
    translator = Translator(request.getfixturevalue(folder))
    plain = translator.translate_batch(TEXTS, attention=True, beam_size=beam_size)
    found = translator.translate_batch(TEXTS, copy_unknown=True, beam_size=beam_size)
    streamed = translator.translate_iter(
        TEXTS, copy_unknown=True, batch_size=2, beam_size=beam_size
    )
    copied = 0
    for text, one, other, third in zip(TEXTS, plain, found, streamed, strict=True):
        expected = [*one.tokens]
        if one.attention is not None:
            own = translator.source.tokens(text)
            for place, weights in enumerate(one.attention.weights[: len(expected)]):
                if one.attention.source[weights.argmax()] == "<unk>":
                    expected[place] = own[weights.argmax()]
                    copied += 1
        assert [*other.tokens] == [*third.tokens] == expected
        np.testing.assert_allclose(other.log_probs, one.log_probs, rtol=0, atol=1e-5)
        assert other.text == translator.target.text(expected)
        assert translator.translate(text, copy_unknown=True, beam_size=beam_size) == other.text
        if beam_size == 1:
            assert "".join(translator.stream(text, copy_unknown=True)) == other.text
    assert copied > 0


@pytest.mark.parametrize(
    ("folder", "unknown_words", "message"),
    [
        ("tiny", None, "copy_unknown needs attention: this model has none; train one with"),
        ("tiny_natural", None, "copy_unknown: expected a model whose tokens are words"),
        ("tiny_3", "skip", "copy_unknown: expected unknown_words 'unk', .* found 'skip'"),
        ("tiny_3", "error", "copy_unknown: expected unknown_words 'unk', .* found 'error'"),
    ],
)
def test_models_that_cannot_copy_are_an_error(
    folder: str, unknown_words: str | None, message: str, request: pytest.FixtureRequest
) -> None:
    path: Path = request.getfixturevalue(folder)
    translator = Translator(path, unknown_words=unknown_words)  # type: ignore[arg-type]
    for call in (translator.translate, translator.stream):
        with pytest.raises(OptionError, match=message):
            call("J'ai froid.", copy_unknown=True)
    for several in (translator.translate_batch, translator.translate_iter):
        with pytest.raises(OptionError, match=message):
            several(["J'ai froid."], copy_unknown=True)
