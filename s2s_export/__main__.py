"""The command ``python -m s2s_export`` (also ``s2s-translate``): translate sentences.

It belongs to the torch-free run time. Nothing heavy is imported before the options are read.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from . import __version__, command
from .atomic_file import replacing_file
from .errors import DataNotFoundError, TextError

if TYPE_CHECKING:
    from .pipeline import Translation

_SECONDS_BETWEEN = 0.2  # two progress lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Translate the sentences given as arguments, or the lines of a file or of stdin."""
    options = _parser().parse_args(arguments)
    return command.run(lambda: _translate(options), debug=options.debug)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m s2s_export",
        description="Translate sentences with an exported model: one line for each sentence.",
        epilog="Exit codes: 0 ok, 1 a text cannot be translated (its line is empty, the others are "
        "translated), 2 wrong usage, 3 the exported folder or the output cannot be used, 4 the "
        "input cannot be read, 5 the device is not available, 130 interrupted.",
    )
    parser.add_argument(
        "text",
        nargs="*",
        metavar="TEXT",
        help="a sentence; without any, each line of --input or of stdin is one",
    )
    parser.add_argument(
        "--model",
        default="exported/",
        metavar="DIR",
        help="the exported folder (default: %(default)s)",
    )
    parser.add_argument("--input", type=Path, metavar="FILE", help="translate its lines")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="write there instead of stdout; the file is replaced when all is done",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="a JSON object for each sentence: text, tokens, log_probs, score, unknown_words, "
        "finished, and error, which is null or says why there is no translation",
    )
    parser.add_argument(
        "--unknown-words",
        choices=("unk", "skip", "error"),
        help="read words that training has not seen as another form of the word or as the token "
        "for unknown words, leave them out, or refuse the sentence (default: unk where the model "
        "has learned it, else error)",
    )
    parser.add_argument(
        "--batch-size",
        type=_positive,
        default=64,
        metavar="N",
        help="sentences translated side by side; 1 translates each line before it reads the next "
        "(default: %(default)s; 1 at a terminal)",
    )
    parser.add_argument(
        "--device", choices=("cpu", "cuda", "auto"), default="cpu", help="default: %(default)s"
    )
    parser.add_argument(
        "--threads", type=_positive, default=1, metavar="N", help="default: %(default)s"
    )
    parser.add_argument(
        "--precision",
        choices=("fp32", "int8"),
        default="fp32",
        help="int8 is smaller and quicker, and not always the same tokens; the folder must have it "
        "(default: %(default)s)",
    )
    parser.add_argument("--version", action="version", version=f"s2s-export {__version__}")
    command.add_debug_option(parser)
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


_positive.__name__ = "positive number"  # argparse's message calls the type by its name


class _Lines:
    """The lines of a file, numbered from 1; those that are not UTF-8 are noted and empty.

    Attributes:
        faults: by the line's number, why it cannot be translated.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.faults: dict[int, str] = {}
        self._file = file

    def __iter__(self) -> Iterator[str]:
        for number, line in enumerate(self._file, 1):
            try:
                yield line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                self.faults[number] = f"not UTF-8 at byte {error.start}"
                yield ""


def _translate(options: argparse.Namespace) -> int:
    """Translate each sentence; one that cannot be translated does not stop the others."""
    with ExitStack() as stack:
        lines = None if options.text else _Lines(stack.enter_context(_opened(options.input)))
        at_terminal = lines is not None and options.input is None and sys.stdin.isatty()
        batch_size = 1 if at_terminal else options.batch_size
        write = stack.enter_context(_writer(options.output, at_once=batch_size == 1))
        from .translator import Translator  # numpy, which --help does not need

        translator = Translator(
            options.model,
            device=options.device,
            threads=options.threads,
            precision=options.precision,
            unknown_words=options.unknown_words,
        )
        if options.device == "auto":
            print(f"device: {translator.device}, {translator.device_reason}", file=sys.stderr)
        faults = lines.faults if lines is not None else {}
        place = "argument" if lines is None else "line"

        def note(error: TextError) -> None:
            assert error.index is not None
            if options.debug:
                raise error
            faults[error.index + 1] = str(error)

        translations = translator.translate_iter(
            options.text if lines is None else lines, batch_size=batch_size, on_error=note
        )
        if _shows_progress(options):
            translations = _with_progress(translations)
        failed = 0
        for number, translation in enumerate(translations, 1):
            fault = faults.pop(number, None)
            write(_json(translation, fault) if options.json else translation.text)
            if fault is not None:
                command.complain(f"{place} {number}: {fault}")
                failed += 1
    return 1 if failed else 0


def _json(translation: "Translation", fault: str | None) -> str:
    value = {
        "text": translation.text,
        "tokens": translation.tokens,
        "log_probs": translation.log_probs,
        "score": translation.score,
        "unknown_words": translation.unknown_words,
        "finished": translation.finished,
        "error": fault,
    }
    return json.dumps(value, ensure_ascii=False)


def _shows_progress(options: argparse.Namespace) -> bool:
    """Decide whether a progress line helps: somebody watches, and no translations come in between.

    Sentences given as arguments, or typed, are done before anybody looks.
    """
    busy = options.input is not None or not (options.text or sys.stdin.isatty())
    quiet = options.output is not None or not sys.stdout.isatty()
    return busy and quiet and sys.stderr.isatty()


def _with_progress(translations: "Iterator[Translation]") -> "Iterator[Translation]":
    """Pass translations on, and show their count and rate on stderr."""
    started = shown = time.monotonic()
    for count, translation in enumerate(translations, 1):
        yield translation
        now = time.monotonic()
        if now - shown >= _SECONDS_BETWEEN:
            shown = now
            line = f"{count:,} sentences, {count / (now - started):,.0f} a second"
            print(f"\r{line:<60}", end="", file=sys.stderr, flush=True)
    print(f"\r{'':60}\r", end="", file=sys.stderr, flush=True)


@contextmanager
def _opened(path: Path | None) -> Iterator[IO[bytes]]:
    """Give a file to read, or stdin.

    Raises:
        DataNotFoundError: the file is not there, or cannot be read.
    """
    if path is None:
        yield sys.stdin.buffer
        return
    try:
        file = path.open("rb")
    except OSError as error:
        raise DataNotFoundError(f"{path}: cannot be read: {error.strerror}") from error
    with file:
        yield file


@contextmanager
def _writer(path: Path | None, *, at_once: bool) -> Iterator[Callable[[str], None]]:
    """Give a function that writes a line, to a file or stdout, in UTF-8 whatever the locale.

    Args:
        path: the file; it is replaced when the block ends well, and until then as it was.
        at_once: each line is to be seen as soon as it is written.

    Raises:
        OutputError: the file cannot be written. Said before the block runs.
    """
    if path is None:
        sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
        yield lambda line: print(line, flush=at_once)
        return
    with replacing_file(path) as file:

        def write(line: str) -> None:
            file.write(f"{line}\n".encode())
            if at_once:
                file.flush()

        yield write


if __name__ == "__main__":
    sys.exit(main())
