"""Parity of the back ends over a whole corpus and over random token ids: ``make parity``.

Eager PyTorch, TorchScript and ONNX Runtime decode every distinct source of the data, then random
sequences of ids, one by one and in batches. A token that differs must be a proven tie; anything
else stops the command (exit code 3). With ``--beam-size`` their n-best lists are compared too.
"""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch

from s2s_export import command
from s2s_export.decoding.options import DecodingOptions, SearchOptions
from s2s_export.export import source_of
from s2s_export.exporter import backends, beam_parity, parity, ties
from s2s_export.exporter.build import build_graphs, build_torchscript
from s2s_export.text.vocabulary import EOS, SOS
from s2s_export.verify import TOLERANCE
from training.data.corpus import select_pairs
from training.data.pairs_file import read_pairs
from training.run import checkpoint as checkpoints

RANDOM_LENGTHS = (1, 30)
BATCH_SIZES: dict[str, tuple[int, ...]] = {"one by one": (1,), "batches of 128": (128,)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each kind of sentences, batch size and back end."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.parity", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the file that was trained on")
    parser.add_argument("--run", type=Path, default=Path("runs/parity"), help="trained run folder")
    parser.add_argument("--random", type=int, default=20_000, help="random sequences of ids")
    parser.add_argument("--limit", type=int, help="the most sources of the data, spread over all")
    parser.add_argument("--beam-size", type=int, default=1, help="also compare beams of this width")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="of ONNX Runtime")
    command.add_debug_option(parser)
    options = parser.parse_args(arguments)
    return command.run(lambda: _compare(options), debug=options.debug)


def corpus_sources(run: Path, data: Path) -> list[list[int]]:
    """Return the ids of every distinct source that the run's filters keep."""
    checkpoint = checkpoints.load(run)
    selection = checkpoint.recipe.selection
    pairs, _ = select_pairs(read_pairs(data, reverse=selection.reverse).pairs, selection)
    encode = checkpoint.vocabularies.source.encode
    return [encode(tokens) for tokens in dict.fromkeys(pair.source for pair in pairs)]


def random_sources(vocabulary_size: int, count: int) -> list[list[int]]:
    """Return sequences of random ids, unlike any sentence, of ``RANDOM_LENGTHS``."""
    generator = np.random.default_rng(0)
    lengths = generator.integers(RANDOM_LENGTHS[0], RANDOM_LENGTHS[1] + 1, count)
    return [generator.integers(0, vocabulary_size, length).tolist() for length in lengths]


def _compare(options: argparse.Namespace) -> int:
    torch.set_num_threads(1)  # a step of one sentence gains nothing from more
    source = source_of(options.run)
    vocabularies = source.source.vocabulary, source.target.vocabulary
    candidates = (
        backends.torchscript_backend(build_torchscript(source), source),
        backends.onnx_backend(build_graphs(source), source, options.device),
    )
    workloads = {
        "corpus": corpus_sources(options.run, options.data),
        "random ids": random_sources(len(vocabularies[0]), options.random),
    }
    if options.limit is not None:
        corpus = workloads["corpus"]
        workloads["corpus"] = corpus[:: max(1, len(corpus) // options.limit)][: options.limit]
    search = SearchOptions(options.beam_size, options.beam_size)
    reference = backends.eager_backend(source)
    decoding = DecodingOptions(SOS, EOS, source.max_target_length)
    print(
        f"compared with eager PyTorch; tolerance {TOLERANCE:.0e}, tie margin {ties.TIE_MARGIN:.0e}"
    )
    print(
        f"{'sentences':11} {'decoded':15} {'back end':20} {'count':>6} {'same':>6} {'ties':>5} "
        f"{'largest diff':>12} {'smallest margin':>15}"
    )
    for workload, sources in workloads.items():
        for decoded, batch_sizes in BATCH_SIZES.items():
            records = parity.compare(
                reference,
                candidates,
                sources,
                decoding,
                vocabularies=vocabularies,
                batch_sizes=batch_sizes,
                exact=partial(backends.exact_backend, source),
            )
            for name, record in records.items():
                print(
                    f"{workload:11} {decoded:15} {name:20} {record.sentences:6} "
                    f"{record.identical:6} {record.ties:5} {record.largest_difference:12.1e} "
                    f"{record.smallest_margin:15.1e}",
                    flush=True,
                )
            if options.beam_size == 1:
                continue
            beams = beam_parity.compare_beams(
                reference,
                candidates,
                sources,
                decoding,
                search,
                vocabularies=vocabularies,
                batch_sizes=batch_sizes,
            )
            for name, beam in beams.items():
                print(
                    f"{workload:11} {decoded:15} {name:20} {beam.sentences:6} {beam.identical:6} "
                    f"{beam.ties:5} beams of {beam.beam_size}",
                    flush=True,
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
