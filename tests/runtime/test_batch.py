"""Batches, endless streams of texts, and streamed tokens."""

import json
import math
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, asdict
from itertools import islice

import numpy as np
import pytest

from s2s_export import Translation, Translator
from s2s_export.errors import InputTypeError, OptionError, TextError

TEXTS = [
    *("Je suis en retard.", "", "J'ai froid.", "Ils sont en train de préparer le dîner.", "  "),
    *("Elle est prête.", "Nous sommes très heureux !", "Vous avez tort.", "J'ai faim."),
]


@pytest.fixture(scope="module", params=["tiny_unk", "tiny_attention", "tiny_conditional"])
def translator(request: pytest.FixtureRequest) -> Translator:
    return Translator(request.getfixturevalue(request.param))


@pytest.mark.parametrize("batch_size", [1, 2, 3, 64])
def test_a_batch_equals_its_texts_one_by_one(translator: Translator, batch_size: int) -> None:
    """Blank texts among them, several lengths, in their order."""
    found = translator.translate_batch(TEXTS, batch_size=batch_size)
    assert [one.text for one in found] == [translator.translate(text) for text in TEXTS]
    for one, text in zip(found, TEXTS, strict=True):
        [alone] = translator.translate_batch([text])
        assert asdict(one) | {"log_probs": ()} == asdict(alone) | {"log_probs": ()}
        # float32 products of another size, summed in another order
        np.testing.assert_allclose(one.log_probs, alone.log_probs, rtol=0, atol=1e-5)
    assert [one.text for one in translator.translate_iter(TEXTS, batch_size=batch_size)] == [
        one.text for one in found
    ]


def test_an_empty_batch(translator: Translator) -> None:
    assert translator.translate_batch([]) == []
    assert list(translator.translate_iter([])) == []


def test_a_generator_is_consumed_once(translator: Translator) -> None:
    texts = iter(TEXTS)
    assert len(translator.translate_batch(texts)) == len(TEXTS)
    assert next(texts, None) is None


def test_fields_of_a_translation(translator: Translator) -> None:
    [found] = translator.translate_batch(["Elle est glop prête."])
    assert found.text == " ".join(found.tokens)
    assert found.unknown_words == ("glop",)
    assert found.finished
    assert len(found.log_probs) == len(found.tokens) + 1
    assert all(value <= 0 for value in found.log_probs)
    assert found.score == pytest.approx(sum(found.log_probs) / len(found.log_probs))
    assert math.isfinite(found.score)
    json.dumps(asdict(found))
    with pytest.raises(FrozenInstanceError):
        found.text = "x"  # type: ignore[misc]


def test_the_log_probabilities_are_the_golden_ones(translator: Translator) -> None:
    golden = translator.manifest.golden
    for one, expected in zip(
        translator.translate_batch([entry.source for entry in golden]), golden, strict=True
    ):
        assert one.text == expected.target
        # the tolerance of the parity gate
        np.testing.assert_allclose(one.log_probs, expected.log_probs, rtol=0, atol=1e-4)


def test_a_str_is_no_batch_and_a_list_is_no_text(translator: Translator) -> None:
    for call in (translator.translate_batch, lambda text: list(translator.translate_iter(text))):
        with pytest.raises(InputTypeError, match="expected several texts, found one str; use tran"):
            call("je")
    with pytest.raises(InputTypeError, match="found list; for several texts there is translate_ba"):
        translator.translate(["je"])  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [0, -1])
def test_batch_sizes_below_one_are_refused(translator: Translator, wrong: int) -> None:
    with pytest.raises(OptionError, match=f"batch_size: expected 1 or more, found {wrong}"):
        translator.translate_batch(TEXTS, batch_size=wrong)
    with pytest.raises(OptionError):
        translator.translate_iter(TEXTS, batch_size=wrong)


def test_an_error_has_the_index_of_its_text(translator: Translator) -> None:
    texts = ["J'ai froid.", "je " * 20, "J'ai faim.", 3]
    with pytest.raises(TextError, match="has 21 tokens") as error:
        translator.translate_batch(texts)  # type: ignore[arg-type]
    assert error.value.index == 1
    assert error.value.__notes__ == ["it is the text with index 1"]
    found = translator.translate_iter(texts)  # type: ignore[arg-type]
    assert next(found).text == "i'm cold .", "what came before it"
    with pytest.raises(TextError):
        next(found)


def test_a_stream_can_go_on_after_errors(translator: Translator) -> None:
    errors: list[TextError] = []
    texts = ["J'ai froid.", "je " * 20, "J'ai faim.", None]
    found = translator.translate_iter(texts, on_error=errors.append)  # type: ignore[arg-type]
    assert [one.text for one in found] == ["i'm cold .", "", "i'm hungry .", ""]
    assert [error.index for error in errors] == [1, 3]


def test_an_endless_stream_is_read_a_few_batches_ahead(translator: Translator) -> None:
    read = 0

    def texts() -> Iterator[str]:
        nonlocal read
        while True:
            read += 1
            yield TEXTS[read % len(TEXTS)]

    found = list(islice(translator.translate_iter(texts(), batch_size=2), 5))
    assert len(found) == 5
    assert len(found) <= read < 100
    read = 0
    next(translator.translate_iter(texts(), batch_size=1))
    assert read == 1, "with a batch of one, nothing is read ahead"


def test_streamed_tokens_are_those_of_the_translation(translator: Translator) -> None:
    for text in TEXTS:
        assert "".join(translator.stream(text)) == translator.translate(text)
    with pytest.raises(TextError):
        translator.stream(3)  # type: ignore[arg-type]


def test_translations_compare_and_print() -> None:
    one = Translation("a b", ("a", "b"), (-0.5, -1.5), ("x",), finished=False)
    assert one == Translation("a b", ("a", "b"), (-0.5, -1.5), ("x",), finished=False)
    assert one.score == -1.0
