"""The command ``python -m s2s_export.export``: from a trained run to a folder that apps ship.

This is the one door between the worlds: it loads a checkpoint with torch and lets ``bundle`` write
and prove the folder. Importing it needs no torch; calling ``export`` does.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from . import __version__, command
from .contract import Graphs
from .errors import RuntimeMissingError
from .folder import Precision
from .manifest import Manifest


def export(run: Path, out: Path, *, force: bool = False, precision: Precision = "fp32") -> Manifest:
    """Export a run: ONNX and TorchScript graphs, vocabularies, manifest, README.

    Nothing is published before the graphs are shown to decode as eager PyTorch does; until then the
    old folder stays as it is.

    Args:
        run: the run folder that ``python -m training.fit`` wrote.
        out: the folder to write; an earlier export in it is replaced as a whole.
        precision: ``"int8"`` adds quantized graphs; the others are always there.
        force: replace ``out`` even if it holds other files, which are deleted.

    Returns:
        The manifest that was written.

    Raises:
        ArtefactNotFoundError: the run folder has no checkpoint.
        CheckpointError: the checkpoint cannot be used.
        GraphError: an exported graph breaks its contract.
        ParityError: an exported graph does not decode as eager PyTorch does.
        OutputError: ``out`` may not be replaced, or cannot be written.
        RuntimeMissingError: torch, onnx or onnxscript is not installed, or this is no checkout.
    """
    try:
        from training import checkpoint

        from . import bundle
    except ImportError as error:
        raise RuntimeMissingError(
            f"exporting needs the training packages ({error}): "
            "run it in a checkout of s2s-export after pip install -e '.[train]'"
        ) from error
    return bundle.write(checkpoint.load(run), out, force=force, precision=precision)


def main(arguments: Sequence[str] | None = None) -> int:
    """Export as the command line says and print what was compared."""
    options = _parser().parse_args(arguments)
    return command.run(lambda: _export_command(options), debug=options.debug)


def _export_command(options: argparse.Namespace) -> int:
    command.share_cores()
    manifest = export(options.run, options.out, force=options.force, precision=options.precision)
    for backend, record in manifest.parity.items():
        print(
            f"{backend}: {record.identical} of {record.sentences} sentences with the same tokens "
            f"as eager PyTorch, {record.ties} ties; largest difference of an output "
            f"{record.largest_difference:.1e}, smallest margin of a token "
            f"{record.smallest_margin:.1e}"
        )
    print(f"wrote {options.out}: {_megabytes(manifest, manifest.graphs):.1f} MB of ONNX graphs")
    if manifest.int8 is not None:
        agreement = manifest.int8.agreement
        bleu = (
            ""
            if agreement.bleu is None
            else (f"; BLEU {agreement.bleu:.1f}, fp32 {agreement.bleu_fp32:.1f}")
        )
        print(
            f"int8: {_megabytes(manifest, manifest.int8.graphs):.1f} MB; the tokens of fp32 for "
            f"{agreement.identical} of {agreement.sentences} sentences{bleu}"
        )
    if manifest.golden:
        print(f'next: python -m s2s_export --model {options.out} "{manifest.golden[0].source}"')
    return 0


def _megabytes(manifest: Manifest, graphs: Graphs) -> float:
    return sum(manifest.files[graph.file].size for graph in (graphs.encoder, graphs.decoder)) / 1e6


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m s2s_export.export",
        description="Export a trained run to ONNX and TorchScript, prove it, and publish it.",
        epilog="Exit codes: 0 ok, 2 wrong usage, 3 the run, the graphs or the output folder cannot "
        "be used, 5 a package is missing, 130 interrupted.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--run", type=Path, default=Path("runs/default"), metavar="DIR", help="trained run folder"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("exported"), metavar="DIR", help="folder to write"
    )
    parser.add_argument(
        "--force", action="store_true", help="replace the folder even if it holds other files"
    )
    parser.add_argument(
        "--precision",
        choices=("fp32", "int8"),
        default="fp32",
        help="int8 adds a pair of quantized graphs, smaller and quicker, and measures how often "
        "their tokens are those of the float32 graphs, which are always there",
    )
    parser.add_argument("--version", action="version", version=f"s2s-export {__version__}")
    command.add_debug_option(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
