"""``python -m s2s_export`` as people run it: processes, exit codes, stdout and stderr."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest


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
    stdin = "J'ai froid.\r\n\nElle est fatiguée.".encode()
    code, out, err = run("--model", str(tiny), stdin=stdin, PYTHONIOENCODING="ascii")
    assert (code, out, err) == (0, "i m cold .\n\nshe is tired .\n", "")


def test_empty_stdin(tiny: Path) -> None:
    """Fault 74."""
    assert run("--model", str(tiny)) == (0, "", "")


def test_one_bad_line_does_not_stop_the_others(tiny: Path) -> None:
    """Fault 82."""
    code, out, err = run("--model", str(tiny), stdin=b"J'ai froid.\nglop glip\nJ'ai faim.\n")
    assert (code, out) == (1, "i m cold .\n\ni m hungry .\n")
    assert err.startswith("error: line 2: unknown words: 'glop', 'glip'; ")
    assert err.count("\n") == 1


def test_undecodable_stdin_names_the_line(tiny: Path) -> None:
    """Fault 76."""
    code, out, err = run("--model", str(tiny), stdin=b"J'ai froid.\nj'\xe9\n")
    assert (code, out) == (1, "i m cold .\n")
    assert err == "error: stdin, line 2: not UTF-8 at byte 2\n"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--model", "gone", "x"), 3, "error: gone: no such folder; make it with"),
        (("--modle", "gone", "x"), 2, "unrecognized arguments: --modle"),
        (("--device", "gpu", "x"), 2, "argument --device: invalid choice: 'gpu'"),
    ],
)
def test_what_goes_wrong_is_one_line_and_an_exit_code(
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
    """Fault 75."""
    command = f"yes \"J'ai froid.\" | {sys.executable} -m s2s_export --model '{tiny}' | head -n 1"
    process = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"({command}); echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.stdout.startswith("i m cold .\n")
    assert process.stderr == ""


def test_version_and_help() -> None:
    code, out, _ = run("--version")
    assert (code, out) == (0, "s2s-export 0.1.0\n")
    code, out, _ = run("--help")
    assert code == 0
    assert "--model DIR" in out


def test_ctrl_c_is_one_line_and_exit_code_130(tiny: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "s2s_export", "--model", str(tiny)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
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
