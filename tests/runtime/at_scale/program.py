"""Programs of ``docs/at-scale``: how the tests run them, their input and what they should write."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from s2s_export import Translator
from s2s_export.errors import TextError

RECIPES = Path(__file__).parents[3] / "docs" / "at-scale"
FIRST = "Elles sont ici."
DEADLY = "Elle a raison."
GOOD = (
    *("Je suis en retard.", "J'ai froid.", "J'ai faim.", "Il est boulanger.", "Tu as tort."),
    *("Ils sont ici.", "Il a raison.", "Vous avez tort.", "Je suis à l'hôtel."),
)
BAD = {
    "je " * 40: "the text has 41 tokens, the model takes at most 10",
    "x" * 200_000: "characters, the model takes at most",
    "": "there is no word in it that the model knows",
    " \t": "there is no word in it that the model knows",
}
"""Texts without a translation, and a part of their errors."""

Outcome = tuple[str, float] | str
"""A translation and its score, or an error."""


def texts(number: int) -> list[str]:
    """Return texts of which one in eleven is bad.

    ``FIRST`` and, in the middle, ``DEADLY`` are there once.
    """
    bad = [*BAD]
    found = [
        bad[index // 11 % len(bad)] if index % 11 == 5 else GOOD[index % len(GOOD)]
        for index in range(number)
    ]
    found[0], found[number // 2] = FIRST, DEADLY
    return found


def expected(translator: Translator, text: object) -> Outcome:
    """Return what a program should find for a text, which is translated alone."""
    try:
        [translation] = translator.translate_batch([text])  # type: ignore[list-item]
    except TextError as error:
        return str(error)
    return (translation.text, translation.score) if translation.text else BAD[""]


@dataclass
class Fault:
    """What goes wrong in workers; see ``dying/sitecustomize.py``.

    Attributes:
        folder: for the log.
        text: at which text, or ``None`` for every batch.
        limit: the most processes to which it happens.
    """

    folder: Path
    text: str | None = DEADLY
    kind: Literal["die", "hang"] = "die"
    limit: int = 1
    environment: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.environment = {
            "FAULT": self.kind,
            "FAULT_LOG": str(self.folder / "faults.log"),
            "FAULT_LIMIT": str(self.limit),
            **({} if self.text is None else {"FAULT_TEXT": self.text}),
        }

    @property
    def processes(self) -> list[int]:
        """Numbers of the processes to which it happened."""
        log = Path(self.environment["FAULT_LOG"])
        return [int(number) for number in log.read_text().split()] if log.exists() else []


def start(
    name: str, arguments: list[str | Path], home: Path, fault: Fault | None = None
) -> "subprocess.Popen[str]":
    """Start a recipe as a user does, with a home folder of its own."""
    variables = {
        **os.environ,
        "HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        **(fault.environment if fault else {}),
    }
    if fault:
        places = [str(Path(__file__).parent / "dying"), os.environ.get("PYTHONPATH", "")]
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, places))
    return subprocess.Popen(
        [sys.executable, str(RECIPES / f"{name}.py"), *map(str, arguments)],
        env=variables,
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(
    name: str, arguments: list[str | Path], home: Path, fault: Fault | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a recipe to its end; one that hangs is killed."""
    process = start(name, arguments, home, fault)
    try:
        out, err = process.communicate(timeout=1200)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)
