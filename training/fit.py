"""The command ``python -m training.fit``: from pairs of sentences to a trained run folder."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from s2s_export import command
from s2s_export.errors import ProviderError, RuntimeMissingError

from .cli import MISSING, Flag, RecipeName, parse
from .data.download import download
from .data.pairs_file import RawPairs, read_pairs, read_parallel
from .data.phrasebook import phrasebook
from .recipes.named import DEFAULT, RECIPES
from .recipes.recipe import Recipe
from .recipes.selection import TextModeName
from .start.options import NO_START, Start
from .start.shape import inherited, require_inherited, sized_by_vectors


@dataclass(frozen=True)
class Options:
    """Train a sequence-to-sequence model: the tutorial's, or one with attention (``--model``).

    Exit codes: 0 ok, 1 the loss is not finite, 2 wrong usage, 3 the run folder cannot be used, 4
    the data cannot be used, 5 the device is not available, 130 or 143 stopped by a signal, saved.

    Attributes:
        recipe_name: ``sentences`` for texts as people write them, ``words`` for what is spelt
            (pronunciations, names, dates, commands); ``default`` trains the tutorial's model well,
            ``attention`` one with attention, ``tutorial`` as the tutorial does. The recipe sets the
            defaults of all options below the first group; any of them can be given as well.
        data: lines of English<TAB>French: a text file, gzipped, or a zip archive with one; .csv and
            .jsonl too. Without it, the built-in phrasebook.
        columns: the source's column and the target's, by number from 1 or by name; by default the
            second and the first.
        header: the data's first line holds names of columns.
        source: a file with a source text a line, and ...
        target: ... one with the target of each, instead of --data.
        text: text mode of both sides, see --source-text.
        download: fetch and use this data instead: ``tatoeba``, the pairs that the tutorial uses.
        sha256: of the download; another file is an error. Without it, its sha256 is printed.
        run: folder to write.
        resume: go on where the run in the folder stopped; give the same options again.
        force: replace the run in the folder.
        device: where to train.
        debug: show the traceback of an error.
        start: what the first weights are.
        recipe: the recipe's choices.
    """

    recipe_name: RecipeName = "default"
    data: Path | None = None
    columns: tuple[str, str] | None = None
    header: Flag = False
    source: Path | None = None
    target: Path | None = None
    text: TextModeName | None = None
    download: Literal["tatoeba"] | None = None
    sha256: str | None = None
    run: Path = Path("runs/default")
    resume: Flag = False
    force: Flag = False
    device: Literal["cpu", "cuda"] = "cpu"
    debug: Flag = False
    start: Start = NO_START
    recipe: Recipe = DEFAULT

    def __post_init__(self) -> None:
        if self.data is not None and self.download is not None:
            raise ValueError("--data and --download: expected one of them, found both")
        if (self.source is None) != (self.target is None):
            raise ValueError("--source and --target: expected both, found one")
        if self.source is not None and (self.data is not None or self.download is not None):
            raise ValueError("--source and --data: expected one of them, found both")
        if self.resume and self.force:
            raise ValueError("--resume and --force: expected one of them, found both")


def main(arguments: Sequence[str] | None = None) -> int:
    """Train as the command line says and report on stdout; progress goes to stderr."""
    given = sys.argv[1:] if arguments is None else arguments
    command.share_cores()
    return command.run(lambda: _fit(parse_options(given)), debug="--debug" in given)


def parse_options(arguments: Sequence[str]) -> Options:
    """Read the command line.

    The recipe it names gives the other defaults, and the run that it begins with some of them.

    Raises:
        S2SError: what the run begins with cannot be read, or an option contradicts it.
    """
    # Some options twice: the first time only to learn the defaults, with whatever stands there.
    recipe = RECIPES.get(_given("--recipe", arguments) or "", DEFAULT)
    init_from, resume = _given("--init-from", arguments), "--resume" in arguments
    begun: Recipe | None = None
    if init_from and not {"-h", "--help"} & {*arguments}:
        run = _given("--run", arguments) or Options.run
        begun = _recipe_of(Path(run if resume else init_from), resume=resume)
        recipe = inherited(recipe, begun)
    options = parse(Options, "python -m training.fit", arguments, Options(recipe=recipe))
    recipe = options.recipe
    if options.text is not None:
        selection = replace(recipe.selection, source_text=options.text, target_text=options.text)
        recipe = replace(recipe, selection=selection)
    if begun is not None and not resume:
        require_inherited(recipe, begun, str(init_from))
    if any(options.start.vectors):
        sized = _given("--embedding-size", arguments) is not None
        if not resume:
            recipe = sized_by_vectors(recipe, options.start, embedding_size_given=sized)
        elif recipe.model == "conditional" and not sized:
            size = _recipe_of(options.run, resume=True).embedding_size
            recipe = replace(recipe, embedding_size=size)
    return replace(options, recipe=recipe)


def _given(option: str, arguments: Sequence[str]) -> str | None:
    """Return the last value that a command line gives an option."""
    value = None
    for argument, following in zip(arguments, [*arguments, ""][1:], strict=True):
        name, _, inline = argument.partition("=")
        if name.replace("_", "-") == option:
            value = inline if "=" in argument else following
    return value


def _recipe_of(run: Path, *, resume: bool) -> Recipe:
    """Return the recipe of a run's state to resume, or of its best model."""
    try:
        from .run import checkpoint
    except ImportError as error:
        raise RuntimeMissingError(MISSING.format(error)) from error
    if resume:
        return checkpoint.recipe_from(checkpoint.load_state(run)["recipe"])
    return checkpoint.load(run).recipe


def _fit(options: Options) -> int:
    try:
        import torch

        from . import trainer
    except ImportError as error:
        raise RuntimeMissingError(MISSING.format(error)) from error
    if options.device == "cuda" and not torch.cuda.is_available():
        raise ProviderError("device 'cuda' is not available: this PyTorch sees no NVIDIA GPU")
    raw, data_name = _read(options)
    for reason, count in raw.skipped.items():
        print(f"{count} lines skipped: {reason}")
    for note in raw.notes:
        print(f"note: {note}", file=sys.stderr)
    trainer.fit(
        raw.pairs,
        options.recipe,
        options.run,
        recipe_name=options.recipe_name,
        data_name=data_name,
        device=torch.device(options.device),
        start=options.start,
        resume=options.resume,
        force=options.force,
    )
    print(f"next: python -m s2s_export.export --run {options.run}")
    return 0


def _read(options: Options) -> tuple[RawPairs, str]:
    """Return the pairs, and a name for them that holds no path."""
    reverse = options.recipe.selection.reverse
    if options.download is not None:
        path = download(options.download, sha256=options.sha256)
        return read_pairs(path, reverse=reverse), options.download
    if options.data is not None:
        raw = read_pairs(
            options.data, reverse=reverse, columns=options.columns or (), header=options.header
        )
        return raw, options.data.name
    if options.source is not None and options.target is not None:
        names = f"{options.source.name}, {options.target.name}"
        return read_parallel(options.source, options.target), names
    return RawPairs.of_columns("phrasebook", phrasebook(), reverse=reverse), "phrasebook"


if __name__ == "__main__":
    sys.exit(main())
