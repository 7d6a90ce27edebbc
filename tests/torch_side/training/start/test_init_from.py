"""``--init-from``: more pairs of the same kind for a model that another run has trained."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch

from s2s_export.errors import DataError, OptionError
from training.data.corpus import Corpus
from training.data.known_text import KnownText, NewTokens
from training.data.pairs_file import TextPair
from training.fit import main, parse_options
from training.learner import Learner
from training.loss import Loss
from training.recipes.recipe import Recipe
from training.recipes.selection import Selection
from training.run import checkpoint as checkpoints

SMALL = ("--hidden-size", "8", "--batch-size", "4", "--epochs", "2", "--held-out", "0.2")
NEW = """I am sad.\tJe suis triste.
I am late.\tJe suis en retard.
He is here.\tIl est ici.
He is purple.\tIl est ici.
She is late.\tElle est encore en retard.
We are tired.\tNous sommes en retard.
They are here.\tIls sont ici.
"""


@pytest.fixture
def base(tiny_pairs: Path, tmp_path: Path) -> Path:
    """A run over the tiny pairs, with an UNK."""
    run = tmp_path / "base"
    assert main(["--data", str(tiny_pairs), "--run", str(run), *SMALL]) == 0
    return run


@pytest.fixture
def new_pairs(tmp_path: Path) -> Path:
    path = tmp_path / "new.tsv"
    path.write_text(NEW, encoding="utf-8")
    return path


def command(base: Path, data: Path, *more: str) -> list[str]:
    run = ("--run", str(base.parent / "next"), "--batch-size", "4", "--epochs", "3")
    return ["--init-from", str(base), "--data", str(data), *run, *more]


def test_a_run_goes_on_with_the_model_of_another(
    base: Path, new_pairs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first: dict[str, torch.Tensor] = {}
    original = Learner.take_step

    def take_step(self: Learner) -> Loss:
        if not first:
            first.update({name: t.clone() for name, t in self.model.state_dict().items()})
        return original(self)

    monkeypatch.setattr(Learner, "take_step", take_step)
    capsys.readouterr()
    assert main(command(base, new_pairs, "--held-out", "0.3", "--seed", "5")) == 0
    before, after = checkpoints.load(base), checkpoints.load(base.parent / "next")
    weights = before.model.state_dict()
    assert first.keys() == weights.keys()
    assert all(first[name].equal(weights[name]) for name in weights)
    assert not all(after.model.state_dict()[name].equal(weights[name]) for name in weights)
    for side in ("source", "target"):
        assert getattr(after.vocabularies, side).words == getattr(before.vocabularies, side).words
    assert after.recipe.hidden_size == 8
    # A reader must still take what the model took before, though the new pairs are shorter.
    assert after.report.max_source_length == before.report.max_source_length
    assert after.report.max_target_length == before.report.max_target_length
    assert (after.report.validation_pairs, after.report.test_pairs) == (2, 1)
    out = capsys.readouterr().out.splitlines()
    assert out[1].startswith("new tokens, which the model lacks: source ")
    assert "(read as unknown words), target " in out[1]
    assert "left out for a token that the model lacks)" in out[2]


def known(words: Sequence[str], targets: Sequence[str], *, unk: bool) -> KnownText:
    selection = Selection(held_out=0.0)
    pairs = [TextPair(" ".join(words), " ".join(["i am", *targets]))]
    recipe = Recipe(word_dropout=0.25 if unk else 0.0, selection=selection)
    corpus = Corpus.prepare(pairs, recipe, "x")
    return KnownText(corpus.modes, corpus.vocabularies, 9, 9)


def test_pairs_with_tokens_that_the_model_lacks() -> None:
    raw = [
        TextPair("je suis la", "i am here"),
        TextPair("je suis perdu", "i am here"),
        TextPair("je suis perdu ici", "i am lost"),
        TextPair("je suis la", "i am lost today"),
    ]
    recipe = Recipe(selection=Selection(held_out=0.0))
    with_unk = Corpus.prepare(raw, recipe, "x", known(["je", "suis", "la"], ["here"], unk=True))
    assert with_unk.new_tokens == NewTokens(source=2, source_pairs=2, target=2, target_pairs=2)
    assert [pair.texts for pair in with_unk.training] == raw[:2]
    assert with_unk.rare == 2
    without = Corpus.prepare(raw, recipe, "x", known(["je", "suis", "la"], ["here"], unk=False))
    assert [pair.texts for pair in without.training] == raw[:1]
    with pytest.raises(DataError, match="each of the 4 training pairs has a token that the run"):
        Corpus.prepare(raw, recipe, "x", known(["oui"], ["yes"], unk=True))


def test_merges_are_those_of_the_earlier_run(tmp_path: Path, new_pairs: Path) -> None:
    natural = ("--text", "natural", "--source-subwords", "9", "--no-prefix-filter")
    base = tmp_path / "base"
    assert main(["--data", str(new_pairs), "--run", str(base), *natural, *SMALL]) == 0
    more = tmp_path / "more.tsv"
    more.write_text("I am here.\tJe suis ici ici ici.\n" * 9, encoding="utf-8")
    assert main(command(base, more, "--no-prefix-filter", "--held-out", "0")) == 0
    before, after = checkpoints.load(base), checkpoints.load(tmp_path / "next")
    for side in ("source", "target"):
        merges = [getattr(run.modes, side).merges for run in (before, after)]
        assert merges[0].pairs == merges[1].pairs
    assert after.recipe.selection.source_text == "natural"
    assert after.recipe.selection.source_subwords == 9
    assert len(after.samples) == 9
    assert after.samples[0].source == before.modes.pair(after.samples[0].texts).source


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (["--hidden-size", "256"], "--hidden-size: expected 8 as in --init-from .*, found 256"),
        (["--model", "attention"], "--model: expected tutorial as in --init-from .*, found atten"),
        (["--n-layers", "1"], "--n-layers: expected 2 as in"),
        (["--text", "unicode"], "--source-text: expected tutorial as in .*, found unicode"),
        (["--target-text", "spaces"], "--target-text: expected tutorial as in .*, found spaces"),
        (["--fold-case"], "--fold-case: expected False as in .*, found True"),
        (["--min-count", "2"], "--min-count: expected 1 as in"),
        (["--reverse"], "--reverse: expected False as in"),
    ],
)
def test_an_option_that_contradicts_the_earlier_run(
    base: Path, new_pairs: Path, option: list[str], message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        parse_options(command(base, new_pairs, *option))


def test_options_that_agree_with_the_earlier_run(base: Path, new_pairs: Path) -> None:
    """The shape is the run's whatever the recipe; other choices are the recipe's."""
    arguments = command(base, new_pairs, "--recipe", "sentences", "--hidden-size", "8")
    recipe = parse_options([*arguments, "--text", "tutorial"]).recipe
    assert (recipe.model, recipe.hidden_size, recipe.embedding_size) == ("tutorial", 8, 0)
    assert recipe.selection.source_text == "tutorial"
    assert (recipe.dropout, recipe.selection.max_length) == (0.2, 0)
    assert parse_options(["--init-from=" + str(base)]).recipe.hidden_size == 8


def test_errors_exit_with_their_code(
    base: Path, new_pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(base / "gone", new_pairs)) == 3
    assert "gone/best.pt: no checkpoint" in capsys.readouterr().err
    assert main(command(base, new_pairs, "--hidden-size", "9")) == 2
    assert "error: --hidden-size: expected 8 as in --init-from " in capsys.readouterr().err
    (base / "best.pt").write_bytes(b"rubbish")
    assert main(command(base, new_pairs)) == 3
    assert "it is damaged or no checkpoint" in capsys.readouterr().err


def test_resuming_is_bit_exact_without_the_earlier_run(
    base: Path, new_pairs: Path, interrupt_at: Callable[[int], None]
) -> None:
    arguments = command(base, new_pairs)
    run = base.parent / "next"
    assert main(arguments) == 0
    whole = checkpoints.load_state(run)
    interrupt_at(3)
    assert main([*arguments, "--force"]) == 130
    shutil.rmtree(base)
    assert main([*arguments, "--resume"]) == 0
    resumed = checkpoints.load_state(run)
    assert resumed["learner"]["position"] == whole["learner"]["position"]
    assert resumed["known_text"] == whole["known_text"]
    for name, weights in whole["learner"]["trained"].items():
        assert weights.equal(resumed["learner"]["trained"][name]), name


def test_resuming_from_another_start_is_refused(
    base: Path, new_pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = command(base, new_pairs)
    assert main(arguments) == 0
    capsys.readouterr()
    assert main([*arguments[2:], "--hidden-size", "8", "--resume"]) == 3
    expected = "begun with --init-from base, this command has None; resume with the same options"
    assert expected in capsys.readouterr().err
    other = [*arguments[2:], "--init-from", str(base.parent / "other"), "--resume"]
    assert main(other) == 3
    assert "begun with --init-from base, this command has other" in capsys.readouterr().err


def test_a_run_that_began_without_an_earlier_one_is_resumed_without(
    base: Path, tiny_pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--data", str(tiny_pairs), "--run", str(base), *SMALL, "--resume"]
    assert main([*arguments, "--init-from", str(base.parent / "x")]) == 3
    assert "begun with --init-from None, this command has x" in capsys.readouterr().err
