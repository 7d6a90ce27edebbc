"""Subword dropout: source words spelt in several ways in training."""

import random
from collections.abc import Sequence

from s2s_export.text.modes import TextMode
from s2s_export.text.vocabulary import Vocabulary

from .encoding import EncodedPair
from .subwords import words_of


class SubwordDropout:
    """Spells source texts with some merges left out, another spelling in each epoch.

    Source:
        Provilkov, Emelianenko and Voita (2020), "BPE-Dropout".
    """

    def __init__(
        self, texts: Sequence[str], mode: TextMode, vocabulary: Vocabulary, share: float
    ) -> None:
        """Take the source texts.

        Args:
            texts: of the training pairs.
            mode: of the source, ``natural``.
            vocabulary: of the source.
            share: of the possible merges that are left out.
        """
        assert mode.merges is not None
        self._words = [words_of(mode, text) for text in texts]
        self._merges, self._vocabulary, self._share = mode.merges, vocabulary, share

    def __call__(self, pairs: Sequence[EncodedPair], *, seed: int, epoch: int) -> list[EncodedPair]:
        """Return the pairs with their sources spelt for an epoch; the seed decides how."""
        generator = random.Random(f"subwords {seed} {epoch}")

        def skips() -> bool:
            return generator.random() < self._share

        return [
            EncodedPair(
                tuple(
                    self._vocabulary.encode(
                        [t for word in words for t in self._merges.apply_dropout(word, skips)]
                    )
                ),
                pair.target,
            )
            for pair, words in zip(pairs, self._words, strict=True)
        ]
