"""Filtering, splitting and encoding; the known figures of the real corpus."""

import os
from pathlib import Path

import pytest

from s2s_export.errors import DataError
from s2s_export.text import tokenize
from training.dataset import (
    Pair,
    PairFilter,
    Vocabularies,
    encode_pairs,
    select_pairs,
    split_held_out,
)
from training.reading import read_pairs

RAW = [
    ("I'm late.", "Je suis en retard."),
    ("I am late.", "Je suis en retard."),
    ("She said no.", "Elle a dit non."),
    ("It is late.", "Il est tard."),
    ("He is one two three four five six.", "Il est ici."),
    ("He is one two three four five six seven.", "Il est ici."),
    ("He is here.", "Il est un deux trois quatre cinq six sept."),
    ("We're here.", "😀"),
]


def selected(pair_filter: PairFilter, *, reverse: bool = False) -> list[tuple[str, str]]:
    pairs = select_pairs(RAW, pair_filter, "tutorial", reverse=reverse)
    return [(pair.source, pair.target) for pair in pairs]


def test_the_tutorials_filter() -> None:
    """Fewer than ten tokens on both sides; "she s" lets "she said" in, as in the tutorial."""
    assert selected(PairFilter()) == [
        ("je suis en retard .", "i m late ."),
        ("je suis en retard .", "i am late ."),
        ("elle a dit non .", "she said no ."),
        ("il est ici .", "he is one two three four five six ."),
    ]


def test_the_filter_can_be_set_and_switched_off() -> None:
    assert selected(PairFilter(max_length=5, prefixes=())) == [("il est tard .", "it is late .")]
    assert len(selected(PairFilter(max_length=None, prefixes=()))) == 7, "all but the empty side"
    assert selected(PairFilter(prefixes=("it is",))) == [("il est tard .", "it is late .")]


def test_reverse_translates_the_first_column() -> None:
    assert selected(PairFilter(prefixes=("it is",)), reverse=True) == [
        ("it is late .", "il est tard .")
    ]


def test_nothing_left_says_by_which_filter() -> None:
    """Fault 64."""
    message = r"none of the 8 pairs passes the filter \(fewer than 3 tokens, English prefixes 'x'\)"
    with pytest.raises(DataError, match=message):
        selected(PairFilter(max_length=3, prefixes=("x",)))


def test_held_out_sources_are_never_trained_on() -> None:
    """Fault 68."""
    pairs = [Pair(f"s{i % 40}", f"t{i}") for i in range(100)]
    training, held_out = split_held_out(pairs, 0.1, seed=3)
    assert sorted(training + held_out, key=repr) == sorted(pairs, key=repr)
    assert len({pair.source for pair in held_out}) == 4
    assert {pair.source for pair in training}.isdisjoint(pair.source for pair in held_out)
    assert split_held_out(pairs, 0.1, seed=3) == (training, held_out)
    assert split_held_out(pairs, 0.1, seed=4) != (training, held_out)
    assert split_held_out(pairs, 0.0, seed=3) == (pairs, [])


def test_one_pair_stays_in_training() -> None:
    """Fault 67."""
    assert split_held_out([Pair("a", "b")], 0.9, seed=0) == ([Pair("a", "b")], [])


def test_encoding_ends_each_side_with_eos() -> None:
    pairs = [Pair("je suis", "i am late"), Pair("suis", "am")]
    vocabularies = Vocabularies.from_pairs(pairs)
    assert [(p.source, p.target) for p in encode_pairs(pairs, vocabularies)] == [
        ((2, 3, 1), (2, 3, 4, 1)),
        ((3, 1), (3, 1)),
    ]
    assert vocabularies.know(Pair("suis je", "late"))
    assert not vocabularies.know(Pair("je", "je"))


@pytest.mark.corpus
def test_the_known_figures_of_the_real_corpus() -> None:
    """11,182 pairs, 10,434 distinct sources; French 4,559 and English 2,967 words."""
    path = Path(os.environ.get("FRA_ENG_ZIP", "data/fra-eng.zip"))
    if not path.exists():
        pytest.skip(f"{path} is absent; see 'Real data' in the README")
    raw = read_pairs(path)
    assert len(raw) == 142_787
    pairs = select_pairs(raw, PairFilter(), "tutorial", reverse=False)
    assert (len(pairs), len(set(pairs))) == (11_182, 11_175)
    assert len({pair.source for pair in pairs}) == 10_434
    vocabularies = Vocabularies.from_pairs(pairs)
    assert (len(vocabularies.source), len(vocabularies.target)) == (4_559, 2_967)
    assert max(len(tokenize(text)) for pair in pairs for text in (pair.source, pair.target)) == 9
