"""``docs/at-scale/Dockerfile``, read and, with ``make test-scale``, followed line by line.

There need be no container engine: a stage is a folder that stands for the root, with a virtual
environment of its own.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from .program import RECIPES

ROOT = RECIPES.parents[1]


@dataclass(frozen=True)
class Instruction:
    """A line of a Dockerfile."""

    name: str
    rest: str

    def copied(self) -> tuple[str | None, list[str], str]:
        """Return the stage that a COPY copies from, the sources, and the destination."""
        words = self.rest.split()
        stage = words.pop(0).partition("=")[2] if words[0].startswith("--from=") else None
        return stage, words[:-1], words[-1]


def instructions() -> list[Instruction]:
    lines = (RECIPES / "Dockerfile").read_text(encoding="utf-8").splitlines()
    found = [line.partition(" ") for line in lines if line and not line.startswith("#")]
    return [Instruction(name, rest) for name, _, rest in found]


def test_what_is_copied_is_in_the_repository() -> None:
    copies = [line.copied() for line in instructions() if line.name == "COPY"]
    names = [name for stage, sources, _ in copies if stage is None for name in sources]
    assert {"pyproject.toml", "s2s_export", "constraints.txt", "exported"} <= {*names}
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_the_command_is_not_run_by_root_and_names_the_model_that_is_copied() -> None:
    lines = instructions()
    [user] = [line.rest for line in lines if line.name == "USER"]
    assert all(int(number) > 0 for number in user.split(":"))
    names = [line.name for line in lines]
    assert names.index("USER") > max(i for i, name in enumerate(names) if name == "RUN")
    command = json.loads(lines[-1].rest)
    model = command[command.index("--model") + 1]
    assert (None, ["exported"], model) in [c.copied() for c in lines if c.name == "COPY"]


class Stage:
    """A folder in the place of a container's root, and a virtual environment in that of its Python.

    Attributes:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folder = root
        subprocess.run([sys.executable, "-m", "venv", root / "venv"], check=True)

    def follow(self, line: Instruction, stages: dict[str, "Stage"]) -> None:
        """Do what an instruction says; what changes no file is passed over."""
        if line.name == "WORKDIR":
            self._folder = Path(self._inside(line.rest))
            self._folder.mkdir(parents=True)
        elif line.name == "RUN":
            done = self.run(["sh", "-c", re.sub(r"(?<=[\s\"])/(?=\w)", f"{self.root}/", line.rest)])
            assert done.returncode == 0, done.stderr
        elif line.name == "COPY":
            stage, sources, destination = line.copied()
            target = self._folder / self._inside(destination)
            for source in sources:
                path = Path(stages[stage]._inside(source)) if stage else ROOT / source
                if path.is_dir():
                    shutil.copytree(path, target)
                else:
                    shutil.copy(path, target)

    def run(self, command: list[str], text: str = "") -> "subprocess.CompletedProcess[str]":
        """Run a command with the stage's own Python, and nothing of this one's."""
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(
            [self._inside(word) for word in command],
            env={
                **variables,
                "PATH": f"{self.root / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
            },
            cwd=self._folder,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )

    def _inside(self, path: str) -> str:
        absolute = path.startswith("/") and not path.startswith(str(self.root))
        return f"{self.root}{path}" if absolute else path


@pytest.mark.scale
def test_the_instructions_give_an_environment_without_torch_that_translates(tmp_path: Path) -> None:
    stages: dict[str, Stage] = {}
    for line in instructions():
        if line.name == "FROM":
            assert line.rest.split()[0] == "python:3.11-slim"
            name = line.rest.split()[-1]
            stages[name] = stage = Stage(tmp_path / f"stage-{len(stages)}")
        else:
            stage.follow(line, stages)
    assert "No module named 'torch'" in stage.run(["python", "-c", "import torch"]).stderr
    command = json.loads(instructions()[-1].rest)
    done = stage.run(command, "Je suis en retard.\n")
    assert (done.returncode, done.stdout) == (0, "I'm late.\n"), done.stderr
