"""A whole training run, from raw pairs to the run folder; ``training.fit`` is its command line.

Reports go to stdout, the progress bar and notices to stderr.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from s2s_export.atomic_file import replace_file
from s2s_export.errors import NonFiniteError, OutputError, StoppedError

from . import evaluation, reporting
from .data.advice import advice
from .data.corpus import Corpus, to_tsv
from .data.pairs_file import TextPair
from .learner import Learner
from .recipe import Recipe
from .run import checkpoint, resuming
from .run import folder as run_folder
from .run.best import BestModel
from .run.checkpoint import Checkpoint
from .run.history import HistoryWriter, Point, to_csv
from .run.plot import plot_errors, plot_losses
from .run.progress import Progress, Tally
from .run.signals import stop_requests
from .run.time_limit import Clock, TimeLimit
from .validation import NOT_MEASURED, Validation, Validator

SAVE_INTERVAL = 60.0
"""Seconds. A killed training loses no more than this and the time of a validation."""


def fit(
    raw: Sequence[TextPair],
    recipe: Recipe,
    run: Path,
    *,
    recipe_name: str,
    data_name: str,
    device: torch.device,
    resume: bool = False,
    force: bool = False,
    save_interval: float = SAVE_INTERVAL,
    clock: Clock = time.monotonic,
) -> Checkpoint:
    """Train on pairs and write the run folder.

    Args:
        raw: the texts.
        recipe: of the run.
        run: the run folder; made if need be.
        recipe_name: of the recipe in the report.
        data_name: of the data in the report.
        device: where to train.
        resume: go on where the run in the folder stopped.
        force: replace the run in the folder.
        save_interval: seconds from one checkpoint to the next.
        clock: measures the recipe's ``max_minutes``.

    Returns:
        The best checkpoint: that with the fewest token errors on the validation pairs, or without
        such pairs the last. Its metrics are those of the test pairs.

    Raises:
        DataError: no pair passes the filters, or to resume, the pairs are not the same.
        CheckpointError: to resume, the checkpoint cannot be used or is of another recipe.
        ArtefactNotFoundError: there is nothing to resume.
        RunInUseError: another process trains in the folder.
        OutputError: the folder holds a run and neither ``resume`` nor ``force`` is given, or it
            cannot be written.
        NonFiniteError: the loss became NaN or infinite; the last good checkpoint stays.
        StoppedError: SIGINT or SIGTERM came; everything is saved.
    """
    limit = TimeLimit(recipe.max_minutes, clock)
    corpus = Corpus.prepare(raw, recipe, data_name)
    recipe = recipe.for_tokens(corpus.tokens)
    with run_folder.locked(run):
        if run_folder.holds_run(run) and not resume and not force:
            raise OutputError(
                f"{run}: it holds a run; go on with --resume, choose another --run, or --force to "
                "replace it"
            )
        reporting.print_corpus(corpus, recipe)
        training = Training(
            corpus, recipe, run, recipe_name=recipe_name, device=device, limit=limit
        )
        if resume:
            training.restore(checkpoint.load_state(run))
        else:
            run_folder.clear(run)
            for line in advice(raw, corpus):
                print(f"note: {line}", file=sys.stderr)
        training.train(save_interval)
        result = checkpoint.load(run)
    reporting.print_result(result)
    return result


class Training:
    """A run under way: its learner, its progress, and the work that is due after each step."""

    def __init__(
        self,
        corpus: Corpus,
        recipe: Recipe,
        run: Path,
        *,
        recipe_name: str,
        device: torch.device,
        limit: TimeLimit,
    ) -> None:
        """Begin a run; arguments as for ``fit``."""
        self._corpus, self._run = corpus, run
        self._recipe, self._limit = recipe, limit
        self._learner = Learner(corpus, recipe, device, limit)
        self._validator = Validator(self._learner, corpus, corpus.validation, recipe)
        self._tester = Validator(self._learner, corpus, corpus.test, recipe)
        validators = self._validator, self._tester
        self._best = BestModel(run, recipe, recipe_name, corpus, self._learner, validators)
        self._progress = Progress()
        self._environment = resuming.environment(device)
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
        if errors is not None and self._progress.improves(errors, self._recipe.patience):
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
            "data_sha256": self._corpus.sha256,
            "environment": self._environment,
            "learner": self._learner.state(),
            "time": self._limit.state(),
            **asdict(self._progress),
        }
        checkpoint.save_state(state, self._run)
        replace_file(self._run / run_folder.HISTORY_FILE, to_csv(self._progress.history))

    def restore(self, state: dict[str, Any]) -> None:
        """Return to a state that ``train`` saved; errors as for ``fit``."""
        resuming.require_same_run(state, self._recipe, self._corpus, self._run)
        difference = resuming.inexactness(state["environment"], self._environment)
        if difference is not None:
            print(f"note: {difference}", file=sys.stderr)
        self._learner.restore(state["learner"])
        self._progress = Progress.from_state(state)
        self._limit.restore(state.get("time", {}))
        resumed = f"resumed after {self._learner.position}"
        print("the run was finished" if self._finished else resumed)
