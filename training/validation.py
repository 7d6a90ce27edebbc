"""Measuring a model in training on the held-out pairs."""

from collections.abc import Sequence
from dataclasses import dataclass

from .batches import collate, shuffled_groups
from .dataset import Corpus, Pair, encode_pairs
from .decoding import EagerModel
from .evaluation import Example, scores_of, translatable, translate_pairs
from .learner import Learner
from .loss import mean_loss
from .recipes import Recipe
from .scores import Score


@dataclass(frozen=True)
class Validation:
    """What a model is worth.

    Attributes:
        loss: mean loss of a held-out target token in nats, the reference fed back; ``None`` if
            there is no token to score.
        scores: of the translations, by the kind of sentence; see ``evaluation.scores_of``.
        examples: the translations.
    """

    loss: float | None
    scores: dict[str, Score]
    examples: list[Example]


NOT_MEASURED = Validation(None, {}, [])


class Validator:
    """The held-out pairs, and the model that is measured on them.

    Attributes:
        pairs: the held-out pairs that the model can translate.
        encodable: those of them whose reference has no words that no training target has, so that
            their loss can be computed, too.
    """

    def __init__(self, learner: Learner, corpus: Corpus, recipe: Recipe) -> None:
        """Prepare the pairs; the learner's model is looked at anew in each ``measure``."""
        self._subject = EagerModel(
            learner.model,
            corpus.vocabularies,
            max_source_length=learner.max_source_length,
            max_target_length=learner.max_target_length,
        )
        self._model = learner.model
        self.pairs: Sequence[Pair] = translatable(self._subject, corpus.held_out)
        self.encodable = [pair for pair in self.pairs if corpus.vocabularies.encodes(pair)]
        groups = shuffled_groups(
            encode_pairs(self.encodable, corpus.vocabularies),
            recipe.batch_size,
            recipe.batch_tokens,
            seed=0,
            epoch=0,
        )
        self._batches = [collate(group) for group in groups]

    def measure(self) -> Validation:
        """Translate and score the held-out pairs."""
        found = translate_pairs(self._subject, self.pairs)
        return Validation(mean_loss(self._model, self._batches), scores_of(found), found)
