"""The beam as a chooser of one step: the largest numbers, and their order."""

import numpy as np
import pytest

from s2s_export.decoding import beam
from s2s_export.decoding.beam import Beam

EOS = 1


@pytest.mark.parametrize("count", [1, 2, 4, 30])
@pytest.mark.parametrize("size", [5, 128, 700, 4000])
def test_the_largest_numbers_of_a_row_are_found_with_their_ties(size: int, count: int) -> None:
    generator = np.random.default_rng(size + count)
    for digits in (0, 1, 6):
        log_probs = -np.abs(generator.normal(size=(3, size)) * 3).round(digits)
        log_probs = log_probs.astype(np.float32)
        rows, tokens = beam._largest(log_probs, count)
        assert [*zip(rows, tokens, strict=True)] == sorted(zip(rows, tokens, strict=True))
        limit = np.sort(log_probs, axis=1)[:, -min(count, size)]
        expected = {(int(r), int(t)) for r, t in np.argwhere(log_probs >= limit[:, np.newaxis])}
        assert {*zip(rows.tolist(), tokens.tolist(), strict=True)} >= expected
        if digits == 6 and count * 30 < size:
            assert len(rows) < 3 * count * 2, "few more than those asked for"


def test_masked_numbers_are_not_among_the_largest() -> None:
    """A forced row has one other; thousands of candidates would be sorted for it."""
    log_probs = np.full((2, 4000), -np.inf, dtype=np.float32)
    log_probs[0, 7] = log_probs[1, [5, 3999]] = -3e38
    rows, tokens = beam._largest(log_probs, 4)
    assert [*zip(rows.tolist(), tokens.tolist(), strict=True)] == [(0, 7), (1, 5), (1, 3999)]


def test_a_token_of_minus_infinity_is_never_chosen() -> None:
    """As a mask on the log-probabilities leaves it."""
    chooser = Beam(3, 1, EOS)
    choice = chooser.best(
        np.array([[-np.inf, -1.0, -np.inf, -2.0]], dtype=np.float32), np.zeros(1, np.int64)
    )
    assert choice.tokens.tolist() == [1, 3]


def test_of_tokens_that_a_long_sum_makes_equal_the_more_probable_comes_first() -> None:
    chooser = Beam(2, 1, EOS)
    chooser.sums = np.array([-64.0])
    log_probs = np.array([[-9.0, -9.0, -2e-14, -1e-14]], dtype=np.float32)
    assert -64.0 + float(log_probs[0, 2]) == -64.0 + float(log_probs[0, 3])
    assert chooser.best(log_probs, np.zeros(1, np.int64)).tokens.tolist() == [3, 2]
