"""Filtering, splitting, counting and encoding; the known figures of the real corpus."""

import os
from pathlib import Path

import pytest

from s2s_export.errors import DataError
from training.data.corpus import Corpus, select_pairs, split_held_out
from training.data.encoding import Modes, Pair, Vocabularies, encode_pairs
from training.data.pairs_file import TextPair, read_pairs
from training.recipes.named import TUTORIAL
from training.recipes.recipe import Recipe
from training.recipes.selection import MOST_HELD_OUT, Selection

RAW = [
    TextPair("Je suis en retard.", "I'm late."),
    TextPair("Je suis en retard.", "I am late."),
    TextPair("Elle a dit non.", "She said no."),
    TextPair("Il est tard.", "It is late."),
    TextPair("Il est ici.", "He is one two three four five six."),
    TextPair("Il est ici.", "He is one two three four five six seven."),
    TextPair("Il est un deux trois quatre cinq six sept.", "He is here."),
    TextPair("😀", "We're here."),
]
ANY = Selection(max_length=0, prefix_filter=False, held_out=0.0)


MODES = Modes.of(ANY)


def pair(source: tuple[str, ...], target: tuple[str, ...]) -> Pair:
    return Pair(source, target, TextPair(" ".join(source), " ".join(target)))


def selected(selection: Selection) -> list[tuple[str, str]]:
    raw = [TextPair(*pair[::-1]) for pair in RAW] if selection.reverse else RAW
    pairs, _ = select_pairs(raw, selection)
    return [(" ".join(pair.source), " ".join(pair.target)) for pair in pairs]


def test_the_tutorials_filter() -> None:
    """Fewer than ten tokens on both sides; "she s" lets "she said" in, as in the tutorial."""
    assert selected(Selection()) == [
        ("je suis en retard .", "i m late ."),
        ("je suis en retard .", "i am late ."),
        ("elle a dit non .", "she said no ."),
        ("il est ici .", "he is one two three four five six ."),
    ]


def test_the_filters_can_be_set_and_switched_off() -> None:
    short = Selection(max_length=5, prefix_filter=False)
    assert selected(short) == [("il est tard .", "it is late .")]
    assert len(selected(ANY)) == 7, "all but the empty side"
    assert selected(Selection(prefixes=("it is",))) == [("il est tard .", "it is late .")]


def test_prefixes_are_those_of_the_tutorials_normalization() -> None:
    assert selected(Selection(source_text="unicode", target_text="unicode"))[0] == (
        "je suis en retard .",
        "i'm late .",
    )


def test_reverse_translates_the_first_column() -> None:
    reverse = Selection(prefixes=("it is",), reverse=True)
    assert selected(reverse) == [("it is late .", "il est tard .")]
    assert (reverse.source_language, reverse.target_language) == ("eng", "fra")


def test_dropped_pairs_are_counted_by_filter() -> None:
    _, dropped = select_pairs(RAW, Selection())
    assert dict(dropped) == {
        "none of the prefixes (--prefixes, --no-prefix-filter)": 1,
        "10 or more tokens on a side (--max-length)": 2,
        "nothing left of a side by the text mode (--source-text, --target-text)": 1,
    }


def test_no_pairs_left_is_an_error_that_names_the_filters() -> None:
    message = (
        r"none of the 8 pairs passes the filters \(.*7 dropped: none of the prefixes .*"
        r"1 dropped: nothing left of a side.*\); 'python -m training.inspect'"
    )
    with pytest.raises(DataError, match=message):
        selected(Selection(max_length=3, prefixes=("x",)))


def test_held_out_sources_are_never_trained_on() -> None:
    pairs = [pair((f"s{i % 40}",), (f"t{i}",)) for i in range(100)]
    training, held_out = split_held_out(pairs, 0.1, seed=3)
    assert sorted(training + held_out, key=repr) == sorted(pairs, key=repr)
    assert len({pair.source for pair in held_out}) == 4
    assert {pair.source for pair in training}.isdisjoint(pair.source for pair in held_out)
    assert split_held_out(pairs, 0.1, seed=3) == (training, held_out)
    assert split_held_out(pairs, 0.1, seed=4) != (training, held_out)
    assert split_held_out(pairs, 0.0, seed=3) == (pairs, [])


def test_one_pair_stays_in_training() -> None:
    assert split_held_out([pair(("a",), ("b",))], 0.9, seed=0) == ([pair(("a",), ("b",))], [])


def test_no_more_sources_are_held_out_than_measure_well() -> None:
    many = [pair((str(n),), ("b",)) for n in range(7_000)]
    assert len(split_held_out(many, 0.9, seed=0)[1]) == MOST_HELD_OUT


def test_duplicates_are_kept_and_counted() -> None:
    corpus = Corpus.prepare([*RAW, RAW[0]], Recipe(selection=ANY), "x")
    assert (corpus.selected, corpus.duplicates, len(corpus.training)) == (8, 1, 8)


def test_encoding_ends_each_side_with_eos() -> None:
    pairs = [pair(("je", "suis"), ("i", "am", "late")), pair(("suis",), ("am",))]
    vocabularies = Vocabularies.from_pairs(pairs, MODES)
    assert [(p.source, p.target) for p in encode_pairs(pairs, vocabularies)] == [
        ((2, 3, 1), (2, 3, 4, 1)),
        ((3, 1), (3, 1)),
    ]
    assert vocabularies.encodes(pair(("suis", "je"), ("late",)))
    assert not vocabularies.encodes(pair(("je",), ("je",)))
    assert not vocabularies.encodes(pair(("i",), ("i",)))


def test_only_the_source_has_an_unk_and_only_where_it_is_learned() -> None:
    def vocabularies(recipe: Recipe) -> Vocabularies:
        return Corpus.prepare(RAW, recipe, "x").vocabularies

    learned = vocabularies(Recipe(word_dropout=0.1, selection=ANY))
    assert (learned.source.unk, learned.target.unk) == (2, None)
    assert vocabularies(Recipe(word_dropout=0.0, selection=ANY)).source.unk is None
    assert vocabularies(TUTORIAL).source.unk is None
    assert learned.encodes(pair(("glop",), ("late",)))
    assert not learned.encodes(pair(("late",), ("glop",)))


def test_rare_words_become_unk_in_the_source_and_leave_no_target() -> None:
    raw = [TextPair(*pair) for pair in (("x y", "a b"), ("x", "a b"), ("x", "a c"), ("x y z", "a"))]
    selection = Selection(prefix_filter=False, held_out=0.0, min_count=2)
    corpus = Corpus.prepare(raw, Recipe(word_dropout=0.0, selection=selection), "x")
    assert corpus.rare == 1, "the pair with c, seen once"
    assert [pair.target for pair in corpus.training] == [("a", "b"), ("a", "b"), ("a",)]
    assert corpus.vocabularies.source.words == ("x", "y"), "z is seen once"
    assert corpus.vocabularies.target.words == ("a", "b")
    encoded = encode_pairs(corpus.training, corpus.vocabularies)
    assert encoded[-1].source == (3, 4, 2, 1), "z is UNK"
    assert corpus.words == (5, 5), "of all pairs, SOS and EOS counted"
    with pytest.raises(DataError, match="each of the 1 training pairs has a target word seen"):
        Corpus.prepare(raw[3:], Recipe(selection=selection), "x")


@pytest.mark.corpus
def test_the_known_figures_of_the_real_corpus() -> None:
    """11,182 pairs, 10,434 distinct sources; French 4,559 and English 2,967 words."""
    path = Path(os.environ.get("FRA_ENG_ZIP", "data/fra-eng.zip"))
    if not path.exists():
        pytest.skip(f"{path} is absent; see 'Real data' in the README")
    raw = read_pairs(path)
    assert (len(raw.pairs), raw.skipped.total()) == (142_787, 0)
    corpus = Corpus.prepare(raw.pairs, TUTORIAL, "fra-eng.zip")
    assert (corpus.selected, corpus.duplicates) == (11_182, 7)
    assert len({pair.source for pair in corpus.training}) == 10_434
    assert corpus.words == (4_559, 2_967)
    assert tuple(map(len, (corpus.vocabularies.source, corpus.vocabularies.target))) == corpus.words
    sides = (tokens for pair in corpus.training for tokens in (pair.source, pair.target))
    assert max(map(len, sides)) == 9


def test_validation_and_test_are_halves_of_the_held_out_sources() -> None:
    raw = [TextPair(f"{a} {b}", f"{a}") for a in "abcdefgh" for b in "abcde"]
    selection = Selection(max_length=0, prefix_filter=False, held_out=0.5)
    corpus = Corpus.prepare(raw, Recipe(selection=selection), "letters")
    parts = (corpus.training, corpus.validation, corpus.test)
    assert [len(part) for part in parts] == [20, 10, 10]
    sources = [{pair.source for pair in part} for part in parts]
    assert len(set.union(*sources)) == sum(map(len, sources))
    assert corpus.held_out == (*corpus.validation, *corpus.test)
