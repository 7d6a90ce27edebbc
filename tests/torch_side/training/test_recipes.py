"""The recipes, and the command line that is made from them."""

import re
import subprocess
import sys
from dataclasses import fields, replace
from typing import get_args, get_type_hints

import pytest

from s2s_export.text.modes import TEXT_MODES
from training.fit import Options, parse_options
from training.recipes.amount import epochs_for
from training.recipes.named import DEFAULT, RECIPES, TUTORIAL
from training.recipes.recipe import Recipe
from training.recipes.selection import Selection
from training.start.options import Start


def test_the_tutorials_recipe() -> None:
    """Each choice as in the tutorial; options that it lacks are off."""
    off = (
        *("warmup", "clip_norm", "dropout", "label_smoothing", "word_prediction", "word_dropout"),
        *("teacher_forcing_ratio",),
    )
    assert {getattr(TUTORIAL, name) for name in off} == {0.0}
    chosen = (TUTORIAL.epochs, TUTORIAL.batch_size, TUTORIAL.learning_rate, TUTORIAL.hidden_size)
    assert chosen == (1, 1, 1e-3, 256)
    assert (TUTORIAL.loss, TUTORIAL.schedule, TUTORIAL.init) == ("sentence", "constant", "pytorch")
    assert TUTORIAL.selection == Selection(max_length=10, held_out=0.0, min_count=1)
    assert not TUTORIAL.learns_unk
    assert DEFAULT.learns_unk


def test_every_text_mode_can_be_chosen() -> None:
    assert get_args(get_type_hints(Selection)["source_text"]) == TEXT_MODES


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_gives_the_defaults(name: str) -> None:
    assert parse_options(["--recipe", name]).recipe == RECIPES[name]
    assert parse_options([f"--recipe={name}"]).recipe == RECIPES[name]
    assert parse_options([f"--recipe={name}", "--epochs", "3"]).recipe == replace(
        RECIPES[name], epochs=3
    )


def test_the_default_recipe() -> None:
    assert parse_options([]) == Options()
    assert Options().recipe == DEFAULT


def test_sizes_of_the_conditional_model() -> None:
    arguments = ["--recipe", "attention", "--model", "conditional"]
    recipe = replace(RECIPES["attention"], model="conditional")
    assert parse_options(arguments).recipe == recipe
    assert recipe.units_of_embeddings == recipe.hidden_size
    arguments += ["--embedding-size", "128", "--encoder-layers", "2"]
    assert parse_options(arguments).recipe == replace(recipe, embedding_size=128, encoder_layers=2)


def test_any_choice_can_be_given() -> None:
    arguments = [
        *("--no-prefix-filter", "--max-length", "30", "--text", "unicode", "--reverse"),
        *("--languages", "ell", "kor", "--min-count", "2", "--teacher-forcing-ratio", "0.5"),
    ]
    assert parse_options(arguments).recipe == Recipe(
        teacher_forcing_ratio=0.5,
        selection=Selection(
            max_length=30,
            prefix_filter=False,
            source_text="unicode",
            target_text="unicode",
            reverse=True,
            languages=("ell", "kor"),
            min_count=2,
        ),
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "-1"], "--epochs: expected 0 or more, found -1"),
        (["--max-minutes", "-1"], "--max-minutes: expected 0 or more, found -1.0"),
        (["--epochs", "x"], "--epochs"),
        (["--held-out", "1"], "--held-out: expected at least 0, less than 1, found 1.0"),
        (["--dropout", "-0.1"], "--dropout: expected at least 0, less than 1, found -0.1"),
        (["--seed", "-1"], "--seed: expected 0 or more, found -1"),
        (["--teacher-forcing-ratio", "1.1"], "--teacher-forcing-ratio: expected 0 to 1"),
        (["--learning-rate", "-1"], "--learning-rate: expected 0 or more, found -1.0"),
        (["--min-count", "0"], "--min-count: expected 1 or more, found 0"),
        (["--max-length", "-1"], "--max-length: expected 0 or more, found -1"),
        (["--recipe", "x"], "--recipe"),
        (
            ["--recipe", "attention", "--n-layers", "3"],
            "--n-layers: expected 2 with --model attention",
        ),
        (["--model", "conditional", "--n-layers", "1"], "--n-layers: expected 2 with --model cond"),
        (["--encoder-layers", "2"], "--encoder-layers: expected 1 with --model tutorial, found 2"),
        (
            ["--recipe", "attention", "--embedding-size", "128"],
            "--embedding-size: expected 0 or the hidden size, 256, with --model attention, found 1",
        ),
        (["--mixed-precision", "on"], "--mixed-precision: expected auto or off with --model tut"),
        (["--batch-size", "-1"], "--batch-size: expected 0 or more, found -1"),
        (["--embedding-size", "-1"], "--embedding-size: expected 0 or more, found -1"),
        (["--epoch"], "--epoch"),
        (["--device", "tpu"], "--device"),
        (["--data", "x", "--download", "tatoeba"], "--data and --download: expected one of them"),
        (
            ["--source-vectors", "x", "--init-from", ""],
            "--init-from and --source-vectors: expected one of them, found both",
        ),
        (["--freeze-vectors"], "--freeze-vectors: expected --source-vectors or --target-vectors"),
        (["--resume", "--force"], "--resume and --force: expected one of them"),
    ],
)
def test_wrong_options_exit_with_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as error:
        parse_options(arguments)
    out, err = capsys.readouterr()
    assert (error.value.code, out) == (2, "")
    assert message in " ".join(err.replace("│", " ").split())


def test_help_describes_every_choice_without_torch() -> None:
    program = (
        "import atexit, sys; from training.fit import main; "
        "atexit.register(lambda: print(*{'torch', 'onnxruntime'} & sys.modules.keys())); "
        "main(['--help'])"
    )
    process = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    assert process.stdout.endswith("╯\n\n"), "neither is loaded"
    text = " ".join(process.stdout.replace("│", " ").split())
    for cls in (Recipe, Selection, Options, Start):
        for field in fields(cls):
            if field.name not in ("recipe", "selection", "recipe_name", "start"):
                assert f"--{field.name.replace('_', '-')}" in text
    without = re.findall(r"(--[a-z-]+)(?: [^ ()]+)? \((?:default|required)", text)
    assert not without, "the parenthesis follows a description"
    assert "--recipe {default,attention,tutorial,sentences,words}" in process.stdout
    assert "down to zero along a half cosine" in text


def test_epochs_follow_the_amount_of_data() -> None:
    tokens = (0, 40_000, 100_000, 150_000, 1_700_000, 2_700_000, 10**9)
    assert [epochs_for(n) for n in tokens] == [50, 50, 40, 26, 20, 12, 10]
    falling = [epochs_for(n) for n in range(10_000, 10_000_000, 10_000)]
    assert falling == sorted(falling, reverse=True)


def test_words_take_their_choices_from_the_amount_of_data() -> None:
    small, middle, large = (RECIPES["words"].for_tokens(n) for n in (40_000, 300_000, 1_700_000))
    assert (small.consistency, middle.consistency, large.consistency) == (1.0, 0.0, 0.0)
    sizes = [(recipe.hidden_size, recipe.embedding_size) for recipe in (small, middle, large)]
    assert sizes == [(192, 128), (192, 128), (512, 256)]
    batches = [(recipe.batch_size, recipe.batch_tokens) for recipe in (small, middle, large)]
    assert batches == [(64, 1280), (64, 1280), (128, 2560)]
    rates = [recipe.learning_rate for recipe in (small, middle, large)]
    assert rates == [2e-3, 2e-3, 1e-3]


@pytest.mark.parametrize(
    ("tokens", "batch_size", "learning_rate"), [(200_000, 32, 3e-3), (200_001, 64, 4e-3)]
)
def test_sentences_take_their_steps_from_the_amount_of_data(
    tokens: int, batch_size: int, learning_rate: float
) -> None:
    """The same for every text mode that writes sentences; sizes stay, whatever the data."""
    for mode in ("natural", "unicode", "tutorial"):
        selection = replace(RECIPES["sentences"].selection, target_text=mode)
        recipe = replace(RECIPES["sentences"], selection=selection).for_tokens(tokens)
        assert (recipe.batch_size, recipe.learning_rate) == (batch_size, learning_rate)
        assert (recipe.hidden_size, recipe.embedding_size) == (240, 192)


def test_words_that_are_phones_take_the_steps_of_characters() -> None:
    words = RECIPES["words"]
    phones = replace(words, selection=replace(words.selection, target_text="spaces"))
    for tokens in (40_000, 1_700_000):
        recipe = phones.for_tokens(tokens)
        assert recipe == replace(words.for_tokens(tokens), selection=phones.selection)


def test_choices_that_are_given_stay() -> None:
    assert DEFAULT.for_tokens(100_000) == DEFAULT
    given = replace(
        RECIPES["words"], epochs=7, dropout=0.0, hidden_size=64, batch_size=8, learning_rate=3e-3
    )
    recipe = given.for_tokens(40_000)
    assert recipe == replace(given, consistency=recipe.consistency, batch_tokens=160)
    assert recipe.units_of_embeddings == 64
    assert recipe.consistency == 0.0, "without dropout there is nothing to compare"
    assert recipe.for_tokens(10**9) == recipe


def test_a_size_that_follows_the_data_is_of_the_conditional_model_alone() -> None:
    with pytest.raises(ValueError, match="--hidden-size: expected 1 or more with --model tut"):
        Recipe(hidden_size=0)
