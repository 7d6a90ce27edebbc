"""Greedy decoding: the one loop that drives every pair of steps.

Eager PyTorch, TorchScript and ONNX Runtime are three pairs of steps for this loop. Evaluation in
training, the Translator and the parity gate all use it, so a difference in the tokens is a
difference in the steps. Both worlds import it; numpy only.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import NonFiniteError
from .encoder import run_encoder
from .steps import DecoderStep, FloatArray, State, Steps, TokenIds


@dataclass(frozen=True)
class DecodingOptions:
    """The loop's options beside the steps and the sentences.

    Attributes:
        sos: id of the token that starts decoding.
        eos: id of the token that ends a sentence.
        max_length: the most tokens to decode for a sentence, EOS included.
        extra_outputs: names of the decoder's extra outputs to keep, for each step.
    """

    sos: int
    eos: int
    max_length: int
    extra_outputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hypothesis:
    """The result of decoding one sentence.

    Attributes:
        ids: the token ids, EOS left out.
        log_probs: natural logarithm of the probability of each chosen token, EOS included if
            decoding reached it.
        finished: whether decoding reached EOS; otherwise it stopped at the maximal length.
        extra: the extra outputs that were asked for, by name: an array without its batch axis for
            each of ``log_probs``.
    """

    ids: tuple[int, ...]
    log_probs: tuple[float, ...]
    finished: bool
    extra: Mapping[str, tuple[FloatArray, ...]] = field(default_factory=dict, compare=False)

    def with_eos(self, eos: int) -> tuple[int, ...]:
        """Return the token ids, EOS included if decoding reached it."""
        return (*self.ids, eos) if self.finished else self.ids


class ChosenTokens(NamedTuple):
    """The choice of one decoder step, for the B rows that are still alive.

    Attributes:
        rows: ``int64[B]``, their numbers.
        tokens: ``int64[B]``, the token chosen for each.
        log_probs: ``float32[B]``, the tokens' log-probabilities.
        extra: the decoder's extra outputs, by name.
    """

    rows: NDArray[np.int64]
    tokens: TokenIds
    log_probs: FloatArray
    extra: State


def greedy_decode(
    steps: Steps, sources: Sequence[Sequence[int]], options: DecodingOptions
) -> list[Hypothesis]:
    """Decode a batch of sentences, each time taking the most probable next token.

    Args:
        steps: the encoder step and the decoder step.
        sources: token ids of each sentence, EOS included; none is empty, lengths may differ.
        options: see ``DecodingOptions``.

    Returns:
        One hypothesis for each source, in their order.

    Raises:
        NonFiniteError: a step returned NaN or infinity.
    """
    if not sources:
        return []
    encoded = run_encoder(steps.encoder, sources)
    ids: list[list[int]] = [[] for _ in sources]
    log_probs: list[list[float]] = [[] for _ in sources]
    finished = [False] * len(sources)
    extra: dict[str, list[list[FloatArray]]]
    extra = {name: [[] for _ in sources] for name in options.extra_outputs}
    for chosen in run_decoder(steps.decoder, encoded, len(sources), options):
        rows = chosen.rows.tolist()
        for row, token, log_prob in zip(
            rows, chosen.tokens.tolist(), chosen.log_probs.tolist(), strict=True
        ):
            log_probs[row].append(log_prob)
            if token == options.eos:
                finished[row] = True
            else:
                ids[row].append(token)
        for name, kept in extra.items():
            for row, array in zip(rows, chosen.extra[name].swapaxes(0, 1), strict=True):
                kept[row].append(array)
    return [
        Hypothesis(
            tuple(ids[row]),
            tuple(log_probs[row]),
            finished[row],
            {name: tuple(kept[row]) for name, kept in extra.items()},
        )
        for row in range(len(sources))
    ]


def run_decoder(
    step: DecoderStep, encoded: State, rows: int, options: DecodingOptions
) -> Iterator[ChosenTokens]:
    """Run the decoder until every row has reached EOS or the maximal length.

    Args:
        step: the decoder step.
        encoded: the result of ``run_encoder``.
        rows: number of sentences.
        options: see ``DecodingOptions``.

    Yields:
        The choice of each step. After EOS a row takes part no more.

    Raises:
        NonFiniteError: the step returned NaN or infinity.
    """
    state: State = step.spec.first_state(encoded, rows)
    alive = positions = np.arange(rows)
    tokens = np.full(rows, options.sos, dtype=np.int64)
    for number in range(options.max_length):
        outputs = step(tokens, state)
        scores = outputs.log_probs
        tokens = scores.argmax(axis=1)
        log_probs = scores[positions, tokens]
        if not np.isfinite(scores).all():
            raise NonFiniteError(
                f"decoder step {number}: log_probs is not finite: the graph or its weights are "
                "damaged"
            )
        yield ChosenTokens(alive, tokens, log_probs, outputs.extra)
        state = {**state, **outputs.replaced}
        ended = tokens == options.eos
        if ended.any():
            live = np.flatnonzero(~ended)
            if len(live) == 0:
                break
            alive, tokens = alive[live], tokens[live]
            state = {name: array.take(live, axis=1) for name, array in state.items()}
            positions = positions[: len(live)]
