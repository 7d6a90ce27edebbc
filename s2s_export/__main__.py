"""The command ``python -m s2s_export`` (also ``s2s-translate``): translate sentences.

It belongs to the torch-free run time. Nothing heavy is imported before the options are read.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from . import __version__, command
from .command_lines import Lines, opened, with_progress, writer
from .errors import TextError

if TYPE_CHECKING:
    from .translation import Translation


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
        "finished, alternatives, and error, which is null or says why there is no translation",
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
        "--beam-size",
        type=_positive,
        default=1,
        metavar="K",
        help="follow the K best translations of a sentence side by side; 1 takes the most probable "
        "token each time (default: %(default)s)",
    )
    parser.add_argument(
        "--n-best",
        type=_positive,
        default=1,
        metavar="N",
        help="write the N best translations, at most K of them. Without --json each has a line of "
        "three columns with tabs between: number of the sentence, score, translation, the best "
        "first (default: %(default)s, the translation alone)",
    )
    parser.add_argument(
        "--length-penalty",
        type=float,
        default=1.0,
        metavar="P",
        help="the score is the sum of the log-probabilities divided by (number of tokens)^P "
        "(default: %(default)s, their mean)",
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


def _translate(options: argparse.Namespace) -> int:
    """Translate each sentence; one that cannot be translated does not stop the others."""
    with ExitStack() as stack:
        lines = None if options.text else Lines(stack.enter_context(opened(options.input)))
        at_terminal = lines is not None and options.input is None and sys.stdin.isatty()
        batch_size = 1 if at_terminal else options.batch_size
        write = stack.enter_context(writer(options.output, at_once=batch_size == 1))
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
            options.text if lines is None else lines,
            batch_size=batch_size,
            beam_size=options.beam_size,
            n_best=options.n_best,
            length_penalty=options.length_penalty,
            on_error=note,
        )
        if _shows_progress(options):
            translations = with_progress(translations)
        failed = 0
        for number, translation in enumerate(translations, 1):
            fault = faults.pop(number, None)
            if options.json:
                write(_json(translation, fault))
            elif options.n_best > 1:
                for line in _n_best(number, translation, fault):
                    write(line)
            else:
                write(translation.text)
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
        "alternatives": [vars(alternative) for alternative in translation.alternatives],
        "error": fault,
    }
    return json.dumps(value, ensure_ascii=False)


def _n_best(number: int, translation: "Translation", fault: str | None) -> Iterator[str]:
    """Yield a line for each alternative; for a text that has no translation, one without a score.

    A target text has no tab in it.
    """
    if fault is not None:
        yield f"{number}\t\t"
        return
    for alternative in translation.alternatives:
        yield f"{number}\t{alternative.score:.4f}\t{alternative.text}"


def _shows_progress(options: argparse.Namespace) -> bool:
    """Decide whether a progress line helps: somebody watches, and no translations come in between.

    Sentences given as arguments, or typed, are done before anybody looks.
    """
    busy = options.input is not None or not (options.text or sys.stdin.isatty())
    quiet = options.output is not None or not sys.stdout.isatty()
    return busy and quiet and sys.stderr.isatty()


if __name__ == "__main__":
    sys.exit(main())
