"""Given targets through the loop: teacher forcing, compared with one token at a time."""

import numpy as np
import pytest

from s2s_export.decoding.batches import force_batches
from s2s_export.decoding.greedy import greedy_decode
from s2s_export.decoding.options import DecodingOptions

from .toy_steps import ToySteps, own_log_probs, random_sources

EOS = 1
OPTIONS = DecodingOptions(sos=0, eos=EOS, max_length=8)


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_forced_targets_have_the_log_probabilities_of_a_plain_loop(batch_size: int) -> None:
    steps, sources = ToySteps(5), random_sources(5, 12)
    generator = np.random.default_rng(5)
    targets = [
        (*generator.choice([0, 2, 3, 4, 5, 6, 7, 8], n).tolist(), EOS)
        for n in generator.integers(0, OPTIONS.max_length, 12)
    ]
    found = force_batches(steps, sources, targets, OPTIONS, batch_size=batch_size)
    for source, target, one in zip(sources, targets, found, strict=True):
        assert (one.with_eos(EOS), one.finished) == (target, True)
        np.testing.assert_allclose(
            one.log_probs, own_log_probs(steps, source, target), rtol=0, atol=1e-5
        )


def test_forcing_what_greedy_decoding_said_scores_the_same() -> None:
    steps, sources = ToySteps(1), random_sources(1, 15)
    decoded = zip(sources, greedy_decode(steps, sources, OPTIONS), strict=True)
    said = [(source, one) for source, one in decoded if one.finished]
    assert len(said) > 3
    targets = [one.with_eos(EOS) for _, one in said]
    forced = force_batches(steps, [s for s, _ in said], targets, OPTIONS, batch_size=64)
    for one, (_, other) in zip(forced, said, strict=True):
        np.testing.assert_allclose(one.log_probs, other.log_probs, rtol=0, atol=1e-5)


def test_no_targets_make_no_calls() -> None:
    steps = ToySteps(0)
    assert force_batches(steps, [], [], OPTIONS, batch_size=4) == []
    assert steps.encoder_calls == []
