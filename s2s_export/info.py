"""The command ``python -m s2s_export.info``: what is installed here, and what a folder holds.

What a report of a fault should come with. Needs no torch.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path

from . import __version__, command
from .errors import RuntimeMissingError
from .folder import ExportedFolder
from .manifest import Manifest
from .sessions import available_providers

_PACKAGES = ("numpy", "onnxruntime", "onnxruntime-gpu")


def environment() -> dict[str, str]:
    """Return versions, execution providers, and whether ONNX Runtime sends telemetry, by name."""
    packages = {name: _version(name) for name in _PACKAGES}
    try:
        providers = ", ".join(available_providers())
    except RuntimeMissingError as error:
        providers = f"none: {error}"
    return {
        "s2s-export": __version__,
        "python": f"{platform.python_version()} ({platform.system()} {platform.machine()})",
        **packages,
        "execution providers": providers,
        "telemetry": _telemetry(),
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _telemetry() -> str:
    """Say what onnxruntime was told; ``steps`` switches it off unless the user has decided."""
    value = os.environ.get("ORT_DISABLE_TELEMETRY", "")
    state = "switched off" if value == "1" else "not switched off"
    return f"{state} (ORT_DISABLE_TELEMETRY={value})"


def contents(manifest: Manifest) -> dict[str, str]:
    """Return what an exported folder says of itself, in short, by name."""
    sizes, training, longest = manifest.sizes, manifest.training, manifest.max_length
    scores = [
        f"{kind}: BLEU {score.bleu:.1f}, chrF {score.chrf:.1f}, exact {score.exact:.1%} of "
        f"{score.sentences} sentences"
        for kind, score in sorted(training.scores.items())
    ]
    return {
        "format version": str(manifest.format_version),
        "languages": f"{manifest.source_language} to {manifest.target_language}",
        "normalizer": manifest.normalizer,
        "words": f"{sizes.source_vocabulary:,} source tokens, {sizes.target_vocabulary:,} target",
        "unknown words": "an error" if manifest.special_ids.unk is None else "translated around",
        "int8": _int8(manifest),
        "hidden units": str(sizes.hidden),
        "longest sentence": f"{longest.source} tokens, translation {longest.target}",
        "files": ", ".join(f"{n} {r.size:,} bytes" for n, r in sorted(manifest.files.items())),
        "TorchScript": manifest.torchscript.missing_because or "encoder.pt, decoder.pt",
        "trained with": f"recipe {training.recipe}, {training.data}, seed {training.seed}, "
        f"{training.epochs} epochs over {training.training_pairs:,} pairs",
        "scores": "; ".join(scores) or "none",
        "parity": "; ".join(_parity(manifest)),
        "made by": ", ".join(f"{name} {version}" for name, version in manifest.tools.items()),
    }


def _int8(manifest: Manifest) -> str:
    if manifest.int8 is None:
        return "none"
    agreement = manifest.int8.agreement
    return f"the tokens of fp32 for {agreement.identical} of {agreement.sentences} sentences"


def _parity(manifest: Manifest) -> Iterator[str]:
    for backend, record in sorted(manifest.parity.items()):
        yield (
            f"{backend}: {record.identical} of {record.sentences} sentences identical, "
            f"{record.ties} ties, largest difference {record.largest_difference:.1e}"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is installed, and what the folder holds if one is given."""
    options = _parser().parse_args(arguments)
    return command.run(lambda: _info_command(options), debug=options.debug)


def _info_command(options: argparse.Namespace) -> int:
    sections = {"installed": environment()}
    if options.folder is not None:
        sections[str(options.folder)] = contents(ExportedFolder(options.folder).manifest)
    if options.json:
        print(json.dumps(sections, indent=2, ensure_ascii=False))
    else:
        print("\n\n".join(_table(title, rows) for title, rows in sections.items()))
    return 0


def _table(title: str, rows: Mapping[str, str]) -> str:
    width = max(map(len, rows))
    return "\n".join([title, *(f"  {name:{width}}  {value}" for name, value in rows.items())])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m s2s_export.info",
        description="Show versions, execution providers and telemetry, and what an exported "
        "folder holds.",
        epilog="Exit codes: 0 ok, 2 wrong usage, 3 the folder cannot be read, 130 interrupted.",
    )
    parser.add_argument("folder", type=Path, nargs="?", help="an exported folder")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--version", action="version", version=f"s2s-export {__version__}")
    command.add_debug_option(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
