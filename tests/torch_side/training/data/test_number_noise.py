"""Number noise: the same new numbers on both sides, and only where both have the same."""

import random
import re

import pytest

from s2s_export.text.modes import text_mode
from s2s_export.text.vocabulary import Vocabulary
from training.data.encoding import EncodedPair, Modes, Vocabularies
from training.data.noise.numbers import holds_same_numbers, with_other_numbers
from training.data.noise.text_noise import TextNoise
from training.data.pairs_file import TextPair

MODE = text_mode("characters")
DIGITS = "0123456789"


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("le 3 mai 1985", "May 3, 1985", True),
        ("7 et 7", "7 and 7", True),
        ("7 et 7", "twice 7", False),
        ("à 10 heures", "at ten", False),
        ("1000 euros", "1,000 euros", False),
        ("mai", "May", False),
    ],
)
def test_pairs_with_the_same_numbers(source: str, target: str, expected: bool) -> None:
    assert holds_same_numbers(TextPair(source, target)) is expected


def test_other_numbers_are_the_same_on_both_sides_and_as_long() -> None:
    generator = random.Random(0)
    seen = set()
    for _ in range(200):
        other = with_other_numbers(TextPair("le 03 mai 1985", "May 03, 1985"), generator)
        match = re.fullmatch(r"le (0[0-9]) mai ([1-9][0-9]{3})", other.source)
        assert match is not None
        assert other.target == f"May {match[1]}, {match[2]}"
        seen.add(match[2])
    assert len(seen) > 150


def noisy(source: str, target: str, digits: str, share: float = 0.999) -> tuple[str, str]:
    """Return the texts of a pair as an epoch with number noise has them."""
    vocabulary = Vocabulary(sorted(set(source + target + digits)))
    texts = [TextPair(source, target)]
    noise = TextNoise(texts, Modes(MODE, MODE), Vocabularies(vocabulary, vocabulary), numbers=share)
    pairs = [EncodedPair(tuple(vocabulary.encode(source)), tuple(vocabulary.encode(target)))]
    [pair] = noise(pairs, seed=0, epoch=1)
    return "".join(vocabulary.decode(pair.source[:-1])), "".join(
        vocabulary.decode(pair.target[:-1])
    )


def test_an_epoch_reads_other_numbers() -> None:
    source, target = noisy("le 3 mai 1985", "May 3, 1985", DIGITS)
    assert source != "le 3 mai 1985"
    assert re.findall(r"\d+", source) == re.findall(r"\d+", target)
    assert re.sub(r"\d", "_", target) == "May _, ____"


def test_without_number_noise_the_numbers_stay() -> None:
    assert noisy("le 3 mai", "May 3", DIGITS, share=0.0) == ("le 3 mai", "May 3")


def test_a_pair_stays_where_the_vocabulary_lacks_the_digits() -> None:
    assert noisy("le 34567 mai", "34567 May", "") == ("le 34567 mai", "34567 May")
