"""Metrics of an evaluation, and the pairs that it translates."""

from collections.abc import Sequence

import numpy as np
import pytest
import sacrebleu

from s2s_export.decoding.steps import (
    DecoderSpec,
    DecoderStep,
    EncoderSpec,
    EncoderStep,
    FloatArray,
    StepPair,
    TokenIds,
)
from s2s_export.pipeline import Pipeline
from s2s_export.text.modes import text_mode
from s2s_export.text.tokenizer import Tokenizer
from s2s_export.text.vocabulary import Vocabulary
from training import evaluation
from training.data.encoding import Pair
from training.data.pairs_file import TextPair
from training.evaluation import KNOWN, UNKNOWN, Example
from training.metrics import Scorer

FOUND = [
    Example("a b c d e", "i m a very old man .", "i m a very old man .", ()),
    Example("a b c d", "he is here today .", "he is not here today .", ()),
    Example("a x", "you re late .", "you re ready .", ("x",)),
]


LETTERS = [*"abcde"]


def letters(*, has_unk: bool) -> Pipeline:
    """A pipeline that knows the letters a to e, takes five tokens, and repeats its source."""
    vocabulary = Vocabulary(LETTERS, unk=has_unk)
    size = len(vocabulary)

    def encode(tokens: TokenIds, state: Sequence[FloatArray]) -> list[FloatArray]:
        return [tokens[:, :, np.newaxis].astype(np.float32)]

    def decode(token: TokenIds, state: Sequence[FloatArray]) -> list[FloatArray]:
        memory, position = state
        rows = np.arange(len(token))
        at = memory[position[0, :, 0].astype(int), rows, 0].astype(int)
        log_probs = np.full((len(token), size), -9.0, np.float32)
        log_probs[rows, at] = -0.1
        return [log_probs, position + 1]

    steps = StepPair(
        EncoderStep(EncoderSpec.from_shapes({}, {"memory": ("T", "B", 1)}), encode),
        DecoderStep(
            DecoderSpec.from_shapes(
                size,
                {"memory": ("S", "B", 1), "position": (1, "B", 1)},
                {"next_position": (1, "B", 1)},
            ),
            decode,
        ),
    )
    mode = text_mode("unicode")
    source = Tokenizer(mode, vocabulary, max_length=5)
    return Pipeline(steps, source, Tokenizer(mode, vocabulary), max_length=9)


def pair(source: str, target: str) -> Pair:
    return Pair(tuple(source.split()), tuple(target.split()), TextPair(source, target))


SCORER = Scorer(text_mode("unicode"), ["a b c d"])


def test_metrics_are_sacrebleus() -> None:
    known = [e for e in FOUND if not e.unknown]
    hypotheses, references = [e.hypothesis for e in known], [e.reference for e in known]
    found = evaluation.metrics_of(FOUND, SCORER)
    assert list(found) == [KNOWN, UNKNOWN]
    bleu = sacrebleu.corpus_bleu(hypotheses, [references], tokenize="none", force=True)
    assert found[KNOWN].bleu == bleu.score
    assert 50 < bleu.score < 100
    assert found[KNOWN].chrf == sacrebleu.corpus_chrf(hypotheses, [references]).score
    assert (found[KNOWN].exact, found[KNOWN].sentences) == (0.5, 2)
    assert str(found[UNKNOWN]).startswith("BLEU ")
    assert SCORER.measure([], []) is None
    assert evaluation.metrics_of(FOUND[:2], SCORER).keys() == {KNOWN}
    assert f"version:{sacrebleu.__version__}" in SCORER.signature()
    assert "tok:none" in SCORER.signature()


def test_token_error_rate_is_the_edit_distance_over_reference_tokens() -> None:
    scorer = Scorer(text_mode("spaces"), ["A B C D"])
    metrics = scorer.measure(["A B", "A X C D E"], ["A B", "A B C D"])
    assert metrics is not None
    assert metrics.token_error_rate == 2 / 6, "one substitution, one insertion"
    characters = Scorer(text_mode("characters"), ["2014"]).measure(["2015"], ["2014"])
    assert characters is not None
    assert characters.token_error_rate == 1 / 4


def test_of_several_right_texts_the_nearest_counts() -> None:
    scorer = Scorer(text_mode("spaces"), ["A B"])
    examples = [Example("x", "A B | A C D", "A C", ()), Example("y", "E", "F", ())]
    right = {"x": ("A B D", "A C D"), "y": ("E",)}
    found = evaluation.with_nearest_references(examples, right, scorer)
    assert [example.reference for example in found] == ["A C D", "E"]


def test_n_best_accuracy_is_how_often_a_right_text_is_among_the_first() -> None:
    examples = [
        Example("x", "A", "A", (), ("B", "C")),
        Example("y", "A", "B", (), ("C", "A")),
        Example("z", "A", "B", (), ("C", "D")),
        Example("u", "A", "B", ("u",), ("A",)),
    ]
    found = evaluation.n_best_accuracy(examples)
    assert found == {KNOWN: pytest.approx(2 / 3), UNKNOWN: 1.0}
    right = {"x": ("E",), "y": ("E", "C"), "z": ("D", "A"), "u": ("E", "F")}
    assert evaluation.n_best_accuracy(examples, right) == {KNOWN: 2 / 3, UNKNOWN: 0.0}
    assert evaluation.n_best_accuracy(examples[:3]).keys() == {KNOWN}


def test_bleu_is_left_out_where_no_reference_has_four_tokens() -> None:
    metrics = SCORER.measure(["a b c"], ["a b c"])
    assert metrics is not None
    assert metrics.bleu is None
    assert "BLEU" not in str(metrics)
    assert "bleu" not in metrics.figures()


def test_scripts_without_spaces_are_measured_in_characters() -> None:
    scorer = Scorer(text_mode("natural"), ["我喜欢喝茶。"])
    metrics = scorer.measure(["我喜欢茶。"], ["我喜欢喝茶。"])
    assert metrics is not None
    assert metrics.token_error_rate == 1 / 6
    assert "tok:char" in scorer.signature()


def test_natural_text_is_measured_as_sacrebleu_splits_it() -> None:
    assert "tok:13a" in Scorer(text_mode("natural"), ["I'm late."]).signature()


def test_too_long_and_unknown_sources_are_left_out() -> None:
    pairs = [pair("a b c d", "x"), pair("a b c d e", "x"), pair("a x", "x")]
    with_unk, without = (letters(has_unk=has_unk).source for has_unk in (True, False))
    assert [p for p, _ in evaluation.translatable(with_unk, pairs)] == [pairs[0], pairs[2]]
    assert [p for p, _ in evaluation.translatable(without, pairs)] == [pairs[0]], "EOS counts"


def test_pairs_are_translated_as_texts() -> None:
    pipeline = letters(has_unk=True)
    pairs = evaluation.translatable(pipeline.source, [pair("a b", "r s"), pair("a x", "r")])
    assert evaluation.translate_pairs(pipeline, pairs) == [
        Example("a b", "r s", "a b", ()),
        Example("a x", "r", "a <unk>", ("x",)),
    ]


def test_skipping_drops_the_unknown_words_alone_and_needs_no_unk() -> None:
    pairs = [pair("a x b x", "r"), pair("a", "r"), pair("x y", "r"), pair("x " * 5, "r")]
    for has_unk in (True, False):
        pipeline = letters(has_unk=has_unk)
        assert evaluation.translate_skipping(pipeline, pairs, max_length=5) == [
            Example("a x b x", "r", "a b", ("x",)),
            Example("x y", "r", "", ("x", "y")),
        ]
