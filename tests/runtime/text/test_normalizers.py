"""Normalization: the tutorial's normalizer and the one for any script, case by case."""

import random
import sys

import pytest

from s2s_export.text.normalizers import normalize_tutorial, normalize_unicode
from s2s_export.text.tokenizer import TEXT_MODES


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("Je suis en retard.", "je suis en retard ."),
        ("J'ai froid !", "j ai froid !"),
        ("J’ai froid !", "j ai froid !"),
        ("Où ça ?", "ou ca ?"),
        ("ÉLÈVE, ça va?", "eleve ca va ?"),
        ("e\u0301le\u0300ve", "eleve"),
        ("  a\tb\nc\u00a0d\u202fe  ", "a b c d e"),
        ("a...b", "a . . .b"),
        ("3 œufs, 2 ß", "ufs"),
        ("a\u200bb\u0000c", "a b c"),
        ("Ελλάδα 日本", ""),
        ("😀", ""),
        ("", ""),
        ("SOS <eos>", "sos eos"),
    ],
)
def test_the_tutorial_normalizer(text: str, normalized: str) -> None:
    assert normalize_tutorial(text) == normalized


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("Ça va, l’école ?", "ça va , l'école ?"),
        ("c\u0327a E\u0301T\u00c9", "ça été"),
        ("Πού είναι ο Σταθμός;", "πού είναι ο σταθμός ;"),
        ("Где Вокзал?", "где вокзал ?"),
        ("Tôi là Sinh Viên.", "tôi là sinh viên ."),
        ("\u1112\u1161\u11ab국어!", "한국어 !"),
        ("मैं हिंदी बोलता हूँ।", "मैं हिंदी बोलता हूँ ।"),
        ("İ", "i\u0307"),
        ("3 œufs, 2 ß: 10 €", "3 œufs , 2 ß : 10 €"),
        ("'rock' 'n' roll, don''t", "rock n roll , don t"),
        ("a\u200bb\u0000c\u202ed\ufeff", "abcd"),
        ("a\u00a0b\u202fc\td", "a b c d"),
        ("snake_case 😀 x", "snake _ case x"),
        ("", ""),
        ("😀 \ud800", ""),
    ],
)
def test_the_unicode_normalizer_on_any_script(text: str, normalized: str) -> None:
    assert normalize_unicode(text) == normalized


def test_normalizing_twice_changes_nothing() -> None:
    generator = random.Random(0)
    letters = "aé'’ \u0301\u0307\u0338İΣς.!-=\u200d"
    for _ in range(20_000):
        text = "".join(
            generator.choice(letters)
            if generator.random() < 0.7
            else chr(generator.randrange(sys.maxunicode + 1))
            for _ in range(generator.randrange(1, 9))
        )
        once = normalize_unicode(text)
        assert normalize_unicode(once) == once, repr(text)
        assert once == " ".join(once.split())


def test_tokens_are_separated_by_spaces() -> None:
    mode = TEXT_MODES["tutorial"]
    assert mode.tokens("i m late .") == ["i", "m", "late", "."]
    assert mode.tokens("") == []
    assert mode.text(["i", "m", "late", "."]) == "i m late ."
