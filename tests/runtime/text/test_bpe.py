"""Byte-pair encoding: merges in their order, pieces that no merge may join, files."""

import itertools
import random

import pytest

from s2s_export.errors import VocabularyError
from s2s_export.text.bpe import LONGEST_PIECE, Merges, pieces


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (" late", [" late"]),
        (" I'm", [" I", "'", "m"]),
        (" 2017", [" 2", "0", "1", "7"]),
        (" x²½", [" x", "²", "½"]),
        (" (été?!)", [" (", "été", "?!)"]),
        (" می\u200cخواهم", [" می\u200cخواهم"]),
        (" a\u0301b", [" a\u0301b"]),
        (" " + "a" * 40, [" " + "a" * (LONGEST_PIECE - 1), "a" * (41 - LONGEST_PIECE)]),
    ],
)
def test_pieces(word: str, expected: list[str]) -> None:
    assert pieces(word) == expected


def test_merges_apply_in_the_order_in_which_they_were_learned() -> None:
    merges = Merges([("b", "c"), ("a", "b"), (" ", "a"), ("bc", "d")])
    assert merges.apply(" abcd") == (" a", "bcd")
    assert merges.apply(" ab") == (" ", "ab")
    assert merges.apply(" ") == (" ",)


def merged_everywhere(word: str, pairs: list[tuple[str, str]]) -> list[str]:
    """The oracle: each merge in its order, over the whole word, until nothing changes."""
    parts = [*word]
    while True:
        known = [pair for pair in pairs if pair in [*itertools.pairwise(parts)]]
        if not known:
            return parts
        left, right = known[0]
        joined: list[str] = []
        for part in parts:
            if joined and (joined[-1], part) == (left, right):
                joined[-1] = left + right
            else:
                joined.append(part)
        parts = joined


def test_random_merges_equal_the_definition() -> None:
    generator = random.Random(0)
    for _ in range(300):
        known = [*"abc"]
        pairs: list[tuple[str, str]] = []
        for _ in range(6):
            pair = (generator.choice(known), generator.choice(known))
            if pair not in pairs and len("".join(pair)) < 6:
                pairs.append(pair)
                known.append("".join(pair))
        merges = Merges(pairs)
        for _ in range(20):
            word = "".join(generator.choices("abc", k=generator.randrange(1, 12)))
            assert [*merges.apply(word)] == merged_everywhere(word, pairs), (word, pairs)


def test_dropout_leaves_merges_out_and_keeps_the_text() -> None:
    merges = Merges([("a", "b"), ("ab", "c")])
    assert merges.apply_dropout(" abc", lambda: True) == (" ", "a", "b", "c")
    assert merges.apply_dropout(" abc", lambda: False) == merges.apply(" abc") == (" ", "abc")
    generator = random.Random(0)
    found = {merges.apply_dropout(" abc", lambda: generator.random() < 0.5) for _ in range(100)}
    assert {"".join(parts) for parts in found} == {" abc"}
    assert len(found) == 3, "in characters, half merged, merged"


def test_files_are_read_as_they_are_written() -> None:
    merges = Merges([(" ", "a"), ("é", "b"), (" a", "éb")])
    assert merges.to_bytes() == " \ta\né\tb\n a\téb\n".encode()
    assert Merges.from_bytes(merges.to_bytes(), "x").pairs == merges.pairs
    assert Merges.from_bytes(b"", "x").pairs == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a b\n", "line 1: expected two parts with a tab between"),
        (b"a\tb\n\n", "line 2: expected two parts"),
        (b"a\tb\tc\n", "line 1"),
        (b"a\t\n", "line 1"),
        (b"a\tb\r\n", "line 1"),
        (b"a\tb", "a line feed at the end"),
        (b"a\tb\na\tb\n", "each merge once"),
        (b"\xe9\tb\n", "not UTF-8 at byte 0"),
    ],
)
def test_bad_merges_files_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(VocabularyError, match=message) as error:
        Merges.from_bytes(content, "source.merges")
    assert str(error.value).startswith("source.merges: ")
