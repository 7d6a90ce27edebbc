"""Text modes: what each keeps of a text, and that the exact ones give the text back."""

import random
import time
import unicodedata

import pytest

from s2s_export.text.bpe import Merges
from s2s_export.text.modes import TEXT_MODES, text_mode
from s2s_export.text.normalizers import clean

EXACT = ("natural", "characters", "spaces", "decomposed")


@pytest.mark.parametrize(
    ("mode", "tokens"),
    [
        ("tutorial", ["i", "m", "late", "."]),
        ("unicode", ["i'm", "late", "."]),
        ("natural", [*" I'm", *" late."]),
        ("characters", [*"I'm late."]),
        ("spaces", ["I'm", "late."]),
        ("decomposed", [*"I'm late."]),
    ],
)
def test_tokens_of_each_mode(mode: str, tokens: list[str]) -> None:
    assert text_mode(mode).tokens("I'm  late.\n") == tokens


def test_decomposed_text_is_spelt_in_jamo_and_with_accents_apart() -> None:
    mode = text_mode("decomposed")
    assert mode.tokens("책 é") == ["\u110e", "\u1162", "\u11a8", " ", "e", "\u0301"]
    assert mode.text(mode.tokens("책 é")) == "책 é"


def test_names_are_those_of_the_modes() -> None:
    assert [text_mode(name).name for name in TEXT_MODES] == [*TEXT_MODES]


@pytest.mark.parametrize("mode", EXACT)
@pytest.mark.parametrize(
    "text",
    [
        *("I_TURN_LEFT I_JUMP", "HH AH0 L OW1", "grep -n '^Total' `date`", "2014-06-20"),
        *("ʔ a ˧˧ tʼ", "Było zimno", "đẹp", "Straße", "İstanbul", "我喜欢喝茶。"),
        *("می\u200cخواهم", "👩\u200d🚀"),
    ],
)
def test_exact_modes_keep_the_text(mode: str, text: str) -> None:
    exact = text_mode(mode)
    assert exact.text(exact.tokens(text)) == text


def is_seen(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cf") or character.isspace()


@pytest.mark.parametrize("mode", EXACT)
def test_exact_modes_keep_random_unicode(mode: str) -> None:
    """Up to composition, white space, and characters that nobody sees."""
    generator = random.Random(0)
    exact = text_mode(mode, merges=Merges([("a", "b"), (" ", "a")]) if mode == "natural" else None)
    for _ in range(5_000):
        text = "".join(
            generator.choice("ab \u0301\u200d\t1.")
            if generator.random() < 0.5
            else chr(generator.choice([0, 0xE000]) + generator.randrange(0xD800))
            for _ in range(generator.randrange(9))
        )
        kept = exact.text(exact.tokens(text))
        assert kept == clean(text)
        assert clean(kept) == kept
        seen, wanted = (
            "".join(filter(is_seen, unicodedata.normalize("NFC", t))) for t in (kept, text)
        )
        assert "".join(seen.split()) == "".join(wanted.split())


def test_zero_width_characters_and_soft_hyphens_are_removed() -> None:
    for mode in TEXT_MODES:
        found = text_mode(mode)
        assert found.text(found.tokens("au\u00adjourd\u200bhui\ufeff\u202e")) == "aujourdhui"


def test_folding_lower_cases_and_straightens_apostrophes_before_splitting() -> None:
    folded = text_mode("characters", fold_case=True)
    assert folded.tokens("İA") == ["i", "a"]
    assert folded.tokens("L’Été") == folded.tokens("l'été") == ["l", "'", "é", "t", "é"]
    assert folded.folds_case
    assert not text_mode("characters").folds_case


def test_lengths_count_words_marks_or_characters() -> None:
    text = "I'm late, 12."
    lengths = {mode: text_mode(mode).length(text) for mode in TEXT_MODES}
    assert lengths == {
        "tutorial": 4,
        "unicode": 5,
        "natural": 8,
        "characters": 13,
        "spaces": 3,
        "decomposed": 13,
    }


@pytest.mark.parametrize("mode", TEXT_MODES)
@pytest.mark.parametrize(
    "text",
    ["a" * 1_000_000, "ab" * 500_000, "a" + "\u0301" * 100_000, "1" * 1_000_000, "我" * 200_000],
    ids=["a", "ab", "marks", "digits", "han"],
)
def test_hostile_texts_take_bounded_time(mode: str, text: str) -> None:
    merges = Merges([("a", "b"), ("ab", "ab"), ("abab", "abab")]) if mode == "natural" else None
    started = time.process_time()
    text_mode(mode, merges=merges).tokens(text)
    # Far above a linear pass (some 2 s on a slow machine), far below a quadratic one (hours).
    assert time.process_time() - started < 60
