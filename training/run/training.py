"""A run under way: the trainer's loop, and the work that is due after each step.

Reports go to stdout, the progress bar and notices to stderr.
"""

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from s2s_export.atomic_file import replace_file
from s2s_export.errors import NonFiniteError, StoppedError

from .. import evaluation, reporting
from ..data.corpus import Corpus, to_tsv
from ..learner import Learner
from ..recipes.recipe import Recipe
from ..start.beginning import begin
from ..start.earlier import Earlier, known_text_state
from ..start.options import Start
from ..validation import NOT_MEASURED, Validation, Validator
from . import checkpoint, resuming
from . import folder as run_folder
from .best import BestModel
from .history import HistoryWriter, Point, to_csv
from .plot import plot_errors, plot_losses
from .progress import Progress, Tally
from .signals import stop_requests
from .time_limit import TimeLimit


class Training:
    """A run under way: its learner, its progress, and the work that is due after each step."""

    def __init__(
        self,
        corpus: Corpus,
        recipe: Recipe,
        run: Path,
        recipe_name: str,
        device: torch.device,
        start: Start,
        limit: TimeLimit,
    ) -> None:
        """Make the parts of a run; arguments as for ``fit``."""
        self._corpus, self._recipe, self._run = corpus, recipe, run
        self._start, self._limit = start, limit
        self._learner = Learner(corpus, recipe, device, limit)
        self._validator = Validator(self._learner, corpus, corpus.validation, recipe)
        self._tester = Validator(self._learner, corpus, corpus.test, recipe)
        validators = self._validator, self._tester
        self._best = BestModel(run, recipe, recipe_name, corpus, self._learner, validators)
        self._progress = Progress()
        self._environment = resuming.environment(device, recipe)
        self._clock = reporting.Clock()
        self._tensorboard = HistoryWriter(run / run_folder.TENSORBOARD_FOLDER)

    def train(self, save_interval: float) -> None:
        """Train to the end of the recipe, or until a signal; errors as for ``fit``."""
        for name, pairs in (
            (run_folder.VALIDATION_FILE, self._corpus.validation),
            (run_folder.TEST_FILE, self._corpus.test),
        ):
            if pairs:
                replace_file(self._run / name, to_tsv(pairs))
        self._limit.begin_steps()
        self._save()  # before the work begins: a folder that cannot be written shows here
        saved = time.monotonic()
        done, total = self._learner.position.sentences, self._learner.pairs * self._recipe.epochs
        bar = tqdm(initial=done, total=total, unit="pairs", disable=self._finished)
        with stop_requests() as stop, self._tensorboard, bar:
            self._tensorboard.write(self._progress.history)
            while not self._finished:
                try:
                    bar.update(self._step())
                    due = stop.signal_number is not None or self._finished
                    if due or time.monotonic() - saved >= save_interval:
                        self._save()
                        saved = time.monotonic()
                except NonFiniteError as error:
                    raise NonFiniteError(
                        f"{error}; {self._run} keeps its last good checkpoint"
                    ) from None
                if stop.signal_number is not None and not self._finished:
                    raise StoppedError(
                        f"stopped after {self._learner.position}, saved in {self._run}; "
                        "add --resume to the same command to go on",
                        stop.signal_number,
                    )
        plot = self._run / run_folder.LOSS_PLOT_FILE
        plot_losses(self._progress.history, plot, per_sentence=self._recipe.loss == "sentence")
        if self._progress.least_errors is not None:
            plot_errors(self._progress.history, self._run / run_folder.ERRORS_PLOT_FILE)

    @property
    def _finished(self) -> bool:
        progress = self._progress
        return self._learner.finished or progress.stopped_early or progress.out_of_time

    def _step(self) -> int:
        """Take a step and do the work due after it; return the number of sentences."""
        loss, tallies = self._learner.take_step(), self._progress.tallies
        for tally in tallies.values():
            tally.add(loss.nll, loss.tokens, loss.sentences)
        self._clock.sentences += loss.sentences
        if 0 < self._recipe.report_every <= tallies["report"].sentences:
            done = self._learner.position.sentences
            share = done / (self._learner.pairs * self._recipe.epochs)
            reporting.print_running_loss(tallies["report"], self._clock, done, share)
            tallies["report"] = Tally()
        self._progress.out_of_time = self._limit.over
        if self._learner.epoch_finished or self._progress.out_of_time:
            self._end_epoch()
        elif tallies["curve"].sentences >= self._recipe.curve_every:
            self._add_point({})
        return loss.sentences

    def _end_epoch(self) -> None:
        epoch, tallies = self._learner.position.epoch, self._progress.tallies
        last = epoch == self._recipe.epochs or self._progress.out_of_time
        due = last or epoch % self._recipe.validate_every == 0
        validation = self._validate() if due and self._validator.pairs else NOT_MEASURED
        reporting.print_epoch(epoch, tallies["epoch"], self._clock, validation)
        self._add_point(validation.columns())
        tallies["epoch"] = Tally()
        self._clock = reporting.Clock()
        if self._learner.epoch_finished:
            self._learner.begin_epoch()

    def _validate(self) -> Validation:
        """Evaluate the model; save it, with its test, if it is the best so far."""
        before = self._limit.spent
        validation = self._validator.measure()
        errors = validation.errors
        if errors is not None and self._progress.improves(errors, self._recipe):
            test = self._tester.measure()
            self._best.save(test)
            examples = evaluation.to_tsv(test.examples)
            replace_file(self._run / run_folder.HYPOTHESES_FILE, examples)
        self._limit.reserve(self._limit.spent - before)
        return validation

    def _add_point(self, columns: dict[str, float | None]) -> None:
        tallies, position = self._progress.tallies, self._learner.position
        losses = tallies["curve"].token_loss, tallies["curve"].sentence_loss
        point = Point(position.epoch, position.sentences, *losses, **columns)
        self._progress.history.append(point)
        self._tensorboard.write([point])
        tallies["curve"] = Tally()

    def _save(self) -> None:
        """Save the state to resume from."""
        if not self._learner.is_finite():
            raise NonFiniteError(
                f"a weight is NaN or infinite in epoch {self._learner.position.epoch}; a lower "
                "--learning-rate may help"
            )
        if self._progress.least_errors is None:  # without a choice, the newest is the best
            self._best.save(NOT_MEASURED)
        state = {
            "recipe": asdict(self._recipe),
            "start": self._start.facts(),
            "known_text": known_text_state(self._corpus.known),
            "data_sha256": self._corpus.sha256,
            "environment": self._environment,
            "learner": self._learner.state(),
            "time": self._limit.state(),
            **asdict(self._progress),
        }
        checkpoint.save_state(state, self._run)
        replace_file(self._run / run_folder.HISTORY_FILE, to_csv(self._progress.history))

    def begin(self, earlier: Earlier | None) -> None:
        """Take the first weights that the options name; errors as for ``fit``."""
        begin(self._learner, self._corpus, self._start, earlier)

    def restore(self, state: dict[str, Any]) -> None:
        """Return to a state that ``train`` saved; errors as for ``fit``."""
        resuming.require_same_run(state, self._start, self._recipe, self._corpus, self._run)
        difference = resuming.inexactness(state["environment"], self._environment)
        if difference is not None:
            print(f"note: {difference}", file=sys.stderr)
        self._learner.restore(state["learner"])
        self._progress = Progress.from_state(state)
        self._limit.restore(state.get("time", {}))
        resumed = f"resumed after {self._learner.position}"
        print("the run was finished" if self._finished else resumed)
