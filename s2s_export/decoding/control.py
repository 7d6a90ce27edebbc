"""Control of what is said: a chooser around another, which sees masked log-probabilities.

Forced prefixes and masks (``masks``) work with every chooser, and neither the loop nor a chooser
knows of them. A target that is forced to its end is scored: teacher forcing through the same loop.
Both worlds; numpy only.
"""

from collections.abc import Sequence

import numpy as np

from .hypotheses import Choice, Indices
from .loop import Chooser
from .masks import Mask
from .steps import FloatArray


class Controlled:
    """A chooser of one batch, as ``loop.Chooser``: another one's choice of what is left to say.

    A row whose sentence has a prefix says its tokens first, whatever the masks. After it the masks
    hold; a row to which they leave no token says EOS, so that it ends where it cannot go on.
    """

    def __init__(
        self, choose: Chooser, masks: Sequence[Mask], prefixes: Sequence[Sequence[int]], eos: int
    ) -> None:
        """Wrap a chooser.

        Args:
            choose: the chooser, made for this batch; it takes no token of minus infinity where a
                row has another.
            masks: edit what it sees.
            prefixes: of each sentence of the batch, the token ids that it begins with; empty for
                none. One that ends with EOS is a whole target.
            eos: id of the token that ends a sentence.
        """
        self._choose, self._masks, self._eos = choose, masks, eos
        self._said = np.zeros((len(prefixes), 0), dtype=np.int64)
        self._longest = max(map(len, prefixes), default=0)
        # [B, P], -1 behind a shorter prefix's end
        self._prefixes = np.full((len(prefixes), self._longest), -1, dtype=np.int64)
        for row, prefix in zip(self._prefixes, prefixes, strict=True):
            row[: len(prefix)] = prefix

    def __call__(self, log_probs: FloatArray, sentences: Indices) -> Choice:
        """Let the chooser choose; its tokens' log-probabilities are the unmasked ones."""
        step = self._said.shape[1]
        if not self._masks and step >= self._longest:
            return self._choose(log_probs, sentences)
        seen = log_probs.copy()
        for mask in self._masks:
            mask(seen, self._said)
        stuck = np.isneginf(seen.max(axis=1))
        seen[stuck, self._eos] = log_probs[stuck, self._eos]
        if step < self._longest:
            tokens = self._prefixes[sentences, step]
            [rows] = (tokens >= 0).nonzero()
            tokens = tokens[rows]
            seen[rows] = -np.inf
            seen[rows, tokens] = log_probs[rows, tokens]
        parents, tokens, _ = self._choose(seen, sentences)
        live = tokens != self._eos
        self._said = np.column_stack((self._said[parents[live]], tokens[live]))
        return Choice(parents, tokens, log_probs[parents, tokens])
