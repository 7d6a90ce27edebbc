"""The pipeline over hand-made steps: when they run, what they are given, and their faults."""

from collections.abc import Sequence

import numpy as np
import pytest

from s2s_export.decoding.steps import (
    DecoderSpec,
    DecoderStep,
    EncoderSpec,
    EncoderStep,
    FloatArray,
    RunStep,
    StepPair,
    TokenIds,
)
from s2s_export.errors import NonFiniteError
from s2s_export.pipeline import Pipeline
from s2s_export.text.modes import text_mode
from s2s_export.text.tokenizer import Encoding, Tokenizer
from s2s_export.text.vocabulary import EOS, SOS, Vocabulary
from s2s_export.translation import Translation

FOLLOWER = np.array([2, EOS, 3, 4, EOS])
"""The token that the decoder gives the highest probability, by the token before it."""


def pipeline(decode: RunStep, *, max_length: int = 10) -> Pipeline:
    """Return a pipeline whose encoder computes nothing; the target has the words a, b and c."""
    steps = StepPair(
        EncoderStep(EncoderSpec.from_shapes({}, {}), lambda tokens, state: []),
        DecoderStep(DecoderSpec.from_shapes(len(FOLLOWER), {}, {}), decode),
    )
    mode = text_mode("unicode")
    return Pipeline(
        steps,
        Tokenizer(mode, Vocabulary(["x", "y"], unk=True)),
        Tokenizer(mode, Vocabulary(["a", "b", "c"])),
        max_length=max_length,
    )


def follow(token: TokenIds, state: Sequence[FloatArray]) -> list[FloatArray]:
    log_probs = np.full((len(token), len(FOLLOWER)), -4.0, np.float32)
    log_probs[np.arange(len(token)), FOLLOWER[token]] = -0.5
    return [log_probs]


def refuse(token: TokenIds, state: Sequence[FloatArray]) -> list[FloatArray]:
    raise AssertionError("the decoder step was run")


def test_a_translation_holds_the_decoded_tokens() -> None:
    over = pipeline(follow)
    [translation] = over.translate([over.source.encode("X z y.")])
    assert translation == Translation(
        "a b c", ("a", "b", "c"), (-0.5, -0.5, -0.5, -0.5), ("z", "."), finished=True
    )


def test_max_length_stops_decoding_unfinished() -> None:
    over = pipeline(follow, max_length=2)
    [translation] = over.translate([over.source.encode("x")])
    assert (translation.text, translation.finished) == ("a b", False)
    assert list(over.stream(over.source.encode("x"))) == ["a", " b"]


@pytest.mark.parametrize("text", ["", " \n", "…", "😀", "z"])
def test_a_text_without_known_words_does_not_run_the_steps(text: str) -> None:
    over = pipeline(refuse)
    encoding = over.source.encode(text)
    empty = Translation("", (), (), encoding.unknown_tokens, finished=True)
    assert over.translate([encoding, encoding]) == [empty, empty]
    assert list(over.stream(encoding)) == []


def test_an_empty_batch_does_not_run_the_steps() -> None:
    assert pipeline(refuse).translate([]) == []


def test_stream_yields_each_token_before_the_next_one_is_decoded() -> None:
    read: list[int] = []

    def reading(token: TokenIds, state: Sequence[FloatArray]) -> list[FloatArray]:
        read.extend(token.tolist())
        return follow(token, state)

    tokens = pipeline(reading).stream(Encoding((3, EOS), ()))
    assert read == []
    assert next(tokens) == "a"
    assert read == [SOS]
    assert list(tokens) == [" b", " c"]
    assert read == [SOS, 2, 3, 4]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_infinity_are_errors_that_name_the_step(bad: float) -> None:
    def spoiled(token: TokenIds, state: Sequence[FloatArray]) -> list[FloatArray]:
        [log_probs] = follow(token, state)
        if token[0] != SOS:
            log_probs[0, 3] = bad
        return [log_probs]

    over = pipeline(spoiled)
    encoding = over.source.encode("x")
    with pytest.raises(NonFiniteError, match="decoder step 1: log_probs is not finite"):
        over.translate([encoding])
    tokens = over.stream(encoding)
    assert next(tokens) == "a"
    with pytest.raises(NonFiniteError, match="decoder step 1: log_probs is not finite"):
        next(tokens)
