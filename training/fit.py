"""The command ``python -m training.fit``: from pairs of sentences to a trained run folder."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from s2s_export import command
from s2s_export.errors import ProviderError, RuntimeMissingError

from .phrasebook import phrasebook
from .reading import read_pairs
from .settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Train as the command line says and report on stdout; progress goes to stderr."""
    return command.run(_fit_command, _parser().parse_args(arguments))


def _fit_command(options: argparse.Namespace) -> int:
    command.share_cores()
    try:
        import torch

        from . import trainer
    except ImportError as error:
        raise RuntimeMissingError(f"training needs pip install -e '.[train]' ({error})") from error
    if options.device == "cuda" and not torch.cuda.is_available():
        raise ProviderError("device 'cuda' is not available: this PyTorch sees no NVIDIA GPU")
    first, second = options.languages
    source_language, target_language = (first, second) if options.reverse else (second, first)
    settings = Settings(
        seed=options.seed,
        epochs=options.epochs,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        hidden_size=options.hidden_size,
        held_out=options.held_out,
        max_length=options.max_length or None,
        prefixes=tuple(options.prefixes),
        source_language=source_language,
        target_language=target_language,
    )
    trainer.fit(
        read_pairs(options.data) if options.data else phrasebook(),
        settings,
        options.run,
        data_name=options.data.name if options.data else "phrasebook",
        reverse=options.reverse,
        device=torch.device(options.device),
    )
    print(f"wrote the checkpoint and {trainer.LOSS_PLOT_FILE} to {options.run}")
    print(f"next: python -m s2s_export.export --run {options.run}")
    return 0


def _parser() -> argparse.ArgumentParser:
    defaults = Settings()
    parser = argparse.ArgumentParser(
        prog="python -m training.fit",
        description="Train the tutorial's sequence-to-sequence model.",
        epilog="Exit codes: 0 ok, 2 wrong usage, 3 the run folder cannot be written, "
        "4 the data cannot be used, 5 the device is not available, 130 interrupted.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    data = parser.add_argument_group("data")
    data.add_argument(
        "--data",
        type=Path,
        metavar="FILE",
        help=".txt, .tsv or .zip with lines of English<TAB>French; without it, the phrasebook",
    )
    data.add_argument(
        "--reverse",
        action="store_true",
        help="translate from the first column to the second, not from the second to the first",
    )
    data.add_argument(
        "--languages",
        nargs=2,
        metavar=("FIRST", "SECOND"),
        default=["eng", "fra"],
        help="names of the columns' languages",
    )
    data.add_argument(
        "--max-length",
        type=_whole_number,
        metavar="N",
        default=defaults.max_length,
        help="keep pairs with fewer than N tokens on both sides; 0 keeps any",
    )
    data.add_argument(
        "--prefixes",
        nargs="*",
        metavar="PREFIX",
        default=list(defaults.prefixes),
        help="keep pairs whose first column starts with one of these; none given keeps any",
    )
    data.add_argument(
        "--held-out",
        type=_fraction,
        metavar="FRACTION",
        default=defaults.held_out,
        help="hold out this fraction of the source sentences; 0 trains on everything",
    )
    training = parser.add_argument_group("training")
    training.add_argument(
        "--run", type=Path, metavar="DIR", default=Path("runs/default"), help="run folder to write"
    )
    training.add_argument(
        "--epochs",
        type=_positive,
        metavar="N",
        default=defaults.epochs,
        help="passes over the pairs",
    )
    training.add_argument(
        "--seed",
        type=_whole_number,
        metavar="N",
        default=defaults.seed,
        help="of weights, held-out part and order",
    )
    training.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where to train")
    training.add_argument(
        "--batch-size",
        type=_positive,
        metavar="N",
        default=defaults.batch_size,
        help="pairs of a step",
    )
    training.add_argument(
        "--learning-rate", type=float, metavar="X", default=defaults.learning_rate, help="of Adam"
    )
    training.add_argument(
        "--hidden-size", type=_positive, metavar="N", default=defaults.hidden_size, help="units"
    )
    command.add_debug_option(parser)
    return parser


def _whole_number(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"expected 0 or more, found {text}")
    return number


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, found {text}")
    return number


def _fraction(text: str) -> float:
    number = float(text)
    if not 0 <= number < 1:
        raise argparse.ArgumentTypeError(f"expected at least 0 and less than 1, found {text}")
    return number


if __name__ == "__main__":
    sys.exit(main())
