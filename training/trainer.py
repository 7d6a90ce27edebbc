"""A whole training run, from raw pairs to the run folder; ``training.fit`` is its command line.

Reports go to stdout, the progress bar and notices to stderr.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from s2s_export.errors import OutputError

from . import reporting
from .data.advice import advice
from .data.corpus import Corpus
from .data.pairs_file import TextPair
from .recipes.recipe import Recipe
from .run import checkpoint
from .run import folder as run_folder
from .run.checkpoint import Checkpoint
from .run.time_limit import Clock, TimeLimit
from .run.training import Training
from .start.earlier import earlier_run
from .start.options import NO_START, Start

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
    start: Start = NO_START,
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
        start: what the first weights are, beside chance.
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
    earlier = earlier_run(start, run, resume=resume)
    corpus = Corpus.prepare(raw, recipe, data_name, None if earlier is None else earlier.text)
    recipe = recipe.for_tokens(corpus.tokens)
    with run_folder.locked(run):
        if run_folder.holds_run(run) and not resume and not force:
            raise OutputError(
                f"{run}: it holds a run; go on with --resume, choose another --run, or --force to "
                "replace it"
            )
        reporting.print_corpus(corpus)
        training = Training(corpus, recipe, run, recipe_name, device, start, limit)
        if resume:
            training.restore(checkpoint.load_state(run))
        else:
            training.begin(earlier)
            run_folder.clear(run)
            for line in advice(raw, corpus):
                print(f"note: {line}", file=sys.stderr)
        training.train(save_interval)
        result = checkpoint.load(run)
    reporting.print_result(result)
    return result
