"""g2p_en's network in ``nn.GRU``, exported, against loops in numpy: random weights, and its own."""

import os
from importlib import metadata
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from benchmarks.peers.g2p_en import own_network
from benchmarks.peers.tasks import read_task
from s2s_export.errors import ParityError

from .compare import Said, compare, random_texts, verify_without_torch
from .examples import load_example

LETTERS = "abcdefghijklmnopqrstuvwxyz'"  # the apostrophe is unknown to the network
EMBEDDED, UNITS = 12, 24

Weights = dict[str, NDArray[np.float32]]


@pytest.fixture(scope="module")
def example() -> Any:
    return load_example("g2p_en")


@pytest.fixture(scope="module")
def weights(example: Any) -> Weights:
    """Random arrays in the layout of the published ones, but smaller."""
    generator = np.random.default_rng(0)
    shapes: dict[str, tuple[int, ...]] = {}
    for side, tokens in (("enc", example.GRAPHEMES), ("dec", example.PHONEMES)):
        shapes |= {f"{side}_emb": (len(tokens), EMBEDDED)}
        shapes |= {f"{side}_w_ih": (3 * UNITS, EMBEDDED), f"{side}_w_hh": (3 * UNITS, UNITS)}
        shapes |= {f"{side}_b_ih": (3 * UNITS,), f"{side}_b_hh": (3 * UNITS,)}
    shapes |= {"fc_w": (len(example.PHONEMES), UNITS), "fc_b": (len(example.PHONEMES),)}
    return {
        name: generator.normal(0, 0.6, shape).astype(np.float32) for name, shape in shapes.items()
    }


def said_in_numpy(example: Any, weights: Weights, word: str) -> Said:
    phones, scores = example.own_loop(weights, word)
    return Said.with_scores(phones, [torch.from_numpy(step) for step in scores])


def test_weights_of_the_layout_say_the_same_in_numpy_and_exported(
    example: Any, weights: Weights, tmp_path: Path
) -> None:
    words = random_texts(LETTERS, longest=12, count=2_100, joint="")
    words = [word for word in words if word.strip("'")]
    example.export(weights, tmp_path / "exported", words[:32])
    compare(
        tmp_path / "exported", lambda word: said_in_numpy(example, weights, word), words
    ).require_proof()
    verify_without_torch(tmp_path / "exported")


@pytest.mark.parametrize("fault", ["none", "gates swapped", "reset gate before the linear map"])
def test_gru_of_numpy_is_that_of_torch_and_no_other_one(
    example: Any, weights: Weights, fault: str
) -> None:
    hidden = np.random.default_rng(1).uniform(-1, 1, UNITS).astype(np.float32)
    loaded = dict(weights)
    if fault == "gates swapped":
        for name in ("enc_w_ih", "enc_w_hh", "enc_b_ih", "enc_b_hh"):
            reset, update, new = np.split(weights[name], 3)
            loaded[name] = np.concatenate([update, reset, new])
    expected = example._gru(weights, "enc", 5, hidden)
    if fault == "reset gate before the linear map":
        expected = reset_before(weights, 5, hidden)
    step = example.Recurrence(loaded, "enc")
    with torch.no_grad():
        found = step(torch.tensor([[5]]), torch.from_numpy(hidden)[None, None])[0, 0].numpy()
    difference = np.abs(found - expected).max()
    assert difference < 1e-6 if fault == "none" else difference > 1e-2


def reset_before(weights: Weights, index: int, hidden: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the next state of the GRU's other variant, as ONNX has it by default."""
    given = weights["enc_w_ih"] @ weights["enc_emb"][index] + weights["enc_b_ih"]
    before = weights["enc_w_hh"] @ hidden + weights["enc_b_hh"]
    reset, update = np.split(1 / (1 + np.exp(-(given + before)[: 2 * UNITS])), 2)
    of_new, bias = weights["enc_w_hh"][2 * UNITS :], weights["enc_b_hh"][2 * UNITS :]
    new = np.tanh(given[2 * UNITS :] + of_new @ (reset * hidden) + bias)
    following: NDArray[np.float32] = (1 - update) * new + update * hidden
    return following


class RandomNetwork:
    """As the package's network, with other weights in the loop than those that are exported."""

    def __init__(self, example: Any, variables: Weights, said: Weights) -> None:
        self.graphemes, self.phonemes = example.GRAPHEMES, example.PHONEMES
        self.variables, self._example, self._said = variables, example, said

    def predict(self, word: str) -> list[str]:
        phones: list[str] = self._example.own_loop(self._said, word)[0]
        return phones


@pytest.mark.parametrize("bias", [0.0, 1.0])
def test_benchmark_ends_with_an_error_unless_all_words_are_the_package_s(
    bias: float,
    example: Any,
    weights: Weights,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with patch.dict(os.environ):
        from benchmarks import g2p_en
    said = {**weights, "fc_b": weights["fc_b"] + bias * np.eye(len(weights["fc_b"]))[5]}
    network = RandomNetwork(example, weights, {n: a.astype(np.float32) for n, a in said.items()})
    monkeypatch.setattr(g2p_en, "own_network", lambda folder: network)
    for part in ("train", "test"):
        lines = (f"{word}\tAA\n" for word in random_texts(LETTERS[:26], 9, 40, joint="", seed=3))
        (tmp_path / f"g2p.{part}.tsv").write_text("".join(lines))
    code = g2p_en.main(["--data", str(tmp_path), "--words", "60"])
    out, err = capsys.readouterr()
    if bias:
        assert code == ParityError.exit_code
        assert "g2p_en, numpy: " in err
    else:
        assert (code, err) == (0, "")
        assert out.startswith("60 words, ")
        assert [line.split()[-2:] for line in out.splitlines()[3:]] == [["60", "0"]] * 3


def test_margin_is_that_of_the_step_in_which_two_pronunciations_part() -> None:
    with patch.dict(os.environ):
        from benchmarks.g2p_en import _margin
    loop = ["AA1", "B"], [np.array([0, 9, 5]), np.array([3, 2.5, 0]), np.array([1, 0, 0.25])]
    assert _margin(loop, "AA1 B", "AA1 K") == 0.5
    assert _margin(loop, "AA1 B", "AA1 B N") == 0.75
    assert _margin(loop, "AA1 B", "K") == 4
    assert _margin(loop, "AA1 N", "K") == np.inf


def package() -> bool:
    """Tell whether the package is installed or named."""
    try:
        return "G2P_EN" in os.environ or metadata.distribution("g2p_en") is not None
    except metadata.PackageNotFoundError:
        return False


@pytest.mark.corpus
@pytest.mark.skipif(not package(), reason="needs g2p_en, installed or in the folder G2P_EN")
@pytest.mark.skipif("TASK_DATA" not in os.environ, reason="needs TASK_DATA")
def test_published_weights_say_what_the_package_says(example: Any, tmp_path: Path) -> None:
    named = os.environ.get("G2P_EN")
    network = own_network(Path(named) if named else None)
    assert (network.graphemes, network.phonemes) == (example.GRAPHEMES, example.PHONEMES)
    checkpoint = Path(named) / "g2p_en" / "checkpoint20.npz" if named else None
    weights = example.load(checkpoint)
    task = read_task(Path(os.environ["TASK_DATA"]), "g2p", test=2_000)
    words = [question.word for question in task.test]
    example.export(weights, tmp_path / "exported", words[::20])

    def original(word: str) -> Said:
        said = said_in_numpy(example, weights, word)
        assert said.tokens == network.predict(word), "the example's loop is the package's"
        return said

    compare(tmp_path / "exported", original, words).require_proof(distinct=1_900)
    verify_without_torch(tmp_path / "exported")
