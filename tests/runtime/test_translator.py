"""The Translator as an app uses it, on the committed tiny export."""

import pkgutil
from pathlib import Path

import pytest

import s2s_export
from s2s_export import Translation, Translator
from s2s_export.errors import (
    InputTypeError,
    ProviderError,
    RuntimeMissingError,
    TextTooLongError,
    UnknownWordError,
)
from s2s_export.folder.reader import ExportedFolder
from s2s_export.folder.sources.location import files_at


@pytest.fixture(scope="module")
def translator(tiny: Path) -> Translator:
    return Translator(tiny)


def test_golden_sentences(translator: Translator, tiny: Path) -> None:
    golden = ExportedFolder(files_at(tiny)).manifest.golden
    assert len(golden) == 8
    for sentence in golden:
        assert translator.translate(sentence.source) == sentence.target


@pytest.mark.parametrize(
    "text",
    [
        "Je suis en retard.",
        "JE SUIS EN RETARD.",
        " je  suis\nen\u00a0retard\u202f. ",
        "je suis en retard .",
    ],
)
def test_case_spaces_and_newlines_do_not_matter(translator: Translator, text: str) -> None:
    assert translator.translate(text) == "i m late ."


def test_composed_and_decomposed_accents_and_both_apostrophes_agree(translator: Translator) -> None:
    spellings = ["Je suis à l'hôtel.", "Je suis a\u0300 l’ho\u0302tel."]
    assert {translator.translate(text) for text in spellings} == {"i m at the hotel ."}


@pytest.mark.parametrize("text", ["", "  \n\t", "😀", "…"])
def test_blank_texts_and_emoji_have_empty_translations(translator: Translator, text: str) -> None:
    assert translator.translate(text) == ""


@pytest.mark.parametrize("text", [None, 3, b"je", ["je"]])
def test_a_text_that_is_not_a_str(translator: Translator, text: object) -> None:
    with pytest.raises(InputTypeError, match=f"expected a str, found {type(text).__name__}"):
        translator.translate(text)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        translator.translate(text)  # type: ignore[arg-type]


def test_a_subclass_of_str_is_a_str(translator: Translator) -> None:

    class Text(str):
        __slots__ = ()

    assert translator.translate(Text("J'ai faim.")) == "i m hungry ."


def test_unknown_words_are_all_listed(translator: Translator) -> None:
    with pytest.raises(UnknownWordError) as error:
        translator.translate("Je suis un vieux chat.")
    assert error.value.words == ("un", "vieux", "chat")
    assert str(error.value).startswith("unknown words: 'un', 'vieux', 'chat'")
    assert translator.unknown_words("Je suis un vieux chat, un.") == ("un", "vieux", "chat")
    assert translator.unknown_words("Je suis en retard.") == ()
    with pytest.raises(InputTypeError, match="expected a str, found int"):
        translator.unknown_words(3)  # type: ignore[arg-type]


def test_the_manifest_attribute(translator: Translator, tiny: Path) -> None:
    assert translator.manifest == ExportedFolder(files_at(tiny)).manifest


def test_a_text_longer_than_the_limit(translator: Translator) -> None:
    with pytest.raises(TextTooLongError, match=r"the text has 11 tokens, .* at most 10") as error:
        translator.translate("je " * 10)
    assert (error.value.length, error.value.limit) == (11, 10)


def test_an_unknown_device(tiny: Path) -> None:
    with pytest.raises(ProviderError, match="expected one of cpu, cuda, auto, found 'gpu'"):
        Translator(tiny, device="gpu")


def test_device_cuda_without_cuda_is_an_error(tiny: Path) -> None:
    """There is no silent fallback to the CPU."""
    onnxruntime = pytest.importorskip("onnxruntime")
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime has CUDA")
    with pytest.raises(ProviderError, match="'cuda' is not available: this onnxruntime was built"):
        Translator(tiny, device="cuda")


def test_missing_onnxruntime_names_the_pip_command(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(RuntimeMissingError, match="not installed: pip install onnxruntime, or"):
        Translator(tiny)


def test_public_names_are_in_all() -> None:
    assert {s2s_export.Translator, s2s_export.Translation} == {Translator, Translation}
    public = {name for name in vars(s2s_export) if not name.startswith("_")}
    modules = {module.name for module in pkgutil.iter_modules(s2s_export.__path__)}
    public -= modules | {"TYPE_CHECKING", "Any"}
    assert {*s2s_export.__all__} == public | {
        "Alternative",
        "Attention",
        "ScoredTarget",
        "Translation",
        "Translator",
        "__version__",
    }
    assert all(hasattr(s2s_export, name) for name in s2s_export.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'Translater'"):
        s2s_export.Translater  # noqa: B018
