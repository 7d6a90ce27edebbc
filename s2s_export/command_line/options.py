"""Options of the command ``python -m s2s_export``.

Standard library only: ``--help`` imports nothing heavy.
"""

import argparse
from pathlib import Path

from .. import __version__, command


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's options."""
    made = argparse.ArgumentParser(
        prog="python -m s2s_export",
        description="Translate sentences with an exported model: one line for each sentence.",
        epilog="Exit codes: 0 ok, 1 a text cannot be translated (its line is empty, the others are "
        "translated), 2 wrong usage, 3 the exported folder or the output cannot be used, 4 the "
        "input cannot be read, 5 the device is not available, 130 interrupted.",
    )
    made.add_argument(
        "text",
        nargs="*",
        metavar="TEXT",
        help="a sentence; without any, each line of --input or of stdin is one",
    )
    made.add_argument(
        "--model",
        default="exported/",
        metavar="PATH",
        help="the exported folder, or a zip of it (default: %(default)s)",
    )
    made.add_argument("--input", type=Path, metavar="FILE", help="translate its lines")
    made.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="write there instead of stdout; the file is replaced when all is done",
    )
    made.add_argument(
        "--json",
        action="store_true",
        help="a JSON object for each sentence: text, tokens, log_probs, score, unknown_words, "
        "finished, origin, alternatives, and error, which is null or says why there is no "
        "translation",
    )
    made.add_argument(
        "--unknown-words",
        choices=("unk", "skip", "error"),
        help="read words that training has not seen as another form of the word or as the token "
        "for unknown words, leave them out, or refuse the sentence (default: unk where the model "
        "has learned it, else error)",
    )
    made.add_argument(
        "--batch-size",
        type=_positive,
        default=64,
        metavar="N",
        help="sentences translated side by side; 1 translates each line before it reads the next "
        "(default: %(default)s; 1 at a terminal)",
    )
    made.add_argument(
        "--beam-size",
        type=_positive,
        default=1,
        metavar="K",
        help="follow the K best translations of a sentence side by side; 1 takes the most probable "
        "token each time (default: %(default)s)",
    )
    made.add_argument(
        "--n-best",
        type=_positive,
        default=1,
        metavar="N",
        help="write the N best translations, at most K of them. Without --json each has a line of "
        "three columns with tabs between: number of the sentence, score, translation, the best "
        "first (default: %(default)s, the translation alone)",
    )
    made.add_argument(
        "--length-penalty",
        type=float,
        default=1.0,
        metavar="P",
        help="the score is the sum of the log-probabilities divided by (number of tokens)^P "
        "(default: %(default)s, their mean)",
    )
    made.add_argument(
        "--prefix",
        metavar="TEXT",
        help="begin every translation with it: whole tokens, as the target's text mode splits it",
    )
    made.add_argument(
        "--min-length",
        type=_count,
        default=0,
        metavar="N",
        help="no translation has fewer tokens, the end mark included (default: %(default)s)",
    )
    made.add_argument(
        "--suppress",
        action="append",
        default=[],
        metavar="TEXT",
        help="never say its tokens one after the other; may be given several times",
    )
    made.add_argument(
        "--no-repeat-ngram",
        type=_count,
        default=0,
        metavar="N",
        help="say no N tokens in a row twice in a translation; 0 for no such limit "
        "(default: %(default)s)",
    )
    made.add_argument(
        "--copy-unknown",
        action="store_true",
        help="put the sentence's own word where the model looks at a word that training has not "
        "seen; for models with attention whose tokens are words",
    )
    made.add_argument(
        "--lexicon",
        type=Path,
        metavar="FILE",
        help="translations that come before the model's: lines of a sentence, a tab and its "
        "translation",
    )
    made.add_argument(
        "--device", choices=("cpu", "cuda", "auto"), default="cpu", help="default: %(default)s"
    )
    made.add_argument(
        "--threads", type=_positive, default=1, metavar="N", help="default: %(default)s"
    )
    made.add_argument(
        "--precision",
        choices=("fp32", "int8"),
        default="fp32",
        help="int8 is smaller and quicker, and not always the same tokens; the folder must have it "
        "(default: %(default)s)",
    )
    made.add_argument("--version", action="version", version=f"s2s-export {__version__}")
    command.add_debug_option(made)
    return made


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


_positive.__name__ = "positive number"  # argparse's message calls the type by its name


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError
    return number


_count.__name__ = "number"
