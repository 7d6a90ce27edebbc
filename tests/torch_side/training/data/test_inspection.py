"""Inspection of data sets, its command, and the advice of ``fit``."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from s2s_export.text.modes import text_mode
from training import inspect
from training.data.advice import advice
from training.data.corpus import Corpus
from training.data.inspection import inspect_pairs, lost_by
from training.data.pairs_file import TextPair
from training.recipes.named import RECIPES
from training.recipes.recipe import Recipe
from training.recipes.selection import Selection

SENTENCES = [
    TextPair("Było zimno.", "It was cold."),
    TextPair("Było zimno.", "It was cold."),
    TextPair("Było zimno.", "The weather was cold."),
    TextPair("Straße", "street"),
]
DATES = [TextPair(f"may {day} 20{day:02}", f"20{day:02}-05-{day:02}") for day in range(1, 29)]
HANGUL = [
    TextPair(source, target)
    for source, target in [("책임", "t i m"), ("지나치다", "t i n"), ("직할시", "t k m")] * 30
]
WORDS = [TextPair(word, " ".join(word.upper())) for word in ("abc", "bca", "cab", "bac") * 40]
COMMANDS = [
    TextPair(f"{verb} {way} {times}", f"I_{verb.upper()} I_{way.upper()}")
    for verb in ("walk", "run", "turn", "look", "go", "jump")
    for way in ("left", "right", "back")
    for times in ("once", "twice", "thrice", "again", "now", "then", "still", "ever")
]


def test_repeated_and_conflicting_pairs_are_counted() -> None:
    inspection = inspect_pairs(SENTENCES)
    assert (inspection.pairs, inspection.duplicates, inspection.conflicts) == (4, 1, 1)
    assert inspection.source.distinct == 2
    assert inspection.source.scripts == {"Latin": 1.0}


def test_lost_characters_are_counted_with_an_example() -> None:
    lost = lost_by(text_mode("tutorial"), ["Było zimno.", "Straße", "ok"])
    assert lost.characters == {"ł": 1, "ß": 1}
    assert lost.examples == [("Było zimno.", "by o zimno ."), ("Straße", "stra e")]
    assert (lost.letters, lost.upper_case) == (2, 2)
    for mode in ("natural", "characters", "spaces"):
        assert lost_by(text_mode(mode), ["Było  zimno."]).characters == {}


@pytest.mark.parametrize(
    ("pairs", "modes"),
    [
        (DATES, ("characters", "characters")),
        (WORDS, ("characters", "spaces")),
        (HANGUL, ("decomposed", "spaces")),
        (COMMANDS, ("unicode", "spaces")),
        (
            [
                TextPair(f"{w}{a} {b} c", f"d {w} {a}")
                for w in "xyzuvw"
                for a, b in ("ab", "cd", "ef")
            ],
            ("natural", "natural"),
        ),
    ],
    ids=["dates", "words", "hangul", "commands", "sentences"],
)
def test_the_text_mode_that_fits_is_recommended(
    pairs: list[TextPair], modes: tuple[str, str]
) -> None:
    assert tuple(inspect_pairs(pairs).recommended.values()) == modes


def test_the_command_prints_what_to_type_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"{s}\t{t}\n" for s, t in COMMANDS), encoding="utf-8")
    assert inspect.main(["--data", str(path), "--reverse"]) == 0
    out = capsys.readouterr().out
    assert f"--data {path} --reverse --source-text unicode --target-text spaces" in out
    assert "144 pairs" in out
    assert inspect.main(["--data", str(path), "--reverse", "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["target"]["modes"]["spaces"]["lost"]["characters"] == {}
    assert content["command"].startswith("python -m training.fit --recipe words")


def test_the_amount_of_data_is_that_of_the_training() -> None:
    """Each word is as long as the others, so that the sample's mean is exact."""
    inspection = inspect_pairs(WORDS)
    recipe = RECIPES[inspect.recommended_recipe(inspection)]
    assert inspection.recommended == {"source": "characters", "target": "spaces"}
    selection = replace(recipe.selection, held_out=0.0, target_text="spaces")
    corpus = Corpus.prepare(WORDS, replace(recipe, selection=selection), "x")
    assert inspection.recommended_tokens == corpus.tokens
    line = inspect.following_choices(inspection)
    assert line.startswith(f"of some {corpus.tokens} tokens follow: 50 epochs, 192 units")


def test_without_data_the_command_says_which_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert inspect.main([]) == 2
    assert "--data, or --source and --target" in capsys.readouterr().err


def advised(pairs: list[TextPair], selection: Selection) -> list[str]:
    corpus = Corpus.prepare(pairs, Recipe(selection=selection), "x")
    return [*advice(pairs, corpus)]


def test_fit_warns_of_lost_letters_and_unique_tokens() -> None:
    selection = Selection(prefix_filter=False, held_out=0.0)
    lost, unique = advised(SENTENCES[2:], selection)
    assert lost.startswith("--source-text tutorial loses 2 letters in 2 texts: 'Było zimno.'")
    assert unique.startswith("6 of 6 source tokens are seen once: with --source-text natural")
    natural = Selection(
        prefix_filter=False, held_out=0.0, source_text="natural", target_text="natural"
    )
    assert advised(SENTENCES, natural) == []


def test_lost_marks_alone_have_an_example() -> None:
    """``q`` with a hook has no composed form, so the tutorial's mode loses the mark alone."""
    assert lost_by(text_mode("unicode"), ["İstanbul"]).characters == {}
    lost = lost_by(text_mode("tutorial"), ["q\u0309"])
    assert (lost.letters, lost.examples) == (1, [("q\u0309", "q")])
    selection = Selection(prefix_filter=False, held_out=0.0)
    assert "loses 1 letters" in advised([TextPair("q\u0309", "a")], selection)[0]


def test_fit_warns_of_a_filter_that_drops_more_than_half() -> None:
    pairs = [TextPair("je suis la", "I am here."), *SENTENCES]
    [line, *_] = advised(pairs, Selection(held_out=0.0))
    assert line == "4 of 5 pairs dropped: none of the prefixes (--prefixes, --no-prefix-filter)"
