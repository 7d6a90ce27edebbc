"""The command ``python -m training.evaluate``: how good is a run, or the folder that apps ship?"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from s2s_export import command
from s2s_export.errors import DataError, DataNotFoundError, RuntimeMissingError
from s2s_export.text import NORMALIZERS
from s2s_export.translator import Translator

from . import evaluation, scores
from .cli import MISSING, Flag, parse
from .dataset import Pair
from .evaluation import Attended
from .files import replace_file
from .reading import read_pairs
from .run_folder import HELD_OUT_FILE, HYPOTHESES_FILE

if TYPE_CHECKING:
    from .decoding import EagerModel

_PLOTTED = 4  # sentences in the picture of the attention


@dataclass(frozen=True)
class Options:
    """Score a run, or an exported folder: BLEU, chrF and exact matches on held-out sentences.

    Exit codes: 0 ok, 2 wrong usage, 3 the run or the folder cannot be used, 4 the data cannot be
    used, 5 a package is missing, 130 interrupted.

    Attributes:
        run: its held-out pairs are translated; by its best checkpoint if no folder is given.
        exported: translate with this folder, through the Translator, as an app does.
        data: translate these pairs instead, all that are in the file; it may be any that
            ``training.fit --data`` takes. Pairs that the model was trained on flatter it.
        reverse: the data's first column is the source, as for ``training.fit``.
        attention_plot: also draw where the model looked in a few of the sentences, into this PNG
            file; the model must be one with attention.
        hypotheses: file for the translations; by default hypotheses.tsv in the run folder, or if
            there is none, in the current one.
        debug: show the traceback of an error.
    """

    run: Path = Path("runs/default")
    exported: Path | None = None
    data: Path | None = None
    reverse: Flag = False
    attention_plot: Path | None = None
    hypotheses: Path | None = None
    debug: Flag = False


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the scores and write the hypotheses."""
    options = parse(Options, "python -m training.evaluate", arguments, Options())
    return command.run(lambda: _evaluate(options), debug=options.debug)


class ExportedModel:
    """An exported folder as ``evaluation.Model``."""

    def __init__(self, translator: Translator) -> None:
        """Take the folder's Translator."""
        self._translator = translator
        self.has_unk = translator.manifest.special_ids.unk is not None
        self.max_source_length = translator.manifest.max_length.source

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """See ``evaluation.Model``."""
        return self._translator.unknown_words(text)

    def translate(self, texts: Sequence[str]) -> list[str]:
        """See ``evaluation.Model``."""
        return [self._translator.translate(text) for text in texts]

    def attend(self, texts: Sequence[str]) -> list[Attended]:
        """Translate, and tell where the model looked; see ``decoding.EagerModel.attend``."""
        found = self._translator.translate_batch(texts, attention=True)
        return [
            Attended(
                source=one.attention.source,
                target=(*one.tokens, *one.attention.source[-1:] * one.finished),
                weights=one.attention.weights,
            )
            for one in found
            if one.attention is not None
        ]


def _evaluate(options: Options) -> int:
    command.share_cores()
    model, normalizer = _model(options)
    pairs = _pairs(options, normalizer)
    chosen = evaluation.translatable(model, pairs)
    if options.attention_plot is not None and chosen:
        from .plot import plot_attention  # matplotlib takes a second to import

        some = chosen[:: max(1, len(chosen) // _PLOTTED)][:_PLOTTED]
        plot_attention(model.attend([pair.source for pair in some]), options.attention_plot)
        print(f"wrote {options.attention_plot}")
    found = evaluation.translate_pairs(model, chosen)
    skipping = evaluation.translate_skipping(model, pairs)
    print(f"{len(found)} sentences translated")
    if len(chosen) < len(pairs):
        print(
            f"{len(pairs) - len(chosen)} left out: longer than any that the model was trained on, "
            "or with unknown words and the model has no UNK"
        )
    for kind, result in evaluation.scores_of(found).items():
        print(f"{kind}: {result}")
    for result in evaluation.scores_of(skipping).values():
        print(f"{evaluation.UNKNOWN}, skipped instead: {result}")
    print(scores.signature())
    folder = options.run if options.run.is_dir() else Path()
    path = options.hypotheses or folder / HYPOTHESES_FILE
    replace_file(path, evaluation.to_tsv(found))
    print(f"wrote {path}")
    return 0


def _model(options: Options) -> "tuple[EagerModel | ExportedModel, str]":
    """Return what is to be scored, and the name of its normalizer."""
    if options.exported is not None:
        translator = Translator(options.exported)
        return ExportedModel(translator), translator.manifest.normalizer
    try:  # only here, so that a folder can be scored without torch
        from . import checkpoint
        from .decoding import EagerModel
    except ImportError as error:
        raise RuntimeMissingError(MISSING.format(error)) from error
    run = checkpoint.load(options.run)
    return EagerModel.of(run), run.recipe.selection.normalizer


def _pairs(options: Options, normalizer: str) -> Sequence[Pair]:
    """Return the pairs to score on, normalized."""
    path = options.data or options.run / HELD_OUT_FILE
    if options.data is None and not path.exists():
        raise DataNotFoundError(f"{path}: no held-out pairs here; give some with --data")
    normalize = NORMALIZERS[normalizer]
    normalized = [(normalize(first), normalize(second)) for first, second in read_pairs(path).pairs]
    reverse = options.reverse and options.data is not None  # the run's own file has one order
    pairs = [
        Pair(first, second) if reverse else Pair(second, first)
        for first, second in normalized
        if first and second
    ]
    if not pairs:
        raise DataError(f"{path}: the normalizer leaves nothing of its pairs")
    return pairs


if __name__ == "__main__":
    sys.exit(main())
