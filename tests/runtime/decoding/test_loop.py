"""The loop with a beam: which state is copied, and its faults."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from s2s_export.decoding.beam import decode_n_best
from s2s_export.decoding.greedy import greedy_decode
from s2s_export.decoding.options import DecodingOptions, SearchOptions
from s2s_export.decoding.steps import DecoderStep, FloatArray, StepPair, TokenIds
from s2s_export.errors import NonFiniteError

from .toy_steps import DECODER, ToySteps, random_sources

OPTIONS = DecodingOptions(sos=0, eos=1, max_length=12)


def all_of(size: int) -> SearchOptions:
    return SearchOptions(size, n_best=size)


class Watched:
    """Toy steps that keep the state arrays which the decoder step is given, and its outputs."""

    def __init__(self, seed: int) -> None:
        toy = ToySteps(seed)
        self.given: list[Sequence[FloatArray]] = []
        self.returned: list[list[FloatArray]] = []

        def run(token: TokenIds, state: Sequence[FloatArray]) -> list[FloatArray]:
            self.given.append(state)
            self.returned.append(toy.run_decoder(token, state))
            return self.returned[-1]

        self.steps = StepPair(toy.encoder, DecoderStep(DECODER, run))


def test_constant_state_is_copied_only_where_the_rows_sentences_change() -> None:
    watched = Watched(0)
    decode_n_best(watched.steps, [[3, 4], [5]], OPTIONS, all_of(3))
    kept = copied = 0
    for (_, first, memory), (_, next_first, next_memory) in itertools.pairwise(watched.given):
        if memory.shape == next_memory.shape:
            assert next_first is first
            assert next_memory is memory
            kept += 1
        else:
            copied += 1
    assert kept >= 3
    assert copied >= 2


def test_no_state_is_copied_while_every_row_follows_itself() -> None:
    watched = Watched(0)
    greedy_decode(watched.steps, [[3, 4], [5]], OPTIONS)
    pairs = zip(watched.returned, watched.given[1:], strict=False)
    same = [
        outputs[1] is given[0] for outputs, given in pairs if len(outputs[0]) == given[0].shape[1]
    ]
    assert len(same) > 3
    assert all(same)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_in_one_row_of_many_is_an_error(bad: float) -> None:
    steps, calls = ToySteps(0), itertools.count()

    def poisoned(token: TokenIds, state: Sequence[FloatArray]) -> list[FloatArray]:
        outputs = steps.run_decoder(token, state)
        if next(calls) == 2:
            outputs[0][5, 3] = bad
        return outputs

    pair = StepPair(steps.encoder, DecoderStep(DECODER, poisoned))
    with pytest.raises(NonFiniteError, match="decoder step 2: log_probs is not finite"):
        decode_n_best(pair, random_sources(0, 4), OPTIONS, all_of(4))


def test_an_empty_batch_makes_no_calls() -> None:
    steps = ToySteps(0)
    assert decode_n_best(steps, [], OPTIONS, all_of(4)) == []
    assert steps.encoder_calls == []
    assert steps.decoder_batches == []
