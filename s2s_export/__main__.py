"""The command ``python -m s2s_export`` (also ``s2s-translate``): translate sentences.

It belongs to the torch-free run time.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence

from . import __version__, command
from .errors import TextError
from .translator import Translator


def main(arguments: Sequence[str] | None = None) -> int:
    """Translate the sentences given as arguments, or the lines of stdin, one translation a line."""
    options = _parser().parse_args(arguments)
    return command.run(lambda: _translate(options), debug=options.debug)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m s2s_export",
        description="Translate sentences with an exported model.",
        epilog="Exit codes: 0 ok, 1 a text cannot be translated, 2 wrong usage, "
        "3 the exported folder cannot be used, 5 the device is not available, 130 interrupted.",
    )
    parser.add_argument(
        "text",
        nargs="*",
        metavar="TEXT",
        help="a sentence; without any, each line of stdin is one",
    )
    parser.add_argument(
        "--model",
        default="exported/",
        metavar="DIR",
        help="the exported folder (default: %(default)s)",
    )
    parser.add_argument(
        "--device", choices=("cpu", "cuda"), default="cpu", help="default: %(default)s"
    )
    parser.add_argument("--version", action="version", version=f"s2s-export {__version__}")
    command.add_debug_option(parser)
    return parser


def _translate(options: argparse.Namespace) -> int:
    """Translate each sentence; one that cannot be translated does not stop the others."""
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    translator = Translator(options.model, device=options.device)
    texts, place = (options.text, "argument") if options.text else (_stdin_lines(), "line")
    failed = 0
    for number, text in enumerate(texts, 1):
        try:
            print(translator.translate(text), flush=True)
        except TextError as error:
            if options.debug:
                raise
            print(flush=True)  # one line for each sentence, so that input and output stay aligned
            command.complain(f"{place} {number}: {error}")
            failed += 1
    return 1 if failed else 0


def _stdin_lines() -> Iterator[str]:
    """Yield the lines of stdin.

    Raises:
        TextError: a line is not UTF-8; the message names it.
    """
    lines: Iterable[bytes] = sys.stdin.buffer
    for number, line in enumerate(lines, 1):
        try:
            yield line.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise TextError(f"stdin, line {number}: not UTF-8 at byte {error.start}") from None


if __name__ == "__main__":
    sys.exit(main())
