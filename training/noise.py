"""Unknown words in training: source words replaced by UNK at random, rare ones more often.

Source:
    Word dropout as in Kiperwasser and Goldberg 2016 (arXiv 1603.04351), section 4.3.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import torch

from .batches import Batch
from .dataset import EncodedPair


class WordDropout:
    """Replaces source tokens by UNK, so that the model learns to translate around it.

    A word seen n times is replaced with probability a / (a + n). EOS never is.
    """

    def __init__(
        self, pairs: Sequence[EncodedPair], *, unk: int, first_word: int, strength: float
    ) -> None:
        """Count the source tokens.

        Args:
            pairs: the training pairs.
            unk: id of UNK.
            first_word: the smallest id of a word; control tokens are never replaced.
            strength: a, in sightings of a word; more than 0.
        """
        counts = Counter(token for pair in pairs for token in pair.source)
        size = max([*counts, unk]) + 1
        self._unk = unk
        self._probabilities = torch.zeros(size)
        for token in range(first_word, size):
            self._probabilities[token] = strength / (strength + counts[token])

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch with some source tokens replaced; torch's global seed decides which."""
        probabilities = self._probabilities.to(batch.source.device)[batch.source]
        replaced = torch.rand_like(probabilities) < probabilities
        return replace(batch, source=batch.source.masked_fill(replaced, self._unk))
