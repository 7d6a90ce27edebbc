"""Hypotheses, and the books of rows from which they are put together when decoding ends.

The loop's steps are noted as arrays with back-pointers: each chosen token knows the row that it
continues. Nothing here knows a state tensor or why a token was chosen. Both worlds; numpy only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .steps import FloatArray, State, TokenIds

Indices = NDArray[np.int64]


def score(log_probs: Sequence[float], length_penalty: float = 1.0) -> float:
    """Return the score of a hypothesis: ``sum(log_probs) / len(log_probs) ** length_penalty``.

    With a penalty of 1 it is the mean log-probability of a token, with 0 that of the whole
    sentence. EOS is counted where decoding reached it. 0 is the best score, and that of no tokens.
    """
    return sum(log_probs) / len(log_probs) ** length_penalty if log_probs else 0.0


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


class Choice(NamedTuple):
    """The continuations that a chooser takes in one step: C of them, a sentence's side by side.

    Attributes:
        parents: ``int64[C]``, for each the row of this step that it continues.
        tokens: ``int64[C]``, its token.
        log_probs: ``float32[C]``, the token's log-probability.
    """

    parents: Indices
    tokens: TokenIds
    log_probs: FloatArray


class DecodedStep(NamedTuple):
    """One step of the decoder, of R rows.

    Attributes:
        sentences: ``int64[R]``, the sentence of each row, in ascending order.
        choice: the continuations that were taken.
        live: ``int64[R']``, those of them that go on, in order: the rows of the next step. The
            others said EOS.
        extra: the decoder's extra outputs that were asked for, by name, with R rows on axis 1.
    """

    sentences: Indices
    choice: Choice
    live: Indices
    extra: State


class Books:
    """The books of a batch: the steps so far, and the hypotheses that they hold."""

    def __init__(self, sentences: int) -> None:
        self._sentences = sentences
        self._steps: list[DecodedStep] = []
        # By step: parents, tokens, log-probabilities, live choices; lists, for quick look-ups.
        self._pages: list[tuple[list[int], list[int], list[float], list[int]]] = []

    def note(self, step: DecodedStep) -> None:
        """Note the next step."""
        parents, tokens, log_probs = step.choice
        self._steps.append(step)
        self._pages.append(
            (parents.tolist(), tokens.tolist(), log_probs.tolist(), step.live.tolist())
        )

    def hypotheses(self) -> list[list[Hypothesis]]:
        """Return the hypotheses of each sentence: finished ones as they ended, then the others."""
        found: list[list[Hypothesis]] = [[] for _ in range(self._sentences)]
        last = len(self._steps) - 1
        for number, (parents, _, _, live) in enumerate(self._pages):
            if len(live) == len(parents) and number < last:
                continue
            sentences, going_on = self._steps[number].sentences.tolist(), {*live}
            ended = [index for index in range(len(parents)) if index not in going_on]
            for index in ended:
                found[sentences[parents[index]]].append(self._traced(number, index, True))
            for index in live if number == last else ():
                found[sentences[parents[index]]].append(self._traced(number, index, False))
        return found

    def _traced(self, number: int, index: int, finished: bool) -> Hypothesis:
        """Return the hypothesis that ends with a choice of a step."""
        ids: list[int] = []
        log_probs: list[float] = []
        rows: list[int] = []
        for parents, tokens, of_tokens, live in reversed(self._pages[: number + 1]):
            if rows:  # of the step after this one
                index = live[rows[-1]]
            ids.append(tokens[index])
            log_probs.append(of_tokens[index])
            rows.append(parents[index])
        rows.reverse()
        steps = self._steps[: len(rows)]
        return Hypothesis(
            tuple(ids[:0:-1] if finished else ids[::-1]),
            tuple(log_probs[::-1]),
            finished,
            {
                name: tuple(s.extra[name][:, row] for s, row in zip(steps, rows, strict=True))
                for name in steps[0].extra
            },
        )
