"""Source noise: the source texts of an epoch typed and spelt in other ways."""

import random
from collections.abc import Sequence

from s2s_export.text.modes import TextMode
from s2s_export.text.vocabulary import Vocabulary

from ..encoding import EncodedPair
from ..subwords import words_of
from .typing import vary_typing


class SourceNoise:
    """Source texts with typing noise and subword dropout, different ones in each epoch.

    Source:
        Subword dropout: Provilkov, Emelianenko and Voita (2020), "BPE-Dropout".
    """

    def __init__(
        self,
        texts: Sequence[str],
        mode: TextMode,
        vocabulary: Vocabulary,
        *,
        typing: float,
        subword_dropout: float,
    ) -> None:
        """Take the source texts.

        Args:
            texts: of the training pairs.
            mode: of the source; ``natural`` for subword dropout.
            vocabulary: of the source.
            typing: share of the texts that each variation of the typing changes.
            subword_dropout: share of the possible merges that are left out.
        """
        self._texts, self._mode, self._vocabulary = texts, mode, vocabulary
        self._typing, self._subword_dropout = typing, subword_dropout

    def __call__(self, pairs: Sequence[EncodedPair], *, seed: int, epoch: int) -> list[EncodedPair]:
        """Return the pairs with the sources of an epoch; the seed decides them.

        Args:
            pairs: of the texts, in their order.
            seed: of the run.
            epoch: counted from 1.
        """
        generator = random.Random(f"source {seed} {epoch}")
        return [
            EncodedPair(self._ids(text, generator) or pair.source, pair.target)
            for pair, text in zip(pairs, self._texts, strict=True)
        ]

    def _ids(self, text: str, generator: random.Random) -> tuple[int, ...]:
        """Return the ids of a text with noise; ``()`` where it has unknown tokens or none."""
        varied = vary_typing(text, self._typing, generator) if self._typing else text
        tokens = self._tokens(varied, generator)
        if not tokens or self._vocabulary.unknown(tokens):
            return ()
        return tuple(self._vocabulary.encode(tokens))

    def _tokens(self, text: str, generator: random.Random) -> list[str]:
        merges, share = self._mode.merges, self._subword_dropout
        if merges is None or not share:
            return self._mode.tokens(text)

        def skips() -> bool:
            return generator.random() < share

        return [t for w in words_of(self._mode, text) for t in merges.apply_dropout(w, skips)]
