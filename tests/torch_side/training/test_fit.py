"""``python -m training.fit``: its outputs, its exit codes, and that a seed is a seed."""

import csv
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from s2s_export.exporter import torchscript
from training.fit import main
from training.recipes.named import TUTORIAL
from training.run import checkpoint as checkpoints

SMALL = ("--hidden-size", "8", "--batch-size", "4")


def test_trains_a_run_folder_and_reports(
    tiny_pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "runs" / "a"
    arguments = ["--data", str(tiny_pairs), "--run", str(run), "--epochs", "3", "--held-out", "0.2"]
    assert main([*arguments, "--curve-every", "10", *SMALL]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "26 pairs; SOS and EOS counted: source 51 words, target 36 words"
    assert lines[1].startswith("training on 21 pairs; held out: 3 for validation, 2 for the test, ")
    assert [line.split(":")[0] for line in lines[2:5]] == ["epoch 1", "epoch 2", "epoch 3"]
    assert all("pairs/s; validation loss" in line and "BLEU" in line for line in lines[2:5])
    assert "test, known words: BLEU" in lines[5]
    assert any(line.startswith("BLEU nrefs:1|") and "version:" in line for line in lines)
    translations = lines[lines.index("source | reference | hypothesis") + 1 : -1]
    assert translations
    assert all(line.count(" | ") == 2 for line in translations)
    assert lines[-1] == f"next: python -m s2s_export.export --run {run}"
    assert "pairs/s" in err
    names = [
        *(".lock", "best.pt", "errors.png", "history.csv", "hypotheses.tsv", "last.pt"),
        *("loss.png", "previous.pt", "tensorboard", "test.tsv", "validation.tsv"),
    ]
    assert sorted(path.name for path in run.iterdir()) == names
    for name in ("loss.png", "errors.png"):
        assert (run / name).read_bytes().startswith(b"\x89PNG")
    report = checkpoints.load(run).report
    assert (report.training_pairs, report.validation_pairs, report.test_pairs) == (21, 3, 2)
    assert report.recipe == "default"
    assert list((run / "tensorboard").glob("events.*")), "TensorBoard is part of the extra dev"


def test_the_history_has_each_point_of_the_curve(
    tiny_pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--data", str(tiny_pairs), "--run", str(tmp_path / "a"), "--epochs", "2"]
    assert main([*arguments, "--held-out", "0.2", "--curve-every", "8", *SMALL]) == 0
    rows = list(csv.DictReader((tmp_path / "a" / "history.csv").read_text().splitlines()))
    assert [int(row["epoch"]) for row in rows] == sorted(int(row["epoch"]) for row in rows)
    assert {row["sentences"] for row in rows} >= {"21", "42"}
    assert len(rows) >= 4
    validated = [row for row in rows if row["bleu"]]
    assert [row["sentences"] for row in validated] == ["21", "42"]
    assert all(float(row["token_loss"]) > 0 for row in rows)
    # TensorBoard has the same points; its event files hold the names of the scalars as they are.
    [events] = (tmp_path / "a" / "tensorboard").glob("events.*")
    content = events.read_bytes()
    assert content.count(b"token_loss") == len(rows)
    assert content.count(b"bleu_unknown") == sum(row["bleu_unknown"] != "" for row in rows)
    # The sums behind the means add up to what was printed for the epoch.
    seen, nats = 0, 0.0
    for row in rows:
        if row["epoch"] == "1":
            nats += float(row["sentence_loss"]) * (int(row["sentences"]) - seen)
            seen = int(row["sentences"])
    assert f"epoch 1: mean loss of a sentence {nats / 21:.2f}," in capsys.readouterr().out


def test_the_tutorials_recipe_prints_what_the_tutorial_prints(
    tiny_pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "a"
    arguments = ["--recipe", "tutorial", "--data", str(tiny_pairs), "--run", str(run)]
    assert main([*arguments, "--report-every", "10", "--curve-every", "5", *SMALL[:2]]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("training on 26 pairs; none held out")
    assert [line.partition(" (")[2].partition(")")[0] for line in lines[2:4]] == [
        "10 38%",
        "20 77%",
    ]
    figures = [float(line.rpartition(" ")[2]) for line in lines[2:4]]
    rows = list(csv.DictReader((run / "history.csv").read_text().splitlines()))
    assert [row["sentences"] for row in rows] == ["5", "10", "15", "20", "25", "26"]
    first_ten = sum(float(row["sentence_loss"]) for row in rows[:2]) / 2
    assert figures[0] == pytest.approx(first_ten / 10, abs=1e-4)
    assert lines[4].startswith("epoch 1: mean loss of a sentence ")
    examples = lines[lines.index("source | reference | hypothesis") + 1 : -1]
    assert len(examples) == 10
    assert checkpoints.load(run).recipe.batch_size == TUTORIAL.batch_size


def test_a_seed_decides_every_weight(tiny_pairs: Path, tmp_path: Path) -> None:
    digests = []
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        arguments = ["--data", str(tiny_pairs), "--run", str(tmp_path / name), "--seed", seed]
        assert main([*arguments, "--epochs", "1", *SMALL]) == 0
        digests.append(torchscript.tensors_sha256(checkpoints.load(tmp_path / name).model))
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("line", ["twenty first of may\tmay twentyone\n", "a\tb\n", "a b\tc d\n"])
def test_one_pair_or_four_words_train(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    data = tmp_path / "few.tsv"
    data.write_text(line)
    arguments = ["--data", str(data), "--run", str(tmp_path / "run"), "--epochs", "1", *SMALL]
    assert main(arguments) == 4
    assert "none of the 1 pairs passes the filters" in capsys.readouterr().err
    options = ["--no-prefix-filter", "--max-length", "0", "--reverse", "--languages", "x", "y"]
    assert main([*arguments, *options]) == 0
    assert "1 pairs; SOS and EOS counted: source " in capsys.readouterr().out


def test_tokens_are_counted_and_named_as_the_text_mode_splits_them(
    tiny_pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    arguments = ["--data", str(tiny_pairs), "--run", str(run), "--epochs", "1", *SMALL]
    modes = ["--source-text", "natural", "--target-text", "characters", "--source-subwords", "5"]
    assert main([*arguments, "--no-prefix-filter", "--max-length", "0", *modes]) == 0
    vocabularies = checkpoints.load(run).vocabularies
    source = len(vocabularies.source) - 1  # without UNK
    expected = f"SOS and EOS counted: source {source} subwords, target "
    line = capsys.readouterr().out.splitlines()[0]
    assert expected in line
    assert line.endswith(" characters")


def test_training_stops_early_when_the_metric_no_longer_rises(
    tiny_pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--data", str(tiny_pairs), "--run", str(tmp_path / "a"), "--epochs", "50"]
    # So slow that nothing is learned: the first epoch is the best.
    options = ["--learning-rate", "1e-9", "--patience", "2", "--held-out", "0.3", *SMALL]
    assert main([*arguments, *options]) == 0
    out = capsys.readouterr().out
    assert "epoch 3:" in out
    assert "epoch 4:" not in out
    assert checkpoints.load(tmp_path / "a").report.epoch == 1
    assert main([*arguments, *options, "--resume"]) == 0
    assert "the run was finished" in capsys.readouterr().out


def test_a_run_is_not_overwritten_unasked(
    tiny_pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--data", str(tiny_pairs), "--run", str(tmp_path / "a"), "--epochs", "1", *SMALL]
    assert main(arguments) == 0
    before = (tmp_path / "a" / "best.pt").read_bytes()
    capsys.readouterr()
    assert main(arguments) == 3
    assert "it holds a run; go on with --resume, choose another --run, or --force to" in (
        capsys.readouterr().err
    )
    assert (tmp_path / "a" / "best.pt").read_bytes() == before
    (tmp_path / "a" / "my-notes.txt").touch()
    assert main([*arguments, "--seed", "5", "--force"]) == 0
    assert (tmp_path / "a" / "my-notes.txt").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--data", "gone.tsv"], 4, "error: gone.tsv: no such data file\n"),
        (["--data", "empty.tsv"], 4, "error: empty.tsv: no pairs in it"),
        (["--data", "no-tab.tsv"], 4, "error: no-tab.tsv, line 1: expected English<TAB>French"),
        (["--run", "empty.tsv/run"], 3, "error: empty.tsv/run: cannot be made or written: Not a"),
        (["--resume"], 3, "error: runs/default: no training to resume; leave out --resume to"),
    ],
)
def test_errors_are_one_line_and_an_exit_code(
    tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    (tmp_path / "empty.tsv").touch()
    (tmp_path / "no-tab.tsv").write_text("no tab\n")
    process = subprocess.run(
        [sys.executable, "-m", "training.fit", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == code
    assert message in process.stderr
    assert process.stderr.count("\n") == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_sigint_and_sigterm_save_a_checkpoint_and_stop(
    tiny_pairs: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    """The resumed training ends as if it had never stopped."""
    arguments = ["--data", str(tiny_pairs), "--epochs", "60", "--held-out", "0.2"]
    arguments += ["--patience", "60", *SMALL]

    def command(run: str, *more: str) -> list[str]:
        return [sys.executable, "-m", "training.fit", *arguments, "--run", run, *more]

    with subprocess.Popen(
        command("a"), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("epoch 2:"):
                process.send_signal(number)
                break
        out, err = process.communicate(timeout=60)
    assert process.returncode == code, (out, err)
    assert "error: stopped after step" in err
    assert "add --resume to the same command to go on" in err
    assert "Traceback" not in err
    resumed = subprocess.run(
        command("a", "--resume"), cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "resumed after step" in resumed.stdout
    subprocess.run(command("b"), cwd=tmp_path, capture_output=True, check=True)
    for name in ("history.csv", "hypotheses.tsv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    one, other = (checkpoints.load_state(tmp_path / run) for run in ("a", "b"))
    assert one["learner"]["position"] == other["learner"]["position"]
    assert all(
        weights.equal(other["learner"]["trained"][name])
        for name, weights in one["learner"]["trained"].items()
    )


def test_two_trainings_in_one_folder_are_refused(tiny_pairs: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "training.fit", "--data", str(tiny_pairs), "--run", "a"]
    with subprocess.Popen(
        [*command, "--epochs", "100000", "--patience", "100000", *SMALL],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as first:
        assert first.stdout is not None
        next(line for line in first.stdout if line.startswith("epoch 1:"))
        second = subprocess.run(
            [*command, "--resume"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        first.kill()
    assert second.returncode == 3
    assert f"a: another training writes it (pid {first.pid}); wait for it" in second.stderr
    # A killed process leaves no lock behind.
    time.sleep(0.1)
    last = [*command, "--epochs", "1", "--force", *SMALL]
    assert subprocess.run(last, cwd=tmp_path, capture_output=True, check=False).returncode == 0
