"""The command ``python -m s2s_export.export``: from a trained run to a folder that apps ship.

It turns a run folder into an ``ExportSource``, which ``build`` exports and proves. Importing it
needs no torch; calling ``export`` does.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from . import __version__, command
from .errors import RuntimeMissingError
from .folder.manifest import Graphs, Manifest
from .folder.reader import Precision

if TYPE_CHECKING:
    from .exporter.source import ExportSource


def export(
    run: Path,
    out: Path,
    *,
    force: bool = False,
    precision: Precision = "fp32",
    with_torchscript: bool = True,
    attribution: str | None = None,
) -> Manifest:
    """Export a run: ONNX and TorchScript graphs, vocabularies, manifest, README.

    Nothing is published before the graphs are shown to decode as eager PyTorch does; until then the
    old folder stays as it is.

    Args:
        run: the run folder that ``python -m training.fit`` wrote.
        out: the folder to write; an earlier export in it is replaced as a whole.
        precision: ``"int8"`` adds quantized graphs; the others are always there.
        with_torchscript: whether the TorchScript files are written too.
        attribution: of the data, for the manifest: whom its licence wants named.
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
    source = source_of(run)
    if attribution is not None:
        source = replace(source, training={**source.training, "attribution": attribution})
    from .exporter.build import build

    return build(source, out, force=force, precision=precision, with_torchscript=with_torchscript)


def source_of(run: Path) -> "ExportSource":
    """Load the best checkpoint of a run as a model to export.

    Args:
        run: the run folder that ``python -m training.fit`` wrote.

    Raises:
        ArtefactNotFoundError: the run folder has no checkpoint.
        CheckpointError: the checkpoint cannot be used.
        RuntimeMissingError: torch, onnx or onnxscript is not installed, or this is no checkout.
    """
    try:
        from training.evaluation import scorer_of
        from training.run import checkpoint as checkpoints

        from .exporter.source import ExportSource, Sample
    except ImportError as error:
        raise RuntimeMissingError(
            f"exporting a run needs the training packages ({error}): "
            "run it in a checkout of s2s-export after pip install -e '.[train]'"
        ) from error
    checkpoint = checkpoints.load(run)
    model, report, selection = checkpoint.model, checkpoint.report, checkpoint.recipe.selection
    source, target = checkpoint.tokenizers
    return ExportSource(
        encoder=model.encoder,
        encoder_spec=model.encoder.spec(),
        decoder=model.decoder,
        decoder_spec=model.decoder.spec(),
        source=source,
        target=target,
        source_language=selection.source_language,
        target_language=selection.target_language,
        max_source_length=report.max_source_length,
        max_target_length=report.max_target_length,
        samples=tuple(Sample(pair.texts.source, pair.texts.target) for pair in checkpoint.samples),
        training=report.facts(),
        metrics={kind: metrics.figures() for kind, metrics in report.metrics.items()},
        bleu=scorer_of(target, checkpoint.samples).bleu,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Export as the command line says and print the comparisons."""
    options = _parser().parse_args(arguments)
    return command.run(lambda: _export_command(options), debug=options.debug)


def _export_command(options: argparse.Namespace) -> int:
    command.share_cores()
    manifest = export(
        options.run,
        options.out,
        force=options.force,
        precision=options.precision,
        with_torchscript=not options.no_torchscript,
        attribution=options.attribution,
    )
    for backend, record in manifest.parity.items():
        print(
            f"{backend}: {record.identical} of {record.sentences} sentences with the same tokens "
            f"as eager PyTorch, {record.ties} ties; largest difference of an output "
            f"{record.largest_difference:.1e}, smallest margin of a token "
            f"{record.smallest_margin:.1e}"
        )
    reason = manifest.torchscript.missing_because
    if reason is not None and not options.no_torchscript:
        print(f"no TorchScript files: {reason}")
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
    parser.add_argument(
        "--no-torchscript",
        action="store_true",
        help="leave out the TorchScript files, which only programs with PyTorch open",
    )
    parser.add_argument(
        "--attribution",
        metavar="TEXT",
        help="whom the licence of the data wants named; the manifest records it",
    )
    parser.add_argument("--version", action="version", version=f"s2s-export {__version__}")
    command.add_debug_option(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
