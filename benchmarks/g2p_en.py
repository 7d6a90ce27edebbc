"""g2p_en's network, exported, beside its own loop in numpy: ``python -m benchmarks.g2p_en``.

It exports the weights of the package as ``docs/own-models/g2p_en.py`` does, pronounces the words in
turns of 1,000 with each, on one thread, and compares all pronunciations, phone for phone. A phone
that differs must be a tie in the numpy loop; anything else ends the command with exit code 3. The
package is installed without its dependencies (``pip install --no-deps g2p_en==2.1.0``) or lies
unpacked in the folder ``--package``.
"""

import argparse
import importlib.util
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

# numpy reads these when it is imported.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np
import torch
from numpy.typing import NDArray

from s2s_export import Translator, command
from s2s_export.errors import ParityError, RuntimeMissingError
from s2s_export.exporter.ties import TIE_MARGIN

from .peers.g2p_en import own_network
from .peers.tasks import read_task

_EXAMPLE = Path(__file__).parents[1] / "docs" / "own-models" / "g2p_en.py"
_TURN = 1_000
_BATCH = 64
_OWN = "g2p_en, numpy"

Pronounce = Callable[[Sequence[str]], list[str]]
"""Words to their phones, apart by spaces."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each: words a second of processor time, and how many are identical."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.g2p_en", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data/tasks"), help="folder of g2p.*.tsv")
    parser.add_argument("--words", type=int, default=20_000, help="test words, then training words")
    parser.add_argument("--package", type=Path, help="folder in which the package g2p_en lies")
    command.add_debug_option(parser)
    options = parser.parse_args(arguments)
    return command.run(lambda: _compare(options), debug=options.debug)


def _compare(options: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    try:
        network = own_network(options.package)
    except ModuleNotFoundError as error:
        raise RuntimeMissingError(
            f"g2p_en is not there ({error}): pip install --no-deps g2p_en==2.1.0, or give the "
            "folder of the unpacked wheel as --package"
        ) from error
    example = _example()
    weights = {**network.variables}
    words = _words(options.data, options.words)
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "exported"
        example.export(weights, folder, words[:: max(1, len(words) // 200)])
        translator = Translator(folder)
    ways: dict[str, Pronounce] = {
        _OWN: lambda turn: [" ".join(network.predict(word)) for word in turn],
        "exported, one by one": lambda turn: [translator.translate(word) for word in turn],
        f"exported, batches of {_BATCH}": lambda turn: [
            found.text for found in translator.translate_batch(turn, batch_size=_BATCH)
        ],
    }
    said, seconds = _pronounce(ways, words)
    print(f"{len(words):,} words, {len({*said[_OWN]}):,} pronunciations, one thread\n")
    print(f"{'':25} {'words/s':>8} {'times':>6} {'identical':>10} {'ties':>5}")
    for name, found in said.items():
        differing = [row for row in zip(words, said[_OWN], found, strict=True) if row[1] != row[2]]
        for word, own, other in differing:
            margin = _margin(example.own_loop(weights, word), own, other)
            if margin > TIE_MARGIN:
                raise ParityError(f"{name}: {word}: {other}; {_OWN}: {own}, better by {margin:.3g}")
        rate, times = len(words) / seconds[name], seconds[_OWN] / seconds[name]
        identical = len(words) - len(differing)
        print(f"{name:25} {rate:8.0f} {times:6.2f} {identical:10,} {len(differing):5}")
    return 0


def _example() -> Any:
    """Return the worked example as a module."""
    spec = importlib.util.spec_from_file_location("g2p_en_example", _EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    example = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)  # TorchScript finds the classes under the module's name
    return example


def _words(folder: Path, count: int) -> list[str]:
    """Return test words, filled up with words that g2p_en was trained on."""
    test = read_task(folder, "g2p", test=count).test
    training = read_task(folder, "g2p", training=count - len(test)).training
    return [*(question.word for question in test), *(pair.word for pair in training)]


def _pronounce(
    ways: Mapping[str, Pronounce], words: Sequence[str]
) -> tuple[dict[str, list[str]], dict[str, float]]:
    """Return what each says of all words, in turns, and the processor seconds that it took."""
    said, seconds = {name: list[str]() for name in ways}, dict.fromkeys(ways, 0.0)
    for start in range(0, len(words), _TURN):
        turn = words[start : start + _TURN]
        for name, pronounce in ways.items():
            began = time.process_time()
            said[name] += pronounce(turn)
            seconds[name] += time.process_time() - began
    return said, seconds


def _margin(loop: tuple[list[str], list[NDArray[np.float32]]], own: str, other: str) -> float:
    """Return the margin of the two best phones where two pronunciations part, in numpy's logits.

    It is infinite where the example's loop in numpy does not say what the package says.
    """
    phones, scores = loop
    if " ".join(phones) != own:
        return math.inf
    pairs = enumerate(zip_longest(phones, other.split()))
    parted = next(step for step, (one, another) in pairs if one != another)
    second, best = np.partition(scores[parted], -2)[-2:]
    return float(best - second)


if __name__ == "__main__":
    sys.exit(main())
