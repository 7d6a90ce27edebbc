"""Speed of training: ``python -m benchmarks.training --data data/fra-eng.zip``.

Pairs a second of the tutorial's loop as the tutorial writes it, and of two recipes, in turn and in
one run, each in a process of its own. Compare the ratios; the speed of a machine varies.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from s2s_export.command import IDLE_THREADS
from s2s_export.text.vocabulary import EOS
from training.data.corpus import Corpus
from training.data.encoding import encode_pairs
from training.data.pairs_file import RawPairs, read_pairs
from training.data.phrasebook import phrasebook
from training.learner import Learner
from training.models.tutorial import DecoderRNN, EncoderRNN
from training.recipes.named import RECIPES

_ROUNDS = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each variant."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--data", type=Path, help="lines of English<TAB>French; or the phrasebook")
    parser.add_argument("--only", choices=_VARIANTS, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.only:
        print(_VARIANTS[options.only](options.data))
        return 0
    rates: dict[str, list[float]] = {name: [] for name in _VARIANTS}
    for _ in range(_ROUNDS):
        for name, measured in rates.items():
            variables = {} if name == "literal loop" else IDLE_THREADS
            measured.append(rate_in_a_process(name, variables, options.data))
    baseline = statistics.median(rates["literal loop"])
    print(f"{'':18} {'pairs/s':>8} {'times':>6}   (median and range of {_ROUNDS} rounds)")
    for name, measured in rates.items():
        rate = statistics.median(measured)
        span = f"{min(measured):.0f}-{max(measured):.0f}"
        print(f"{name:18} {rate:8.0f} {rate / baseline:6.1f}   ({span})")
    return 0


def rate_in_a_process(name: str, variables: Mapping[str, str], data: Path | None = None) -> float:
    """Return the pairs a second of a variant in a fresh process.

    Args:
        name: of the variant.
        variables: of the environment, for OpenMP; it reads them once in a process.
        data: pairs file; ``None`` for the phrasebook.
    """
    command = [sys.executable, "-m", "benchmarks.training", "--only", name]
    command += ["--data", str(data)] if data else []
    environment = {**os.environ, **variables}
    return float(subprocess.run(command, env=environment, check=True, capture_output=True).stdout)


def _rate(step: Callable[[], int], warm_up: int, seconds: float = 10.0) -> float:
    """Return the pairs a second of a step that returns its number of pairs."""
    for _ in range(warm_up):
        step()
    pairs, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        pairs += step()
    return pairs / (time.perf_counter() - started)


def _corpus(data: Path | None, recipe_name: str) -> Corpus:
    raw = read_pairs(data) if data else RawPairs.of_columns("phrasebook", phrasebook())
    return Corpus.prepare(raw.pairs, RECIPES[recipe_name], "data")


def _recipe(name: str, data: Path | None) -> float:
    learner = Learner(_corpus(data, name), RECIPES[name], torch.device("cpu"))

    def step() -> int:
        if learner.epoch_finished:
            learner.begin_epoch()
        return learner.take_step().sentences

    return _rate(step, warm_up=10)


def _literal_loop(data: Path | None) -> float:
    """Return the rate of the tutorial's loop: one token after the other, two optimizers."""
    corpus = _corpus(data, "tutorial")
    pairs = encode_pairs(corpus.training, corpus.vocabularies)
    random.Random(0).shuffle(pairs)
    torch.manual_seed(0)
    encoder = EncoderRNN(len(corpus.vocabularies.source), 256)
    decoder = DecoderRNN(len(corpus.vocabularies.target), 256, n_layers=2)
    encoder_optimizer = torch.optim.Adam(encoder.parameters(), lr=1e-3)
    decoder_optimizer = torch.optim.Adam(decoder.parameters(), lr=1e-3)
    criterion = nn.NLLLoss()
    remaining = iter(pairs)

    def step() -> int:
        pair = next(remaining)
        source = torch.tensor(pair.source).view(-1, 1, 1)  # [S, 1, 1]
        target = torch.tensor(pair.target).view(-1, 1)  # [T, 1]
        encoder_optimizer.zero_grad()
        decoder_optimizer.zero_grad()
        hidden: Tensor = torch.zeros(1, 1, 256)
        for token in source:
            hidden = encoder(token, hidden)
        loss: Tensor = torch.zeros(())
        fed = torch.zeros(1, dtype=torch.int64)
        for reference in target:
            log_probs, hidden = decoder(fed, hidden)
            loss = loss + criterion(log_probs, reference)
            fed = log_probs.argmax(dim=1)
            if fed.item() == EOS:
                break
        torch.autograd.backward(loss)
        encoder_optimizer.step()
        decoder_optimizer.step()
        return 1

    return _rate(step, warm_up=10)


_VARIANTS: dict[str, Callable[[Path | None], float]] = {
    "literal loop": _literal_loop,
    "recipe tutorial": partial(_recipe, "tutorial"),
    "recipe default": partial(_recipe, "default"),
}


if __name__ == "__main__":
    sys.exit(main())
