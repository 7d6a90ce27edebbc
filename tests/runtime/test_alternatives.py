"""Beams and n-best translations, as an app asks for them."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from s2s_export import Alternative, Translation, Translator
from s2s_export import __main__ as command_line
from s2s_export.decoding.options import SearchOptions
from s2s_export.decoding.steps import DecoderStep, FloatArray, StepPair, TokenIds
from s2s_export.errors import NonFiniteError, OptionError
from s2s_export.pipeline import Pipeline

TEXTS = [
    *("Je suis en retard.", "", "J'ai froid.", "Ils sont en train de préparer le dîner.", "  "),
    *("Elle est glop.", "Nous sommes très heureux !", "Vous avez tort.", "J'ai glop faim."),
]


@pytest.fixture(scope="module", params=["tiny_unk", "tiny_3", "tiny_conditional", "tiny_natural"])
def translator(request: pytest.FixtureRequest) -> Translator:
    return Translator(request.getfixturevalue(request.param))


def test_alternatives_are_the_best_translations_the_best_first(translator: Translator) -> None:
    for found in translator.translate_batch(TEXTS, beam_size=5, n_best=3):
        if not found.tokens:
            continue
        first, *others = found.alternatives
        assert (first.text, first.tokens, first.score) == (found.text, found.tokens, found.score)
        assert (first.log_probs, first.finished) == (found.log_probs, found.finished)
        assert len(others) == 2
        assert len({one.tokens for one in found.alternatives}) == 3
        scores = [one.score for one in found.alternatives]
        assert scores == sorted(scores, reverse=True)
        for one in found.alternatives:
            assert one.text == translator.target.text(one.tokens)
            assert len(one.log_probs) == len(one.tokens) + one.finished
            assert one.score == pytest.approx(sum(one.log_probs) / len(one.log_probs))


def test_the_length_penalty_is_the_exponent_of_the_length(translator: Translator) -> None:
    for length_penalty in (0, 0.7, 3):
        for found in translator.translate_batch(
            TEXTS, beam_size=4, n_best=4, length_penalty=length_penalty
        ):
            scores = [one.score for one in found.alternatives]
            assert scores == sorted(scores, reverse=True)
            assert found.score == scores[0]
            for one in found.alternatives if found.tokens else ():
                expected = sum(one.log_probs) / len(one.log_probs) ** length_penalty
                assert one.score == pytest.approx(expected)


def test_greedy_decoding_has_one_alternative(translator: Translator) -> None:
    found = translator.translate_batch(TEXTS)
    assert found == translator.translate_batch(TEXTS, beam_size=1, n_best=1)
    assert all(len(one.alternatives) == 1 for one in found)
    assert found[1].alternatives == (Alternative("", (), (), 0.0, True),)
    assert found[1] == Translation("", (), (), (), finished=True)


@pytest.mark.parametrize("batch_size", [1, 2, 64])
def test_a_batch_equals_its_texts_one_by_one(translator: Translator, batch_size: int) -> None:
    options = {"beam_size": 4, "n_best": 4}
    together = translator.translate_batch(TEXTS, batch_size=batch_size, **options)  # type: ignore[arg-type]
    streamed = translator.translate_iter(TEXTS, batch_size=batch_size, **options)  # type: ignore[arg-type]
    for text, one, other in zip(TEXTS, together, streamed, strict=True):
        [alone] = translator.translate_batch([text], beam_size=4, n_best=4)
        assert one.text == translator.translate(text, beam_size=4)
        for found in (one, other):
            for a, b in zip(found.alternatives, alone.alternatives, strict=True):
                assert replace(a, log_probs=(), score=0.0) == replace(b, log_probs=(), score=0.0)
                # float32 products of another size, summed in another order
                np.testing.assert_allclose(a.log_probs, b.log_probs, rtol=0, atol=1e-5)


def test_wider_beams_find_more_probable_translations_on_average(translator: Translator) -> None:
    """By the whole sentence's log-probability, which a beam looks for."""
    means = [
        np.mean(
            [
                found.score
                for found in translator.translate_batch(
                    TEXTS, beam_size=beam_size, length_penalty=0
                )
            ]
        )
        for beam_size in (1, 2, 4, 8, 32)
    ]
    assert all(one <= other + 1e-5 for one, other in itertools.pairwise(means)), means


@pytest.mark.parametrize("folder", ["tiny_attention", "tiny_conditional"])
def test_attention_is_that_of_the_best_translation(
    folder: str, request: pytest.FixtureRequest
) -> None:
    """Fed with the tokens of the result, the decoder attends as the beam says it did."""
    translator = Translator(request.getfixturevalue(folder))
    found = translator.translate_batch(TEXTS, beam_size=4, attention=True)
    greedy = translator.translate_batch(TEXTS, attention=True)
    assert [one.attention is None for one in found] == [not one.tokens for one in found]
    same = 0
    for one, other in zip(found, greedy, strict=True):
        if one.attention is None or other.attention is None:
            continue
        assert one.attention.weights.shape == (len(one.log_probs), len(one.attention.source))
        np.testing.assert_allclose(one.attention.weights.sum(axis=1), 1, rtol=0, atol=1e-6)
        if one.tokens == other.tokens:
            same += 1
            np.testing.assert_allclose(
                one.attention.weights, other.attention.weights, rtol=0, atol=1e-5
            )
    assert same >= 3


def test_rows_of_beams_keep_to_the_largest_batch(translator: Translator) -> None:
    rows: list[int] = []
    decoder = translator.pipeline.steps.decoder

    def run(token: TokenIds, state: Sequence[FloatArray]) -> Sequence[FloatArray]:
        rows.append(len(token))
        return decoder.run(token, state)

    steps = StepPair(translator.pipeline.steps.encoder, DecoderStep(decoder.spec, run))
    over = Pipeline(steps, translator.source, translator.target, max_length=10, largest_batch=8)
    encodings = [translator.source.encode("Je suis en retard.")] * 5
    over.translate(encodings, batch_size=64, search=SearchOptions(4))
    assert rows[0] == 2
    assert 4 < max(rows) <= 8
    rows.clear()
    over.translate(encodings, batch_size=64, search=SearchOptions(20))
    assert rows[0] == 1, "one sentence at a time, however wide its beam"
    assert 8 < max(rows) <= 20


def test_an_empty_batch(translator: Translator) -> None:
    assert translator.translate_batch([], beam_size=4, n_best=2) == []
    assert list(translator.translate_iter([], beam_size=4, n_best=2)) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beam_size": 0}, "beam_size: expected an int from 1 to 1000, found 0"),
        ({"beam_size": 4, "n_best": 5}, "n_best: expected an int from 1 to the beam_size, 4, f"),
        ({"length_penalty": float("nan")}, "length_penalty: expected a number from 0 to 10, fo"),
    ],
)
def test_wrong_options_are_refused_at_once(
    translator: Translator, options: dict[str, float], message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        translator.translate_batch(TEXTS, **options)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=message):
        translator.translate_iter(TEXTS, **options)  # type: ignore[arg-type]
    if "n_best" not in options:
        with pytest.raises(OptionError, match=message):
            translator.translate("J'ai froid.", **options)  # type: ignore[arg-type]


def test_nan_of_a_beam_is_an_error(translator: Translator) -> None:
    decoder = translator.pipeline.steps.decoder

    def run(token: TokenIds, state: Sequence[FloatArray]) -> Sequence[FloatArray]:
        log_probs, *others = decoder.run(token, state)
        log_probs = log_probs.copy()
        log_probs[-1, -1] = np.nan
        return [log_probs, *others]

    steps = StepPair(translator.pipeline.steps.encoder, DecoderStep(decoder.spec, run))
    over = Pipeline(steps, translator.source, translator.target, max_length=10)
    with pytest.raises(NonFiniteError, match="decoder step 0: log_probs is not finite"):
        over.translate([translator.source.encode("J'ai froid.")], search=SearchOptions(4))


def test_the_command_writes_numbered_alternatives(
    tiny_unk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = ["J'ai froid.", "je " * 20, "", "J'ai faim."]
    arguments = ["--model", str(tiny_unk), "--beam-size", "4", "--n-best", "2"]
    assert command_line.main([*arguments, *texts]) == 1
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [number for number, _, _ in rows] == ["1", "1", "2", "3", "4", "4"]
    assert rows[2][1:] == ["", ""], "no translation, so no score"
    assert rows[3][1:] == ["0.0000", ""]
    [cold] = Translator(tiny_unk).translate_batch(texts[:1], beam_size=4, n_best=2)
    assert rows[:2] == [["1", f"{one.score:.4f}", one.text] for one in cold.alternatives]


def test_the_commands_json_has_the_alternatives(
    tiny_unk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--model", str(tiny_unk), "--json", "--beam-size", "4", "--n-best", "3"]
    assert command_line.main([*arguments, "--length-penalty", "0", "J'ai froid."]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["alternatives"]) == 3
    first = found["alternatives"][0]
    assert first == {name: found[name] for name in first}
    assert first.keys() == {"text", "tokens", "log_probs", "score", "finished"}
    assert first["score"] == pytest.approx(sum(first["log_probs"]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--beam-size", "1000000"], "error: beam_size: expected an int from 1 to 1000"),
        (["--n-best", "2"], "error: n_best: expected an int from 1 to the beam_size, 1, found 2"),
        (["--length-penalty", "nan"], "error: length_penalty: expected a number from 0 to 10"),
    ],
)
def test_wrong_options_of_the_command_are_exit_code_2(
    tiny_unk: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert command_line.main(["--model", str(tiny_unk), *options, "J'ai froid."]) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert found.err.startswith(message)
