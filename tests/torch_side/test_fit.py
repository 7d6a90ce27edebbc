"""``python -m training.fit``: its outputs, its exit codes, and that a seed is a seed."""

import subprocess
import sys
from pathlib import Path

import pytest

from s2s_export import graphs
from training import checkpoint as checkpoints
from training.fit import main
from training.settings import Settings

SMALL = ("--hidden-size", "8", "--batch-size", "4")


def test_trains_a_run_folder_and_reports(
    tiny_pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "runs" / "a"
    arguments = ["--data", str(tiny_pairs), "--run", str(run), "--epochs", "2", "--held-out", "0.2"]
    assert main([*arguments, *SMALL]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "26 pairs; words, SOS and EOS counted: fra 51, eng 36"
    assert lines[1].startswith("training on 21 pairs; 5 held out, ")
    assert lines[2].startswith("held-out loss: ")
    assert lines[3] == "source | reference | hypothesis"
    assert all(line.count(" | ") == 2 for line in lines[3:-2])
    assert lines[-1] == f"next: python -m s2s_export.export --run {run}"
    assert "epoch 2/2" in err
    assert "pairs/s" in err
    assert "held-out=" in err
    assert sorted(path.name for path in run.iterdir()) == ["checkpoint.pt", "loss.png"]
    assert (run / "loss.png").read_bytes().startswith(b"\x89PNG")
    assert checkpoints.load(run).report.training_pairs == 21


def test_a_seed_decides_every_weight(tiny_pairs: Path, tmp_path: Path) -> None:
    digests = []
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        arguments = ["--data", str(tiny_pairs), "--run", str(tmp_path / name), "--seed", seed]
        assert main([*arguments, "--epochs", "1", *SMALL]) == 0
        digests.append(graphs.tensors_sha256(checkpoints.load(tmp_path / name).model))
    assert digests[0] == digests[1] != digests[2]


def test_any_pairs_train_in_any_direction(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fault 67: one pair, and the filter switched off."""
    data = tmp_path / "dates.tsv"
    data.write_text("twenty first of may\tmay twentyone\n")
    arguments = ["--data", str(data), "--run", str(tmp_path / "run"), "--epochs", "1", *SMALL]
    assert main(arguments) == 4
    assert "none of the 1 pairs passes the filter" in capsys.readouterr().err
    options = ["--prefixes", "--max-length", "0", "--reverse", "--languages", "words", "short"]
    assert main([*arguments, *options]) == 0
    assert "words 6, short 4" in capsys.readouterr().out
    settings = checkpoints.load(tmp_path / "run").settings
    assert settings == Settings(
        epochs=1,
        hidden_size=8,
        batch_size=4,
        max_length=None,
        prefixes=(),
        source_language="words",
        target_language="short",
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--data", "gone.tsv"], 4, "error: gone.tsv: no such data file\n"),
        (["--data", "empty.tsv"], 4, "error: empty.tsv: no pairs in it"),
        (["--data", "no-tab.tsv"], 4, "error: no-tab.tsv, line 1: expected English<TAB>French"),
        (["--run", "empty.tsv/run"], 3, "error: empty.tsv/run: cannot be made: Not a directory\n"),
        (["--epochs", "0"], 2, "argument --epochs: expected 1 or more, found 0"),
        (["--epochs", "x"], 2, "argument --epochs: invalid"),
        (["--held-out", "1"], 2, "argument --held-out: expected at least 0 and less than 1"),
        (["--epoch"], 2, "--epoch"),
        (["--device", "tpu"], 2, "argument --device: invalid choice: 'tpu'"),
    ],
)
def test_what_goes_wrong_is_one_line_and_an_exit_code(
    tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    """Faults 58, 59, 73 and 79."""
    (tmp_path / "empty.tsv").touch()
    (tmp_path / "no-tab.tsv").write_text("no tab\n")
    process = subprocess.run(
        [sys.executable, "-m", "training.fit", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (process.returncode, process.stdout) == (code, "")
    assert message in process.stderr
    assert "Traceback" not in process.stderr
    if code != 2:
        assert process.stderr.count("\n") == 1
