"""Typing noise: what it changes, and that the seed and the epoch decide it."""

import random
from collections.abc import Sequence

import pytest

from s2s_export.text.modes import text_mode
from s2s_export.text.vocabulary import Vocabulary
from training.data.encoding import EncodedPair, Modes, Vocabularies
from training.data.noise.text_noise import TextNoise
from training.data.noise.typing import (
    vary_typing,
    with_other_apostrophes,
    without_accents,
    without_full_stop,
)
from training.data.pairs_file import TextPair

TEXTS = ["Où est l'élève ?", "C'est là.", "Eh bien..."]
MODE = text_mode("characters")
LETTERS = {c for text in TEXTS for c in text + text.upper() + text.lower()}
VOCABULARY = Vocabulary(sorted(LETTERS | set("eEoOuUaA\u2019")))


def noise_of(texts: Sequence[str], source: Vocabulary, typing: float) -> TextNoise:
    """Return typing noise for sources spelt in characters."""
    pairs = [TextPair(text, "x") for text in texts]
    vocabularies = Vocabularies(source, Vocabulary(["x"]))
    return TextNoise(pairs, Modes(MODE, MODE), vocabularies, typing=typing)


@pytest.mark.parametrize(
    ("varied", "expected"),
    [
        (without_accents("Où est l'élève ?"), "Ou est l'eleve ?"),
        (without_accents("Ta sœur"), "Ta soeur"),
        (without_accents("가"), "가"),
        (without_full_stop("C'est là. "), "C'est là"),
        (without_full_stop("C'est là ."), "C'est là"),
        (without_full_stop("Eh bien..."), "Eh bien..."),
        (without_full_stop("Là ?"), "Là ?"),
        (with_other_apostrophes("l'a l\u2019a"), "l\u2019a l'a"),
    ],
)
def test_variations_change_the_typing_alone(varied: str, expected: str) -> None:
    assert varied == expected


def test_no_share_and_every_share() -> None:
    assert vary_typing("C'est là.", 0.0, random.Random(0)) == "C'est là."
    assert vary_typing("C'est là.", 1.0, random.Random(0)) == "c\u2019est la"


def test_epochs_differ_and_the_seed_decides() -> None:
    noise = noise_of(TEXTS * 4, VOCABULARY, 0.5)
    pairs = [EncodedPair((*VOCABULARY.encode(MODE.tokens(t)),), (5, 1)) for t in TEXTS * 4]
    first = noise(pairs, seed=0, epoch=1)
    assert first == noise(pairs, seed=0, epoch=1)
    assert first != noise(pairs, seed=0, epoch=2)
    assert first != noise(pairs, seed=1, epoch=1)
    assert [pair.target for pair in first] == [pair.target for pair in pairs]


def test_a_text_that_the_vocabulary_cannot_spell_stays_as_it_is() -> None:
    lower = Vocabulary(sorted(set("abc.")))
    pairs = [EncodedPair((*lower.encode(list("abc.")),), (5, 1))]
    noise = noise_of(["abc."], lower, 1.0)
    # In lower case again after the capitals, without its full stop: known.
    assert noise(pairs, seed=0, epoch=1)[0].source == tuple(lower.encode(list("abc")))
    upper = noise_of(["ABC."], lower, 0.0)
    assert upper(pairs, seed=0, epoch=1) == pairs
