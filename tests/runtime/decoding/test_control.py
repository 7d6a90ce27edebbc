"""Prefixes and masks around greedy decoding and beams, over steps in plain numpy.

The oracles share nothing with the loop: all sequences of a small vocabulary, of which plain rules
leave some; and one token at a time.
"""

import itertools
from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest

from s2s_export.decoding.batches import decode_batches
from s2s_export.decoding.beam import decode_n_best
from s2s_export.decoding.control import Controlled
from s2s_export.decoding.greedy import greedy_decode, most_probable
from s2s_export.decoding.hypotheses import Choice, Indices, score
from s2s_export.decoding.options import DecodingOptions, MaskOptions, SearchOptions
from s2s_export.decoding.steps import FloatArray

from .toy_steps import TARGET_SIZE, ToySteps, following, own_log_probs, random_sources, scripted

EOS = 1
OPTIONS = DecodingOptions(sos=0, eos=EOS, max_length=8)
GREEDY = SearchOptions()
BEAM = SearchOptions(4, n_best=4)
MASKED = MaskOptions(min_length=5, suppress=((4,), (5, 2)), no_repeat_ngram=2)


def breaks(ids: Sequence[int], options: MaskOptions) -> bool:
    """Tell whether the last token of a sequence breaks a rule, whatever those before it did."""
    size = options.no_repeat_ngram
    grams = [tuple(ids[i : i + size]) for i in range(len(ids) - size + 1)] if size else []
    return (
        (ids[-1] == EOS and len(ids) < options.min_length)
        or any(tuple(ids[-len(part) :]) == part for part in options.suppress)
        or any(gram == grams[-1] for gram in grams[:-1])
    )


def keeps(ids: Sequence[int], prefix: Sequence[int], options: MaskOptions) -> bool:
    """Tell whether a sequence, EOS included, begins with a prefix and keeps the rules after it."""
    return tuple(ids[: len(prefix)]) == tuple(prefix) and not any(
        breaks(ids[:n], options) for n in range(len(prefix) + 1, len(ids) + 1)
    )


@pytest.mark.parametrize(
    "masked",
    [
        MaskOptions(no_repeat_ngram=1),
        MaskOptions(no_repeat_ngram=2),
        MaskOptions(suppress=((3,), (0,), (5, 2), (2, 2, 2))),
        MaskOptions(min_length=3),
        MaskOptions(min_length=4, suppress=((2, 3),), no_repeat_ngram=2),
    ],
)
@pytest.mark.parametrize("prefix", [(), (5,), (5, 5, 0)])
def test_a_beam_as_wide_as_the_space_finds_all_that_masks_and_a_prefix_leave(
    masked: MaskOptions, prefix: tuple[int, ...]
) -> None:
    """All 4,681 sequences of up to four tokens."""
    steps, source, length = ToySteps(2), [3, 5, 2], 4
    others = [token for token in range(TARGET_SIZE) if token != EOS]
    sequences = [
        *((*ids, EOS) for n in range(length) for ids in itertools.product(others, repeat=n)),
        *itertools.product(others, repeat=length),
    ]
    left = [ids for ids in sequences if keeps(ids, prefix, masked)]
    assert 1 < len(left) < len(sequences)
    follow = following(steps, source)
    known: dict[tuple[int, ...], FloatArray] = {}

    def mean(ids: tuple[int, ...]) -> float:
        for n in range(len(ids)):
            if ids[:n] not in known:
                known[ids[:n]] = follow(ids[:n])
        return sum(float(known[ids[:n]][t]) for n, t in enumerate(ids)) / len(ids)

    expected = sorted(left, key=lambda ids: -mean(ids))
    [found] = decode_batches(
        steps,
        [source],
        DecodingOptions(sos=0, eos=EOS, max_length=length),
        SearchOptions(1000, n_best=1000),
        batch_size=1,
        prefixes=[prefix],
        mask_options=masked,
    )
    assert len(found) == min(1000, len(left))
    if len(left) <= 1000:
        assert {h.with_eos(EOS) for h in found} == {*left}
    assert [h.with_eos(EOS) for h in found[:20]] == expected[:20]
    for one in found[:20]:
        np.testing.assert_allclose(score(one.log_probs), mean(one.with_eos(EOS)), atol=1e-6)


def plain_greedy(
    steps: ToySteps, source: Sequence[int], prefix: Sequence[int], masked: MaskOptions
) -> tuple[int, ...]:
    """Decode one sentence, one token at a time, trying tokens from the most probable one on."""
    follow, ids = following(steps, source), list[int]()
    while len(ids) < OPTIONS.max_length and EOS not in ids:
        if len(ids) < len(prefix):
            ids.append(prefix[len(ids)])
            continue
        ranked = np.argsort(-follow(tuple(ids)), kind="stable").tolist()
        ids.append(next((t for t in ranked if not breaks([*ids, t], masked)), EOS))
    return tuple(ids)


PREFIXES = [(), (2,), (4, 4, 4), (), (3, 5, 2, 6), (7, 7), (8,), (), (0, 2)]


@pytest.mark.parametrize("seed", range(6))
def test_a_batch_with_masks_and_prefixes_decodes_as_plain_python_one_by_one(seed: int) -> None:
    steps, sources = ToySteps(seed), random_sources(seed, len(PREFIXES))
    found = decode_batches(
        steps, sources, OPTIONS, GREEDY, batch_size=4, prefixes=PREFIXES, mask_options=MASKED
    )
    for source, prefix, [one] in zip(sources, PREFIXES, found, strict=True):
        assert one.with_eos(EOS) == plain_greedy(steps, source, prefix, MASKED)
        np.testing.assert_allclose(
            one.log_probs, own_log_probs(steps, source, one.with_eos(EOS)), rtol=0, atol=1e-5
        )
    free = greedy_decode(steps, sources, OPTIONS)
    changed = [one.ids != other.ids for [one], other in zip(found, free, strict=True)]
    assert sum(changed) > 4


@pytest.mark.parametrize("batch_size", [2, 64])
@pytest.mark.parametrize("seed", range(4))
def test_beams_in_a_batch_with_prefixes_equal_one_by_one(seed: int, batch_size: int) -> None:
    steps, sources = ToySteps(seed), random_sources(seed, len(PREFIXES))
    together = decode_batches(
        steps, sources, OPTIONS, BEAM, batch_size=batch_size, prefixes=PREFIXES, mask_options=MASKED
    )
    for source, prefix, found in zip(sources, PREFIXES, together, strict=True):
        [alone] = decode_batches(
            steps, [source], OPTIONS, BEAM, batch_size=1, prefixes=[prefix], mask_options=MASKED
        )
        assert [h.with_eos(EOS) for h in found] == [h.with_eos(EOS) for h in alone]
        assert len(found) == 4
        for one in found:
            ids = one.with_eos(EOS)
            assert keeps(ids, prefix, MASKED)
            np.testing.assert_allclose(
                one.log_probs, own_log_probs(steps, source, ids), rtol=0, atol=1e-5
            )


@pytest.mark.parametrize("search", [GREEDY, BEAM])
def test_a_prefix_that_decoding_would_choose_anyway_changes_nothing(search: SearchOptions) -> None:
    steps, sources = ToySteps(3), random_sources(3, 9)
    free = greedy_decode(steps, sources, OPTIONS)
    prefixes = [one.ids[: number % 4] for number, one in enumerate(free)]
    again = decode_batches(steps, sources, OPTIONS, GREEDY, batch_size=9, prefixes=prefixes)
    assert [one for [one] in again] == free


def test_a_prefix_of_the_maximal_length_is_the_whole_hypothesis_unfinished() -> None:
    prefix = (2, 3, 4, 5, 2, 3, 4, 5)
    for search in (GREEDY, BEAM):
        [[one]] = decode_batches(
            ToySteps(0), [[3]], OPTIONS, search, batch_size=1, prefixes=[prefix]
        )
        assert (one.ids, one.finished, len(one.log_probs)) == (prefix, False, len(prefix))


@pytest.mark.parametrize("search", [GREEDY, BEAM])
def test_a_row_to_which_the_masks_leave_nothing_ends(search: SearchOptions) -> None:
    """Three tokens beside EOS, none twice, and a length that they do not make."""
    row = np.log(np.array([[0.4, 0.1, 0.3, 0.2]], dtype=np.float32))
    steps = scripted(lambda token, state: [row.repeat(len(token), axis=0)], tokens=4)
    masked = MaskOptions(min_length=7, no_repeat_ngram=1)
    [found] = decode_batches(steps, [[1]], OPTIONS, search, batch_size=1, mask_options=masked)
    assert len(found) == search.beam_size
    assert all(sorted(one.ids) == [0, 2, 3] and one.finished for one in found)
    np.testing.assert_allclose(found[0].log_probs, np.log([0.4, 0.3, 0.2, 0.1]), rtol=1e-6)


def test_without_masks_and_after_the_prefix_the_chooser_sees_the_steps_own_array() -> None:
    seen: list[FloatArray] = []

    def watching(log_probs: FloatArray, sentences: Indices) -> Choice:
        seen.append(log_probs)
        return most_probable(log_probs, sentences)

    chooser = Controlled(watching, (), [(3,), ()], EOS)
    log_probs = np.log(np.full((2, 5), 0.2, dtype=np.float32))
    log_probs[:, 4] = -0.1
    before = log_probs.copy()
    assert chooser(log_probs, np.arange(2)).tokens.tolist() == [3, 4]
    assert seen[0] is not log_probs
    assert chooser(log_probs, np.arange(2)).tokens.tolist() == [4, 4]
    assert seen[1] is log_probs
    assert (log_probs == before).all(), "the steps' own array is not edited"


def test_decoding_without_control_is_byte_for_byte_the_same() -> None:
    steps, sources = ToySteps(4), random_sources(4, 20)
    for search in (GREEDY, BEAM):
        plain = decode_n_best(steps, sources, OPTIONS, search)
        nothing = partial(Controlled, masks=(), prefixes=[()] * 20, eos=EOS)
        assert decode_n_best(steps, sources, OPTIONS, search, nothing) == plain
    assert decode_n_best(steps, sources, OPTIONS, GREEDY) == [
        [one] for one in greedy_decode(steps, sources, OPTIONS)
    ]


def test_a_mask_that_lowers_numbers_steers_and_does_not_show() -> None:
    """A hypothesis's log-probabilities are the model's own, whatever a mask does."""

    def dislike(log_probs: FloatArray, said: Indices) -> None:
        log_probs -= [0, 0, 50, 1]

    row = np.log(np.array([[0.1, 0.1, 0.5, 0.3]], dtype=np.float32))
    steps = scripted(lambda token, state: [row.repeat(len(token), axis=0)], tokens=4)
    options = DecodingOptions(sos=0, eos=EOS, max_length=2)
    control = partial(Controlled, masks=[dislike], prefixes=[()], eos=EOS)
    for search in (GREEDY, SearchOptions(2)):
        [[one]] = decode_n_best(steps, [[1]], options, search, control)
        assert one.ids == (3, 3)
        np.testing.assert_allclose(one.log_probs, np.log([0.3, 0.3]), rtol=1e-6)
