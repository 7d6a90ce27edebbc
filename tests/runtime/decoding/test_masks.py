"""Masks on log-probabilities, compared with plain Python over one row at a time."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from s2s_export.decoding.masks import MinLength, NoRepeatNgram, Suppress, masks
from s2s_export.decoding.options import MaskOptions
from s2s_export.errors import OptionError

EOS, SIZE = 1, 5

said_tokens = st.integers(0, 7).flatmap(
    lambda length: st.lists(
        st.lists(st.integers(0, SIZE - 1), min_size=length, max_size=length), min_size=1, max_size=4
    )
)
"""The tokens that each of some rows has said, as many each."""


def array(said: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    return np.array(said, dtype=np.int64).reshape(len(said), -1)


def masked_by(mask: object, said: Sequence[Sequence[int]]) -> list[set[int]]:
    """Return the tokens that a mask forbids each row; the others' numbers stay."""
    log_probs = -np.arange(1, len(said) * SIZE + 1, dtype=np.float32).reshape(-1, SIZE)
    edited = log_probs.copy()
    mask(edited, array(said))  # type: ignore[operator]
    forbidden = np.isneginf(edited)
    assert (edited[~forbidden] == log_probs[~forbidden]).all()
    return [{*np.flatnonzero(row).tolist()} for row in forbidden]


def repeats(ids: Sequence[int], size: int) -> bool:
    """Tell whether some n tokens follow each other twice."""
    grams = [tuple(ids[i : i + size]) for i in range(len(ids) - size + 1)]
    return len(set(grams)) < len(grams)


@settings(max_examples=150, deadline=None)
@given(said=said_tokens, size=st.integers(1, 4))
def test_no_repeat_ngram_forbids_exactly_the_tokens_that_would_repeat_one(
    said: list[list[int]], size: int
) -> None:
    found = masked_by(NoRepeatNgram(size), said)
    for row, forbidden in zip(said, found, strict=True):
        last = [tuple([*row, t][-size:]) for t in range(SIZE)]
        before = {tuple(row[i : i + size]) for i in range(len(row) - size + 1)}
        assert forbidden == {t for t in range(SIZE) if last[t] in before}
        if not repeats(row, size):
            assert forbidden == {t for t in range(SIZE) if repeats([*row, t], size)}


@settings(max_examples=150, deadline=None)
@given(
    said=said_tokens,
    sequences=st.lists(
        st.lists(st.integers(0, SIZE - 1), min_size=1, max_size=3), min_size=1, max_size=3
    ),
)
def test_suppress_forbids_exactly_the_tokens_that_would_end_a_sequence(
    said: list[list[int]], sequences: list[list[int]]
) -> None:
    found = masked_by(Suppress(sequences), said)
    for row, forbidden in zip(said, found, strict=True):
        assert forbidden == {t for t in range(SIZE) for s in sequences if [*row, t][-len(s) :] == s}


@pytest.mark.parametrize("least", [2, 3, 5])
def test_min_length_forbids_eos_alone_until_it_makes_the_length(least: int) -> None:
    for length in range(7):
        expected = {EOS} if length + 1 < least else set()
        assert masked_by(MinLength(least, EOS), [[3] * length] * 2) == [expected] * 2


def test_there_is_a_mask_for_each_option_and_none_by_default() -> None:
    assert masks(MaskOptions(), EOS) == ()
    assert masks(MaskOptions(min_length=1), EOS) == ()
    every = masks(MaskOptions(min_length=2, suppress=((3,),), no_repeat_ngram=1), EOS)
    assert [type(mask) for mask in every] == [MinLength, Suppress, NoRepeatNgram]


@pytest.mark.parametrize("name", ["min_length", "no_repeat_ngram"])
@pytest.mark.parametrize("wrong", [-1, 1.0, True, "2", None, 10**7])
def test_numbers_out_of_range_are_errors(name: str, wrong: object) -> None:
    with pytest.raises(OptionError, match=f"{name}: expected an int from 0 to 1000000, found"):
        MaskOptions(**{name: wrong})  # type: ignore[arg-type]
