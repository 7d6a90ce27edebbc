"""Beam search, driven by steps in plain numpy.

Two oracles share nothing with the loop: a beam in plain Python, which reads a hypothesis from its
first token in each step, and the search of all sequences of a small vocabulary.
"""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from s2s_export.decoding.beam import Beam, decode_n_best
from s2s_export.decoding.greedy import greedy_decode
from s2s_export.decoding.hypotheses import Hypothesis, score
from s2s_export.decoding.loop import decode
from s2s_export.decoding.options import DecodingOptions, SearchOptions
from s2s_export.decoding.steps import DecoderStep, FloatArray, StepPair, TokenIds

from .toy_steps import (
    DECODER,
    HIDDEN,
    TARGET_SIZE,
    Follow,
    ToySteps,
    following,
    random_sources,
    scripted,
)

EOS = 1
OPTIONS = DecodingOptions(sos=0, eos=EOS, max_length=12)

Scored = tuple[tuple[int, ...], float]
"""The tokens of a hypothesis, EOS included, and its score."""


def all_of(size: int, length_penalty: float = 1.0) -> SearchOptions:
    return SearchOptions(size, n_best=size, length_penalty=length_penalty)


def plain_beam(follow: Follow, size: int, max_length: int) -> list[Scored]:
    """Return tokens, EOS included, and score of each hypothesis, best first."""
    rows: list[Scored] = [((), 0.0)]
    finished: list[Scored] = []
    for _ in range(max_length):
        candidates = []
        for number, (ids, total) in enumerate(rows):
            for token, log_prob in enumerate(follow(ids).tolist()):
                candidates.append((-(total + log_prob), number, -log_prob, token, ids))
        candidates.sort(key=lambda candidate: candidate[:4])
        chosen = [((*ids, t), -total) for total, _, _, t, ids in candidates][: size - len(finished)]
        rows = [row for row in chosen if row[0][-1] != EOS]
        finished += [row for row in chosen if row[0][-1] == EOS]
    ended = [(ids, total / len(ids)) for ids, total in finished + rows]
    return sorted(ended, key=lambda row: -row[1])


def with_scores(found: Sequence[Hypothesis]) -> list[Scored]:
    return [(h.with_eos(EOS), score(h.log_probs)) for h in found]


def assert_same(
    found: Sequence[Scored],
    expected: Sequence[Scored],
) -> None:
    assert [ids for ids, _ in found] == [ids for ids, _ in expected]
    # the toy's products round otherwise for other numbers of rows
    np.testing.assert_allclose([s for _, s in found], [s for _, s in expected], rtol=0, atol=1e-6)


@pytest.mark.parametrize("size", [2, 3, 5, 20])
@pytest.mark.parametrize("seed", range(8))
def test_a_batch_decodes_as_the_plain_beam_one_by_one(seed: int, size: int) -> None:
    steps, sources = ToySteps(seed), random_sources(seed, 7)
    found = decode_n_best(steps, sources, OPTIONS, all_of(size))
    for source, hypotheses in zip(sources, found, strict=True):
        assert len(hypotheses) == size
        expected = plain_beam(following(steps, source), size, OPTIONS.max_length)
        assert_same(with_scores(hypotheses), expected)


def test_the_seeds_above_cover_finished_and_unfinished_hypotheses() -> None:
    found = [
        hypothesis.finished
        for seed in range(8)
        for n_best in decode_n_best(ToySteps(seed), random_sources(seed, 7), OPTIONS, all_of(3))
        for hypothesis in n_best
    ]
    assert 0.1 < sum(found) / len(found) < 0.9


@pytest.mark.parametrize("length_penalty", [0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_beam_as_wide_as_the_space_is_an_exhaustive_search(
    seed: int, length_penalty: float
) -> None:
    """All 585 sequences of up to three tokens, in their order."""
    steps, source, length = ToySteps(seed), [3, 5, 2], 3
    follow = following(steps, source)
    others = [token for token in range(TARGET_SIZE) if token != EOS]
    sequences = [
        *((*ids, EOS) for n in range(length) for ids in itertools.product(others, repeat=n)),
        *itertools.product(others, repeat=length),
    ]

    def log_probs(ids: tuple[int, ...]) -> list[float]:
        return [float(follow(ids[:n])[token]) for n, token in enumerate(ids)]

    def by_formula(ids: tuple[int, ...]) -> float:
        power: float = len(ids) ** length_penalty
        return sum(log_probs(ids)) / power

    expected = sorted(((ids, by_formula(ids)) for ids in sequences), key=lambda row: -row[1])
    options = DecodingOptions(sos=0, eos=EOS, max_length=length)
    [found] = decode_n_best(steps, [source], options, all_of(600, length_penalty))
    assert_same([(h.with_eos(EOS), score(h.log_probs, length_penalty)) for h in found], expected)


def table(rows: Sequence[Sequence[float]]) -> StepPair:
    """Return steps whose log-probabilities stand in a table: row = token fed."""
    log_probs = np.array(rows, dtype=np.float32)
    return scripted(lambda token, state: [log_probs[token]], tokens=log_probs.shape[1])


def test_greedy_is_wrong_and_a_beam_of_two_is_right() -> None:
    """Token 2 is the best first step, and leads to 0.4 · 0.4; token 3 to 0.35 · 0.9."""
    odds = [[0.05, 0.2, 0.4, 0.35], [0.25] * 4, [0.3, 0.4, 0.2, 0.1], [0.02, 0.9, 0.04, 0.04]]
    steps = table(np.log(odds).tolist())
    [greedy] = greedy_decode(steps, [[1]], OPTIONS)
    [[best, second]] = decode_n_best(steps, [[1]], OPTIONS, all_of(2))
    assert greedy.with_eos(EOS) == (2, EOS)
    assert best.with_eos(EOS) == (3, EOS)
    assert second.with_eos(EOS) == (2, EOS)
    assert sum(best.log_probs) == pytest.approx(np.log(0.35 * 0.9))
    assert sum(best.log_probs) > sum(greedy.log_probs)


@pytest.mark.parametrize("step", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("seed", range(5))
def test_a_beam_of_one_is_greedy_decoding(seed: int, step: float) -> None:
    """Token for token and digit for digit, where tokens are tied as well."""
    steps, sources = ToySteps(seed), random_sources(seed, 17)

    def rounded(token: TokenIds, state: Sequence[FloatArray]) -> list[FloatArray]:
        log_probs, *others = steps.run_decoder(token, state)
        return [np.round(log_probs / step) * np.float32(step) if step else log_probs, *others]

    pair = StepPair(steps.encoder, DecoderStep(DECODER, rounded))
    expected = greedy_decode(pair, sources, OPTIONS)
    beam_of_one = Beam(1, len(sources), EOS)
    assert decode(pair, sources, OPTIONS, beam_of_one) == [[h] for h in expected]
    assert decode_n_best(pair, sources, OPTIONS, SearchOptions()) == [[h] for h in expected]


def test_ties_go_to_the_earlier_row_and_the_smaller_token() -> None:
    [found] = decode_n_best(
        table([[-1.0] * 4] * 4), [[1]], DecodingOptions(0, EOS, max_length=2), all_of(4)
    )
    # Step 1: 0, EOS, 2, 3 are equal. Then three places, all of them the first row's.
    assert [h.with_eos(EOS) for h in found] == [(EOS,), (0, EOS), (0, 0), (0, 2)]


@pytest.mark.parametrize("digits", [0, 1])
def test_a_large_vocabulary_with_many_ties_decodes_as_the_plain_beam(digits: int) -> None:
    generator = np.random.default_rng(digits)
    rows = -np.abs(generator.normal(size=(700, 700)) * 3).round(digits).astype(np.float32)
    options = DecodingOptions(0, EOS, max_length=5)
    [found] = decode_n_best(table(rows.tolist()), [[1]], options, all_of(4))
    expected = plain_beam(lambda ids: rows[ids[-1] if ids else 0], 4, 5)
    assert_same(with_scores(found), expected)


@pytest.mark.parametrize("size", [2, 5])
def test_a_batch_equals_its_sentences_one_by_one(size: int) -> None:
    steps, sources = ToySteps(4), random_sources(4, 17)
    for source, found in zip(
        sources, decode_n_best(steps, sources, OPTIONS, all_of(size)), strict=True
    ):
        [alone] = decode_n_best(steps, [source], OPTIONS, all_of(size))
        assert_same(with_scores(found), with_scores(alone))


def test_n_best_are_the_first_of_the_beam() -> None:
    steps, sources = ToySteps(2), random_sources(2, 5)
    whole = decode_n_best(steps, sources, OPTIONS, all_of(5))
    two = decode_n_best(steps, sources, OPTIONS, SearchOptions(5, n_best=2))
    assert two == [hypotheses[:2] for hypotheses in whole]


def test_finished_hypotheses_keep_their_places() -> None:
    """A sentence has one row at first, then as many as its beam has unfinished ones."""
    steps = ToySteps(0)
    [found] = decode_n_best(steps, [[3, 4]], OPTIONS, all_of(4))
    ends = [len(h.log_probs) for h in found if h.finished]
    assert 0 < len(ends) < 4 or max(ends) > min(ends)
    expected = [1]
    for number in range(1, OPTIONS.max_length):
        expected.append(4 - sum(end <= number for end in ends))
    assert steps.decoder_batches == [rows for rows in expected if rows]


def test_extra_outputs_follow_the_parents() -> None:
    steps, sources = ToySteps(3), random_sources(3, 5)
    options = DecodingOptions(0, EOS, 12, extra_outputs=("seen",))
    for source, found in zip(
        sources, decode_n_best(steps, sources, options, all_of(4)), strict=True
    ):
        zeros = np.zeros((1, 1, HIDDEN), dtype=np.float32)
        memory = steps.run_encoder(np.array([source]).T, (zeros, zeros))[2]
        for hypothesis in found:
            read = (0, *hypothesis.with_eos(EOS)[:-1])
            expected = [(memory[:, 0] * steps.embed_target[token]).sum(axis=0) for token in read]
            np.testing.assert_allclose(
                np.stack(hypothesis.extra["seen"])[:, 0], expected, rtol=0, atol=1e-5
            )
