"""Best model: what ``best.pt`` gets beside the weights, each time the trainer saves one."""

import random
from pathlib import Path

from ..data.corpus import Corpus
from ..data.encoding import Pair
from ..learner import Learner
from ..recipes.recipe import Recipe
from ..validation import Validation, Validator
from . import checkpoint
from .checkpoint import Checkpoint, Report

_SAMPLES = 1000
"""Training pairs on which export compares the graphs where no pairs are held out."""


class BestModel:
    """Writer of a run's ``best.pt``."""

    def __init__(
        self,
        run: Path,
        recipe: Recipe,
        recipe_name: str,
        corpus: Corpus,
        learner: Learner,
        validators: tuple[Validator, Validator],
    ) -> None:
        """Take the parts of a training; the validators are that of validation and that of test."""
        self._run, self._recipe, self._recipe_name = run, recipe, recipe_name
        self._corpus, self._learner = corpus, learner
        self._validator, self._tester = validators

    def save(self, test: Validation) -> None:
        """Save the model as it is now, with the result of its test."""
        corpus, learner = self._corpus, self._learner
        report = Report(
            recipe=self._recipe_name,
            seed=self._recipe.seed,
            data=corpus.name,
            data_sha256=corpus.sha256,
            training_pairs=len(corpus.training),
            validation_pairs=len(corpus.validation),
            test_pairs=len(corpus.test),
            max_source_length=learner.max_source_length,
            max_target_length=learner.max_target_length,
            epoch=min(learner.position.epoch, self._recipe.epochs),
            test_loss=test.loss,
            metrics=test.metrics,
            metric_signature=self._tester.scorer.signature() if test.metrics else None,
        )
        modes, vocabularies = corpus.modes, corpus.vocabularies
        best = Checkpoint(self._recipe, report, modes, vocabularies, self._samples(), learner.model)
        checkpoint.save(best, self._run)

    def _samples(self) -> tuple[Pair, ...]:
        """Return pairs on which export compares the graphs: held-out ones, or some of training."""
        encodable = (*self._validator.encodable, *self._tester.encodable)
        if encodable:
            return encodable
        training = self._corpus.training
        generator = random.Random(self._recipe.seed)
        return tuple(generator.sample(training, min(_SAMPLES, len(training))))
