"""Normalization: the tutorial's rules, case by case."""

import pytest

from s2s_export.text import detokenize, normalize_tutorial, tokenize


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
def test_normalizes_as_the_tutorial(text: str, normalized: str) -> None:
    assert normalize_tutorial(text) == normalized


def test_tokens_are_what_spaces_separate() -> None:
    assert tokenize("i m late .") == ["i", "m", "late", "."]
    assert tokenize("") == []
    assert detokenize(["i", "m", "late", "."]) == "i m late ."
