"""Validation: loss and metrics of a model in training on pairs that it is not trained on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .data.batches import collate, shuffled_groups
from .data.corpus import Corpus
from .data.encoding import Pair, encode_pairs
from .evaluation import (
    KNOWN,
    UNKNOWN,
    Example,
    metrics_of,
    scorer_of,
    translatable,
    translate_pairs,
)
from .learner import Learner
from .loss import mean_loss
from .metrics import Metrics
from .recipes.recipe import Recipe


@dataclass(frozen=True)
class Validation:
    """The result of one validation.

    Attributes:
        loss: mean loss of a target token under teacher forcing, in nats; ``None`` without
            tokens.
        metrics: of the translations, by kind of sentence (``evaluation.metrics_of``).
        examples: the translations.
    """

    loss: float | None
    metrics: dict[str, Metrics]
    examples: list[Example]

    def columns(self) -> dict[str, float | None]:
        """Return loss and metrics as columns of a ``Point`` of the history."""
        columns = {"validation_loss": self.loss}
        for kind, metrics in self.metrics.items():
            suffix = "_unknown" if kind == UNKNOWN else ""
            for name in ("bleu", "chrf", "token_error_rate", "exact"):
                columns[f"{name}{suffix}"] = getattr(metrics, name)
        return columns

    @property
    def errors(self) -> tuple[float, ...] | None:
        """The figures that choose the best epoch, the smaller the better; ``None`` without any.

        Token error rate, share of wrong texts and loss, of the sentences without unknown words
        where there are some. BLEU does not choose: of targets with fewer than four tokens it is 0
        throughout.
        """
        if not self.metrics:
            return None
        metrics = self.metrics.get(KNOWN) or next(iter(self.metrics.values()))
        loss = math.inf if self.loss is None else self.loss
        return metrics.token_error_rate, 1 - metrics.exact, loss


NOT_MEASURED = Validation(None, {}, [])


class Validator:
    """Pairs that are held out, and the model that is evaluated on them.

    Attributes:
        pairs: those that the model can translate, with their encoding.
        scorer: of their targets.
        encodable: those of them whose reference has token ids, too, and so a loss.
    """

    def __init__(
        self, learner: Learner, corpus: Corpus, pairs: Sequence[Pair], recipe: Recipe
    ) -> None:
        """Prepare the pairs; ``measure`` runs the learner's model as it is by then.

        Args:
            learner: has the model.
            corpus: its vocabularies and text modes.
            pairs: the validation pairs of the corpus, or its test pairs.
            recipe: of the run.
        """
        source, target = corpus.vocabularies.tokenizers(corpus.modes, learner.max_source_length)
        self._pipeline = learner.model.pipeline(source, target, learner.max_target_length)
        self._model = learner.model
        self.pairs = translatable(source, pairs)
        self.encodable = [pair for pair, _ in self.pairs if corpus.vocabularies.encodes(pair)]
        groups = shuffled_groups(
            encode_pairs(self.encodable, corpus.vocabularies),
            recipe.batch_size,
            recipe.batch_tokens,
            seed=0,
            epoch=0,
        )
        self.scorer = scorer_of(target, pairs)
        self._batches = [collate(group) for group in groups]

    def measure(self) -> Validation:
        """Translate the pairs; compute their loss and metrics."""
        examples = translate_pairs(self._pipeline, self.pairs)
        metrics = metrics_of(examples, self.scorer)
        return Validation(mean_loss(self._model, self._batches), metrics, examples)
