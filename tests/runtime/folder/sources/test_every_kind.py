"""A Translator from a folder, a zip, memory or a package: the same texts, options and pickles."""

import inspect
import io
import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from s2s_export import Translator
from s2s_export.errors import ArtefactNotFoundError, OptionError, ProviderError

from .kinds import AT_A_PATH, EVERY, KEPT, Make, contents, zipped

FOLDERS = ("tiny", "tiny_unk", "tiny_attention", "tiny_3", "tiny_conditional", "tiny_natural")


@pytest.fixture(params=FOLDERS)
def each_folder(request: pytest.FixtureRequest) -> Path:
    path: Path = request.getfixturevalue(request.param)
    return path


@pytest.mark.parametrize("make", EVERY)
def test_golden_texts(make: Make, each_folder: Path, tmp_path: Path) -> None:
    translator = make(each_folder, tmp_path)
    golden = translator.manifest.golden
    assert len(golden) == 8
    texts = [entry.source for entry in golden]
    assert [translator.translate(text) for text in texts] == [entry.target for entry in golden]
    assert [one.text for one in translator.translate_batch(texts)] == [g.target for g in golden]


@pytest.mark.parametrize("make", EVERY)
def test_quantized_graphs(make: Make, tiny_3: Path, tmp_path: Path) -> None:
    translator = make(tiny_3, tmp_path, precision="int8")
    int8 = translator.manifest.int8
    assert int8 is not None
    for entry, ids in zip(translator.manifest.golden, int8.golden_target_ids, strict=True):
        [hypothesis] = translator.pipeline.decode([entry.source_ids])
        assert hypothesis.with_eos(1) == ids


@pytest.mark.parametrize(
    ("option", "error"),
    [
        ({"device": "tpu"}, ProviderError),
        ({"threads": 0}, OptionError),
        ({"precision": "int9"}, OptionError),
        ({"unknown_words": "drop"}, OptionError),
        ({"max_length": 0}, OptionError),
        ({"lexicon": 3}, OptionError),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
@pytest.mark.parametrize("make", EVERY)
def test_each_option_reaches_its_place(
    make: Make, tiny_unk: Path, tmp_path: Path, option: dict[str, Any], error: type[Exception]
) -> None:
    """A wrong value of each is refused under its name."""
    [name] = option
    with pytest.raises(error, match=rf"^{name}: expected .*, found "):
        make(tiny_unk, tmp_path, **option)


@pytest.mark.parametrize("make", EVERY)
def test_session_options_of_the_app(make: Make, tiny_unk: Path, tmp_path: Path) -> None:
    import onnxruntime

    translator = make(tiny_unk, tmp_path, session_options=onnxruntime.SessionOptions())
    assert translator.translate("J'ai froid.") == "i'm cold ."
    with pytest.raises(TypeError, match="with session_options of your own cannot be pickled"):
        pickle.dumps(translator)


def test_all_constructors_have_the_same_options() -> None:
    constructors = (
        *(Translator.__init__, Translator.from_files),
        *(Translator.from_zip, Translator.from_resources),
    )
    keywords = [
        [p for p in inspect.signature(one).parameters.values() if p.kind is p.KEYWORD_ONLY]
        for one in constructors
    ]
    assert len(keywords[0]) == 7
    assert all(others == keywords[0] for others in keywords)
    of_the_hub = inspect.signature(Translator.from_pretrained).parameters.values()
    assert [*of_the_hub][-7:] == keywords[0]


def test_a_subclass_makes_its_own_kind(tiny: Path) -> None:
    class Mine(Translator):
        """An app's own."""

    file = io.BytesIO(zipped(contents(tiny)))
    made = Mine.from_files(contents(tiny)), Mine.from_zip(file), Mine.from_resources(tiny)
    assert [*map(type, made)] == [Mine] * 3


OPTIONS: dict[str, Any] = {
    "unknown_words": "skip",
    "max_length": 3,
    "lexicon": {"Glop !": "Yippee!"},
}


@pytest.mark.parametrize("make", EVERY)
def test_pickles_keep_the_options(make: Make, tiny_unk: Path, tmp_path: Path) -> None:
    copy = pickle.loads(pickle.dumps(make(tiny_unk, tmp_path, **OPTIONS)))
    assert copy.translate("Je suis glop en retard.") == "i'm late ."
    assert copy.translate("Ils sont en train de préparer le dîner.") == "they're making dinner"
    assert copy.translate("glop!") == "Yippee!"


@pytest.mark.parametrize("make", KEPT)
def test_a_pickle_without_a_path_holds_what_is_needed(
    make: Make, tiny_3: Path, tmp_path: Path
) -> None:
    """The manifest, the vocabularies and the graphs of its precision, and no other file."""
    needed = ("manifest.json", "source.vocab", "target.vocab", "encoder.onnx", "decoder.onnx")
    size = sum((tiny_3 / name).stat().st_size for name in needed)
    pickled = pickle.dumps(make(tiny_3, tmp_path))
    shutil.rmtree(tmp_path)
    assert size < len(pickled) < size + 2_000
    copy = pickle.loads(pickled)
    assert copy.translate("J'ai froid.") == "i'm cold ."
    assert pickle.dumps(copy) == pickled, "and again"


@pytest.mark.parametrize("make", AT_A_PATH)
def test_a_pickle_with_a_path_is_small_and_needs_the_path(
    make: Make, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    pickled = pickle.dumps(make(tiny, Path("models")))
    assert len(pickled) < 2_000
    monkeypatch.chdir("/")
    assert pickle.loads(pickled).translate("J'ai froid.") == "i m cold ."
    shutil.rmtree(folder)
    with pytest.raises(ArtefactNotFoundError, match=rf"^{folder}.*: no such "):
        pickle.loads(pickled)


def test_the_app_may_change_its_mapping_afterwards(tiny: Path) -> None:
    files = {name: bytearray(content) for name, content in contents(tiny).items()}
    translator = Translator.from_files(files)
    for content in files.values():
        content[:] = b"\0" * len(content)
    files.clear()
    assert pickle.loads(pickle.dumps(translator)).translate("J'ai froid.") == "i m cold ."


@pytest.mark.parametrize("make", [*KEPT, AT_A_PATH[1]])
def test_eight_threads_translate_the_same_as_one(
    make: Make, tiny_unk: Path, tmp_path: Path
) -> None:
    translator = make(tiny_unk, tmp_path)
    texts = [entry.source for entry in translator.manifest.golden] * 10
    expected = [translator.translate(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: [translator.translate(t) for t in texts], range(8)))
    assert found == [expected] * 8


def test_int8_graphs_need_no_others(tiny_3: Path) -> None:
    """An app ships the graphs of one precision."""
    whole = Translator(tiny_3, precision="int8")
    files = contents(tiny_3)
    for name in ("encoder.onnx", "decoder.onnx", "encoder.pt", "decoder.pt", "README.md"):
        del files[name]
    text = "Je suis en retard."
    assert Translator.from_files(files, precision="int8").translate(text) == whole.translate(text)
    with pytest.raises(ArtefactNotFoundError, match=r"decoder\.onnx, encoder\.onnx missing; copy"):
        Translator.from_files(files)
