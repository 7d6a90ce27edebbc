"""A whole training run, from raw pairs to the run folder; ``fit`` is its command line.

It reports on stdout; the progress bar goes to stderr.
"""

import random
from collections.abc import Sequence
from pathlib import Path

import torch
from tqdm import tqdm

from s2s_export.errors import OutputError

from . import checkpoint
from .batches import Batch, shuffled_batches
from .checkpoint import Checkpoint, Report
from .dataset import (
    EncodedPair,
    Pair,
    PairFilter,
    Vocabularies,
    encode_pairs,
    select_pairs,
    sha256_of,
    split_held_out,
)
from .evaluate import evaluation_batches, translate_pairs
from .loop import mean_loss, train_epoch
from .model import Seq2Seq
from .plot import plot_losses
from .reading import RawPair
from .settings import Settings

LOSS_PLOT_FILE = "loss.png"
_EXAMPLES = 10
_SAMPLES = 1000


def fit(
    raw: Sequence[RawPair],
    settings: Settings,
    run: Path,
    *,
    data_name: str,
    reverse: bool,
    device: torch.device,
) -> Checkpoint:
    """Train on pairs and write the run folder.

    Args:
        raw: pairs as ``reading.read_pairs`` returns them.
        settings: of the run.
        run: the run folder; made if need be.
        data_name: what the report calls the data.
        reverse: see ``dataset.select_pairs``.
        device: where to train.

    Raises:
        DataError: no pair passes the filter.
        OutputError: the run folder cannot be written.
    """
    _make_folder(run)
    pair_filter = PairFilter(settings.max_length, settings.prefixes)
    pairs = select_pairs(raw, pair_filter, settings.normalizer, reverse=reverse)
    _print_counts(pairs, settings)
    training, held_out = split_held_out(pairs, settings.held_out, settings.seed)
    vocabularies = Vocabularies.from_pairs(training)
    known = [pair for pair in held_out if vocabularies.know(pair)]
    print(
        f"training on {len(training)} pairs; {len(held_out)} held out, "
        f"{len(held_out) - len(known)} of them with words that training does not see"
    )
    encoded = encode_pairs(training, vocabularies)
    torch.manual_seed(settings.seed)
    model = checkpoint.new_model(settings, vocabularies).to(device)
    training_losses, held_out_losses = _train(
        model, encoded, evaluation_batches(known, vocabularies), settings
    )
    report = Report(
        data=data_name,
        data_sha256=sha256_of(pairs),
        training_pairs=len(training),
        held_out_pairs=len(held_out),
        max_source_length=max(len(pair.source) for pair in encoded),
        max_target_length=max(len(pair.target) for pair in encoded),
        held_out_loss=held_out_losses[-1] if held_out_losses else None,
    )
    model.eval()
    samples = known or random.Random(settings.seed).sample(training, min(_SAMPLES, len(training)))
    result = Checkpoint(settings, report, vocabularies, tuple(samples), model)
    checkpoint.save(result, run)
    plot_losses(training_losses, held_out_losses, run / LOSS_PLOT_FILE)
    _print_examples(result)
    return result


def _train(
    model: Seq2Seq, pairs: Sequence[EncodedPair], held_out: Sequence[Batch], settings: Settings
) -> tuple[list[float], list[float]]:
    """Train for all epochs; return the training and the held-out loss of each."""
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.learning_rate, fused=True)
    training_losses: list[float] = []
    held_out_losses: list[float] = []
    for epoch in range(1, settings.epochs + 1):
        batches = shuffled_batches(pairs, settings.batch_size, seed=settings.seed, epoch=epoch)
        with tqdm(total=len(pairs), unit="pairs", desc=f"epoch {epoch}/{settings.epochs}") as bar:

            def show(batch: Batch, loss: float, bar: "tqdm[None]" = bar) -> None:
                bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
                bar.update(batch.size)

            training_losses.append(train_epoch(model, optimizer, batches, show))
            summary = f"loss={training_losses[-1]:.3f}"
            if held_out:
                held_out_losses.append(mean_loss(model, held_out))
                summary += f", held-out={held_out_losses[-1]:.3f}"
            bar.set_postfix_str(summary)
    return training_losses, held_out_losses


def _print_counts(pairs: Sequence[Pair], settings: Settings) -> None:
    counted = Vocabularies.from_pairs(pairs)
    print(
        f"{len(pairs)} pairs; words, SOS and EOS counted: "
        f"{settings.source_language} {len(counted.source)}, "
        f"{settings.target_language} {len(counted.target)}"
    )


def _print_examples(result: Checkpoint) -> None:
    """Print the held-out loss and some random examples, as the tutorial's evaluateRandomly."""
    if result.report.held_out_loss is not None:
        print(f"held-out loss: {result.report.held_out_loss:.3f} nats a token")
    chosen = random.Random(result.settings.seed).sample(
        result.samples, min(_EXAMPLES, len(result.samples))
    )
    print("source | reference | hypothesis")
    for example in translate_pairs(
        result.model, result.vocabularies, chosen, result.report.max_target_length
    ):
        print(f"  {example}")


def _make_folder(run: Path) -> None:
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{run}: cannot be made: {error.strerror}") from error
