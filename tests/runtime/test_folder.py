"""Loading an exported folder: what is wrong with it is named, and nothing wrong is used."""

import shutil
from pathlib import Path

import pytest

from s2s_export import Translator
from s2s_export.errors import (
    ArtefactError,
    ArtefactNotFoundError,
    GraphError,
    IntegrityError,
    VocabularyError,
)
from s2s_export.folder import ExportedFolder
from s2s_export.manifest import Manifest

USED_FILES = ("decoder.onnx", "encoder.onnx", "source.vocab", "target.vocab")


def test_absent_folder(tmp_path: Path) -> None:
    """Fault 26."""
    with pytest.raises(ArtefactNotFoundError, match=r"gone: no such folder; make it with"):
        Translator(tmp_path / "gone")
    with pytest.raises(FileNotFoundError):
        Translator(tmp_path / "gone")


def test_a_file_or_an_empty_folder(tmp_path: Path, tiny: Path) -> None:
    """Fault 27."""
    for path in (tmp_path, tiny / "manifest.json"):
        with pytest.raises(ArtefactNotFoundError, match=r"no manifest\.json in it"):
            Translator(path)


def test_all_missing_files_are_named(tiny_copy: Path) -> None:
    """Fault 28."""
    (tiny_copy / "encoder.onnx").unlink()
    (tiny_copy / "source.vocab").unlink()
    with pytest.raises(ArtefactNotFoundError, match=r"encoder\.onnx, source\.vocab missing"):
        Translator(tiny_copy)


@pytest.mark.parametrize("name", USED_FILES)
def test_damaged_files(tiny_copy: Path, name: str) -> None:
    """Faults 29, 30, 31 and 56."""
    path = tiny_copy / name
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for content, message in (
        (b"", f"{name}: expected {len(whole)} bytes, found 0"),
        (whole[:-1], f"expected {len(whole)} bytes, found {len(whole) - 1}"),
        (whole + b"\0", f"expected at most {len(whole)} bytes, found {len(whole) + 1}"),
        (bytes(flipped), f"{name}: expected sha256 [0-9a-f]{{64}}, found [0-9a-f]{{64}}"),
    ):
        path.write_bytes(content)
        with pytest.raises(IntegrityError, match=message):
            Translator(tiny_copy)


def rewrite_manifest(folder: Path, old: bytes, new: bytes) -> None:
    path = folder / "manifest.json"
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))


def test_graph_and_vocabulary_of_different_sizes(tiny_copy: Path) -> None:
    """Fault 35."""
    rewrite_manifest(tiny_copy, b'"source_vocabulary": 51', b'"source_vocabulary": 52')
    with pytest.raises(VocabularyError, match="it has 51 tokens, the graphs were made for 52"):
        Translator(tiny_copy)


def test_encoder_and_decoder_swapped(tiny_copy: Path) -> None:
    """Fault 33."""
    rewrite_manifest(tiny_copy, b'"file": "decoder.onnx"', b'"file": "x.onnx"')
    rewrite_manifest(tiny_copy, b'"file": "encoder.onnx"', b'"file": "decoder.onnx"')
    rewrite_manifest(tiny_copy, b'"file": "x.onnx"', b'"file": "encoder.onnx"')
    with pytest.raises(GraphError, match=r"decoder\.onnx: expected inputs tokens int64\[T, B\]"):
        Translator(tiny_copy)


def test_a_file_that_is_no_graph(tiny_copy: Path) -> None:
    """A manifest that vouches for rubbish does not make it a graph."""
    folder = ExportedFolder(tiny_copy)
    vocabulary = folder.manifest.files["source.vocab"]
    graph = folder.manifest.files["encoder.onnx"]
    shutil.copy(tiny_copy / "source.vocab", tiny_copy / "encoder.onnx")
    rewrite_manifest(tiny_copy, graph.sha256.encode(), vocabulary.sha256.encode())
    rewrite_manifest(tiny_copy, b'"size": %d' % graph.size, b'"size": %d' % vocabulary.size)
    with pytest.raises(GraphError, match=r"encoder\.onnx: ONNX Runtime cannot load it"):
        Translator(tiny_copy)


def test_an_unreadable_file_is_named(tiny_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 50; the tests may run as root, who may read everything."""

    def refuse(self: Path, mode: str = "r") -> None:
        raise PermissionError(13, "Permission denied")

    folder = ExportedFolder(tiny_copy)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ArtefactError, match=r"encoder\.onnx: cannot be read: Permission denied"):
        folder.read("encoder.onnx")


def test_torchscript_and_foreign_files_are_never_opened(tiny_copy: Path) -> None:
    """Faults 51 and 57."""
    for name in ("encoder.pt", "decoder.pt", "README.md"):
        (tiny_copy / name).unlink()
    (tiny_copy / "notes.txt").write_text("mine")
    assert Translator(tiny_copy).translate("J'ai froid.") == "i m cold ."


def test_goes_on_after_the_folder_is_deleted(tiny_copy: Path) -> None:
    """Fault 53."""
    translator = Translator(tiny_copy)
    shutil.rmtree(tiny_copy)
    assert translator.translate("J'ai froid.") == "i m cold ."


def test_any_spelling_of_a_path(tiny: Path, tmp_path: Path) -> None:
    """Fault 55."""
    copy = tmp_path / "mon modèle exporté"
    shutil.copytree(tiny, copy)
    (tmp_path / "link").symlink_to(copy)
    for path in (copy, str(copy), f"{copy}/", tmp_path / "link"):
        assert Translator(path).translate("J'ai froid.") == "i m cold ."


def test_the_fixture_is_an_export_of_format_version_1(tiny: Path) -> None:
    """Fault 43: later releases go on loading it."""
    assert Manifest.from_bytes((tiny / "manifest.json").read_bytes()).format_version == 1
