"""Attention: one row for each target token, one column for each source token."""

from pathlib import Path

import numpy as np
import pytest

from s2s_export import Translator
from s2s_export.errors import OptionError

TEXTS = ["Je suis prête.", "", "J'ai froid.", "Ils sont en train de préparer le dîner.", "Glop."]


@pytest.fixture(scope="module")
def translator(tiny_attention: Path) -> Translator:
    return Translator(tiny_attention)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_attention_has_a_weight_for_each_target_and_source_token(
    tiny_attention: Path, precision: str
) -> None:
    translator = Translator(tiny_attention, precision=precision)  # type: ignore[arg-type]
    for found in translator.translate_batch(TEXTS, attention=True):
        if not found.tokens:
            assert found.attention is None
            continue
        assert found.attention is not None
        assert found.attention.source[-1] == "<eos>"
        weights = found.attention.weights
        assert weights.shape == (len(found.log_probs), len(found.attention.source))
        assert weights.min() >= 0
        np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=0, atol=1e-6)  # float32 sums


def test_attention_in_a_batch_equals_attention_alone(translator: Translator) -> None:
    """The mask hides the padding beside longer sentences."""
    together = translator.translate_batch(TEXTS, attention=True)
    streamed = list(translator.translate_iter(TEXTS, batch_size=2, attention=True))
    for text, one, other in zip(TEXTS, together, streamed, strict=True):
        [alone] = translator.translate_batch([text], attention=True)
        assert one.text == other.text == alone.text == translator.translate(text)
        if alone.attention is None:
            assert one.attention is None
            continue
        for found in (one, other):
            assert found.attention is not None
            assert found.attention.source == alone.attention.source
            np.testing.assert_allclose(
                found.attention.weights, alone.attention.weights, rtol=0, atol=1e-5
            )


def test_attention_names_the_source_tokens(translator: Translator) -> None:
    [found] = translator.translate_batch(["Je suis glop."], attention=True)
    assert found.attention is not None
    assert found.attention.source == ("je", "suis", "<unk>", ".", "<eos>")


def test_attention_is_none_by_default(translator: Translator) -> None:
    assert all(found.attention is None for found in translator.translate_batch(TEXTS))


def test_attention_of_a_model_without_it_is_an_error(tiny: Path) -> None:
    translator = Translator(tiny)
    with pytest.raises(OptionError, match=r"attention: this model has none; train one with 'pyth"):
        translator.translate_batch(["Je suis prête."], attention=True)
    with pytest.raises(OptionError, match="attention: this model has none"):
        translator.translate_iter([], attention=True)
