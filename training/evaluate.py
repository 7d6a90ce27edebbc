"""The command ``python -m training.evaluate``: metrics of a run or of an exported folder."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from s2s_export import command
from s2s_export.atomic_file import replace_file
from s2s_export.decoding.options import SearchOptions
from s2s_export.errors import DataError, DataNotFoundError, OptionError, RuntimeMissingError
from s2s_export.pipeline import Pipeline
from s2s_export.translator import Translator

from . import evaluation
from .cli import MISSING, Flag, parse
from .data.encoding import Modes, Pair
from .data.pairs_file import read_pairs
from .run.folder import HYPOTHESES_FILE, TEST_FILE

_PLOTTED = 4  # sentences in the picture of the attention


@dataclass(frozen=True)
class Options:
    """Measure a run, or an exported folder, on its test pairs: token errors, BLEU and chrF.

    Exit codes: 0 ok, 2 wrong usage, 3 the run or the folder cannot be used, 4 the data cannot be
    used, 5 a package is missing, 130 interrupted.

    Attributes:
        run: its test pairs are translated; by its best checkpoint if no folder is given.
        exported: translate with this folder or zip, through the Translator, as an app does.
        data: translate these pairs instead, all that are in the file; it may be any that
            ``training.fit --data`` takes. Pairs that the model was trained on flatter it.
        reverse: the data's first column is the source, as for ``training.fit``.
        columns: the source's column of the data and the target's, as for ``training.fit``.
        header: the data's first line holds names of columns.
        alternatives: what stands between several right texts in a target, " | " say; a translation
            is compared with the nearest of them.
        beam_size: translations of a sentence that are followed side by side; 1 is greedy decoding.
        n_best: also tell how often a right text is among so many best translations, ``beam_size``
            at most.
        attention_plot: also draw the attention of a few of the sentences, into this PNG
            file; the model must be one with attention.
        hypotheses: file for the translations; by default hypotheses.tsv in the run folder, or if
            there is none, in the current one.
        debug: show the traceback of an error.
    """

    run: Path = Path("runs/default")
    exported: Path | None = None
    data: Path | None = None
    reverse: Flag = False
    columns: tuple[str, str] | None = None
    header: Flag = False
    alternatives: str | None = None
    beam_size: int = 1
    n_best: int = 1
    attention_plot: Path | None = None
    hypotheses: Path | None = None
    debug: Flag = False


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the scores and write the hypotheses."""
    options = parse(Options, "python -m training.evaluate", arguments, Options())
    return command.run(lambda: _evaluate(options), debug=options.debug)


def _evaluate(options: Options) -> int:
    search = SearchOptions(options.beam_size, options.n_best)
    command.share_cores()
    pipeline, max_length = _pipeline(options)
    pairs = _pairs(options, Modes(pipeline.source.mode, pipeline.target.mode))
    chosen = evaluation.translatable(pipeline.source, pairs)
    if options.attention_plot is not None and chosen:
        _plot_attention(pipeline, chosen, options.attention_plot)
    examples = evaluation.translate_pairs(pipeline, chosen, search)
    skipping = evaluation.translate_skipping(pipeline, pairs, max_length=max_length, search=search)
    print(f"{len(examples)} sentences translated")
    if len(chosen) < len(pairs):
        print(
            f"{len(pairs) - len(chosen)} left out: longer than any that the model was trained on, "
            "or with unknown words and the model has no UNK"
        )
    scorer = evaluation.scorer_of(pipeline.target, pairs)
    right = None
    if options.alternatives:
        right = evaluation.right_texts(pipeline.target, pairs, options.alternatives)
        examples, skipping = (
            evaluation.with_nearest_references(some, right, scorer) for some in (examples, skipping)
        )
    metrics_of_kinds = evaluation.metrics_of(examples, scorer)
    for kind, metrics in metrics_of_kinds.items():
        print(f"{kind}: {metrics}")
    if examples and evaluation.KNOWN not in metrics_of_kinds:
        print(
            "note: every source text has a word that the model does not know; is the source in the "
            "other column (--reverse, --columns)?",
            file=sys.stderr,
        )
    if search.n_best > 1:
        for kind, accuracy in evaluation.n_best_accuracy(examples, right).items():
            print(f"{kind}: a right text among the first {search.n_best}: {accuracy:.1%}")
    for metrics in evaluation.metrics_of(skipping, scorer).values():
        print(f"{evaluation.UNKNOWN}, skipped instead: {metrics}")
    print(scorer.signature())
    folder = options.run if options.run.is_dir() else Path()
    path = options.hypotheses or folder / HYPOTHESES_FILE
    replace_file(path, evaluation.to_tsv(examples))
    print(f"wrote {path}")
    return 0


def _plot_attention(
    pipeline: Pipeline, pairs: Sequence[evaluation.EncodedSource], path: Path
) -> None:
    """Draw the attention of some of the pairs' translations.

    Raises:
        OptionError: the model has no attention.
    """
    if not pipeline.has_attention:
        raise OptionError("this model has no attention; train with --recipe attention")
    from .run.plot import plot_attention  # matplotlib takes a second to import

    some = pairs[:: max(1, len(pairs) // _PLOTTED)][:_PLOTTED]
    translations = pipeline.translate([encoding for _, encoding in some], attention=True)
    plot_attention([t for t in translations if t.attention is not None], path)
    print(f"wrote {path}")


def _pipeline(options: Options) -> tuple[Pipeline, int]:
    """Return the model that is evaluated, and the most tokens of a source."""
    if options.exported is not None:
        translator = Translator(options.exported)
        return translator.pipeline, translator.manifest.source.max_length
    try:  # only here, so that a folder can be evaluated without torch
        from .run import checkpoint as checkpoints
    except ImportError as error:
        raise RuntimeMissingError(MISSING.format(error)) from error
    checkpoint = checkpoints.load(options.run)
    return checkpoint.pipeline, checkpoint.report.max_source_length


def _pairs(options: Options, modes: Modes) -> list[Pair]:
    """Return the pairs to evaluate on, tokenized."""
    path = options.data or options.run / TEST_FILE
    if options.data is None and not path.exists():
        raise DataNotFoundError(f"{path}: no test pairs here; give some with --data")
    if options.data is None:  # the run's own file has one order
        texts = read_pairs(path).pairs
    else:
        texts = read_pairs(
            path,
            reverse=options.reverse,
            columns=options.columns or (),
            header=options.header,
        ).pairs
    pairs = [pair for pair in map(modes.pair, texts) if pair.source and pair.target]
    if not pairs:
        raise DataError(f"{path}: the text modes leave nothing of its pairs")
    return pairs


if __name__ == "__main__":
    sys.exit(main())
