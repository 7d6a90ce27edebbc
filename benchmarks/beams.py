"""Cost of beam search: ``python -m benchmarks.beams --model exported``.

One thread translates random token ids greedily and with beams, in turn, in ONNX Runtime. Every
sentence has as many source as target tokens and no hypothesis ends early, so that a beam is as wide
in the last step as in the second. A row has the time of a sentence, and in brackets how many times
that of greedy decoding it is.
"""

import argparse
import os
import statistics
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

# numpy reads these when it is imported.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np

from s2s_export import Translator
from s2s_export.decoding.beam import decode_n_best
from s2s_export.decoding.greedy import greedy_decode
from s2s_export.decoding.options import DecodingOptions, SearchOptions
from s2s_export.decoding.steps import Steps

from .timing import Task, mean_seconds

BEAMS = (2, 4, 8)
LENGTH = 6
BATCHES = (1, 32, 128)
_ROUNDS = 9
_SECONDS = 0.3  # of each beam in a round


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each batch size."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.beams", description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("exported"), help="an exported folder")
    parser.add_argument("--precision", choices=("fp32", "int8"), default="fp32")
    options = parser.parse_args(arguments)
    translator = Translator(options.model, precision=options.precision)
    size = translator.manifest.source.vocabulary_size
    names = ("greedy", *(f"beam of {beam}" for beam in BEAMS))
    print(f"one thread, {options.precision}; median of {_ROUNDS} rounds, in turn; times greedy's")
    title = f"{LENGTH} + {LENGTH} tokens"
    print(f"{title:14}" + "".join(f"{name:>18}" for name in names) + "   µs a sentence")
    for batch in BATCHES:
        sources = np.random.default_rng(0).integers(3, size, (batch, LENGTH)).tolist()
        tasks = _tasks(translator.pipeline.steps, sources)
        ratios, times = _measured(tasks)
        cells = (f"{1e6 * t / batch:10.0f} ({r:4.2f})" for t, r in zip(times, ratios, strict=True))
        title = "alone" if batch == 1 else f"batch of {batch}"
        print(f"{title:14}" + "".join(f"{cell:>18}" for cell in cells), flush=True)
    return 0


def _tasks(steps: Steps, sources: list[list[int]]) -> list[Task]:
    """Return greedy decoding of a batch, and decoding with each beam."""
    options = DecodingOptions(sos=0, eos=-1, max_length=LENGTH)  # no token ends a sentence
    beams = (SearchOptions(beam, n_best=beam) for beam in BEAMS)
    return [
        partial(greedy_decode, steps, sources, options),
        *(partial(decode_n_best, steps, sources, options, search) for search in beams),
    ]


def _measured(tasks: Sequence[Task]) -> tuple[list[float], list[float]]:
    """Return the median ratio of each task's time to the first one's, and its median seconds.

    A ratio is that of one round, so that what else the machine does strikes both alike.
    """
    rounds = [[mean_seconds(task, _SECONDS) for task in tasks] for _ in range(_ROUNDS)]
    times = [statistics.median(column) for column in zip(*rounds, strict=True)]
    by_round = [[seconds / row[0] for seconds in row] for row in rounds]
    return [statistics.median(column) for column in zip(*by_round, strict=True)], times


if __name__ == "__main__":
    sys.exit(main())
