"""g2p_en: the English GRU encoder and decoder of 2019, in numpy, trained on CMUdict.

Its class looks words up in CMUdict and asks its network about the others; here the network is asked
about every word. It has seen most of them in training, so its errors are not those on new words.
Dictionary and part-of-speech tagger come from nltk, which would download its data. A process that
asks g2p_en has empty stand-ins for them instead of nltk; the network uses neither.
"""

import json
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from .environment import PINS_ALONE
from .peer import Manner, Peer, Trained, empty_folder
from .process import Finished, run
from .tasks import Task

_STAND_INS = """
import sys, types

def module(name, **content):
    sys.modules[name] = types.ModuleType(name)
    vars(sys.modules[name]).update(content)
    return sys.modules[name]

nothing = types.SimpleNamespace(find=lambda name: None, dict=dict, tokenize=None)
corpus = module("nltk.corpus", cmudict=nothing)
tokenize = module("nltk.tokenize", TweetTokenizer=lambda: nothing)
module("nltk", pos_tag=None, data=nothing, corpus=corpus, tokenize=tokenize)
from g2p_en import G2p
network = G2p()
"""
_ASK = """
for word in sys.stdin.read().splitlines():
    print(*network.predict(word))
"""
_DESCRIBE = """
import json, os, g2p_en
weights = os.path.join(os.path.dirname(g2p_en.__file__), "checkpoint20.npz")
parameters = sum(network.variables[name].size for name in network.variables.files)
print(json.dumps({"size": os.path.getsize(weights), "parameters": parameters}))
"""


class G2pEn(Peer):
    """The network of the package ``g2p_en``."""

    name = "g2p_en"
    manners = ("one by one",)
    tasks = ("g2p",)
    most_words = 2000

    def __init__(self, commands: Path) -> None:
        self._python = commands / "python"

    def settings(self, task: Task) -> list[str]:
        """Return the version."""
        return [*PINS_ALONE]

    def train(self, task: Task, folder: Path) -> Trained:
        """Describe the network that came trained."""
        command = [self._python, "-c", _STAND_INS + _DESCRIBE]
        return Trained(**json.loads(run(command, empty_folder(folder) / "log.txt").output))

    def ask(self, words: Sequence[str], folder: Path, manner: Manner) -> tuple[list[str], Finished]:
        """Ask the network about the words of stdin."""
        command = [self._python, "-c", _STAND_INS + _ASK]
        text = "".join(f"{word}\n" for word in words)
        done = run(command, folder / "log.txt", text=text)
        return done.output.split("\n")[:-1], done


class Network(Protocol):
    """The package's network, in this process.

    Attributes:
        graphemes: its source tokens, by id.
        phonemes: its target tokens, by id.
        variables: its weights.
    """

    graphemes: list[str]
    phonemes: list[str]
    variables: Mapping[str, NDArray[np.float32]]

    def predict(self, word: str) -> list[str]:
        """Return the phones of a word."""


def own_network(folder: Path | None = None) -> Network:
    """Import the package with empty stand-ins, and leave no trace of them or of it.

    Args:
        folder: that holds the package, a wheel unpacked or not; ``None``: it is installed.

    Raises:
        ModuleNotFoundError: it is not there.
    """
    namespace: dict[str, Any] = {}
    path = [*([] if folder is None else [str(folder)]), *sys.path]
    stand_ins = {"inflect": SimpleNamespace(engine=lambda: None)}  # spells numbers
    with (
        patch.dict(sys.modules, stand_ins),
        patch.object(sys, "path", path),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")  # code of 2019: an escape, a file that stays open
        sys.modules.pop("g2p_en", None)
        exec(_STAND_INS, namespace)
    network: Network = namespace["network"]
    return network
