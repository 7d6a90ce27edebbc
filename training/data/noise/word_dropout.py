"""Word dropout: training takes source words for unknown at random, rare ones more often.

Source:
    Word dropout as in Kiperwasser and Goldberg 2016 (arXiv 1603.04351), section 4.3.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import torch

from s2s_export.text.vocabulary import Vocabulary

from ..batches import Batch
from ..encoding import EncodedPair


class WordDropout:
    """Replaces source words as if they were unknown, so that the model learns to go on around them.

    A word seen n times is replaced with probability a / (a + n) by its substitute: a related form,
    or UNK. EOS is never replaced.
    """

    def __init__(
        self, pairs: Sequence[EncodedPair], vocabulary: Vocabulary, strength: float
    ) -> None:
        """Count the source tokens.

        Args:
            pairs: the training pairs.
            vocabulary: of the source, with an UNK.
            strength: a, in sightings of a word; more than 0.
        """
        assert vocabulary.unk is not None
        counts = Counter(token for pair in pairs for token in pair.source)
        self._probabilities = torch.zeros(len(vocabulary))
        self._substitutes = torch.arange(len(vocabulary))
        for token, word in enumerate(vocabulary.words, vocabulary.unk + 1):
            self._probabilities[token] = strength / (strength + counts[token])
            self._substitutes[token] = vocabulary.substitute(word)

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch with some source tokens replaced, chosen by torch's global generator."""
        source = batch.source
        probabilities = self._probabilities.to(source.device)[source]
        replaced = torch.rand_like(probabilities) < probabilities
        substitutes = self._substitutes.to(source.device)[source]
        return replace(batch, source=torch.where(replaced, substitutes, source))
