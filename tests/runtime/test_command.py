"""``python -m s2s_export`` as people run it: processes, exit codes, stdout and stderr."""

import json
import os
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from s2s_export import __main__ as command_line
from s2s_export import command


def run(*arguments: str, stdin: bytes = b"", **environment: str) -> tuple[int, str, str]:
    process = subprocess.run(
        [sys.executable, "-m", "s2s_export", *arguments],
        input=stdin,
        capture_output=True,
        env={**os.environ, **environment},
        check=False,
    )
    return process.returncode, process.stdout.decode(), process.stderr.decode()


def test_arguments_are_sentences(tiny: Path) -> None:
    code, out, err = run("--model", str(tiny), "Je suis en retard.", "J'ai froid.")
    assert (code, out, err) == (0, "i m late .\ni m cold .\n", "")


def test_lines_of_stdin_are_sentences(tiny: Path) -> None:
    """Stdout is UTF-8, whatever the locale says."""
    stdin = "J'ai froid.\r\n\nElle est fatiguée.".encode()
    code, out, err = run("--model", str(tiny), stdin=stdin, PYTHONIOENCODING="ascii")
    assert (code, out, err) == (0, "i m cold .\n\nshe is tired .\n", "")


def test_empty_stdin(tiny: Path) -> None:
    assert run("--model", str(tiny)) == (0, "", "")


def test_one_bad_line_does_not_stop_the_others(tiny: Path) -> None:
    code, out, err = run("--model", str(tiny), stdin=b"J'ai froid.\nglop glip\nJ'ai faim.\n")
    assert (code, out) == (1, "i m cold .\n\ni m hungry .\n")
    assert err.startswith("error: line 2: unknown words: 'glop', 'glip'; ")
    assert err.count("\n") == 1


def test_undecodable_stdin_names_the_line(tiny: Path) -> None:
    code, out, err = run("--model", str(tiny), stdin=b"J'ai froid.\nj'\xe9\nJ'ai faim.\n")
    assert (code, out) == (1, "i m cold .\n\ni m hungry .\n")
    assert err == "error: line 2: not UTF-8 at byte 2\n"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--model", "gone", "x"), 3, "error: gone: no such folder; make it with"),
        (("--modle", "gone", "x"), 2, "unrecognized arguments: --modle"),
        (("--device", "gpu", "x"), 2, "argument --device: invalid choice: 'gpu'"),
        (("--unknown-words", "drop", "x"), 2, "argument --unknown-words: invalid choice: 'drop'"),
        (("--batch-size", "0", "x"), 2, "--batch-size: invalid positive number value: '0'"),
        (("--threads", "two", "x"), 2, "--threads: invalid positive number value: 'two'"),
        (("--input", "gone.txt"), 4, "error: gone.txt: cannot be read: No such file"),
        (("--output", "gone/x.txt", "x"), 3, "error: gone/x.txt: cannot be written: No such"),
    ],
)
def test_errors_are_one_line_and_an_exit_code(
    arguments: tuple[str, ...], code: int, message: str
) -> None:
    found, out, err = run(*arguments)
    assert (found, out) == (code, "")
    assert message in err
    assert "Traceback" not in err


def test_debug_shows_the_traceback() -> None:
    code, _, err = run("--debug", "--model", "gone", "x")
    assert code == 1
    assert "Traceback" in err
    assert "ArtefactNotFoundError" in err


def test_a_closed_pipe_is_no_error(tiny: Path) -> None:
    command = f"yes \"J'ai froid.\" | {sys.executable} -m s2s_export --model '{tiny}' | head -n 1"
    process = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"({command}); echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.stdout.startswith("i m cold .\n")
    assert process.stderr == ""


@pytest.mark.parametrize(
    ("option", "shown"), [("--version", "s2s-export 0.1.0"), ("--help", "--model PATH")]
)
def test_version_and_help_import_no_numpy_onnxruntime_or_torch(option: str, shown: str) -> None:
    program = f"""
import sys
from s2s_export.__main__ import main
try:
    main(["{option}"])
finally:
    print(*{{"numpy", "onnxruntime", "torch"}} & {{*sys.modules}}, file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0
    assert shown in done.stdout
    assert done.stderr == "\n"


def test_files_in_and_out(tiny: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "in.txt", tmp_path / "out.txt"
    source.write_bytes("\ufeffJ'ai froid.\r\nJ'ai faim.".encode())
    arguments = ("--model", str(tiny), "--input", str(source), "--output", str(target))
    target.write_text("old")
    assert run(*arguments) == (0, "", "")
    assert target.read_bytes() == b"i m cold .\ni m hungry .\n"
    assert target.stat().st_mode & 0o777 == 0o666 & ~current_umask()
    target.write_text("old")
    code, _, _ = run(*arguments, "--unknown-words", "error", "--device", "cuda")
    assert code != 0
    assert target.read_text() == "old", "nothing is replaced before all is done"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.txt", "out.txt"]


def current_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_an_unwritable_output_is_reported_before_the_model_is_loaded(tmp_path: Path) -> None:
    """The model does not exist, and the error is about the output."""
    code, _, err = run("--model", "gone", "--output", str(tmp_path / "no" / "x"), "J'ai froid.")
    assert (code, "cannot be written" in err, "gone" in err) == (3, True, False)


def test_json_lines(tiny_unk: Path) -> None:
    stdin = b"Je suis glop en retard.\n\nj'\xe9\n" + b"je " * 20 + b"\n"
    code, out, err = run("--model", str(tiny_unk), "--json", stdin=stdin)
    assert code == 1
    first, blank, undecodable, long = map(json.loads, out.splitlines())
    assert first["unknown_words"] == ["glop"]
    assert first["text"] == " ".join(first["tokens"])
    assert first["score"] == pytest.approx(sum(first["log_probs"]) / len(first["log_probs"]))
    assert first["finished"] is True
    assert first["error"] is blank["error"] is None
    assert blank["text"] == ""
    assert undecodable["error"] == "not UTF-8 at byte 2"
    assert "has 21 tokens" in long["error"]
    assert err.count("\n") == 2
    assert "line 4: the text has 21 tokens" in err


def test_the_rule_for_unknown_words(tiny_unk: Path) -> None:
    text = "Je suis glop en retard."
    assert run("--model", str(tiny_unk), "--unknown-words", "skip", text)[1] == "i'm late .\n"
    code, out, err = run("--model", str(tiny_unk), "--unknown-words", "error", text, "J'ai froid.")
    assert (code, out) == (1, "\ni'm cold .\n")
    assert err.startswith("error: argument 1: unknown word: 'glop'")


@pytest.mark.parametrize("size", ["1", "2", "64"])
def test_the_batch_size_changes_nothing(tiny: Path, size: str) -> None:
    texts = ["J'ai froid.", "Ils sont en train de préparer le dîner.", "", "Il est prêt."]
    stdin = "\n".join(texts * 5).encode()
    code, out, _ = run("--model", str(tiny), "--batch-size", size, stdin=stdin)
    assert code == 0
    assert out == run("--model", str(tiny), *texts * 5)[1]


def test_device_cuda_without_cuda_is_exit_code_5(tiny: Path) -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime has CUDA")
    code, out, err = run("--model", str(tiny), "--device", "cuda", "J'ai froid.")
    assert (code, out) == (5, "")
    assert err.startswith("error: device 'cuda' is not available: this onnxruntime was built with")


def test_device_auto_prints_its_choice(tiny: Path) -> None:
    code, out, err = run("--model", str(tiny), "--device", "auto", "J'ai froid.")
    assert (code, out) == (0, "i m cold .\n")
    assert err.startswith("device: c")


def test_progress_is_for_terminals(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Count and rate are shown on stderr if it is a terminal."""
    text = tmp_path / "in.txt"
    text.write_text("J'ai froid.\n" * 3, encoding="utf-8")
    seconds = count()
    monkeypatch.setattr("time.monotonic", lambda: next(seconds))
    for shown in (False, True):
        monkeypatch.setattr(sys.stderr, "isatty", lambda shown=shown: shown)
        arguments = ["--model", str(tiny), "--input", str(text), "--output", str(tmp_path / "out")]
        assert command_line.main(arguments) == 0
        out, err = capsys.readouterr()
        assert out == ""
        assert ("\r3 sentences, " in err) is shown
        assert (" a second" in err) is shown
        assert err.endswith("\r") is shown
        assert (tmp_path / "out").read_text(encoding="utf-8") == "i m cold .\n" * 3


def test_quick_commands_show_no_progress(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The clock stands still, and no line is shown but the blank one at the end."""
    text = tmp_path / "in.txt"
    text.write_text("J'ai froid.\n" * 3, encoding="utf-8")
    monkeypatch.setattr("time.monotonic", lambda: 1.0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    arguments = ["--model", str(tiny), "--input", str(text), "--output", str(tmp_path / "out")]
    assert command_line.main(arguments) == 0
    assert capsys.readouterr().err.strip() == ""
    assert (tmp_path / "out").read_text(encoding="utf-8") == "i m cold .\n" * 3


def test_ctrl_c_is_one_line_and_exit_code_130(tiny: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "s2s_export", "--model", str(tiny), "--batch-size", "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell starts its background jobs deaf to Ctrl-C, and the tests may be one.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"J'ai froid.\n")
    process.stdin.flush()
    # Its answer shows that it is at work, and it is now waiting for the next line.
    assert process.stdout.readline() == b"i m cold .\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert (process.returncode, err) == (130, b"error: interrupted\n")


def test_idle_threads_spin_for_a_moment_unless_the_user_has_a_policy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for policy, spins in ((None, "10000"), ("ACTIVE", None)):
        with monkeypatch.context() as variables:
            for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"):
                variables.setenv(name, "")  # and so it is put back
                variables.delenv(name)
            if policy is not None:
                variables.setenv("OMP_WAIT_POLICY", policy)
            command.share_cores()
            assert os.environ["OMP_WAIT_POLICY"] == (policy or "PASSIVE")
            assert os.environ.get("GOMP_SPINCOUNT") == spins
