"""The script s2s-export: each command is the module of its name."""

import subprocess
import sys
from pathlib import Path

import pytest

from s2s_export import __version__
from s2s_export.command_line.subcommands import COMMANDS, main


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_that_of_its_module(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        main([name, "--help"])
    assert exited.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: python -m s2s_export.{name} ")


def test_arguments_and_exit_codes_go_through(
    tiny_copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(tiny_copy)]) == 0
    (tiny_copy / "source.vocab").unlink()
    assert main(["verify", str(tiny_copy)]) == 3
    assert "FAILED: do not use it" in capsys.readouterr().out


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    usage = capsys.readouterr().out
    assert all(f"\n  {name} " in usage for name in COMMANDS)
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"s2s-export {__version__}\n"
    for arguments in ([], ["translate"]):
        assert main(arguments) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(usage)
        assert err.splitlines()[-1] == (f"error: expected a command, found {''.join(arguments)!r}")


def test_the_command_line_of_the_process_is_read() -> None:
    program = "import sys; from s2s_export.command_line.subcommands import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", program, "--version"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, f"s2s-export {__version__}\n")
