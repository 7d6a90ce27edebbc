"""The commands of docs/your-own-pairs.md, run on small files of each task."""

import os
import re
import shlex
from pathlib import Path

import pytest

from s2s_export import Translator
from s2s_export.export import export
from s2s_export.text.normalizers import clean
from s2s_export.text.tokenizer import Tokenizer
from training import fit
from training.data.corpus import Corpus
from training.data.encoding import Vocabularies
from training.data.pairs_file import read_pairs

GUIDE = Path(__file__).parents[3] / "docs" / "your-own-pairs.md"
SAMPLES = {
    "sentences.tsv": [
        ("I'm late.", "Je suis en retard."),
        ("It's 7:30!", "Il est 7 h 30 !"),
        ("Where is Zoé?", "Où est Zoé ?"),
    ],
    "pronunciation.tsv": [
        ("hanko", "HH AE1 NG K OW0"),
        ("bread", "B R EH1 D"),
        ("robin", "R AA1 B IH0 N"),
    ],
    "names.tsv": [("آتزمون", "atzmon"), ("رابين", "rabin"), ("نورا", "nora")],
    "dates.tsv": [
        ("friday june 20 2014", "2014-06-20"),
        ("may 1st 1999", "1999-05-01"),
        ("3 march 2005", "2005-03-03"),
    ],
    "commands.tsv": [
        ("turn left twice", "I_TURN_LEFT I_TURN_LEFT"),
        ("jump", "I_JUMP"),
        ("walk and jump", "I_WALK I_JUMP"),
    ],
}
QUICK = [
    *("--held-out", "0", "--epochs", "120", "--batch-size", "1", "--hidden-size", "24"),
    *("--dropout", "0", "--label-smoothing", "0", "--word-dropout", "0"),
    *("--subword-dropout", "0"),
]


def commands() -> dict[str, list[str]]:
    """Return the options of each command by its data file."""
    lines = re.findall(r"^python -m training\.fit (.*)$", GUIDE.read_text(encoding="utf-8"), re.M)
    options = [shlex.split(line) for line in lines]
    return {words[words.index("--data") + 1]: words for words in options}


PAGES = sorted((GUIDE.parent / "tasks").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_page_trains_with_the_command_of_the_guide(page: Path) -> None:
    text = page.read_text(encoding="utf-8").replace("\\\n", "")
    first = re.search(r"^python -m training\.fit (.*)$", text, re.M)
    assert first is not None
    *options, run, folder = shlex.split(first[1])
    assert options == commands()[f"{page.stem}.tsv"]
    assert run == "--run"
    assert f"python -m s2s_export.export --run {folder} " in text


def test_each_command_has_a_sample() -> None:
    assert commands().keys() == SAMPLES.keys()


@pytest.mark.parametrize("name", SAMPLES)
def test_each_task_comes_out_in_its_own_spelling(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pairs = SAMPLES[name]
    Path(name).write_text("".join(f"{a}\t{b}\n" for a, b in pairs), encoding="utf-8")
    options = commands()[name]
    assert fit.main([*options, *QUICK, "--run", "run"]) == 0
    export(Path("run"), Path("exported"))
    translator = Translator("exported")
    for first, second in pairs:
        source, target = (first, second) if "--reverse" in options else (second, first)
        assert translator.translate(source) == target
        assert "".join(translator.stream(source)) == target


TASKS = {
    "dates": "dates.tsv",
    "g2p": "pronunciation.tsv",
    "scan-simple": "commands.tsv",
    "scan-length": "commands.tsv",
    "sig-hin": "pronunciation.tsv",
    "sig-kor": "pronunciation.tsv",
}
"""Public data of each task, and the command of the guide that it is trained with."""


@pytest.mark.corpus
@pytest.mark.skipif("TASK_DATA" not in os.environ, reason="needs TASK_DATA")
@pytest.mark.parametrize("task", TASKS)
def test_every_row_of_the_public_tasks_is_kept_verbatim(task: str) -> None:
    folder = Path(os.environ["TASK_DATA"])
    options = fit.parse_options(commands()[TASKS[task]])
    recipe = options.recipe
    pairs = [
        pair
        for part in ("train", "test")
        for pair in read_pairs(folder / f"{task}.{part}.tsv", reverse=True).pairs
    ]
    corpus = Corpus.prepare(pairs, recipe, task)
    assert not corpus.dropped
    everything = (*corpus.training, *corpus.held_out)
    assert len(everything) == len(pairs)
    target = Tokenizer(
        corpus.modes.target, Vocabularies.from_pairs(everything, corpus.modes).target
    )
    for pair in pairs:
        assert target.decode(target.encode(pair.target).ids[:-1]) == clean(pair.target)
