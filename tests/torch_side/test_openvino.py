"""OpenVINO beside ONNX Runtime: the comparison, and the agreement where openvino is installed."""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks import openvino as beside
from s2s_export import Translator
from s2s_export.decoding.options import DecodingOptions
from s2s_export.decoding.steps import DecoderStep, FloatArray, StepPair, Steps, TokenIds
from s2s_export.pipeline import Pipeline
from s2s_export.text.vocabulary import EOS, SOS

FOLDERS = sorted(
    path.parent for path in (Path(__file__).parents[1] / "fixtures").glob("*/manifest.json")
)


def compared(folder: Path, candidate: Steps, *, batch_size: int = 1) -> beside.Agreement:
    translator = Translator(folder)
    options = DecodingOptions(SOS, EOS, translator.manifest.target.max_length)
    sources = beside.random_ids(translator, 40)
    steps = translator.pipeline.steps
    return beside.compare(steps, candidate, sources, options, batch_size)


def moved(steps: Steps, by: float) -> Steps:
    """Return steps whose log-probabilities of EOS are moved."""

    def run(tokens: TokenIds, state: Sequence[FloatArray]) -> Sequence[FloatArray]:
        outputs = steps.decoder.run(tokens, state)
        outputs[0][:, EOS] += by
        return outputs

    return StepPair(steps.encoder, DecoderStep(steps.decoder.spec, run))


def test_an_engine_agrees_with_itself(tiny_3: Path) -> None:
    found = compared(tiny_3, Translator(tiny_3).pipeline.steps)
    assert (found.texts, found.identical, found.chosen, found.largest) == (40, 40, 0, 0)
    assert found.log_probs > 40 * Translator(tiny_3).manifest.target.vocabulary_size


def test_moved_log_probabilities_are_found(tiny_3: Path) -> None:
    found = compared(tiny_3, moved(Translator(tiny_3).pipeline.steps, 1e-3))
    assert found.largest == pytest.approx(1e-3, rel=1e-2)
    found = compared(tiny_3, moved(Translator(tiny_3).pipeline.steps, 50))
    assert found.identical < 40
    assert found.ties == 0


@pytest.mark.parametrize(
    ("margin", "ties"), [(beside.TIE_MARGIN / 2, 1), (2 * beside.TIE_MARGIN, 0)]
)
def test_tokens_that_part_are_tied_within_the_margin(margin: float, ties: int) -> None:
    agreement = beside.Agreement()
    scores = [np.array([-9, -9, -1], np.float32), np.array([-1, -9, -1 - margin], np.float32)]
    agreement.note_tokens([2, 0, EOS], [2, 2, EOS], scores)
    assert (agreement.texts, agreement.identical, agreement.ties) == (1, 0, ties)


def test_openvino_that_is_not_installed(
    tiny_3: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert beside.main([str(tiny_3)]) == 5
    assert capsys.readouterr().err.startswith("error: this needs pip install openvino (")


def test_a_pipeline_translates_with_openvino(tiny_3: Path) -> None:
    pytest.importorskip("openvino", reason="openvino is not installed")
    translator = Translator(tiny_3)
    golden = translator.manifest.golden
    pipeline = Pipeline(
        beside.openvino_steps(tiny_3, "fp32"), translator.source, translator.target, max_length=6
    )
    texts = [translator.source.encode(entry.source) for entry in golden]
    translations = pipeline.translate(texts, batch_size=4, attention=True)
    assert [t.text for t in translations] == [entry.target for entry in golden]
    assert all(translation.attention is not None for translation in translations)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
@pytest.mark.parametrize("batch_size", [1, 16])
def test_openvino_agrees_with_onnxruntime(folder: Path, batch_size: int) -> None:
    pytest.importorskip("openvino", reason="openvino is not installed")
    found = compared(folder, beside.openvino_steps(folder, "fp32"), batch_size=batch_size)
    assert found.identical == found.texts
    assert found.chosen <= 1e-5
    assert found.largest <= 1e-4
