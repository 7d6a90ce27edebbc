"""The command ``python -m training.inspect``: a data set, and the recipe that fits it."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from s2s_export import command
from s2s_export.errors import OptionError

from .cli import Flag, RecipeName, parse
from .data.inspection import Inspection, SideReport, inspect_pairs
from .data.pairs_file import RawPairs, read_pairs, read_parallel
from .recipes.named import RECIPES
from .recipes.selection import SIDES

_SHOWN = 12


@dataclass(frozen=True)
class Options:
    """Show what is in a data set, what each text mode would lose, and the command that fits.

    Exit codes: 0 ok, 2 wrong usage, 4 the data cannot be used, 5 a package is missing, 130
    interrupted.

    Attributes:
        data: pairs, as for ``training.fit``.
        columns: the source's column and the target's, by number from 1 or by name; by default the
            second and the first.
        header: the data's first line holds names of columns.
        reverse: without --columns: the first column is the source.
        source: a file with a source text a line, and ...
        target: ... one with the target of each, instead of --data.
        json: print JSON.
        debug: show the traceback of an error.
    """

    data: Path | None = None
    columns: tuple[str, str] | None = None
    header: Flag = False
    reverse: Flag = False
    source: Path | None = None
    target: Path | None = None
    json: Flag = False
    debug: Flag = False


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the inspection of a data set."""
    options = parse(Options, "python -m training.inspect", arguments, Options())
    return command.run(lambda: _inspect(options), debug=options.debug)


def _inspect(options: Options) -> int:
    raw = _read(options)
    inspection = inspect_pairs(raw.pairs)
    fit = fit_command(options, inspection)
    if options.json:
        tokens = inspection.recommended_tokens
        content = {**asdict(inspection), "notes": raw.notes, "tokens": tokens, "command": fit}
        print(json.dumps(content, indent=2, ensure_ascii=False))
        return 0
    for note in raw.notes:
        print(f"note: {note}")
    for reason, count in raw.skipped.items():
        print(f"{count} lines skipped: {reason}")
    print("\n".join(_lines(inspection)))
    print(f"\nrecommended:\n  {fit}")
    print(f"  {following_choices(inspection)}")
    for side in SIDES:
        print(f"  --{side}-text {inspection.recommended[side]}: {inspection.reasons[side]}")
    return 0


def _read(options: Options) -> RawPairs:
    if options.source is not None and options.target is not None:
        return read_parallel(options.source, options.target)
    if options.data is None:
        raise OptionError("--data, or --source and --target: which pairs?")
    return read_pairs(
        options.data,
        reverse=options.reverse,
        columns=options.columns or (),
        header=options.header,
    )


def fit_command(options: Options, inspection: Inspection) -> str:
    """Return the command that trains on this data."""
    chosen = {side: inspection.recommended[side] for side in SIDES}
    recipe = recommended_recipe(inspection)
    parts = [f"python -m training.fit --recipe {recipe}"]
    if options.data is not None:
        parts.append(f"--data {options.data}")
    else:
        parts.append(f"--source {options.source} --target {options.target}")
    if options.columns:
        parts.append(f"--columns {' '.join(options.columns)}")
    parts += ["--header"] if options.header else []
    parts += ["--reverse"] if options.reverse else []
    selection = RECIPES[recipe].selection
    parts += [
        f"--{side}-text {mode}"
        for side, mode in chosen.items()
        if mode != getattr(selection, f"{side}_text")
    ]
    return " ".join(parts)


def recommended_recipe(inspection: Inspection) -> RecipeName:
    """Return the name of the recipe that fits the recommended text modes."""
    return "sentences" if "natural" in inspection.recommended.values() else "words"


def following_choices(inspection: Inspection) -> str:
    """Return a line with the choices of the recommended recipe that follow the amount of data."""
    tokens = inspection.recommended_tokens
    recipe = RECIPES[recommended_recipe(inspection)].for_tokens(tokens)
    return (
        f"of some {tokens:,} tokens follow: {recipe.epochs} epochs, {recipe.hidden_size} units, "
        f"embeddings of {recipe.embedding_size}, dropout {recipe.dropout}, "
        f"consistency {recipe.consistency}, batches of {recipe.batch_size}, "
        f"learning rate {recipe.learning_rate}"
    )


def _lines(inspection: Inspection) -> Iterator[str]:
    yield (
        f"{inspection.pairs:,} pairs, {inspection.duplicates:,} of them repeated; "
        f"{inspection.conflicts:,} source texts with several targets"
    )
    if inspection.sampled < inspection.pairs:
        yield f"text modes tried on {inspection.sampled:,} of them, drawn at random"
    for side in SIDES:
        yield from _side_lines(side, getattr(inspection, side))


def _side_lines(name: str, side: SideReport) -> Iterator[str]:
    scripts = ", ".join(f"{script} {share:.1%}" for script, share in side.scripts.items())
    yield ""
    yield (
        f"{name}: {side.distinct:,} different texts; words {side.words[0]:.1f} on average, at most "
        f"{side.words[1]}; characters {side.characters[0]:.1f}, at most {side.characters[1]}; "
        f"letters: {scripts or 'none'}"
    )
    yield f"  {'mode':11}{'tokens':>8}{'once':>7}{'per text':>10}{'unknown':>9}  lost"
    for mode, report in side.modes.items():
        lost = report.lost
        characters = " ".join(f"{c}×{n}" for c, n in list(lost.characters.items())[:_SHOWN])
        more = " …" if len(lost.characters) > _SHOWN else ""
        case = f"; case of {lost.upper_case:,} letters" if lost.upper_case else ""
        yield (
            f"  {mode:11}{report.tokens:8,}{report.tokens_seen_once:7,}"
            f"{report.tokens_per_text:10.1f}{report.unknown_texts:9.1%}  "
            f"{characters}{more}{case}" + ("" if characters or case else "nothing")
        )
        for given, kept in lost.examples[:1]:
            yield f"  {'':45}  e.g. {given[:40]!r} becomes {kept[:40]!r}"


if __name__ == "__main__":
    sys.exit(main())
