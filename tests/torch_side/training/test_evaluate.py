"""Metrics of an evaluation: a run and its exported folder have the same ones."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
import sacrebleu
import torch

from s2s_export import Translator
from s2s_export.decoding.options import SearchOptions
from s2s_export.decoding.steps import (
    DecoderSpec,
    DecoderStep,
    EncoderSpec,
    EncoderStep,
    FloatArray,
    StepPair,
    TokenIds,
)
from s2s_export.export import export
from s2s_export.pipeline import Pipeline
from s2s_export.text.modes import text_mode
from s2s_export.text.normalizers import normalize_tutorial
from s2s_export.text.tokenizer import Tokenizer
from s2s_export.text.vocabulary import Vocabulary
from training import evaluation
from training.data.encoding import Pair
from training.data.pairs_file import TextPair, read_pairs
from training.evaluate import main
from training.evaluation import KNOWN, UNKNOWN, Example
from training.metrics import Scorer
from training.recipes.recipe import Recipe
from training.recipes.selection import Selection
from training.run import checkpoint
from training.run.folder import HYPOTHESES_FILE, TEST_FILE
from training.trainer import fit

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


def test_alternatives_on_the_command_line(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [pair, *_] = read_pairs(run / TEST_FILE).pairs
    assert main(["--run", str(run)]) == 0
    [_, hypothesis, *_] = (run / HYPOTHESES_FILE).read_text().splitlines()[1].split("\t")[1:]
    data = tmp_path / "alternatives.tsv"
    data.write_text(f"something else | {hypothesis}\t{pair.source}\n", encoding="utf-8")
    capsys.readouterr()
    command = ["--run", str(run), "--data", str(data), "--hypotheses", str(tmp_path / "h.tsv")]
    assert main([*command, "--alternatives", " | "]) == 0
    assert "exact 100.0% of 1" in capsys.readouterr().out


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


def test_beams_on_the_command_line(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [pair, *_] = read_pairs(run / TEST_FILE).pairs
    pipeline = checkpoint.load(run).pipeline
    search = SearchOptions(beam_size=4, n_best=3)
    [found] = pipeline.translate([pipeline.source.encode(pair.source)], search=search)
    [best, _, third] = [one.text for one in found.alternatives]
    data = tmp_path / "alternatives.tsv"
    data.write_text(f"nothing | {third}\t{pair.source}\n", encoding="utf-8")
    options = ["--run", str(run), "--data", str(data), "--alternatives", " | ", "--beam-size", "4"]
    options += ["--hypotheses", str(tmp_path / "h.tsv")]
    for n_best, accuracy in ((3, "100.0%"), (2, "0.0%")):
        assert main([*options, "--n-best", str(n_best)]) == 0
        out = capsys.readouterr().out
        assert f": a right text among the first {n_best}: {accuracy}\n" in out
        assert "exact 0.0% of 1" in out
        assert f"\t{best}\t" in (tmp_path / "h.tsv").read_text(encoding="utf-8")
    assert main(options) == 0
    assert "among the first" not in capsys.readouterr().out
    assert main([*options, "--n-best", "5"]) == 2
    assert "n_best: expected an int from 1 to the beam_size, 4, found 5" in capsys.readouterr().err


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


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, tiny_pairs: Path) -> Path:
    run = tmp_path_factory.mktemp("evaluate") / "run"
    recipe = Recipe(
        seed=4,  # none of the held-out sentences is longer than all that are trained on
        epochs=60,
        patience=60,
        batch_size=8,
        hidden_size=16,
        dropout=0.0,
        selection=Selection(held_out=0.4),
    )
    raw = read_pairs(tiny_pairs).pairs
    fit(raw, recipe, run, recipe_name="x", data_name="tiny", device=torch.device("cpu"))
    return run


@pytest.fixture(scope="module")
def exported(run: Path) -> Path:
    export(run, run.parent / "exported")
    return run.parent / "exported"


def test_a_run_and_its_exported_folder_have_the_same_metrics(
    run: Path, exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = []
    for options in (["--run", str(run)], ["--run", str(run), "--exported", str(exported)]):
        assert main(options) == 0
        outputs.append((capsys.readouterr().out, (run / HYPOTHESES_FILE).read_bytes()))
    assert outputs[0] == outputs[1]
    out, hypotheses = outputs[0]
    assert f"{KNOWN}: BLEU " in out
    assert f"{UNKNOWN}: BLEU " in out
    assert f"{UNKNOWN}, skipped instead: BLEU " in out
    assert "BLEU nrefs:1|" in out
    rows = [line.split("\t") for line in hypotheses.decode().splitlines()]
    assert rows[0] == ["source", "reference", "hypothesis", "unknown words"]
    test = [line.split("\t") for line in (run / TEST_FILE).read_text().splitlines()]
    assert [row[0] for row in rows[1:]] == [source for _, source in test]
    assert [row[1] for row in rows[1:]] == [normalize_tutorial(target) for target, _ in test]


def test_attention_plot(
    tiny_pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same from the run and from the folder: rows of the translation, columns of the source."""
    run, folder = tmp_path / "run", tmp_path / "exported"
    recipe = Recipe(epochs=20, batch_size=8, hidden_size=16, model="attention")
    raw = read_pairs(tiny_pairs).pairs
    fit(raw, recipe, run, recipe_name="x", data_name="tiny", device=torch.device("cpu"))
    export(run, folder)
    texts = [golden.source for golden in Translator(folder).manifest.golden]
    eager, exported = (
        pipeline.translate([pipeline.source.encode(text) for text in texts], attention=True)
        for pipeline in (checkpoint.load(run).pipeline, Translator(folder).pipeline)
    )
    assert len(eager) == len(texts)
    for translation, other_translation in zip(eager, exported, strict=True):
        assert translation.tokens == other_translation.tokens
        one, other = translation.attention, other_translation.attention
        assert one is not None
        assert other is not None
        assert one.source == other.source
        assert one.weights.shape == (len(translation.log_probs), len(one.source))
        np.testing.assert_allclose(one.weights, other.weights, rtol=0, atol=1e-4)  # the gate's
    for options in ([], ["--exported", str(folder)]):
        picture = tmp_path / f"picture{len(options)}.png"
        arguments = ["--run", str(run), "--attention-plot", str(picture), *options]
        assert main(arguments) == 0
        assert f"wrote {picture}\n" in capsys.readouterr().out
        pixels = matplotlib.image.imread(picture)
        assert pixels.shape[0] > 500 < pixels.shape[1]
        assert len(np.unique(pixels)) > 20, "an empty picture"


def test_the_manifest_has_the_metrics_that_evaluation_prints(
    exported: Path, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = Translator(exported).manifest
    assert main(["--run", str(run), "--exported", str(exported)]) == 0
    known = manifest.metrics[KNOWN]
    assert f"{KNOWN}: BLEU {known['bleu']:.2f}, chrF {known['chrf']:.2f}" in capsys.readouterr().out
    assert manifest.training["metric_signature"] == SCORER.signature()


def test_any_pairs_can_be_evaluated(
    exported: Path,
    tiny_pairs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without the run, as whoever received the folder would."""
    monkeypatch.chdir(tmp_path)
    assert main(["--exported", str(exported), "--data", str(tiny_pairs)]) == 0
    out, err = capsys.readouterr()
    assert "--reverse" not in err
    assert out.startswith("26 sentences translated\n")
    assert out.endswith("wrote hypotheses.tsv\n")
    turned = tmp_path / "turned.tsv"
    rows = [line.split("\t") for line in tiny_pairs.read_text().splitlines()]
    turned.write_text("".join(f"{second}\t{first}\n" for first, second in rows))
    options = ["--data", str(turned), "--reverse", "--hypotheses", "h.tsv"]
    assert main(["--exported", str(exported), *options]) == 0
    assert capsys.readouterr().out.replace("h.tsv", "hypotheses.tsv") == out
    assert main(["--exported", str(exported), "--data", str(turned), "--hypotheses", "h.tsv"]) == 0
    assert "is the source in the other column (--reverse, --columns)?" in capsys.readouterr().err


def test_a_folder_translates_around_unknown_words(exported: Path) -> None:
    translator = Translator(exported)
    assert translator.manifest.special_ids.unk == 2
    assert translator.unknown_words("Je suis gloups.") == ("gloups",)
    assert translator.translate("Je suis gloups.") != ""
    assert translator.translate("gloups") == translator.translate("glips")
    assert "<unk>" not in (exported / "target.vocab").read_text().splitlines()


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--run", "gone"], 3, "gone/best.pt: no checkpoint; make one"),
        (["--exported", "gone"], 3, "gone: no such folder"),
        (["--exported", "{exported}", "--run", "gone"], 4, "no test pairs here; give some"),
        (["--exported", "{exported}", "--data", "gone.tsv"], 4, "gone.tsv: no such data file"),
        (["--exported", "{exported}", "--run", "{run}", "--attention-plot", "x"], 2, "has no att"),
        (["--run", "{run}", "--attention-plot", "x.png"], 2, "this model has no attention; train"),
        (["--exported", "{exported}", "--data", "{empty}"], 4, "leave nothing of its pairs"),
    ],
)
def test_errors_and_their_exit_codes(
    run: Path,
    exported: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "e.tsv").write_text("1\t2\n")
    names = {"run": str(run), "exported": str(exported), "empty": "e.tsv"}
    assert main([option.format(**names) for option in options]) == code
    assert message in capsys.readouterr().err
