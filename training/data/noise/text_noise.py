"""Text noise: the texts of an epoch typed and spelt in other ways, or with other numbers."""

import random
from collections.abc import Sequence

from s2s_export.text.vocabulary import Vocabulary

from ..encoding import EncodedPair, Modes, Vocabularies
from ..pairs_file import TextPair
from ..subwords import words_of
from .numbers import holds_same_numbers, with_other_numbers
from .typing import vary_typing


class TextNoise:
    """Pairs with number noise, typing noise and subword dropout, different ones in each epoch.

    Typing and spelling vary in the source alone; numbers are replaced on both sides.

    Source:
        Subword dropout: Provilkov, Emelianenko and Voita (2020), "BPE-Dropout".
    """

    def __init__(
        self,
        texts: Sequence[TextPair],
        modes: Modes,
        vocabularies: Vocabularies,
        *,
        numbers: float = 0.0,
        typing: float = 0.0,
        subword_dropout: float = 0.0,
    ) -> None:
        """Take the texts.

        Args:
            texts: of the training pairs.
            modes: of both sides; the source is ``natural`` for subword dropout.
            vocabularies: of both sides.
            numbers: share of the pairs with the same numbers on both sides that get other numbers.
            typing: share of the sources that each variation of the typing changes.
            subword_dropout: share of the source's possible merges that are left out.
        """
        self._texts, self._modes, self._vocabularies = texts, modes, vocabularies
        self._numbers, self._typing, self._subword_dropout = numbers, typing, subword_dropout
        self._renumbered = [bool(numbers) and holds_same_numbers(text) for text in texts]

    def __call__(self, pairs: Sequence[EncodedPair], *, seed: int, epoch: int) -> list[EncodedPair]:
        """Return the pairs of an epoch; the seed decides them.

        Args:
            pairs: of the texts, in their order.
            seed: of the run.
            epoch: counted from 1.
        """
        generator = random.Random(f"texts {seed} {epoch}")
        return [
            self._noisy(pair, texts, renumbered and generator.random() < self._numbers, generator)
            for pair, texts, renumbered in zip(pairs, self._texts, self._renumbered, strict=True)
        ]

    def _noisy(
        self, pair: EncodedPair, texts: TextPair, renumber: bool, generator: random.Random
    ) -> EncodedPair:
        """Return a pair with noise; a side that would have unknown tokens or none stays."""
        target = pair.target
        if renumber:
            renumbered = with_other_numbers(texts, generator)
            tokens = self._modes.target.tokens(renumbered.target)
            if spelt := _ids(tokens, self._vocabularies.target):
                texts, target = renumbered, spelt
        source = vary_typing(texts.source, self._typing, generator)
        spelt = _ids(self._source_tokens(source, generator), self._vocabularies.source)
        return EncodedPair(spelt, target) if spelt else pair

    def _source_tokens(self, text: str, generator: random.Random) -> list[str]:
        mode, share = self._modes.source, self._subword_dropout
        merges = mode.merges
        if merges is None or not share:
            return mode.tokens(text)

        def skips() -> bool:
            return generator.random() < share

        return [t for w in words_of(mode, text) for t in merges.apply_dropout(w, skips)]


def _ids(tokens: Sequence[str], vocabulary: Vocabulary) -> tuple[int, ...]:
    """Return the ids of tokens; ``()`` where some are unknown or there are none."""
    if not tokens or vocabulary.unknown(tokens):
        return ()
    return tuple(vocabulary.encode(tokens))
