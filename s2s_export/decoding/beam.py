"""Beam search: a chooser that takes the k best continuations of each sentence.

A hypothesis that says EOS leaves the beam and keeps its place (Sutskever et al. 2014,
https://arxiv.org/abs/1409.3215): with f finished, the k - f best of all continuations go on, by the
sum of their log-probabilities. A sentence ends when k are finished, or at the maximal length; then
the score ranks them. Both worlds; numpy only.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from .greedy import most_probable
from .hypotheses import Choice, Hypothesis, Indices, score
from .loop import Chooser, decode
from .options import DecodingOptions, SearchOptions
from .steps import FloatArray, Steps, TokenIds

_GROUPS = 128
"""Groups of tokens whose maxima bound the k-th largest of a row, see ``_largest``: the quickest
of 32 to 256 for the 4 largest of 4,000 numbers."""

_LOWEST = np.finfo(np.float32).min
"""No masked number is below it: where a row has fewer others than asked for, they are few."""

Control = Callable[[Chooser], Chooser]
"""A wrapper of choosers, see ``control``."""


def decode_n_best(
    steps: Steps,
    sources: Sequence[Sequence[int]],
    options: DecodingOptions,
    search: SearchOptions,
    control: Control | None = None,
) -> list[list[Hypothesis]]:
    """Decode a batch of sentences with a beam.

    Args:
        steps: the encoder step and the decoder step.
        sources: token ids of each sentence, EOS included; none is empty, lengths may differ.
        options: see ``DecodingOptions``.
        search: the beam's width, and how many of its hypotheses are returned.
        control: made for this batch, wraps its chooser; ``None`` to choose freely.

    Returns:
        The hypotheses of each source, the one with the best score first; of equal ones, the one
        that ended first. They are fewer than ``n_best`` where fewer exist within ``max_length``.

    Raises:
        NonFiniteError: a step returned NaN or infinity.
    """
    choose: Chooser = most_probable
    if search.beam_size > 1:
        choose = Beam(search.beam_size, len(sources), options.eos)
    if control is not None:
        choose = control(choose)
    return [ranked(hypotheses, search) for hypotheses in decode(steps, sources, options, choose)]


def ranked(hypotheses: Sequence[Hypothesis], search: SearchOptions) -> list[Hypothesis]:
    """Return the ``n_best`` hypotheses of a sentence, the one with the best score first."""

    def key(hypothesis: Hypothesis) -> float:
        return -score(hypothesis.log_probs, search.length_penalty)

    return sorted(hypotheses, key=key)[: search.n_best]


class Beam:
    """The chooser of one batch, as ``loop.Chooser``.

    Attributes:
        sums: ``float64[R]``, the sum of the log-probabilities of each row so far.
        places: ``int64[B]``, the hypotheses of each sentence that are not yet finished, at most.
    """

    def __init__(self, size: int, sentences: int, eos: int) -> None:
        """Begin with one row a sentence.

        Args:
            size: of the beam, k.
            sentences: of the batch, B.
            eos: id of the token that ends a sentence.
        """
        self._size, self._eos = size, eos
        self.sums: NDArray[np.float64] = np.zeros(sentences)
        self.places = np.full(sentences, size)

    def __call__(self, log_probs: FloatArray, sentences: Indices) -> Choice:
        """Choose the best continuations of each sentence, and go on with them."""
        choice = self.best(log_probs, sentences)
        self.follow(choice, sentences)
        return choice

    def best(self, log_probs: FloatArray, sentences: Indices, beside: int = 0) -> Choice:
        """Return the best continuations of each sentence, as many as it has places.

        They are ordered by their sums. Of equal sums the earlier row comes first, and of its tokens
        the more probable one, then the one with the smaller id: so a beam of 1 is greedy decoding.

        Args:
            log_probs: ``float32[R, V]``; no token of minus infinity is chosen.
            sentences: ``int64[R]``, the sentence of each row, in ascending order.
            beside: continuations of each sentence beside its places, the next best.
        """
        parents, tokens = _largest(log_probs, self._size + beside)
        chosen = log_probs[parents, tokens]
        sums = self.sums[parents] + chosen
        of_sentence = sentences[parents]
        order = np.lexsort((-chosen, parents, -sums, of_sentence))
        # Sorting leaves a sentence's candidates together; its first one has rank 0.
        rank = np.arange(len(order)) - of_sentence.searchsorted(of_sentence)
        taken = rank < self.places[of_sentence] + beside
        order = order[taken]
        if np.isneginf(sums).any():
            order = order[~np.isneginf(sums[order])]
        return Choice(parents[order], tokens[order], chosen[order])

    def follow(self, choice: Choice, sentences: Indices) -> None:
        """Go on with a choice: add up, and give no more places to sentences that finished some."""
        parents, tokens, log_probs = choice
        sums = self.sums[parents] + log_probs
        ended = tokens == self._eos
        if ended.any():
            finished = sentences[parents[ended]]
            self.places = self.places - np.bincount(finished, minlength=len(self.places))
            sums = sums[~ended]
        self.sums = sums


def _largest(log_probs: FloatArray, count: int) -> tuple[Indices, TokenIds]:
    """Return where the largest numbers of each row stand, by row and token.

    They are the ``count`` largest and all that equal the last of them, and maybe some more; fewer
    where the others are minus infinity. A
    partition of thousands of numbers a row would take longer than the step; the maxima of groups of
    tokens are quick, and the count-th largest maximum is no larger than the count-th largest
    number.

    Args:
        log_probs: ``float32[R, V]``.
        count: how many of each row; more than V are all.
    """
    rows, size = log_probs.shape
    if count >= size:
        return np.divmod(np.arange(rows * size), size)
    members = max(1, size // max(_GROUPS, 8 * count))
    groups = size // members
    grouped = log_probs[:, : members * groups].reshape(rows, members, groups).max(axis=1)
    grouped.partition(groups - count, axis=1)
    bound = np.maximum(grouped[:, groups - count, np.newaxis], _LOWEST)
    large = log_probs >= bound
    return np.divmod(np.flatnonzero(large), size)  # np.nonzero of two axes takes ten times as long
