"""The command ``python -m s2s_export.check``: reports of ONNX files, as text or JSON."""

import argparse
import dataclasses
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__, command
from ..errors import ArtefactError, S2SError

if TYPE_CHECKING:
    from .report import Report
    from .subject import Runtime

_WIDTH = 60, 100
"""Characters of a line, at least and at most."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the reports of files."""
    options = _parser().parse_args(arguments)
    return command.run(lambda: _check_command(options), debug=options.debug)


def _check_command(options: argparse.Namespace) -> int:
    # Imported here: the rules take longer than all the rest of a --help.
    from .file import check
    from .rules.versions import installed_runtime

    reports: list[Report] = []
    unreadable: dict[str, str] = {}
    for path in options.file:
        try:
            reports.append(check(path))
        except S2SError as error:
            if options.debug:
                raise
            unreadable[str(path)] = str(error)
    failed = bool(unreadable) or any(
        report.count("error") or (options.strict and report.count("warning")) for report in reports
    )
    runtime = installed_runtime()
    if options.json:
        document = {"passed": not failed, **_document(reports, unreadable, runtime)}
        print(json.dumps(document, indent=2))
    else:
        _print(reports, runtime)
    for message in unreadable.values():
        command.complain(message)
    return ArtefactError.exit_code if failed else 0


def _document(
    reports: "Sequence[Report]", unreadable: Mapping[str, str], runtime: "Runtime | None"
) -> dict[str, Any]:
    """Return the JSON document; docs/check.md describes it."""
    from .finding import SEVERITIES

    return {
        "onnxruntime": dataclasses.asdict(runtime) if runtime else None,
        "files": [
            {**dataclasses.asdict(report), "counts": {s: report.count(s) for s in SEVERITIES}}
            for report in reports
        ],
        "unreadable": [{"file": file, "error": error} for file, error in unreadable.items()],
    }


def _print(reports: "Sequence[Report]", runtime: "Runtime | None") -> None:
    from .table import table

    least, most = _WIDTH
    width = min(max(shutil.get_terminal_size((most, 24)).columns, least), most)
    for number, report in enumerate(reports):
        print("" if number == 0 else "\n", table(report, runtime, width), sep="")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m s2s_export.check",
        description="Read ONNX files of recurrent models, wherever they came from, and tell what "
        "goes wrong silently: another GRU than PyTorch's, frozen sizes, state made inside, "
        "leftovers of training, weights outside the file, local paths. Needs no PyTorch, no onnx "
        "and no onnxruntime.",
        epilog="Exit codes: 0 no error was found, 2 wrong usage, 3 an error was found (with "
        "--strict: or a warning), or a file cannot be read, 130 interrupted.",
    )
    parser.add_argument("file", type=Path, nargs="+", metavar="FILE", help="an ONNX file")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--strict", action="store_true", help="exit with 3 for warnings as well")
    parser.add_argument("--version", action="version", version=f"s2s-export {__version__}")
    command.add_debug_option(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
