"""Speed of translation: ``python -m benchmarks.translation --run runs/default``.

One loop decodes on one thread with each back end in turn: eager PyTorch, TorchScript, ONNX Runtime
in fp32 and int8. Beside them run the tutorial's own loop, which reads the source token by token,
and the floor: the same products with weights in numpy, and nothing else. Every sentence has as many
source as target tokens and none ends early, so that all do the same work. ``--beside`` takes
another run, whose fp32 graphs are measured in the same turns: the cost of attention.
"""

import argparse
import os
import statistics
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

# numpy and torch read these when they are imported.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from s2s_export.decoding.greedy import greedy_decode
from s2s_export.decoding.options import DecodingOptions
from s2s_export.decoding.steps import fixed_shape
from s2s_export.export import source_of
from s2s_export.exporter import backends, build
from s2s_export.exporter.backends import Backend
from s2s_export.exporter.source import ExportSource
from s2s_export.exporter.torch_steps import as_tuple

from .timing import Task, mean_seconds

LENGTHS = (3, 6, 10)
BATCHES = (2, 8, 32, 128, 512)
_BATCH_LENGTH = 6
_ROUNDS = 7
_SECONDS = 0.15  # of each back end in a round


def main(arguments: Sequence[str] | None = None) -> int:
    """Print two tables: single sentences, and batches."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.translation", description=__doc__)
    parser.add_argument("--run", type=Path, default=Path("runs/default"), help="trained run folder")
    parser.add_argument("--beside", type=Path, metavar="RUN", help="another run, of the same data")
    parser.add_argument("--plot", type=Path, help="also draw the batches, into this file")
    options = parser.parse_args(arguments)
    source = source_of(options.run)
    tokens = len(source.source.vocabulary)
    pairs_of_steps = _backends(source)
    if options.beside:
        beside = source_of(options.beside)
        tokens = min(tokens, len(beside.source.vocabulary))  # both models read the same ids
        pairs_of_steps["beside fp32"] = _backends(beside)["ONNX fp32"]
    print(f"one thread; median of {_ROUNDS} rounds, in turn; times as fast as eager in brackets\n")
    names = (*pairs_of_steps, "tutorial", "floor")
    print(f"{'µs a sentence':14}" + "".join(f"{name:>18}" for name in names))
    for length in LENGTHS:
        ids = _random_ids(tokens, 1, length)
        _print_row(f"{length} + {length} tokens", _measure(source, pairs_of_steps, ids), 1)
    names = (*pairs_of_steps, "floor")
    title = f"{_BATCH_LENGTH} + {_BATCH_LENGTH} tokens"
    print(f"\n{title:14}" + "".join(f"{name:>18}" for name in names))
    rows = {}
    for batch in BATCHES:
        ids = _random_ids(tokens, batch, _BATCH_LENGTH)
        rows[batch] = _measure(source, pairs_of_steps, ids)
        _print_row(f"batch of {batch}", rows[batch], batch)
    rate = _sgemm_rate()
    products = sum(w.size * rows for _, w, rows in _products(source, _BATCH_LENGTH))
    print(f"\nsgemm of this machine: {rate / 1e9:.0f} GFLOP/s")
    for batch, times in rows.items():
        reached = 2 * products * batch / times["ONNX fp32"]
        print(f"ONNX fp32, batch of {batch}: {reached / 1e9:.0f} GFLOP/s, {reached / rate:.0%}")
    if options.plot:
        _plot(rows, options.plot)
    return 0


def _backends(source: ExportSource) -> dict[str, Backend]:
    torch.set_num_threads(1)
    graphs = build.build_graphs(source)
    return {
        "eager": backends.eager_backend(source),
        "TorchScript": backends.torchscript_backend(build.build_torchscript(source), source),
        "ONNX fp32": backends.onnx_backend(graphs, source),
        "ONNX int8": backends.onnx_backend(build.build_int8(source, graphs), source),
    }


def _random_ids(tokens: int, batch: int, length: int) -> list[list[int]]:
    """Return the ids of a batch of sentences, of the first tokens of a vocabulary."""
    ids: list[list[int]] = np.random.default_rng(0).integers(3, tokens, (batch, length)).tolist()
    return ids


def _measure(
    source: ExportSource, pairs_of_steps: dict[str, Backend], sources: list[list[int]]
) -> dict[str, float]:
    """Return the seconds that a batch of sentences of one length takes, by back end."""
    batch, length = len(sources), len(sources[0])
    options = DecodingOptions(sos=0, eos=-1, max_length=length)  # no token ends a sentence
    tasks: dict[str, Task] = {
        name: partial(greedy_decode, backend, sources, options)
        for name, backend in pairs_of_steps.items()
    }
    if batch == 1:
        tasks["tutorial"] = _tutorial_loop(source, sources[0])
    tasks["floor"] = _floor(source, batch, length)
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(_ROUNDS):
        for name, task in tasks.items():
            times[name].append(mean_seconds(task, _SECONDS))
    return {name: statistics.median(measured) for name, measured in times.items()}


def _tutorial_loop(source: ExportSource, ids: list[int]) -> Task:
    """Return a task that decodes one sentence as the tutorial's ``evaluate`` does."""
    spec = source.encoder_spec
    stretches = [ids] if spec.reads == "sentence" else [[index] for index in ids]
    zeros = torch.zeros(fixed_shape(spec.state[0], 1))

    @torch.no_grad()
    def decode() -> list[int]:
        hidden, collected = zeros, list[Sequence[torch.Tensor]]()
        for stretch in stretches:
            hidden, *of_tokens = as_tuple(source.encoder(torch.tensor([stretch]).T, hidden))
            collected.append(of_tokens)
        memory = [torch.cat(parts) for parts in zip(*collected, strict=True)]
        token, decoded = torch.tensor([0]), []
        for _ in ids:
            log_probs, hidden, *_ = source.decoder(token, hidden, *memory)
            _, best = log_probs.topk(1)
            token = best[:, 0]
            decoded.append(int(token))
        return decoded

    return decode


def _floor(source: ExportSource, batch: int, length: int) -> Task:
    """Return a task with a batch's products with the weights, and nothing else."""
    rng = np.random.default_rng(0)
    operands = {}  # each weight once, as in a model: copies would not stay in the caches
    products = _products(source, length)
    for name, weight, rows in products:
        columns, inner = weight.shape
        x = rng.uniform(-1, 1, (rows * batch, inner)).astype(np.float32)
        result = np.empty((rows * batch, columns), np.float32)
        operands[name] = x, np.ascontiguousarray(weight.T), result
    steps = [operands[name] for name, _, _ in products]

    def multiply() -> None:
        for x, weight, result in steps:
            np.dot(x, weight, out=result)

    return multiply


def _products(source: ExportSource, length: int) -> list[tuple[str, NDArray[np.float32], int]]:
    """Return the products of a sentence in order: name, weight ``float32[N, K]`` and rows.

    The small products of the attention with the memory are left out.
    """
    weights = {
        f"{step}.{name}": tensor.numpy()
        for step, module in (("encoder", source.encoder), ("decoder", source.decoder))
        for name, tensor in module.state_dict().items()
    }
    of_inputs, of_states = (
        [name for name in weights if name.startswith(f"encoder.gru.weight_{kind}")]
        for kind in ("ih", "hh")
    )
    whole = [*of_inputs, "encoder.key.weight"]
    context_gru = ["decoder.context_gru.weight_ih_l0", "decoder.context_gru.weight_hh_l0"]
    # A GRU of its own reads the context, or the same one is applied again.
    applications = 1 if context_gru[0] in weights else getattr(source.decoder, "n_layers", 2)
    step = ["decoder.gru.weight_ih_l0", "decoder.gru.weight_hh_l0"] * applications
    step += ["decoder.query.weight", *context_gru, "decoder.combine.weight", "decoder.out.weight"]
    each = of_states * length + ["encoder.bridge.weight"] + step * length
    rows = {**dict.fromkeys(each, 1), **dict.fromkeys(whole, length)}
    names = [name for name in (*whole, *each) if name in weights]  # each model has some
    return [(name, weights[name], rows[name]) for name in names]


def _sgemm_rate(size: int = 1024) -> float:
    """Return the floating-point operations a second of numpy's product of two large matrices."""
    one, other = (np.random.default_rng(s).random((size, size), np.float32) for s in (0, 1))
    result = np.empty_like(one)
    product = partial(np.dot, one, other, out=result)
    best = min(mean_seconds(product, _SECONDS) for _ in range(_ROUNDS))
    return 2 * size**3 / best


def _print_row(title: str, times: dict[str, float], batch: int) -> None:
    cells = (f"{1e6 * s / batch:10.0f} ({times['eager'] / s:4.2f})" for s in times.values())
    print(f"{title:14}" + "".join(f"{cell:>18}" for cell in cells), flush=True)


def _plot(rows: dict[int, dict[str, float]], path: Path) -> None:
    figure = Figure(figsize=(8, 5), layout="tight")
    FigureCanvasAgg(figure)  # no window, no global state
    axes = figure.add_subplot()
    for name in next(iter(rows.values())):
        rates = [batch / times[name] for batch, times in rows.items()]
        style = "--" if name == "floor" else "-"
        axes.plot(list(rows), rates, f"o{style}", label=name, markersize=4)
    axes.set_xscale("log", base=2)
    axes.set_xticks(list(rows), [str(batch) for batch in rows])
    axes.set_xlabel("sentences side by side")
    axes.set_ylabel(f"sentences a second, {_BATCH_LENGTH} + {_BATCH_LENGTH} tokens, one thread")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.4)
    axes.legend()
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    sys.exit(main())
