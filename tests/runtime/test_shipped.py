"""The model in exported/: sound, small, attributed, and of some use."""

from pathlib import Path

import pytest

from s2s_export import Translator
from s2s_export.verify import verify

EXPORTED = Path(__file__).parents[2] / "exported"
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


@pytest.mark.parametrize(
    ("text", "translation"),
    [
        ("Je suis en retard.", "I'm late."),
        ("Je t'aime.", "I love you."),
        ("Je voudrais un café, s'il vous plaît.", "I'd like a coffee, please."),
    ],
)
def test_everyday_sentences_however_they_are_typed(
    translator: Translator, text: str, translation: str
) -> None:
    typed = (text, text.upper(), text.lower(), text.replace(" ", "\u00a0"), f"  {text}\n")
    assert {translator.translate(variant) for variant in typed} == {translation}
