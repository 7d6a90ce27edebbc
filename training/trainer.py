"""A whole training run, from raw pairs to the run folder; ``fit`` is its command line.

It reports on stdout; the progress bar and notices go to stderr.
"""

import random
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
from .data.corpus import Corpus
from .data.pairs_file import TextPair
from .evaluation import KNOWN, UNKNOWN
from .learner import Learner
from .recipes import Recipe
from .run import checkpoint, resuming
from .run import folder as run_folder
from .run.checkpoint import Checkpoint, Report
from .run.history import HistoryWriter, Point, Tally, metric_columns, points_from, to_csv
from .run.plot import plot_errors, plot_losses
from .run.signals import stop_requests
from .validation import NOT_MEASURED, Validation, Validator

SAVE_INTERVAL = 60.0
"""Seconds. A training that is killed loses no more than this, and the time of a validation."""

_SAMPLES = 1000


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

    Returns:
        The best checkpoint: that with the lowest token error rate on the held-out sentences, or
        without such sentences the last.

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
    corpus = Corpus.prepare(raw, recipe, data_name)
    with run_folder.locked(run):
        if run_folder.holds_run(run) and not resume and not force:
            raise OutputError(
                f"{run}: it holds a run; go on with --resume, choose another --run, or --force to "
                "replace it"
            )
        reporting.print_corpus(corpus, recipe)
        for line in advice(raw, corpus):
            print(f"note: {line}", file=sys.stderr)
        training = Training(corpus, recipe, run, recipe_name=recipe_name, device=device)
        if resume:
            training.restore(checkpoint.load_state(run))
        else:
            run_folder.clear(run)
        training.train(save_interval)
        result = checkpoint.load(run)
    reporting.print_result(result)
    return result


class Training:
    """A run under way: its learner, its history, and the work that is due after each step."""

    def __init__(
        self, corpus: Corpus, recipe: Recipe, run: Path, *, recipe_name: str, device: torch.device
    ) -> None:
        """Begin; see ``fit``."""
        self._corpus = corpus
        self._recipe = recipe
        self._run = run
        self._recipe_name = recipe_name
        self._learner = Learner(corpus, recipe, device)
        self._validator = Validator(self._learner, corpus, recipe)
        self._history: list[Point] = []
        self._tallies = {"curve": Tally(), "report": Tally(), "epoch": Tally()}
        self._least_errors: tuple[float, ...] | None = None
        self._stale = 0
        self._stopped_early = False
        self._environment = resuming.environment(device)
        self._clock = reporting.Clock()
        self._tensorboard = HistoryWriter(run / run_folder.TENSORBOARD_FOLDER)

    def train(self, save_interval: float) -> None:
        """Train to the end of the recipe, or until a signal; see ``fit``."""
        if self._corpus.held_out:
            replace_file(self._run / run_folder.HELD_OUT_FILE, self._corpus.held_out_tsv())
        self._save()  # before the work begins: here it shows whether the folder can be written
        saved = time.monotonic()
        bar = tqdm(
            total=self._learner.pairs * self._recipe.epochs,
            initial=self._learner.position.sentences,
            unit="pairs",
            disable=self._finished,
        )
        with stop_requests() as stop, self._tensorboard, bar:
            self._tensorboard.write(self._history)
            while not self._finished:
                try:
                    bar.update(self._step())
                except NonFiniteError as error:
                    raise NonFiniteError(
                        f"{error}; {self._run} keeps its last good checkpoint"
                    ) from None
                stopped = stop.signal_number is not None
                if stopped or self._finished or time.monotonic() - saved >= save_interval:
                    self._save()
                    saved = time.monotonic()
                if stop.signal_number is not None and not self._finished:
                    raise StoppedError(self._where_stopped(), stop.signal_number)
        plot_losses(
            self._history,
            self._run / run_folder.LOSS_PLOT_FILE,
            per_sentence=self._recipe.loss == "sentence",
        )
        if self._least_errors is not None:
            plot_errors(self._history, self._run / run_folder.ERRORS_PLOT_FILE)

    @property
    def _finished(self) -> bool:
        return self._learner.finished or self._stopped_early

    def _where_stopped(self) -> str:
        position = self._learner.position
        return (
            f"stopped after step {position.step} of epoch {position.epoch}, saved in {self._run}; "
            "add --resume to the same command to go on"
        )

    def _step(self) -> int:
        """Take a step and do the work that is due after it; return its number of sentences."""
        loss = self._learner.take_step()
        for tally in self._tallies.values():
            tally.add(loss.nll, loss.tokens, loss.sentences)
        self._clock.sentences += loss.sentences
        if self._due("report", self._recipe.report_every):
            sentences = self._learner.position.sentences
            share = sentences / (self._learner.pairs * self._recipe.epochs)
            reporting.print_running_loss(self._tallies["report"], self._clock, sentences, share)
            self._tallies["report"] = Tally()
        if self._learner.epoch_finished:
            self._end_epoch()
        elif self._due("curve", self._recipe.curve_every):
            self._add_point({})
        return loss.sentences

    def _due(self, tally: str, every: int) -> bool:
        return every > 0 and self._tallies[tally].sentences >= every

    def _end_epoch(self) -> None:
        epoch = self._learner.position.epoch
        due = epoch == self._recipe.epochs or epoch % self._recipe.validate_every == 0
        found = self._validate() if due and self._validator.pairs else NOT_MEASURED
        reporting.print_epoch(epoch, self._tallies["epoch"], self._clock, found.loss, found.metrics)
        columns = {
            **metric_columns(found.metrics.get(KNOWN), ""),
            **metric_columns(found.metrics.get(UNKNOWN), "_unknown"),
        }
        self._add_point({"held_out_loss": found.loss, **columns})
        self._tallies["epoch"] = Tally()
        self._clock = reporting.Clock()
        self._learner.begin_epoch()

    def _validate(self) -> Validation:
        """Measure the model; save it if it is the best so far."""
        found = self._validator.measure()
        if found.errors is not None:
            if self._least_errors is None or found.errors < self._least_errors:
                self._least_errors, self._stale = found.errors, 0
                self._save_model(found)
                examples = evaluation.to_tsv(found.examples)
                replace_file(self._run / run_folder.HYPOTHESES_FILE, examples)
            else:
                self._stale += 1
                self._stopped_early = self._stale >= self._recipe.patience
        return found

    def _add_point(self, columns: dict[str, float | None]) -> None:
        tally = self._tallies["curve"]
        point = Point(
            epoch=self._learner.position.epoch,
            sentences=self._learner.position.sentences,
            token_loss=tally.token_loss,
            sentence_loss=tally.sentence_loss,
            **columns,
        )
        self._history.append(point)
        self._tensorboard.write([point])
        self._tallies["curve"] = Tally()

    def _save(self) -> None:
        """Save the state to resume from."""
        if not self._learner.is_finite():
            raise NonFiniteError(
                f"a weight is NaN or infinite in epoch {self._learner.position.epoch}; a lower "
                f"--learning-rate may help; {self._run} keeps its last good checkpoint"
            )
        if self._least_errors is None:  # nothing to choose by: the newest is the best
            self._save_model(NOT_MEASURED)
        checkpoint.save_state(self._state(), self._run)
        replace_file(self._run / run_folder.HISTORY_FILE, to_csv(self._history))

    def _state(self) -> dict[str, Any]:
        return {
            "recipe": asdict(self._recipe),
            "data_sha256": self._corpus.sha256,
            "environment": self._environment,
            "learner": self._learner.state(),
            "history": [asdict(point) for point in self._history],
            "tallies": {name: asdict(tally) for name, tally in self._tallies.items()},
            "least_errors": self._least_errors,
            "stale": self._stale,
            "stopped_early": self._stopped_early,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to where ``_state`` was taken.

        Raises:
            CheckpointError: it is of another recipe.
            DataError: it is of other pairs.
        """
        resuming.require_same_run(state, self._recipe, self._corpus, self._run)
        difference = resuming.inexactness(state["environment"], self._environment)
        if difference is not None:
            print(f"note: {difference}", file=sys.stderr)
        self._learner.restore(state["learner"])
        self._history = points_from(state["history"])
        self._tallies = {name: Tally(**values) for name, values in state["tallies"].items()}
        least = state["least_errors"]
        self._least_errors = None if least is None else tuple(least)
        self._stale = state["stale"]
        self._stopped_early = state["stopped_early"]
        position = self._learner.position
        where = f"after step {position.step} of epoch {position.epoch}"
        print("the run was finished" if self._finished else f"resumed {where}")

    def _save_model(self, found: Validation) -> None:
        corpus, learner = self._corpus, self._learner
        few = min(_SAMPLES, len(corpus.training))
        encodable = self._validator.encodable
        samples = encodable or random.Random(self._recipe.seed).sample(corpus.training, few)
        report = Report(
            recipe=self._recipe_name,
            seed=self._recipe.seed,
            data=corpus.name,
            data_sha256=corpus.sha256,
            training_pairs=len(corpus.training),
            held_out_pairs=len(corpus.held_out),
            max_source_length=learner.max_source_length,
            max_target_length=learner.max_target_length,
            epoch=min(learner.position.epoch, self._recipe.epochs),
            held_out_loss=found.loss,
            metrics=found.metrics,
            metric_signature=self._validator.scorer.signature() if found.metrics else None,
        )
        best = Checkpoint(
            recipe=self._recipe,
            report=report,
            modes=corpus.modes,
            vocabularies=corpus.vocabularies,
            samples=tuple(samples),
            model=learner.model,
        )
        checkpoint.save(best, self._run)
