"""The command ``python -m s2s_export.info``: the installed run time, and the contents of a folder.

A bug report should come with its output. Needs no torch.
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
from .folder.manifest import Manifest
from .folder.reader import ExportedFolder
from .folder.sources.location import files_at
from .runtime.sessions import available_providers

_PACKAGES = ("numpy", "onnxruntime", "onnxruntime-gpu", "huggingface_hub")


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
    """Return the switch that onnxruntime reads; ``sessions`` sets it unless the user has."""
    value = os.environ.get("ORT_DISABLE_TELEMETRY", "")
    state = "switched off" if value == "1" else "not switched off"
    return f"{state} (ORT_DISABLE_TELEMETRY={value})"


def contents(manifest: Manifest) -> dict[str, str]:
    """Return a summary of an exported folder, by name."""
    source, target = manifest.source, manifest.target
    return {
        "format version": str(manifest.format_version),
        "languages": f"{source.language} to {target.language}",
        "text": source.text if source.text == target.text else f"{source.text} to {target.text}",
        "vocabularies": f"{source.vocabulary_size:,} source tokens, {target.vocabulary_size:,} "
        "target",
        "unknown words": "an error" if manifest.special_ids.unk is None else "translated around",
        "state": ", ".join(map(str, manifest.steps.decoder.state)),
        "int8": _int8(manifest),
        "longest sentence": f"{source.max_length} tokens, translation {target.max_length}",
        "files": ", ".join(f"{n} {r.size:,} bytes" for n, r in sorted(manifest.files.items())),
        "TorchScript": manifest.torchscript.missing_because or "encoder.pt, decoder.pt",
        "training": ", ".join(
            f"{name} {fact}" for name, fact in sorted(manifest.training.items()) if fact is not None
        ),
        "metrics": "; ".join(_metrics(manifest)) or "none",
        "parity": "; ".join(_parity(manifest)),
        "made by": ", ".join(f"{name} {version}" for name, version in manifest.tools.items()),
    }


def _metrics(manifest: Manifest) -> Iterator[str]:
    for kind, metrics in sorted(manifest.metrics.items()):
        yield f"{kind}: " + ", ".join(f"{name} {value:.4g}" for name, value in metrics.items())


def _int8(manifest: Manifest) -> str:
    if manifest.int8 is None:
        return "none"
    agreement = manifest.int8.agreement
    return f"the tokens of fp32 for {agreement.identical} of {agreement.sentences} sentences"


def _parity(manifest: Manifest) -> Iterator[str]:
    for backend, record in sorted(manifest.parity.items()):
        beam = record.beam
        yield (
            f"{backend}: {record.identical} of {record.sentences} sentences identical, "
            f"{record.ties} ties, largest difference {record.largest_difference:.1e}"
        ) + (
            f", beams of {beam.beam_size}: {beam.identical} of {beam.sentences} identical, "
            f"{beam.ties} ties"
            if beam
            else ""
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the installed versions, and the contents of the folder if one is given."""
    options = _parser().parse_args(arguments)
    return command.run(lambda: _info_command(options), debug=options.debug)


def _info_command(options: argparse.Namespace) -> int:
    sections = {"installed": environment()}
    if options.folder is not None:
        manifest = ExportedFolder(files_at(options.folder)).manifest
        sections[str(options.folder)] = contents(manifest)
    if options.json:
        print(json.dumps(sections, indent=2))
    else:
        print("\n\n".join(_table(title, rows) for title, rows in sections.items()))
    return 0


def _table(title: str, rows: Mapping[str, str]) -> str:
    width = max(map(len, rows))
    return "\n".join([title, *(f"  {name:{width}}  {value}" for name, value in rows.items())])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m s2s_export.info",
        description="Show versions, execution providers, telemetry, and the contents of an "
        "exported folder or a zip of one.",
        epilog="Exit codes: 0 ok, 2 wrong usage, 3 the folder cannot be read, 130 interrupted.",
    )
    parser.add_argument("folder", type=Path, nargs="?", help="an exported folder, or a zip of one")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--version", action="version", version=f"s2s-export {__version__}")
    command.add_debug_option(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
