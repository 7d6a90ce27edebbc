"""Known text: text modes and vocabularies that a run takes over instead of making them.

``training.fit --init-from`` continues a model whose embeddings stand for these tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .encoding import Modes, Pair, Vocabularies


@dataclass(frozen=True)
class KnownText:
    """The text side of a trained model.

    Attributes:
        modes: the text modes of both sides, with their merges.
        vocabularies: the tokens that the model has.
        max_source_length: tokens of the longest source that it was trained on, EOS included.
        max_target_length: the same of the target.
    """

    modes: Modes
    vocabularies: Vocabularies
    max_source_length: int
    max_target_length: int


@dataclass(frozen=True)
class NewTokens:
    """Tokens of new pairs that a model lacks.

    Attributes:
        source: distinct source tokens.
        source_pairs: pairs with one or more of them.
        target: distinct target tokens.
        target_pairs: pairs with one or more of them.
    """

    source: int
    source_pairs: int
    target: int
    target_pairs: int

    @classmethod
    def of(cls, pairs: Sequence[Pair], vocabularies: Vocabularies) -> "NewTokens":
        """Count them."""
        counts = []
        for side in ("source", "target"):
            vocabulary = getattr(vocabularies, side)
            unknown = [vocabulary.unknown(getattr(pair, side)) for pair in pairs]
            counts += [len({token for some in unknown for token in some}), sum(map(bool, unknown))]
        return cls(*counts)
