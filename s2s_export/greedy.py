"""Greedy decoding: the one loop that drives every encoder step and decoder step.

Eager PyTorch, TorchScript and ONNX Runtime are three pairs of callables for this loop. Evaluation
in training, the Translator and the parity tests all use it, so a difference in the tokens is a
difference in the steps. Both worlds import it; numpy only.

A *state* is a mapping from names to arrays with the batch on axis 1. The loop does not know what is
in it: it hands the state on, replaces what a step returns by name, and drops the rows that are
done.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import NonFiniteError

TokenIds = NDArray[np.int64]
FloatArray = NDArray[np.float32]
State = Mapping[str, FloatArray]

EncoderStep = Callable[[TokenIds, State], tuple[State, State]]
"""``tokens int64[T, B]``, the state → what changed in the state after these T ≥ 1 tokens of each
sentence, and what is to be collected of each token, ``float32[T, B, …]``.

What is collected becomes state when all tokens are read, with S tokens on axis 0, and zeros after
the end of a sentence that is shorter than others.
"""

DecoderStep = Callable[[TokenIds, State], tuple[FloatArray, State]]
"""``token int64[B]``, the state → ``log_probs float32[B, V]``, and what changed in the state.

What it does not return stays as it is for the whole sentence. It may also return what no step is
given: that can be recorded.
"""


@dataclass(frozen=True)
class GreedyOptions:
    """What the loop must know beside the steps and the sentences.

    Attributes:
        initial_state: the state before the first token, for a batch of one: each array has 1 on
            axis 1.
        sos: id of the token that starts decoding.
        eos: id of the token that ends a sentence.
        max_length: the most tokens to decode for a sentence, EOS included.
        recorded: names of what the decoder step returns beside the log-probabilities and is to be
            kept, for each step.
    """

    initial_state: State
    sos: int
    eos: int
    max_length: int
    recorded: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hypothesis:
    """What greedy decoding found for one sentence.

    Attributes:
        ids: the token ids, EOS left out.
        log_probs: natural logarithm of the probability of each chosen token, EOS included if
            decoding reached it.
        finished: whether decoding reached EOS; otherwise it stopped at the maximal length.
        recorded: what the decoder step returned, by the names in ``GreedyOptions.recorded``: an
            array without its batch axis for each of ``log_probs``.
    """

    ids: tuple[int, ...]
    log_probs: tuple[float, ...]
    finished: bool
    recorded: Mapping[str, tuple[FloatArray, ...]] = field(default_factory=dict, compare=False)


class DecodedStep(NamedTuple):
    """What a step of the decoder chose, for the rows that are still alive.

    Attributes:
        rows: ``int64[B]``, their numbers.
        tokens: ``int64[B]``, the token that each chose.
        log_probs: ``float32[B]``, the tokens' log-probabilities.
        state: after the step, with B rows.
    """

    rows: NDArray[np.int64]
    tokens: TokenIds
    log_probs: FloatArray
    state: State


def greedy_decode(
    encoder_step: EncoderStep,
    decoder_step: DecoderStep,
    sources: Sequence[Sequence[int]],
    options: GreedyOptions,
) -> list[Hypothesis]:
    """Decode a batch of sentences, each time taking the most probable next token.

    The batch needs no padding and no mask: a row takes part in just the calls that it needs, so its
    result is that of the sentence alone, up to the rounding of the matrix products.

    Args:
        encoder_step: see ``EncoderStep``.
        decoder_step: see ``DecoderStep``.
        sources: token ids of each sentence, EOS included; none is empty, lengths may differ.
        options: see ``GreedyOptions``.

    Returns:
        One hypothesis for each source, in their order.

    Raises:
        NonFiniteError: a step returned NaN or infinity.
    """
    if not sources:
        return []
    state = encode(encoder_step, sources, options.initial_state)
    ids: list[list[int]] = [[] for _ in sources]
    log_probs: list[list[float]] = [[] for _ in sources]
    finished = [False] * len(sources)
    recorded: dict[str, list[list[FloatArray]]]
    recorded = {name: [[] for _ in sources] for name in options.recorded}
    for step in decode(decoder_step, state, options):
        chosen = (step.rows.tolist(), step.tokens.tolist(), step.log_probs.tolist())
        for row, token, score in zip(*chosen, strict=True):
            log_probs[row].append(score)
            if token == options.eos:
                finished[row] = True
            else:
                ids[row].append(token)
        for name, kept in recorded.items():
            for row, array in zip(chosen[0], step.state[name].swapaxes(0, 1), strict=True):
                kept[row].append(array)
    return [
        Hypothesis(
            tuple(ids[row]),
            tuple(log_probs[row]),
            finished[row],
            {name: tuple(kept[row]) for name, kept in recorded.items()},
        )
        for row in range(len(sources))
    ]


def encode(
    encoder_step: EncoderStep, sources: Sequence[Sequence[int]], initial_state: State
) -> State:
    """Run the encoder over a batch of sentences of any lengths: the first half of the loop.

    Args:
        encoder_step: see ``EncoderStep``.
        sources: as for ``greedy_decode``.
        initial_state: as in ``GreedyOptions``.

    Returns:
        The state after the last token of each sentence with what was collected of all of them,
        rows in the order of the sources.

    Raises:
        NonFiniteError: the step returned NaN or infinity.
    """
    if len({*map(len, sources)}) == 1:  # a single sentence, mostly: one call, and nothing to sort
        tokens = np.array(sources, dtype=np.int64).T
        before = _repeated(initial_state, len(sources))
        changed, collected = _encoder_call(encoder_step, tokens, before, start=0)
        return {**before, **changed, **collected}
    # With the longest sentence first, the rows still alive are always the first ones. Each stretch
    # of steps in which they stay the same is one call.
    order = sorted(range(len(sources)), key=lambda row: len(sources[row]), reverse=True)
    lengths = [len(sources[row]) for row in order]
    state = dict(_repeated(initial_state, len(order)))
    memory: dict[str, FloatArray] = {}
    start, live = 0, len(order)
    while live:
        stop = lengths[live - 1]
        tokens = np.array([sources[row][start:stop] for row in order[:live]], dtype=np.int64).T
        before = {name: array[:, :live] for name, array in state.items()}
        changed, collected = _encoder_call(encoder_step, tokens, before, start)
        for name, array in changed.items():
            state[name][:, :live] = array
        for name, array in collected.items():
            if name not in memory:  # the first call has all rows
                memory[name] = np.zeros((lengths[0], *array.shape[1:]), array.dtype)
            memory[name][start:stop, :live] = array
        start = stop
        while live and lengths[live - 1] == stop:
            live -= 1
    return _take_rows({**state, **memory}, np.argsort(order))


def _encoder_call(
    encoder_step: EncoderStep, tokens: TokenIds, state: State, start: int
) -> tuple[State, State]:
    """Run the step on tokens from position ``start`` on, and look at what it returns."""
    changed, collected = encoder_step(np.ascontiguousarray(tokens), state)
    for name, array in (*changed.items(), *collected.items()):
        _require_finite(array, f"encoder step, tokens {start} to {start + len(tokens) - 1}: {name}")
    return changed, collected


def decode(
    decoder_step: DecoderStep, state: State, options: GreedyOptions
) -> Iterator[DecodedStep]:
    """Run the decoder until every row has reached EOS or the maximal length: the second half.

    Args:
        decoder_step: see ``DecoderStep``.
        state: what ``encode`` returned.
        options: see ``GreedyOptions``.

    Yields:
        What each step chose. After EOS a row takes part no more.

    Raises:
        NonFiniteError: a step returned NaN or infinity.
    """
    rows = positions = np.arange(next(iter(state.values())).shape[1])
    token = np.full(len(rows), options.sos, dtype=np.int64)
    for step in range(options.max_length):
        scores, changed = decoder_step(token, state)
        token = scores.argmax(axis=1)
        chosen = scores[positions, token]
        _require_finite(scores, f"decoder step {step}: log_probs")
        state = {**state, **changed}
        yield DecodedStep(rows, token, chosen, state)
        ended = token == options.eos
        if ended.any():
            live = np.flatnonzero(~ended)
            if len(live) == 0:
                break
            rows, token, state = rows[live], token[live], _take_rows(state, live)
            positions = positions[: len(live)]


def _repeated(state: State, rows: int) -> State:
    """Return the state of one row for several."""
    if rows == 1:
        return state
    return {name: np.repeat(array, rows, axis=1) for name, array in state.items()}


def _take_rows(state: State, rows: NDArray[np.int64]) -> State:
    return {name: array.take(rows, axis=1) for name, array in state.items()}


def _require_finite(array: FloatArray, what: str) -> None:
    if not np.isfinite(array).all():
        raise NonFiniteError(f"{what} is not finite: the graph or its weights are damaged")
