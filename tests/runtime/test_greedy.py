"""The greedy loop, driven by steps in plain numpy.

The steps are a toy recurrent model with random weights: cheap, exact and free of any tool chain.
The oracle is a loop over one sentence and one token at a time that shares nothing with greedy.py.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from s2s_export.errors import NonFiniteError
from s2s_export.greedy import (
    FloatArray,
    GreedyOptions,
    Hypothesis,
    State,
    TokenIds,
    greedy_decode,
)

SOURCE_SIZE, TARGET_SIZE, HIDDEN = 11, 9, 6


class ToySteps:
    """An encoder and a decoder whose state has one tensor that changes and one that does not."""

    def __init__(self, seed: int) -> None:
        generator = np.random.default_rng(seed)
        self.embed_source = generator.normal(size=(SOURCE_SIZE, HIDDEN))
        self.embed_target = generator.normal(size=(TARGET_SIZE, HIDDEN))
        self.recur = generator.normal(size=(HIDDEN, HIDDEN))
        self.out = generator.normal(size=(HIDDEN, TARGET_SIZE)) * 2
        self.encoder_calls: list[tuple[int, int]] = []
        self.decoder_batches: list[int] = []

    def encoder_step(self, tokens: TokenIds, state: State) -> tuple[State, State]:
        assert tokens.dtype == np.int64
        self.encoder_calls.append((tokens.shape[0], tokens.shape[1]))
        hidden, first = state["hidden"], state["first"].copy()
        memory = []
        for row in tokens:
            hidden = np.tanh(hidden @ self.recur + self.embed_source[row])
            first = np.where(first == 0, hidden, first)
            memory.append(hidden[0])
        found = {"hidden": hidden.astype(np.float32), "first": first.astype(np.float32)}
        return found, {"memory": np.array(memory, dtype=np.float32)}

    def decoder_step(self, token: TokenIds, state: State) -> tuple[FloatArray, State]:
        self.decoder_batches.append(len(token))
        # Zeros after the end of a sentence add nothing to a sum over its tokens.
        looked_up = (state["memory"] * self.embed_target[token]).sum(axis=0)
        given = self.embed_target[token] + state["first"] + looked_up
        hidden = np.tanh(state["hidden"] @ self.recur + given)
        scores = hidden[0] @ self.out
        log_probs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        changed = {"hidden": hidden.astype(np.float32), "seen": looked_up[np.newaxis]}
        return log_probs.astype(np.float32), changed


def options(max_length: int = 12) -> GreedyOptions:
    zeros = np.zeros((1, 1, HIDDEN), dtype=np.float32)
    return GreedyOptions({"hidden": zeros, "first": zeros}, sos=0, eos=1, max_length=max_length)


def oracle(steps: ToySteps, source: Sequence[int], max_length: int) -> tuple[list[int], bool]:
    """Decode one sentence, one token at a time."""
    zeros = np.zeros((1, 1, HIDDEN), dtype=np.float32)
    state: State = {"hidden": zeros, "first": zeros}
    memory = []
    for index in source:
        state, of_token = steps.encoder_step(np.array([[index]]), state)
        memory.append(of_token["memory"])
    whole = np.concatenate(memory)
    token, ids = 0, list[int]()
    while len(ids) < max_length:
        given = {**state, "memory": whole}
        log_probs, changed = steps.decoder_step(np.array([token]), given)
        state = {"hidden": changed["hidden"], "first": state["first"]}
        token = int(np.argmax(log_probs[0]))
        if token == 1:
            return ids, True
        ids.append(token)
    return ids, False


def random_sources(seed: int, count: int) -> list[list[int]]:
    generator = np.random.default_rng(seed)
    return [generator.integers(1, SOURCE_SIZE, n).tolist() for n in generator.integers(1, 9, count)]


@pytest.mark.parametrize("seed", range(20))
def test_a_batch_decodes_as_the_oracle_one_by_one(seed: int) -> None:
    steps = ToySteps(seed)
    sources = random_sources(seed, 17)
    hypotheses = greedy_decode(steps.encoder_step, steps.decoder_step, sources, options())
    expected = [oracle(steps, source, 12) for source in sources]
    assert [(list(h.ids), h.finished) for h in hypotheses] == expected
    assert len({h.ids for h in hypotheses}) > 1, "a model that says one thing tests nothing"


def test_the_seeds_above_cover_finished_and_unfinished_rows() -> None:
    seen = set()
    for seed in range(20):
        steps, sources = ToySteps(seed), random_sources(seed, 17)
        hypotheses = greedy_decode(steps.encoder_step, steps.decoder_step, sources, options())
        seen |= {hypothesis.finished for hypothesis in hypotheses}
    assert seen == {True, False}


def test_the_encoder_runs_once_for_each_stretch_of_live_rows() -> None:
    steps = ToySteps(0)
    sources = [[2, 3], [4, 5, 6, 7, 8], [9, 2], [3, 4, 5, 6, 7]]
    greedy_decode(steps.encoder_step, steps.decoder_step, sources, options())
    assert steps.encoder_calls == [(2, 4), (3, 2)]


def test_finished_rows_leave_the_batch() -> None:
    steps = ToySteps(0)
    sources = random_sources(0, 17)
    hypotheses = greedy_decode(steps.encoder_step, steps.decoder_step, sources, options())
    lengths = [len(h.log_probs) for h in hypotheses]
    assert steps.decoder_batches == [
        sum(length > step for length in lengths) for step in range(max(lengths))
    ]
    assert min(lengths) < max(lengths)


def test_log_probs_are_those_of_the_chosen_tokens() -> None:
    table = np.log(np.array([[0.1, 0.2, 0.7], [0.05, 0.9, 0.05]], dtype=np.float32))

    def decoder_step(token: TokenIds, state: State) -> tuple[FloatArray, State]:
        return table[(token == 2).astype(int)], {}

    [hypothesis] = greedy_decode(lambda tokens, state: ({}, {}), decoder_step, [[1]], options())
    assert hypothesis == Hypothesis((2,), (table[0, 2], table[1, 1]), finished=True)


def test_recorded_outputs_are_those_of_their_row() -> None:
    steps, sources = ToySteps(3), random_sources(3, 17)
    recording = replace(options(), recorded=("seen",))
    found = greedy_decode(steps.encoder_step, steps.decoder_step, sources, recording)
    assert len({len(hypothesis.log_probs) for hypothesis in found}) > 1
    for source, hypothesis in zip(sources, found, strict=True):
        [alone] = greedy_decode(steps.encoder_step, steps.decoder_step, [source], recording)
        assert len(hypothesis.recorded["seen"]) == len(hypothesis.log_probs)
        for one, other in zip(hypothesis.recorded["seen"], alone.recorded["seen"], strict=True):
            assert one.shape == (1, HIDDEN)
            np.testing.assert_allclose(one, other, atol=1e-6)
    assert greedy_decode(steps.encoder_step, steps.decoder_step, sources, options()) == found
    assert options().recorded == ()


def test_max_length_stops_decoding_unfinished() -> None:

    def never_ends(token: TokenIds, state: State) -> tuple[FloatArray, State]:
        return np.array([[-3.0, -2.0, -1.0]] * len(token), dtype=np.float32), {}

    [hypothesis] = greedy_decode(lambda tokens, state: ({}, {}), never_ends, [[1]], options(4))
    assert hypothesis == Hypothesis((2, 2, 2, 2), (-1.0, -1.0, -1.0, -1.0), finished=False)


def test_an_empty_batch_makes_no_calls() -> None:
    steps = ToySteps(0)
    assert greedy_decode(steps.encoder_step, steps.decoder_step, [], options()) == []
    assert steps.encoder_calls == []


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_errors_that_name_the_step(bad: float) -> None:
    """Without the check, ``argmax`` would pick NaN and decoding would go on."""

    def poison(array: NDArray[np.float32]) -> NDArray[np.float32]:
        spoiled = array.copy()
        spoiled.flat[-1] = bad
        return spoiled

    steps = ToySteps(0)

    def bad_encoder(tokens: TokenIds, state: State) -> tuple[State, State]:
        changed, collected = steps.encoder_step(tokens, state)
        return {"hidden": poison(changed["hidden"])}, collected

    def bad_memory(tokens: TokenIds, state: State) -> tuple[State, State]:
        changed, collected = steps.encoder_step(tokens, state)
        return changed, {"memory": poison(collected["memory"])}

    def bad_decoder(token: TokenIds, state: State) -> tuple[FloatArray, State]:
        log_probs, changed = steps.decoder_step(token, state)
        return poison(log_probs), changed

    with pytest.raises(NonFiniteError, match="encoder step, tokens 0 to 1: hidden is not finite"):
        greedy_decode(bad_encoder, steps.decoder_step, [[2, 3]], options())
    with pytest.raises(NonFiniteError, match="encoder step, tokens 0 to 1: memory is not finite"):
        greedy_decode(bad_memory, steps.decoder_step, [[2, 3]], options())
    with pytest.raises(NonFiniteError, match="decoder step 0: log_probs is not finite"):
        greedy_decode(steps.encoder_step, bad_decoder, [[2, 3]], options())
