"""Masks: tokens that a row may not say next, given what it has said so far.

A mask sets log-probabilities to minus infinity, in a copy that ``control.Controlled`` makes; what a
chosen token is worth stays the model's own number. Both worlds; numpy only.
"""

from collections.abc import Callable, Sequence

import numpy as np

from .hypotheses import Indices
from .options import MaskOptions
from .steps import FloatArray

Mask = Callable[[FloatArray, Indices], None]
"""A mask: edits log-probabilities ``float32[R, V]``, given the tokens ``int64[R, t]`` that each row
has said in the t steps so far, a prefix included."""


def masks(options: MaskOptions, eos: int) -> tuple[Mask, ...]:
    """Return the masks that the options ask for; none by default."""
    found: list[Mask] = []
    if options.min_length > 1:
        found.append(MinLength(options.min_length, eos))
    if options.suppress:
        found.append(Suppress(options.suppress))
    if options.no_repeat_ngram:
        found.append(NoRepeatNgram(options.no_repeat_ngram))
    return tuple(found)


class MinLength:
    """No EOS before a sentence has so many tokens, EOS included."""

    def __init__(self, least: int, eos: int) -> None:
        self._least, self._eos = least, eos

    def __call__(self, log_probs: FloatArray, said: Indices) -> None:
        """Mask EOS in the steps before the last that the length needs."""
        if said.shape[1] + 1 < self._least:
            log_probs[:, self._eos] = -np.inf


class Suppress:
    """Sequences of tokens that are never said: of each, the last token after the others."""

    def __init__(self, sequences: Sequence[Sequence[int]]) -> None:
        """Take sequences of token ids, none empty."""
        self._tokens = np.array([s[0] for s in sequences if len(s) == 1], dtype=np.int64)
        self._longer = [(np.array(s[:-1]), s[-1]) for s in sequences if len(s) > 1]

    def __call__(self, log_probs: FloatArray, said: Indices) -> None:
        """Mask single tokens in every row, and the last of a sequence in rows that it would end."""
        log_probs[:, self._tokens] = -np.inf
        for before, last in self._longer:
            if len(before) <= said.shape[1]:
                rows = (said[:, -len(before) :] == before).all(axis=1)
                log_probs[rows, last] = -np.inf


class NoRepeatNgram:
    """No n tokens that follow each other twice in a sentence. EOS is not one of them."""

    def __init__(self, size: int) -> None:
        """Take n, 1 or more; with 1 no token is said twice."""
        self._size = size

    def __call__(self, log_probs: FloatArray, said: Indices) -> None:
        """Mask the tokens that followed the last n - 1 tokens of the row before."""
        size, length = self._size, said.shape[1]
        if length < size:
            return
        grams = np.lib.stride_tricks.sliding_window_view(said, size, axis=1)  # [R, t - n + 1, n]
        last = said[:, np.newaxis, length - size + 1 :]  # [R, 1, n - 1]
        rows, places = (grams[:, :, :-1] == last).all(axis=2).nonzero()
        log_probs[rows, grams[rows, places, -1]] = -np.inf
