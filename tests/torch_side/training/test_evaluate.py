"""``training.evaluate``, the command, on a run and on its exported folder."""

from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
import torch

from s2s_export import Translator
from s2s_export.decoding.options import SearchOptions
from s2s_export.export import export
from s2s_export.text.modes import text_mode
from s2s_export.text.normalizers import normalize_tutorial
from training.data.pairs_file import read_pairs
from training.evaluate import main
from training.evaluation import KNOWN, UNKNOWN
from training.metrics import Scorer
from training.recipes.recipe import Recipe
from training.recipes.selection import Selection
from training.run import checkpoint
from training.run.folder import HYPOTHESES_FILE, TEST_FILE
from training.trainer import fit


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
    assert (
        manifest.training["metric_signature"]
        == Scorer(text_mode("tutorial"), ["a b c d"]).signature()
    )


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
