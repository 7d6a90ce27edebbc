"""Robustness to typing: ``python -m benchmarks.typing_variants --data runs/model/test.tsv``.

BLEU of an exported model on the same sentences typed in several ways; and of the sentences with
numbers, how many translations have the numbers of the source, and how many have others.
"""

import argparse
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sacrebleu.metrics.bleu import BLEU

from s2s_export import Translator
from training.data.noise.typing import without_accents, without_full_stop
from training.data.pairs_file import TextPair, read_pairs

_NUMBER = re.compile(r"\d+")

VARIANTS: Mapping[str, Callable[[str], str]] = {
    "as it stands": lambda text: text,
    "capitals": str.upper,
    "no capitals": str.lower,
    "straight apostrophes": lambda text: text.replace("\u2019", "'"),
    "curly apostrophes": lambda text: text.replace("'", "\u2019"),
    "no-break spaces": lambda text: text.replace(" ", "\u00a0"),
    "no final full stop": without_full_stop,
    "no accents": without_accents,
}
"""Ways to type a sentence, by name."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each way of typing, and a line about numbers."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.typing_variants", description=__doc__
    )
    parser.add_argument("--exported", type=Path, default=Path("exported"), help="the model")
    parser.add_argument("--data", type=Path, required=True, help="pairs it was not trained on")
    parser.add_argument("--sentences", type=int, default=500, help="the first so many are typed")
    options = parser.parse_args(arguments)
    translator = Translator(options.exported)
    pairs = _first_of_each_source(read_pairs(options.data).pairs)
    some = pairs[: options.sentences]
    clean = _bleu(translator, some, VARIANTS["as it stands"])
    print(f"{len(some)} sentences{'':12} {'BLEU':>5} {'change':>7}")
    for name, variant in VARIANTS.items():
        bleu = _bleu(translator, some, variant)
        print(f"{name:25} {bleu:5.1f} {bleu - clean:+7.1f}")
    _print_numbers(translator, [pair for pair in pairs if _NUMBER.search(pair.source)])
    return 0


def _first_of_each_source(pairs: Sequence[TextPair]) -> list[TextPair]:
    return list({pair.source: pair for pair in reversed(pairs)}.values())[::-1]


def _bleu(
    translator: Translator, pairs: Sequence[TextPair], variant: Callable[[str], str]
) -> float:
    hypotheses = [
        translation.text
        for translation in translator.translate_batch([variant(pair.source) for pair in pairs])
    ]
    score = BLEU().corpus_score(hypotheses, [[pair.target for pair in pairs]])
    return float(score.score)


def _print_numbers(translator: Translator, pairs: Sequence[TextPair]) -> None:
    """Print how often numbers are copied; those that the reference lacks too may be left out."""
    copied = invented = 0
    for pair, translation in zip(
        pairs, translator.translate_batch([pair.source for pair in pairs]), strict=True
    ):
        source, found = (set(_NUMBER.findall(text)) for text in (pair.source, translation.text))
        expected = source & set(_NUMBER.findall(pair.target))
        copied += expected <= found
        invented += bool(found - source - set(_NUMBER.findall(pair.target)))
    print(
        f"{len(pairs)} sentences with numbers: {copied} translations have all that the reference "
        f"keeps, {invented} have others"
    )


if __name__ == "__main__":
    sys.exit(main())
