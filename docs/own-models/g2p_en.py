"""The published weights of g2p_en 2.1.0 (English words to phones), numpy arrays, in ``nn.GRU``.

The package runs its GRUs in numpy. Three things stumble. The order of the gates: here it is that of
PyTorch, reset, update, new. The reset gate: it multiplies the state *after* its linear map, as in
PyTorch; with the other variant the same arrays load and say other words. And the token ids: padding
is 0, a word ends with 2, a pronunciation with 3. The modules take the arrays as they are, and an
``OwnVocabulary`` the ids. Run it with the path of ``checkpoint20.npz``, or after
``pip install --no-deps g2p_en==2.1.0`` (nltk, which it depends on, has no part in the network).
"""

import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from s2s_export import Translator
from s2s_export.exporter import (
    DecoderSpec,
    EncoderSpec,
    OwnVocabulary,
    Tokenizer,
    export_modules,
    text_mode,
)

Weights = Mapping[str, NDArray[np.float32]]
GRAPHEMES = ["<pad>", "<unk>", "</s>", *"abcdefghijklmnopqrstuvwxyz"]
VOWELS = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"
CONSONANTS = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"
STRESSED = [vowel + stress for vowel in VOWELS.split() for stress in "012"]
PHONEMES = ["<pad>", "<unk>", "<s>", "</s>", *sorted([*CONSONANTS.split(), *STRESSED, "UW"])]
GATES = "w_ih", "w_hh", "b_ih", "b_hh"  # arrays of a side: reset, update, new
MOST_LETTERS, MOST_PHONES = 64, 20
WORDS = "hello pronunciation hanko arbitrators unbundling businesslike incorvaia activationist"


def load(checkpoint: Path | None = None) -> Weights:
    """Read the arrays, from a file or from the installed package, which is not imported."""
    if checkpoint is None:
        try:
            package = metadata.distribution("g2p_en")
        except metadata.PackageNotFoundError:
            sys.exit("the weights are missing: pip install --no-deps g2p_en==2.1.0")
        checkpoint = Path(str(package.locate_file("g2p_en/checkpoint20.npz")))
    with np.load(checkpoint) as arrays:
        return {name: arrays[name] for name in arrays.files}


# The model as it was: two GRUs and a loop in numpy.


def own_loop(weights: Weights, word: str) -> tuple[list[str], list[NDArray[np.float32]]]:
    """Pronounce a word in numpy alone; return the phones, and the logits of each step."""
    ids = [GRAPHEMES.index(letter if letter in GRAPHEMES else "<unk>") for letter in word]
    hidden = np.zeros(weights["enc_w_hh"].shape[1], np.float32)
    for index in (*ids, GRAPHEMES.index("</s>")):
        hidden = _gru(weights, "enc", index, hidden)
    said, scores = [PHONEMES.index("<s>")], list[NDArray[np.float32]]()
    while len(scores) < MOST_PHONES and PHONEMES[said[-1]] != "</s>":
        hidden = _gru(weights, "dec", said[-1], hidden)
        scores.append(weights["fc_w"] @ hidden + weights["fc_b"])
        said.append(int(scores[-1].argmax()))
    return [PHONEMES[index] for index in said[1:] if PHONEMES[index] != "</s>"], scores


def _gru(
    weights: Weights, side: str, index: int, hidden: NDArray[np.float32]
) -> NDArray[np.float32]:
    given = weights[f"{side}_w_ih"] @ weights[f"{side}_emb"][index] + weights[f"{side}_b_ih"]
    before = weights[f"{side}_w_hh"] @ hidden + weights[f"{side}_b_hh"]
    (r, z, n), (r_before, z_before, n_before) = np.split(given, 3), np.split(before, 3)
    reset, update = 1 / (1 + np.exp(-r - r_before)), 1 / (1 + np.exp(-z - z_before))
    new = np.tanh(n + reset * n_before)
    return (1 - update) * new + update * hidden


# Its two steps, as the export takes them.


class Recurrence(nn.Module):
    """An embedding and a GRU with the arrays of a side, ``enc`` or ``dec``; the encoder step."""

    def __init__(self, weights: Weights, side: str) -> None:
        super().__init__()
        arrays = {name: torch.from_numpy(array) for name, array in weights.items()}
        self.embedding = nn.Embedding.from_pretrained(arrays[f"{side}_emb"])
        self.gru = nn.GRU(self.embedding.embedding_dim, arrays[f"{side}_w_hh"].shape[1])
        names = zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), GATES, strict=True)
        self.gru.load_state_dict({f"{name}_l0": arrays[f"{side}_{own}"] for name, own in names})

    def forward(self, tokens: Tensor, hidden: Tensor) -> Tensor:
        return self.gru(self.embedding(tokens), hidden)[1]


class DecoderStep(nn.Module):
    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self.recurrence = Recurrence(weights, "dec")
        self.out = nn.Linear(self.recurrence.gru.hidden_size, len(PHONEMES))
        own = {"weight": weights["fc_w"], "bias": weights["fc_b"]}
        self.out.load_state_dict({name: torch.from_numpy(array) for name, array in own.items()})

    def forward(self, token: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.recurrence(token.unsqueeze(0), hidden)
        return self.out(hidden[0]), hidden


def export(weights: Weights, out: Path, words: Sequence[str]) -> None:
    units = weights["dec_w_hh"].shape[1]
    state, following = {"hidden": (1, "B", units)}, {"next_hidden": (1, "B", units)}
    graphemes = OwnVocabulary(GRAPHEMES, eos="</s>", unk="<unk>")
    export_modules(
        Recurrence(weights, "enc"),
        DecoderStep(weights),
        out,
        encoder_spec=EncoderSpec.from_shapes(state, following),
        decoder_spec=DecoderSpec.from_shapes(len(PHONEMES), state, following),
        scores="logits",
        source=Tokenizer(text_mode("characters", fold_case=True), graphemes),
        target=Tokenizer(text_mode("spaces"), OwnVocabulary(PHONEMES, sos="<s>", eos="</s>")),
        samples=words,
        max_source_length=MOST_LETTERS,
        max_target_length=MOST_PHONES,
        source_language="English words",
        target_language="phones",
    )


if __name__ == "__main__":
    weights, words = load(*map(Path, sys.argv[1:])), WORDS.split()
    folder = Path("exported-g2p-en")
    export(weights, folder, words)
    found = Translator(folder).translate_batch(words)
    own = [" ".join(own_loop(weights, word)[0]) for word in words]
    different = sum(one != other.text for one, other in zip(own, found, strict=True))
    print(f"{words[0]}: {found[0].text}")
    print(f"{len(words)} words: {different} unlike the loop in numpy")
