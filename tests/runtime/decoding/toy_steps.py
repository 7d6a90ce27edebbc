"""Toy steps for the tests of decoding: a recurrent model in plain numpy with random weights.

They are cheap, exact and free of any tool chain.
"""

from collections.abc import Callable, Sequence

import numpy as np

from s2s_export.decoding.steps import (
    DecoderSpec,
    DecoderStep,
    EncoderSpec,
    EncoderStep,
    FloatArray,
    Shape,
    StepPair,
    TokenIds,
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

    def run_encoder(self, tokens: TokenIds, state: Sequence[FloatArray]) -> list[FloatArray]:
        assert tokens.dtype == np.int64
        self.encoder_calls.append((tokens.shape[0], tokens.shape[1]))
        hidden, first = state[0], state[1].copy()
        memory = []
        for row in tokens:
            hidden = np.tanh(hidden @ self.recur + self.embed_source[row])
            first = np.where(first == 0, hidden, first)
            memory.append(hidden[0])
        outputs = (hidden, first, np.array(memory))
        return [output.astype(np.float32) for output in outputs]

    def run_decoder(self, token: TokenIds, state: Sequence[FloatArray]) -> list[FloatArray]:
        hidden, first, memory = state
        self.decoder_batches.append(len(token))
        # Zeros after the end of a sentence add nothing to a sum over its tokens.
        looked_up = (memory * self.embed_target[token]).sum(axis=0)
        given = self.embed_target[token] + first + looked_up
        hidden = np.tanh(hidden @ self.recur + given)
        scores = hidden[0] @ self.out
        log_probs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        outputs = (log_probs, hidden, looked_up[np.newaxis])
        return [output.astype(np.float32) for output in outputs]

    @property
    def encoder(self) -> EncoderStep:
        return EncoderStep(ENCODER, self.run_encoder)

    @property
    def decoder(self) -> DecoderStep:
        return DecoderStep(DECODER, self.run_decoder)


STATE: dict[str, Shape] = {"hidden": (1, "B", HIDDEN), "first": (1, "B", HIDDEN)}
ENCODER = EncoderSpec.from_shapes(
    STATE,
    {
        "next_hidden": (1, "B", HIDDEN),
        "next_first": (1, "B", HIDDEN),
        "memory": ("T", "B", HIDDEN),
    },
)
DECODER = DecoderSpec.from_shapes(
    TARGET_SIZE,
    {**STATE, "memory": ("S", "B", HIDDEN)},
    {"next_hidden": (1, "B", HIDDEN), "seen": (1, "B", HIDDEN)},
)


Follow = Callable[[tuple[int, ...]], FloatArray]
"""The log-probabilities of the next token, ``float32[V]``, by the tokens before it."""


def following(steps: ToySteps, source: Sequence[int]) -> Follow:
    """Return the log-probabilities after any tokens of the target, one row at a time."""
    zeros = np.zeros((1, 1, HIDDEN), dtype=np.float32)
    first, after, memory = steps.run_encoder(np.array([source]).T, (zeros, zeros))

    def follow(ids: tuple[int, ...]) -> FloatArray:
        hidden = first
        for token in (0, *ids):
            log_probs, hidden, _ = steps.run_decoder(np.array([token]), (hidden, after, memory))
        after_last: FloatArray = log_probs[0]
        return after_last

    return follow


def own_log_probs(steps: ToySteps, source: Sequence[int], ids: Sequence[int]) -> list[float]:
    """Return the model's log-probability of each token after those before it."""
    follow = following(steps, source)
    return [float(follow(tuple(ids[:n]))[token]) for n, token in enumerate(ids)]


def scripted(
    run_decoder: Callable[[TokenIds, Sequence[FloatArray]], list[FloatArray]], tokens: int = 3
) -> StepPair:
    """Return steps without state, of which only the decoder computes anything."""
    return StepPair(
        EncoderStep(EncoderSpec.from_shapes({}, {}), lambda tokens, state: []),
        DecoderStep(DecoderSpec.from_shapes(tokens, {}, {}), run_decoder),
    )


def random_sources(seed: int, count: int) -> list[list[int]]:
    generator = np.random.default_rng(seed)
    return [generator.integers(1, SOURCE_SIZE, n).tolist() for n in generator.integers(1, 9, count)]
