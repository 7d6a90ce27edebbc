"""The greedy loop, driven by steps in plain numpy.

The oracle is a loop over one sentence and one token at a time that shares nothing with greedy.py.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from s2s_export.decoding.encoder import run_encoder
from s2s_export.decoding.greedy import greedy_decode
from s2s_export.decoding.hypotheses import Hypothesis
from s2s_export.decoding.options import DecodingOptions
from s2s_export.decoding.steps import (
    DecoderSpec,
    DecoderStep,
    EncoderSpec,
    EncoderStep,
    FloatArray,
    RunStep,
    Shape,
    StepPair,
    TokenIds,
)
from s2s_export.errors import NonFiniteError

from .toy_steps import DECODER, ENCODER, HIDDEN, ToySteps, random_sources, scripted


def options(max_length: int = 12) -> DecodingOptions:
    return DecodingOptions(sos=0, eos=1, max_length=max_length)


def oracle(steps: ToySteps, source: Sequence[int], max_length: int) -> tuple[list[int], bool]:
    """Decode one sentence, one token at a time."""
    zeros = np.zeros((1, 1, HIDDEN), dtype=np.float32)
    hidden, first = zeros, zeros
    memory = []
    for index in source:
        hidden, first, of_token = steps.run_encoder(np.array([[index]]), (hidden, first))
        memory.append(of_token)
    whole = np.concatenate(memory)
    token, ids = 0, list[int]()
    while len(ids) < max_length:
        log_probs, hidden, _ = steps.run_decoder(np.array([token]), (hidden, first, whole))
        token = int(np.argmax(log_probs[0]))
        if token == 1:
            return ids, True
        ids.append(token)
    return ids, False


@pytest.mark.parametrize("seed", range(20))
def test_a_batch_decodes_as_the_oracle_one_by_one(seed: int) -> None:
    steps = ToySteps(seed)
    sources = random_sources(seed, 17)
    hypotheses = greedy_decode(steps, sources, options())
    expected = [oracle(steps, source, 12) for source in sources]
    assert [(list(h.ids), h.finished) for h in hypotheses] == expected
    assert len({h.ids for h in hypotheses}) > 1, "a model that says one thing tests nothing"


def test_the_seeds_above_cover_finished_and_unfinished_rows() -> None:
    seen = set()
    for seed in range(20):
        steps, sources = ToySteps(seed), random_sources(seed, 17)
        hypotheses = greedy_decode(steps, sources, options())
        seen |= {hypothesis.finished for hypothesis in hypotheses}
    assert seen == {True, False}


def test_the_encoder_reads_no_padding() -> None:
    """Many tokens at a time, and none behind the end of a sentence."""
    steps = ToySteps(0)
    sources = [[2, 3], [4, 5, 6, 7, 8], [9, 2], [3, 4, 5, 6, 7]]
    greedy_decode(steps, sources, options())
    assert sum(length * rows for length, rows in steps.encoder_calls) == sum(map(len, sources))
    assert len(steps.encoder_calls) <= len({*map(len, sources)})


def test_finished_rows_leave_the_batch() -> None:
    steps = ToySteps(0)
    sources = random_sources(0, 17)
    hypotheses = greedy_decode(steps, sources, options())
    lengths = [len(h.log_probs) for h in hypotheses]
    assert sum(steps.decoder_batches) == sum(lengths)
    assert len(steps.decoder_batches) == max(lengths), "all live rows in one call"
    assert min(lengths) < max(lengths)


def test_log_probs_are_those_of_the_chosen_tokens() -> None:
    table = np.log(np.array([[0.1, 0.2, 0.7], [0.05, 0.9, 0.05]], dtype=np.float32))

    def run(token: TokenIds, state: Sequence[FloatArray]) -> list[FloatArray]:
        return [table[(token == 2).astype(int)]]

    [hypothesis] = greedy_decode(scripted(run), [[1]], options())
    assert hypothesis == Hypothesis((2,), (table[0, 2], table[1, 1]), finished=True)


def test_extra_outputs_are_those_of_their_row() -> None:
    steps, sources = ToySteps(3), random_sources(3, 17)
    recording = replace(options(), extra_outputs=("seen",))
    found = greedy_decode(steps, sources, recording)
    assert len({len(hypothesis.log_probs) for hypothesis in found}) > 1
    for source, hypothesis in zip(sources, found, strict=True):
        [alone] = greedy_decode(steps, [source], recording)
        assert len(hypothesis.extra["seen"]) == len(hypothesis.log_probs)
        for one, other in zip(hypothesis.extra["seen"], alone.extra["seen"], strict=True):
            assert one.shape == (1, HIDDEN)
            np.testing.assert_allclose(one, other, atol=1e-6)
    assert greedy_decode(steps, sources, options()) == found
    assert options().extra_outputs == ()


def test_max_length_stops_decoding_unfinished() -> None:
    def never_ends(token: TokenIds, state: Sequence[FloatArray]) -> list[FloatArray]:
        return [np.array([[-3.0, -2.0, -1.0]] * len(token), dtype=np.float32)]

    [hypothesis] = greedy_decode(scripted(never_ends), [[1]], options(4))
    assert hypothesis == Hypothesis((2, 2, 2, 2), (-1.0, -1.0, -1.0, -1.0), finished=False)


def test_an_empty_batch_makes_no_calls() -> None:
    steps = ToySteps(0)
    assert greedy_decode(steps, [], options()) == []
    assert steps.encoder_calls == []


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_errors_that_name_the_step(bad: float) -> None:
    """Without the check, ``argmax`` would pick NaN and decoding would go on."""

    def poison(array: NDArray[np.float32]) -> NDArray[np.float32]:
        spoiled = array.copy()
        spoiled.flat[-1] = bad
        return spoiled

    steps = ToySteps(0)

    def poisoned(run: RunStep, index: int) -> RunStep:
        def poisoned_run(tokens: TokenIds, state: Sequence[FloatArray]) -> list[FloatArray]:
            outputs = [*run(tokens, state)]
            outputs[index] = poison(outputs[index])
            return outputs

        return poisoned_run

    bad_hidden = EncoderStep(ENCODER, poisoned(steps.run_encoder, 0))
    bad_memory = EncoderStep(ENCODER, poisoned(steps.run_encoder, 2))
    bad_decoder = DecoderStep(DECODER, poisoned(steps.run_decoder, 0))
    with pytest.raises(NonFiniteError, match="encoder step, tokens 0 to 1: hidden is not finite"):
        greedy_decode(StepPair(bad_hidden, steps.decoder), [[2, 3]], options())
    with pytest.raises(NonFiniteError, match="encoder step, tokens 0 to 1: memory is not finite"):
        greedy_decode(StepPair(bad_memory, steps.decoder), [[2, 3]], options())
    with pytest.raises(NonFiniteError, match="decoder step 0: log_probs is not finite"):
        greedy_decode(StepPair(steps.encoder, bad_decoder), [[2, 3]], options())


def test_encoder_that_reads_sentences_gets_whole_sentences_of_one_length() -> None:
    calls: list[tuple[int, ...]] = []

    def run(tokens: TokenIds, state: Sequence[FloatArray]) -> list[FloatArray]:
        calls.append(tokens.shape)
        reversed_sum = np.cumsum(tokens[::-1], axis=0)[::-1]
        return [
            reversed_sum[..., np.newaxis].astype(np.float32),
            tokens.sum(axis=0)[np.newaxis, :, np.newaxis].astype(np.float32),
        ]

    spec = EncoderSpec.from_shapes(
        {"both": (2, "B", 1)}, {"memory": ("T", "B", 1), "summary": (1, "B", 1)}, "sentence"
    )
    sources = [[2, 3], [4, 5, 6], [7, 8], [9]]
    encoded = run_encoder(EncoderStep(spec, run), sources)
    assert sorted(calls) == [(1, 1), (2, 2), (3, 1)]
    assert encoded["summary"].ravel().tolist() == [5, 15, 15, 9]
    assert encoded["memory"][:, :, 0].T.tolist() == [[5, 3, 0], [15, 11, 6], [15, 8, 0], [9, 0, 0]]


def test_final_outputs_are_those_of_the_last_call_of_each_sentence() -> None:
    def run(tokens: TokenIds, state: Sequence[FloatArray]) -> list[FloatArray]:
        total = state[0] + tokens.sum(axis=0)[np.newaxis, :, np.newaxis].astype(np.float32)
        return [total, 10 * total]

    spec = EncoderSpec.from_shapes(
        {"total": (1, "B", 1)}, {"next_total": (1, "B", 1), "deep": (1, "B", 1)}
    )
    encoded = run_encoder(EncoderStep(spec, run), [[2, 3], [4, 5, 6], [9]])
    assert encoded["deep"].ravel().tolist() == [50, 150, 90]


def test_decoder_state_is_supplied_by_the_encoder_or_starts_as_zeros() -> None:
    states: list[list[float]] = []

    def run(token: TokenIds, state: Sequence[FloatArray]) -> list[FloatArray]:
        states.append([float(array[0, 0, 0]) for array in state])
        log_probs = np.array([[-3.0, -2.0, -1.0]] * len(token), dtype=np.float32)
        return [log_probs, state[0] + 1, state[1] + 2]

    shapes: dict[str, Shape] = {"hidden": (1, "B", 1), "own": (1, "B", 1)}
    decoder = DecoderSpec.from_shapes(
        3, shapes, {"next_hidden": (1, "B", 1), "next_own": (1, "B", 1)}
    )
    encoder = EncoderSpec.from_shapes({"hidden": (1, "B", 1)}, {"next_hidden": (1, "B", 1)})
    steps = StepPair(
        EncoderStep(encoder, lambda tokens, state: [state[0] + 7]), DecoderStep(decoder, run)
    )
    greedy_decode(steps, [[1]], options(3))
    assert states == [[7, 0], [8, 2], [9, 4]]
