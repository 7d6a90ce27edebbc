"""How training shares the cores: ``python -m benchmarks.threads``.

Pairs a second for two spinning, two sleeping and one OpenMP thread, with both cores free and with
another process on one of them. See ``s2s_export.command.share_cores`` for what follows from it.
"""

import os
import subprocess
import sys
import time

_VARIANTS = {
    "two threads, spinning": {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "ACTIVE"},
    "two threads, sleeping": {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "PASSIVE"},
    "one thread": {"OMP_NUM_THREADS": "1"},
}
_BATCHES = 60


def main() -> int:
    """Print a row for each way to wait; each figure is a process of its own."""
    print(f"{'':25} {'both cores free':>16} {'one core taken':>16}")
    for name, variables in _VARIANTS.items():
        free = _pairs_per_second(variables)
        with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as other:
            taken = _pairs_per_second(variables)
            other.kill()
        print(f"{name:25} {free:16.0f} {taken:16.0f}", flush=True)
    return 0


def _pairs_per_second(variables: dict[str, str]) -> float:
    command = [sys.executable, "-c", "from benchmarks.threads import train; print(train())"]
    environment = {**os.environ, **variables}
    return float(subprocess.run(command, env=environment, check=True, capture_output=True).stdout)


def train() -> float:
    """Train on some batches of the phrasebook and return the pairs a second."""
    import torch

    from training.data.corpus import Corpus
    from training.data.pairs_file import RawPairs
    from training.data.phrasebook import phrasebook
    from training.learner import Learner
    from training.recipes import DEFAULT

    raw = RawPairs.of_columns("phrasebook", phrasebook())
    corpus = Corpus.prepare(raw.pairs, DEFAULT, raw.name)
    learner = Learner(corpus, DEFAULT, torch.device("cpu"))
    for _ in range(10):
        learner.take_step()  # warm up
    started = time.perf_counter()
    pairs = sum(learner.take_step().sentences for _ in range(_BATCHES))
    return pairs / (time.perf_counter() - started)


if __name__ == "__main__":
    sys.exit(main())
