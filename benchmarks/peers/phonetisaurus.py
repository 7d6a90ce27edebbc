"""Phonetisaurus: joint n-grams of letters and phones in a finite-state transducer.

Training aligns the pairs, counts n-grams of up to eight (its default) and writes the transducer.
It needs no validation pairs, so it trains on all.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from .environment import PINS_ALONE
from .peer import Manner, Peer, Trained, empty_folder, size_of
from .process import Finished, run
from .tasks import TRAINING_WORDS, Task, to_tsv


class Phonetisaurus(Peer):
    """The command ``phonetisaurus``, with the binaries of its wheel."""

    name = "Phonetisaurus"
    manners = ("one by one",)
    tasks = tuple(TRAINING_WORDS)
    most_words = None

    def __init__(self, commands: Path) -> None:
        self._command = commands / "phonetisaurus"
        # It calls scripts of its wheel, which look for python3 in PATH.
        self._variables = {"PATH": f"{commands}{os.pathsep}{os.environ.get('PATH', '')}"}

    def settings(self, task: Task) -> list[str]:
        """Return the version; all choices are its defaults."""
        return [*PINS_ALONE]

    def train(self, task: Task, folder: Path) -> Trained:
        """Make the transducer."""
        lexicon, model = empty_folder(folder) / "lexicon.txt", folder / "model.fst"
        lexicon.write_text(to_tsv(task.training), encoding="utf-8")
        command = [self._command, "train", "--model", model, lexicon]
        done = run(command, folder / "log.txt", variables=self._variables)
        return Trained(size_of(model), None, done.seconds, done.cpu_seconds)

    def ask(self, words: Sequence[str], folder: Path, manner: Manner) -> tuple[list[str], Finished]:
        """Predict the words of stdin; its decoder takes one after the other."""
        command = [self._command, "predict", "--model", folder / "model.fst"]
        text = "".join(f"{word}\n" for word in words)
        done = run(command, folder / "log.txt", text=text, variables=self._variables)
        return answers_in_order(done.output, words), done


def answers_in_order(output: str, words: Sequence[str]) -> list[str]:
    """Return the pronunciations of words, empty where there is none.

    Args:
        output: a line for each word that has a pronunciation: the word, a space, phones.
        words: in the order in which they were asked.
    """
    found = {}
    for line in output.splitlines():
        word, _, phones = line.partition(" ")
        found[word] = phones
    return [found.get(word, "") for word in words]
