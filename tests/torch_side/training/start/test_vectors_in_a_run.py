"""``--source-vectors`` and ``--target-vectors``: sizes, scale, frozen rows, reports."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from s2s_export.errors import OptionError
from training.fit import main, parse_options
from training.models.seq2seq import Seq2Seq
from training.recipes.recipe import ModelName, Recipe
from training.recipes.selection import SideName
from training.run import checkpoint as checkpoints
from training.start.embeddings import embedding_of, set_vectors
from training.start.word_vectors import WordVectors

SIZE = 6
SOURCE = {"je": [1, 2, 3, 4, 5, 6], "suis": [-2, 1, 0, 4, 1, 1], "est": [6, 5, 4, -3, 2, 1]}
TARGET = {"i": [3, 1, 2, -3, 1, 1], "late": [1, 1, 1, -1, 2, 2], "never-seen": [9, 9, 9, 9, 9, 9]}


def vectors_file(path: Path, rows: dict[str, list[int]]) -> Path:
    lines = [f"{word} {' '.join(map(str, numbers))}\n" for word, numbers in rows.items()]
    path.write_text("".join([f"{len(rows)} {SIZE}\n", *lines]), encoding="utf-8")
    return path


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """The options that name both files."""
    source = vectors_file(tmp_path / "source.vec", SOURCE)
    target = vectors_file(tmp_path / "target.vec", TARGET)
    return ["--source-vectors", str(source), "--target-vectors", str(target)]


def command(data: Path, run: Path, model: ModelName, *more: str) -> list[str]:
    sizes = [*("--model", model, "--batch-size", "4", "--epochs", "2"), *more]
    hidden = "7" if model == "conditional" else str(SIZE)
    return ["--data", str(data), "--run", str(run), "--hidden-size", hidden, *sizes]


def rows_of(run: Path, side: SideName, words: dict[str, list[int]]) -> tuple[Tensor, Tensor]:
    """The weights of the words that a trained model knows, and their vectors of the file."""
    trained = checkpoints.load(run)
    vocabulary = getattr(trained.vocabularies, side)
    present = [word for word in words if word in vocabulary]
    ids = vocabulary.encode(present)[:-1]
    weights = embedding_of(trained.model, side).weight.detach()[ids]
    return weights, torch.tensor([words[word] for word in present], dtype=torch.float32)


@pytest.mark.parametrize("model", ["tutorial", "attention", "conditional"])
def test_frozen_rows_stay_and_others_are_trained(
    tiny_pairs: Path, tmp_path: Path, files: list[str], model: ModelName
) -> None:
    assert main(command(tiny_pairs, tmp_path / "a", model, *files, "--freeze-vectors")) == 0
    trained = checkpoints.load(tmp_path / "a")
    words: dict[SideName, dict[str, list[int]]] = {"source": SOURCE, "target": TARGET}
    for side, rows in words.items():
        weights, vectors = rows_of(tmp_path / "a", side, rows)
        assert len(weights) >= 2
        factors = weights / vectors.where(vectors != 0, torch.nan)
        assert factors.nanmedian() > 0
        # One factor for all: nothing has moved, not even in the last bits.
        torch.testing.assert_close(weights, vectors * factors.nanmedian(), rtol=1e-6, atol=0)
    torch.manual_seed(trained.recipe.seed)
    begun = Seq2Seq.of(trained.recipe, trained.vocabularies)
    for side in words:
        now, then = (embedding_of(m, side).weight.detach() for m in (trained.model, begun))
        moved = (now != then).any(dim=1)
        assert moved.sum() > 10, "rows without a vector are trained"
    if model == "conditional":
        assert trained.recipe.units_of_embeddings == SIZE
        assert trained.model.decoder.out.weight is trained.model.decoder.embedding.weight


def test_without_freezing_found_rows_are_trained(
    tiny_pairs: Path, tmp_path: Path, files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(tiny_pairs, tmp_path / "a", "tutorial", *files)) == 0
    weights, vectors = rows_of(tmp_path / "a", "source", SOURCE)
    factors = weights / vectors.where(vectors != 0, torch.nan)
    spread = factors[~factors.isnan()]
    assert spread.max() - spread.min() > 1e-4
    assert torch.cosine_similarity(weights, vectors).min() > 0.9, "it began with them"
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith("source vectors of source.vec: 3 of 46 tokens found, ")
    assert lines[2].endswith("% of the running tokens")
    assert lines[3].startswith("target vectors of target.vec: 2 of ")


def test_share_of_the_running_tokens(
    tmp_path: Path, files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "x.tsv"
    data.write_text("i am late late\tje suis suis suis ici\n", encoding="utf-8")
    arguments = command(data, tmp_path / "a", "tutorial", *files, "--held-out", "0")
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert "source vectors of source.vec: 2 of 3 tokens found, 80.0% of the running tokens" in out
    assert "target vectors of target.vec: 2 of 3 tokens found, 75.0% of the running tokens" in out


@pytest.mark.parametrize("model", ["tutorial", "conditional"])
def test_vectors_get_the_scale_of_the_initial_values(model: ModelName) -> None:
    torch.manual_seed(0)
    seq2seq = Seq2Seq(Recipe(model=model, hidden_size=64), 500, 500)
    embedding = embedding_of(seq2seq, "target")
    before = embedding.weight.detach().clone()
    values = torch.randn(100, 64) * 7
    set_vectors(embedding, WordVectors(tuple(range(3, 103)), values.numpy()))
    after = embedding.weight.detach()
    expected = 1.0 if model == "tutorial" else 64**-0.5
    assert after[3:103].std().item() == pytest.approx(expected, rel=0.02)
    assert torch.cosine_similarity(after[3:103], values).min() > 0.9999
    assert after[:3].equal(before[:3])
    assert after[103:].equal(before[103:])


def test_no_vector_or_only_zeros_change_nothing() -> None:
    embedding = torch.nn.Embedding(4, 3)
    before = embedding.weight.detach().clone()
    set_vectors(embedding, WordVectors((), torch.zeros(0, 3).numpy()))
    set_vectors(embedding, WordVectors((2,), torch.zeros(1, 3).numpy()))
    assert embedding.weight.detach().equal(before)


def test_the_embedding_size_is_that_of_the_vectors(files: list[str]) -> None:
    """Without ``--embedding-size``, whatever the recipe says."""
    assert parse_options(["--recipe", "sentences", *files]).recipe.embedding_size == SIZE
    arguments = ["--model", "conditional", *files, "--embedding-size", str(SIZE)]
    assert parse_options(arguments).recipe.embedding_size == SIZE


def test_another_size_is_an_error_with_both_numbers(
    tmp_path: Path, files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    hidden = (
        r"source\.vec: its vectors have 6 numbers, the embeddings 256; expected --hidden-size 6"
    )
    with pytest.raises(OptionError, match=hidden):
        parse_options(files)
    with pytest.raises(OptionError, match=r"embeddings 8; expected --embedding-size 6, or vectors"):
        parse_options(["--model", "conditional", "--embedding-size=8", *files])
    short = tmp_path / "short.vec"
    short.write_text("i 1 2\n")
    both = [*("--model", "conditional"), *files[:2], "--target-vectors", str(short)]
    with pytest.raises(
        OptionError, match=r"short\.vec: its vectors have 2 numbers, the embeddings"
    ):
        parse_options(both)
    assert main(files) == 2
    assert "its vectors have 6 numbers" in capsys.readouterr().err


def test_a_malformed_file_keeps_the_run_in_the_folder(
    tiny_pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = command(tiny_pairs, tmp_path / "a", "tutorial")
    assert main(arguments) == 0
    before = (tmp_path / "a" / "best.pt").read_bytes()
    bad = tmp_path / "bad.vec"
    bad.write_text("je 1 2 3 4 5 6\nsuis 1 2 3 4 5 x\n")
    assert main([*arguments, "--force", "--source-vectors", str(bad)]) == 4
    assert "bad.vec, line 2: expected a number, found 'x'" in capsys.readouterr().err
    assert (tmp_path / "a" / "best.pt").read_bytes() == before


def test_a_frozen_run_is_resumed_without_the_files(
    tiny_pairs: Path,
    tmp_path: Path,
    files: list[str],
    interrupt_at: Callable[[int], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Bit for bit: size and rows are in the run's state."""
    more = [*files, "--freeze-vectors"]
    assert main(command(tiny_pairs, tmp_path / "whole", "conditional", *more)) == 0
    arguments = command(tiny_pairs, tmp_path / "stopped", "conditional", *more)
    interrupt_at(3)
    assert main(arguments) == 130
    for path in files[1::2]:
        Path(path).unlink()
    assert main([*arguments, "--resume"]) == 0
    whole, resumed = (checkpoints.load_state(tmp_path / run) for run in ("whole", "stopped"))
    assert whole["learner"]["position"] == resumed["learner"]["position"]
    for name, weights in whole["learner"]["trained"].items():
        assert weights.equal(resumed["learner"]["trained"][name]), name
    capsys.readouterr()
    arguments.remove("--freeze-vectors")
    assert main([*arguments, "--resume"]) == 3
    expected = "begun with --freeze-vectors True, this command has False; resume with the same"
    assert expected in capsys.readouterr().err
