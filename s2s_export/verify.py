"""The command ``python -m s2s_export.verify``: prove an exported folder again, without torch.

It checks files, structure, vocabularies, and the golden sentences, token for token, on the device
where they will run. ``verify`` does the same from Python and returns a report; export asks it
before it publishes.
"""

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from . import __version__, command, golden
from .decoding.steps import StepSpec
from .errors import ArtefactError, ParityError, ProviderError, S2SError
from .folder.manifest import MANIFEST_FILE, GraphRecord, Manifest
from .folder.reader import ExportedFolder
from .folder.sources.location import files_at
from .folder.text_side import SIDES, SideName, read_text_side
from .runtime.sessions import PROVIDERS, SessionSettings
from .translator import Translator

TOLERANCE = 1e-4
"""Largest allowed absolute difference of an output between back ends. The least likely words have
log-probabilities of -36 and below, where neighbouring float32 are 4e-6 apart, and each is a sum of
some 256 products on top of a chain of steps: differences of 3e-5 were measured
(docs/benchmarks.md), and this leaves a factor of three. A wrong GRU variant is off by 1e-1."""

T = TypeVar("T")


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        name: of the check.
        passed: whether nothing is wrong.
        found: the finding, or the fault and what to do about it.
    """

    name: str
    passed: bool
    found: str


@dataclass(frozen=True)
class Report:
    """The checks of a folder.

    Attributes:
        folder: as given.
        device: where the golden sentences were replayed.
        checks: in their order. Those that depend on a failed one are left out.
    """

    folder: str
    device: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)


def verify(path: str | os.PathLike[str], *, device: str = "cpu") -> Report:
    """Check an exported folder without torch.

    Args:
        path: the folder, or a zip of it.
        device: ``"cpu"`` or ``"cuda"``: where to replay the golden sentences.

    Returns:
        The report. Faults of the folder stand in it and are not raised.

    Raises:
        ProviderError: the device or onnxruntime is not available.
    """
    SessionSettings(device)  # raises for another name, "auto" included
    return Report(os.fspath(path), device, tuple(_checks(path, device)))


def _checks(path: str | os.PathLike[str], device: str) -> Iterator[Check]:
    """Make one check after the other, up to the last that can still be made."""
    folder, check = _attempt(MANIFEST_FILE, lambda: _complete(path))
    if folder is None:
        yield check
        return
    version = folder.manifest.format_version
    yield replace(check, found=f"format version {version}, sha256 as recorded")
    for checks in (_file_checks(folder), _content_checks(folder)):
        made = list(checks)
        yield from made
        if not all(check.passed for check in made):
            return
    yield from _golden_checks(path, device)
    beams = sum(entry.beam is not None for entry in folder.manifest.golden)
    if beams:
        yield _attempt("golden beams", partial(_replay_beams, path, device, beams))[1]
    if folder.manifest.int8 is not None:
        yield _attempt("golden sentences, int8", lambda: _replay_int8(path, device))[1]


def _complete(path: str | os.PathLike[str]) -> ExportedFolder:
    folder = ExportedFolder(files_at(path))
    folder.require(folder.manifest.files)
    return folder


def _attempt(name: str, attempt: Callable[[], T]) -> tuple[T | None, Check]:
    """Make a check of an attempt; return its result, or ``None`` if it failed, and the check."""
    try:
        result = attempt()
    except ProviderError:  # no fault of the folder
        raise
    except S2SError as error:
        return None, Check(name, False, str(error))
    return result, Check(name, True, str(result))


def _file_checks(folder: ExportedFolder) -> Iterator[Check]:
    def read(name: str) -> str:
        return f"{len(folder.read(name)):,} bytes, sha256 as recorded"

    for name in folder.manifest.files:
        yield _attempt(name, partial(read, name))[1]


def _content_checks(folder: ExportedFolder) -> Iterator[Check]:
    def structure(graph: GraphRecord, spec: StepSpec) -> str:
        folder.read_graph(graph, spec)
        return f"as specified: standard operators of opset {graph.opset}, nothing outside the file"

    def vocabulary(side: SideName) -> str:
        read = read_text_side(side, folder.manifest, folder.read)
        return f"{len(read.vocabulary):,} tokens, text mode {read.mode.name}"

    for name, graph, spec in _graphs(folder.manifest):
        yield _attempt(f"structure of the {name}", partial(structure, graph, spec))[1]
    for side in SIDES:
        yield _attempt(f"words of the {side}", partial(vocabulary, side))[1]


def _graphs(manifest: Manifest) -> Iterator[tuple[str, GraphRecord, StepSpec]]:
    """Yield the name, record and specification of each graph."""
    for prefix, graphs in (
        ("", manifest.graphs),
        ("int8 ", manifest.int8.graphs if manifest.int8 else None),
    ):
        if graphs is not None:
            yield f"{prefix}encoder", graphs.encoder, manifest.steps.encoder
            yield f"{prefix}decoder", graphs.decoder, manifest.steps.decoder


def _golden_checks(path: str | os.PathLike[str], device: str) -> Iterator[Check]:
    """Replay the golden sentences: the ids of their texts, the tokens, the log-probabilities."""
    replayed, check = _attempt(
        "golden sentences", lambda: golden.replay(Translator(path, device=device))
    )
    if replayed is None:
        yield check
        return
    yield replace(
        check, found=f"{len(replayed)} sentences token for token as eager PyTorch, on {device}"
    )
    yield _attempt("their log-probabilities", partial(_compare_log_probs, replayed))[1]


def _replay_beams(path: str | os.PathLike[str], device: str, count: int) -> str:
    largest = golden.replay_beams(Translator(path, device=device))
    return f"{count} sentences as eager PyTorch, on {device}; {_within_tolerance(largest)}"


def _compare_log_probs(replayed: Sequence[golden.Replayed]) -> str:
    return _within_tolerance(max((entry.difference for entry in replayed), default=0.0))


def _within_tolerance(largest: float) -> str:
    if largest > TOLERANCE:
        raise ParityError(f"they differ by {largest:.3g}, more than {TOLERANCE:.3g}")
    return f"largest difference {largest:.1e}, tolerance {TOLERANCE:.0e}"


def _replay_int8(path: str | os.PathLike[str], device: str) -> str:
    count = golden.replay_int8(Translator(path, device=device, precision="int8"))
    return f"{count} sentences token for token as when exported, on {device}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report of a folder."""
    options = _parser().parse_args(arguments)
    return command.run(lambda: _verify_command(options), debug=options.debug)


def _verify_command(options: argparse.Namespace) -> int:
    report = verify(options.folder, device=options.device)
    if options.json:
        print(json.dumps({**dataclasses.asdict(report), "passed": report.passed}, indent=2))
    else:
        width = max(len(check.name) for check in report.checks)
        for check in report.checks:
            mark = "ok    " if check.passed else "FAILED"
            print(f"{mark}  {check.name:{width}}  {check.found}")
        print(f"{report.folder}: {'passed' if report.passed else 'FAILED: do not use it'}")
    return 0 if report.passed else ArtefactError.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m s2s_export.verify",
        description="Check an exported folder: its files, its graphs, and that its golden "
        "sentences translate token for token as they did in PyTorch. Needs no PyTorch.",
        epilog="Exit codes: 0 passed, 2 wrong usage, 3 a check failed, 5 the device or onnxruntime "
        "is not available, 130 interrupted.",
    )
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        default=Path("exported"),
        help="the folder, or a zip of it (default: exported)",
    )
    parser.add_argument(
        "--device", choices=tuple(PROVIDERS), default="cpu", help="where to replay (default: cpu)"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--version", action="version", version=f"s2s-export {__version__}")
    command.add_debug_option(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
