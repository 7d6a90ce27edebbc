"""The examples of docs/sharing.md, against the stand-in."""

import re
import shlex
from pathlib import Path

import pytest

from s2s_export.push import main

from .stand_in import Repository, StandIn, allow_large_uploads

GUIDE = Path(__file__).parents[3] / "docs" / "sharing.md"
TEXT = GUIDE.read_text(encoding="utf-8")


def test_the_python_examples(
    repository: Repository,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    repository.branches["v1"] = repository.branches["main"]
    examples = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    assert len(examples) == 2
    for code in examples:
        exec(compile(code, GUIDE.name, "exec"), {})
    assert capsys.readouterr().out == "i'm late .\n"


@allow_large_uploads
def test_the_commands(
    hub: StandIn, tiny_3: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "exported").symlink_to(tiny_3)
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r"^python -m s2s_export\.push (.*)$", TEXT, flags=re.MULTILINE)
    assert len(commands) == 4
    for number, command in enumerate(commands):
        arguments = shlex.split(
            command.replace("user/model", f"user/model-{number}"), comments=True
        )
        assert main(arguments) == 0
    assert list(hub.repositories) == [f"user/model-{n}" for n in (0, 2, 3)]
    assert hub.repositories["user/model-2"].private
    assert b"- ceb\n" in hub.repositories["user/model-3"].files()["README.md"]
