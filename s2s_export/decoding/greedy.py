"""Greedy decoding: a chooser that takes the most probable token of each row.

It is the default, and the reference of the parity gate. Both worlds import it; numpy only.
"""

from collections.abc import Sequence

import numpy as np

from .hypotheses import Choice, Hypothesis, Indices
from .loop import decode
from .options import DecodingOptions
from .steps import FloatArray, Steps


def most_probable(log_probs: FloatArray, sentences: Indices) -> Choice:
    """Choose the most probable token of each row, of equal ones the first; a ``loop.Chooser``."""
    tokens = log_probs.argmax(axis=1)
    rows = np.arange(len(tokens))
    return Choice(rows, tokens, log_probs[rows, tokens])


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
    return [hypothesis for [hypothesis] in decode(steps, sources, options, most_probable)]
