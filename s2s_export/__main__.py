"""The command ``python -m s2s_export`` (also ``s2s-translate``): translate sentences.

It belongs to the torch-free run time. Nothing heavy is imported before the options are read.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import repeat
from typing import TYPE_CHECKING

from . import command
from .command_line.lines import Lines, opened, with_progress, writer
from .command_line.options import parser
from .errors import TextError

if TYPE_CHECKING:
    from .translation import Translation


def main(arguments: Sequence[str] | None = None) -> int:
    """Translate the sentences given as arguments, or the lines of a file or of stdin."""
    options = parser().parse_args(arguments)
    return command.run(lambda: _translate(options), debug=options.debug)


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
            lexicon=options.lexicon,
        )
        if options.prefix is not None:
            translator.reader.read_prefix(options.prefix)  # a fault of all lines is told once
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
            prefix=None if options.prefix is None else repeat(options.prefix),
            min_length=options.min_length,
            suppress=options.suppress,
            no_repeat_ngram=options.no_repeat_ngram,
            copy_unknown=options.copy_unknown,
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
        "origin": translation.origin,
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
