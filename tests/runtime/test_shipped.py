"""The model in exported/: sound, small, attributed, described, and of some use."""

import re
from pathlib import Path

import pytest

from s2s_export import Translator
from s2s_export.verify import verify

ROOT = Path(__file__).parents[2]
EXPORTED = ROOT / "exported"
MOST_BYTES = 14_000_000


@pytest.fixture(scope="module")
def translator() -> Translator:
    return Translator(EXPORTED)


def test_the_shipped_folder_passes_verify() -> None:
    report = verify(EXPORTED)
    assert report.passed, [check for check in report.checks if not check.passed]


def test_the_shipped_graphs_are_small_and_the_data_is_attributed(translator: Translator) -> None:
    manifest = translator.manifest
    graphs = (manifest.graphs.encoder.file, manifest.graphs.decoder.file)
    assert sum((EXPORTED / name).stat().st_size for name in graphs) <= MOST_BYTES
    assert manifest.int8 is not None
    assert manifest.torchscript.encoder is None
    attribution = str(manifest.training["attribution"])
    assert "manythings.org/anki" in attribution
    assert "CC BY 2.0" in attribution


def test_how_it_works_has_the_shapes_and_the_parameters_of_the_shipped_model(
    translator: Translator,
) -> None:
    page = (ROOT / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    manifest = translator.manifest
    dynamic = {"T": len(translator.source.encode("Je suis en retard.").ids), "B": 1}
    dynamic["S"] = dynamic["T"]
    for step in (manifest.steps.encoder, manifest.steps.decoder):
        for tensor in (*step.inputs, *step.outputs):
            shape = [dynamic.get(str(size), size) for size in tensor.shape]
            assert f"`{tensor.name}` {shape}" in page
    for side in (translator.source, translator.target):
        assert f"{len(side.vocabulary):,} × " in page
    [parameters] = re.findall(r"These are ([\d,]+) numbers", page)
    graphs = (manifest.graphs.encoder.file, manifest.graphs.decoder.file)
    size = sum((EXPORTED / name).stat().st_size for name in graphs)
    assert 0 < size - 4 * int(parameters.replace(",", "")) < 10_000  # the graphs beside the weights


@pytest.mark.parametrize(
    ("text", "translation"),
    [
        ("Je suis en retard.", "I'm late."),
        ("Je t'aime.", "I love you."),
        ("Je voudrais un café, s'il vous plaît.", "I would like a coffee, please."),
    ],
)
def test_everyday_sentences_however_they_are_typed(
    translator: Translator, text: str, translation: str
) -> None:
    typed = (text, text.upper(), text.lower(), text.replace(" ", "\u00a0"), f"  {text}\n")
    assert {translator.translate(variant) for variant in typed} == {translation}


def test_the_page_on_search_prints_the_translations_of_the_shipped_model(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (ROOT / "docs" / "search.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    monkeypatch.chdir(ROOT)
    exec(compile(code, "search.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 3
    assert printed == re.findall(r"^    (-\d.*)$", page, flags=re.MULTILINE)
