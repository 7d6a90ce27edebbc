"""Validation: a model in training, measured on the held-out pairs."""

from dataclasses import dataclass

from .data.batches import collate, shuffled_groups
from .data.corpus import Corpus, encode_pairs
from .evaluation import KNOWN, Example, metrics_of, scorer_of, translatable, translate_pairs
from .learner import Learner
from .loss import mean_loss
from .metrics import Metrics
from .recipes import Recipe


@dataclass(frozen=True)
class Validation:
    """The measurements of one validation.

    Attributes:
        loss: mean loss of a held-out target token in nats, the reference fed back; ``None`` if
            there is no token to measure.
        metrics: of the translations, by the kind of sentence; see ``evaluation.metrics_of``.
        examples: the translations.
    """

    loss: float | None
    metrics: dict[str, Metrics]
    examples: list[Example]

    @property
    def errors(self) -> tuple[float, ...] | None:
        """Return the figures that choose the best epoch, the smaller the better.

        They are token error rate, share of wrong sequences, and loss, of the sentences without
        unknown words where there are some. BLEU does not choose: of targets with fewer than four
        tokens it is 0 throughout.
        """
        if not self.metrics:
            return None
        metrics = self.metrics.get(KNOWN) or next(iter(self.metrics.values()))
        loss = float("inf") if self.loss is None else self.loss
        return metrics.token_error_rate, 1 - metrics.exact, loss


NOT_MEASURED = Validation(None, {}, [])


class Validator:
    """The held-out pairs, and the model that is measured on them.

    Attributes:
        pairs: the held-out pairs that the model can translate, encoded.
        scorer: of their targets.
        encodable: those of them whose reference has no words that no training target has, so that
            their loss can be computed, too.
    """

    def __init__(self, learner: Learner, corpus: Corpus, recipe: Recipe) -> None:
        """Prepare the pairs; ``measure`` runs the learner's model as it is by then."""
        source, target = corpus.vocabularies.tokenizers(corpus.modes, learner.max_source_length)
        self._pipeline = learner.model.pipeline(source, target, learner.max_target_length)
        self._model = learner.model
        self.pairs = translatable(source, corpus.held_out)
        self.scorer = scorer_of(target, corpus.held_out)
        self.encodable = [pair for pair, _ in self.pairs if corpus.vocabularies.encodes(pair)]
        groups = shuffled_groups(
            encode_pairs(self.encodable, corpus.vocabularies),
            recipe.batch_size,
            recipe.batch_tokens,
            seed=0,
            epoch=0,
        )
        self._batches = [collate(group) for group in groups]

    def measure(self) -> Validation:
        """Translate and measure the held-out pairs."""
        examples = translate_pairs(self._pipeline, self.pairs)
        metrics = metrics_of(examples, self.scorer)
        return Validation(mean_loss(self._model, self._batches), metrics, examples)
