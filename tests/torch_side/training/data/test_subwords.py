"""Subwords learned by the tokenizers library, applied as it applies them."""

import os
import random
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
import tokenizers
from tokenizers import models, pre_tokenizers

from s2s_export.text.bpe import Merges, pieces
from s2s_export.text.modes import text_mode
from s2s_export.text.normalizers import clean
from s2s_export.text.vocabulary import Vocabulary
from training.data.encoding import EncodedPair, Modes, Vocabularies
from training.data.noise.text_noise import TextNoise
from training.data.pairs_file import TextPair
from training.data.subwords import FEWEST_MERGES, MOST_MERGES, default_merges, learn_merges
from training.recipes.selection import SIDES, Selection

NATURAL = text_mode("natural")
TEXTS = ["I'm late.", "I'm later.", "She's late, isn't she?", "It is 2017.", "late late"] * 3


def library(merges: Merges, texts: Sequence[str]) -> tokenizers.Tokenizer:
    """The oracle: the same merges in the library, over the same pieces."""
    alphabet = sorted({character for text in texts for character in f" {clean(text)}"})
    tokens = [*alphabet, *(left + right for left, right in merges.pairs)]
    vocabulary = {token: index for index, token in enumerate(dict.fromkeys(tokens))}
    oracle = tokenizers.Tokenizer(models.BPE(vocab=vocabulary, merges=[*merges.pairs]))
    oracle.pre_tokenizer = pre_tokenizers.Split("\n", "removed")
    return oracle


def split_by_library(oracle: tokenizers.Tokenizer, texts: Sequence[str]) -> list[list[str]]:
    lines = ["\n".join(p for w in clean(text).split() for p in pieces(f" {w}")) for text in texts]
    return [encoding.tokens for encoding in oracle.encode_batch(lines)]


def test_learned_merges_split_as_the_library_does() -> None:
    merges = learn_merges("source", NATURAL, TEXTS, 20)
    mode = text_mode("natural", merges=merges)
    assert [mode.tokens(text) for text in TEXTS] == split_by_library(library(merges, TEXTS), TEXTS)
    assert mode.tokens("late") == [" late"]
    assert all(sum(map(str.isdigit, left + right)) <= 1 for left, right in merges.pairs)
    assert learn_merges("source", NATURAL, TEXTS, 20).pairs == merges.pairs, "the same each time"


def test_case_is_folded_before_learning() -> None:
    folded = text_mode("natural", fold_case=True)
    assert learn_merges("source", folded, ["LATE Late late"], 10).pairs == (
        learn_merges("source", NATURAL, ["late late late"], 10).pairs
    )


def test_the_default_grows_with_the_text() -> None:
    for side in SIDES:
        assert default_merges(side, 10) == FEWEST_MERGES
        assert default_merges(side, 10**9) == MOST_MERGES
    assert default_merges("source", 40_000) == 1_000
    assert default_merges("target", 40_000) == 4_000


def test_each_side_of_a_corpus_has_the_number_of_its_own() -> None:
    generator = random.Random(0)
    words = ["".join(generator.choices("abcdefgh", k=6)) for _ in range(5_000)]
    texts = [TextPair(*2 * (" ".join(generator.choices(words, k=8)),)) for _ in range(2_000)]
    selection = Selection(source_text="natural", target_text="natural")
    learned = Modes.of(selection).learned(texts, selection)
    numbers = [len(mode.merges.pairs) for mode in (learned.source, learned.target) if mode.merges]
    assert numbers == [16_000 // 40, 16_000 // 10]


def test_dropout_spells_each_epoch_anew_and_the_same_for_a_seed() -> None:
    merges = learn_merges("source", NATURAL, TEXTS, 20)
    mode = text_mode("natural", merges=merges)
    known = {c for text in TEXTS for c in f" {text}"} | {a + b for a, b in merges.pairs}
    vocabulary = Vocabulary(sorted(known))
    modes, vocabularies = Modes(mode, mode), Vocabularies(vocabulary, vocabulary)
    texts = [TextPair(text, "") for text in TEXTS]
    dropout = TextNoise(texts, modes, vocabularies, subword_dropout=0.3)
    pairs = [EncodedPair((1,), (7, 1)) for _ in TEXTS]
    first = dropout(pairs, seed=0, epoch=1)
    assert first == dropout(pairs, seed=0, epoch=1)
    assert first != dropout(pairs, seed=0, epoch=2)
    for spelt, text in zip(first, TEXTS, strict=True):
        assert mode.text(vocabulary.decode(spelt.source[:-1])) == text
        assert spelt.target == (7, 1)
    noiseless = TextNoise(texts, modes, vocabularies)
    whole = noiseless(pairs, seed=0, epoch=1)
    assert [len(pair.source) - 1 for pair in whole] == [len(mode.tokens(text)) for text in TEXTS]


@pytest.mark.corpus
@pytest.mark.skipif("FRA_ENG_ZIP" not in os.environ, reason="needs FRA_ENG_ZIP")
@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_the_archive_is_kept_exactly_and_split_as_the_library_does(step: int) -> None:
    with zipfile.ZipFile(Path(os.environ["FRA_ENG_ZIP"])) as archive:
        lines = archive.read("fra.txt").decode().splitlines()
    texts = [text for line in lines for text in line.split("\t")[:2]]
    assert len(texts) == 285_574
    merges = learn_merges("source", NATURAL, texts[::10], 2_000)
    texts = texts[::step]  # both columns, as the step is odd
    natural, characters = text_mode("natural", merges=merges), text_mode("characters")
    tokens = [natural.tokens(text) for text in texts]
    cleaned = [*map(clean, texts)]
    assert [*map(natural.text, tokens)] == cleaned
    assert [characters.text(characters.tokens(text)) for text in texts] == cleaned
    assert tokens == split_by_library(library(merges, texts), texts)
