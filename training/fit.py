"""The command ``python -m training.fit``: from pairs of texts to a trained run folder."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

from s2s_export import command
from s2s_export.errors import ProviderError, RuntimeMissingError

from .cli import MISSING, Flag, RecipeName, parse
from .data.download import download
from .data.pairs_file import RawPairs, read_pairs
from .data.phrasebook import phrasebook
from .recipes import DEFAULT, RECIPES, Recipe


@dataclass(frozen=True)
class Options:
    """Train a sequence-to-sequence model: the tutorial's, or one with attention.

    Exit codes: 0 ok, 1 the loss is not finite, 2 wrong usage, 3 the run folder cannot be used, 4
    the data cannot be used, 5 the device is not available, 130 or 143 stopped by a signal, saved.

    Attributes:
        recipe_name: ``default`` makes a model worth shipping, ``attention`` a better and somewhat
            slower one, ``tutorial`` trains as the tutorial does. The recipe sets the defaults of
            all options below the first group; any of them can be given as well.
        data: lines of English<TAB>French: a text file, gzipped, or a zip archive with one; without
            it, the built-in phrasebook.
        download: fetch and use this data instead: ``tatoeba``, the pairs that the tutorial uses.
        sha256: expected of the download; another is an error. Without it, the sha256 is printed.
        run: folder to write.
        resume: go on where the run in the folder stopped; needs the same options.
        force: replace the run in the folder.
        device: where to train.
        debug: show the traceback of an error.
        recipe: the recipe's choices.
    """

    recipe_name: RecipeName = "default"
    data: Path | None = None
    download: Literal["tatoeba"] | None = None
    sha256: str | None = None
    run: Path = Path("runs/default")
    resume: Flag = False
    force: Flag = False
    device: Literal["cpu", "cuda"] = "cpu"
    debug: Flag = False
    recipe: Recipe = DEFAULT

    def __post_init__(self) -> None:
        if self.data is not None and self.download is not None:
            raise ValueError("--data and --download: expected one of them, found both")
        if self.resume and self.force:
            raise ValueError("--resume and --force: expected one of them, found both")


def main(arguments: Sequence[str] | None = None) -> int:
    """Train as the command line says and report on stdout; progress goes to stderr."""
    options = parse_options(sys.argv[1:] if arguments is None else arguments)
    return command.run(lambda: _fit(options), debug=options.debug)


def parse_options(arguments: Sequence[str]) -> Options:
    """Read the command line; the recipe it names gives the other defaults."""
    # The recipe is looked up first, valid or not: the parser needs its defaults.
    named = [value for option, value in pairwise(arguments) if option == "--recipe"]
    named += [a.removeprefix("--recipe=") for a in arguments if a.startswith("--recipe=")]
    default = Options(recipe=RECIPES.get(named[-1] if named else "default", DEFAULT))
    return parse(Options, "python -m training.fit", arguments, default)


def _fit(options: Options) -> int:
    command.share_cores()
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
    trainer.fit(
        raw.pairs,
        options.recipe,
        options.run,
        recipe_name=options.recipe_name,
        data_name=data_name,
        device=torch.device(options.device),
        resume=options.resume,
        force=options.force,
    )
    print(f"next: python -m s2s_export.export --run {options.run}")
    return 0


def _read(options: Options) -> tuple[RawPairs, str]:
    """Return the pairs, and a name for them without a path."""
    reverse = options.recipe.selection.reverse
    if options.download is not None:
        path = download(options.download, sha256=options.sha256)
        return read_pairs(path, reverse=reverse), options.download
    if options.data is not None:
        return read_pairs(options.data, reverse=reverse), options.data.name
    return RawPairs.of_columns("phrasebook", phrasebook(), reverse=reverse), "phrasebook"


if __name__ == "__main__":
    sys.exit(main())
