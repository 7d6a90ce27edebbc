"""Loading an exported folder: errors name the defect, and no damaged folder is used."""

import hashlib
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from s2s_export import Translator
from s2s_export.errors import (
    ArtefactError,
    ArtefactNotFoundError,
    GraphError,
    IntegrityError,
    RuntimeMissingError,
    VocabularyError,
)
from s2s_export.folder.manifest_file import from_bytes
from s2s_export.folder.reader import ExportedFolder
from s2s_export.folder.sources.location import files_at
from s2s_export.verify import verify

Vouch = Callable[[Path], None]
EditManifest = Callable[[Path, Callable[[Any], object]], None]
USED_FILES = ("decoder.onnx", "encoder.onnx", "source.vocab", "target.vocab")


def test_absent_folder(tmp_path: Path) -> None:
    with pytest.raises(ArtefactNotFoundError, match=r"gone: no such folder; make it with"):
        Translator(tmp_path / "gone")
    with pytest.raises(FileNotFoundError):
        Translator(tmp_path / "gone")


def test_a_file_or_an_empty_folder_has_no_manifest(tmp_path: Path, tiny: Path) -> None:
    for path in (tmp_path, tiny / "manifest.json"):
        with pytest.raises(ArtefactNotFoundError, match=r"no manifest\.json in it"):
            Translator(path)


def test_all_missing_files_are_named(tiny_copy: Path) -> None:
    (tiny_copy / "encoder.onnx").unlink()
    (tiny_copy / "source.vocab").unlink()
    with pytest.raises(ArtefactNotFoundError, match=r"encoder\.onnx, source\.vocab missing"):
        Translator(tiny_copy)


@pytest.mark.parametrize("name", USED_FILES)
def test_empty_truncated_too_long_and_bit_flipped_files(tiny_copy: Path, name: str) -> None:
    path = tiny_copy / name
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for content, message in (
        (b"", f"{name}: expected {len(whole)} bytes, but it is empty"),
        (whole[:-1], f"expected {len(whole)} bytes, found {len(whole) - 1}"),
        (whole + b"\0", f"expected at most {len(whole)} bytes, found {len(whole) + 1}"),
        (bytes(flipped), f"{name}: expected sha256 [0-9a-f]{{64}}, found [0-9a-f]{{64}}"),
    ):
        path.write_bytes(content)
        with pytest.raises(IntegrityError, match=message):
            Translator(tiny_copy)


def test_graph_and_vocabulary_of_different_sizes(tiny_copy: Path, vouch: Vouch) -> None:
    path = tiny_copy / "source.vocab"
    path.write_bytes(path.read_bytes() + b"bonjour\n")
    vouch(tiny_copy)
    with pytest.raises(VocabularyError, match="it has 52 tokens, the graphs were made for 51"):
        Translator(tiny_copy)


def test_encoder_and_decoder_swapped(tiny_copy: Path, vouch: Vouch) -> None:
    """The checksum finds it; with a manifest that vouches for the files, the input names do."""
    encoder, decoder = tiny_copy / "encoder.onnx", tiny_copy / "decoder.onnx"
    one, other = encoder.read_bytes(), decoder.read_bytes()
    encoder.write_bytes(other)
    decoder.write_bytes(one)
    with pytest.raises(IntegrityError, match=r"onnx: expected "):
        Translator(tiny_copy)
    vouch(tiny_copy)
    with pytest.raises(
        GraphError, match=r"encoder\.onnx: inputs: expected tokens int64\[T, B\], .* found token "
    ):
        Translator(tiny_copy)


def test_a_file_that_is_no_graph(tiny_copy: Path, vouch: Vouch) -> None:
    """A manifest that vouches for rubbish does not make it a graph."""
    shutil.copy(tiny_copy / "source.vocab", tiny_copy / "encoder.onnx")
    vouch(tiny_copy)
    with pytest.raises(GraphError, match=r"encoder\.onnx: not a valid ONNX file \("):
        Translator(tiny_copy)


def test_an_unreadable_file_is_named(tiny_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulated: the tests may run as root, who may read everything."""

    def refuse(self: Path, mode: str = "r") -> None:
        raise PermissionError(13, "Permission denied")

    folder = ExportedFolder(files_at(tiny_copy))
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ArtefactError, match=r"encoder\.onnx: cannot be read: Permission denied"):
        folder.read("encoder.onnx")


def test_torchscript_files_and_extra_files_are_ignored(tiny_copy: Path) -> None:
    for name in ("encoder.pt", "decoder.pt", "README.md"):
        (tiny_copy / name).unlink()
    (tiny_copy / "notes.txt").write_text("mine")
    assert Translator(tiny_copy).translate("J'ai froid.") == "i m cold ."


def test_translates_after_the_folder_is_deleted(tiny_copy: Path) -> None:
    translator = Translator(tiny_copy)
    shutil.rmtree(tiny_copy)
    assert translator.translate("J'ai froid.") == "i m cold ."


def test_paths_with_spaces_accents_trailing_slash_and_links(tiny: Path, tmp_path: Path) -> None:
    copy = tmp_path / "mon modèle exporté"
    shutil.copytree(tiny, copy)
    (tmp_path / "link").symlink_to(copy)
    for path in (copy, str(copy), f"{copy}/", tmp_path / "link"):
        assert Translator(path).translate("J'ai froid.") == "i m cold ."


@pytest.mark.parametrize(
    ("folder", "version"), [("tiny", 1), ("tiny_unk", 1), ("tiny_attention", 2), ("tiny_3", 3)]
)
def test_the_fixtures_are_exports_of_every_format_version(
    folder: str, version: int, request: pytest.FixtureRequest
) -> None:
    """Later releases go on loading the older formats."""
    path: Path = request.getfixturevalue(folder)
    manifest = from_bytes((path / "manifest.json").read_bytes())
    assert manifest.format_version == version
    golden = manifest.golden[0]
    assert Translator(path).translate(golden.source) == golden.target


def test_graphs_of_two_training_runs_mixed(tiny_copy: Path, vouch: Vouch) -> None:
    """The checksum finds it; with a manifest that vouches for the file, ``verify`` does."""
    path = tiny_copy / "decoder.onnx"
    whole = path.read_bytes()
    # Another run's decoder: the same structure, other weights. Here the embeddings of the first
    # words are those of the last, 36 rows of 16 float32 behind protobuf's tag and length.
    at = whole.index(b"J\x80\x12") + 3
    middle, end = at + 1152, at + 2304
    path.write_bytes(whole[:at] + whole[middle:end] + whole[at:middle] + whole[end:])
    with pytest.raises(IntegrityError, match=r"decoder\.onnx: expected sha256"):
        Translator(tiny_copy)
    vouch(tiny_copy)
    assert not verify(tiny_copy).passed


def linked(folder: Path, cache: Path) -> None:
    """Put the files of a folder into a cache, and links to them in their places."""
    cache.mkdir()
    for path in [*folder.iterdir()]:
        content = cache / hashlib.sha256(path.read_bytes()).hexdigest()
        path.rename(content)
        path.symlink_to(content)


def test_a_folder_of_links_as_in_a_hub_cache(tiny_copy: Path, tmp_path: Path) -> None:
    linked(tiny_copy, tmp_path / "blobs")
    assert Translator(tiny_copy).translate("J'ai froid.") == "i m cold ."
    assert verify(tiny_copy).passed


def test_a_folder_of_links_as_in_a_config_map(tiny_copy: Path, tmp_path: Path) -> None:
    """Files are links through a link, which is exchanged for an update."""
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    tiny_copy.rename(mounted / "..2026_01")
    (mounted / "..data").symlink_to("..2026_01")
    for path in (mounted / "..data").iterdir():
        (mounted / path.name).symlink_to(f"..data/{path.name}")
    assert Translator(mounted).translate("J'ai froid.") == "i m cold ."


def test_the_bytes_behind_a_link_are_those_of_the_manifest(tiny_copy: Path, tmp_path: Path) -> None:
    linked(tiny_copy, tmp_path / "blobs")
    link = tiny_copy / "source.vocab"
    other = tmp_path / "other"
    other.write_bytes(link.read_bytes().replace(b"je", b"tu"))
    link.unlink()
    link.symlink_to(other)
    with pytest.raises(IntegrityError, match=r"source\.vocab: expected sha256"):
        Translator(tiny_copy)


@pytest.mark.parametrize("name", ["manifest.json", "encoder.onnx"])
def test_a_link_to_what_is_no_file(tiny_copy: Path, name: str) -> None:
    """A device or a pipe would be read for ever."""
    for target in ("/dev/zero", "/"):
        link = tiny_copy / name
        link.unlink()
        link.symlink_to(target)
        with pytest.raises(ArtefactError, match=rf"{name}|no manifest\.json"):
            Translator(tiny_copy)


def test_an_onnxruntime_older_than_the_manifest_requires(
    tiny_copy: Path, edit_manifest: EditManifest
) -> None:
    edit_manifest(tiny_copy, lambda m: m["requires"].update(onnxruntime="99.1"))
    with pytest.raises(RuntimeMissingError, match=r"need onnxruntime 99\.1 or newer, found \d"):
        Translator(tiny_copy)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("opset", 99, r"encoder\.onnx: opset: expected \[99\], found \[20\]"),
        ("ir_version", 99, r"encoder\.onnx: IR version: expected 99, found 10"),
    ],
)
def test_a_graph_of_another_version_than_recorded(
    tiny_copy: Path, edit_manifest: EditManifest, field: str, value: int, message: str
) -> None:
    edit_manifest(tiny_copy, lambda m: m["graphs"]["encoder"].update({field: value}))
    with pytest.raises(GraphError, match=message):
        Translator(tiny_copy)


def test_an_unknown_operator_is_a_graph_error(tiny_copy: Path, vouch: Vouch) -> None:
    """All else is right in the graph, so that ONNX Runtime itself refuses it."""
    path = tiny_copy / "decoder.onnx"
    path.write_bytes(path.read_bytes().replace(b"LogSoftmax", b"LogHardmax"))
    vouch(tiny_copy)
    with pytest.raises(GraphError, match=r"decoder\.onnx: ONNX Runtime cannot load it: "):
        Translator(tiny_copy)


def test_a_folder_replaced_while_it_is_loaded(
    tiny: Path, tiny_copy: Path, monkeypatch: pytest.MonkeyPatch, edit_manifest: EditManifest
) -> None:
    """At whichever file it happens, the old folder is loaded or the new one, never a mix."""
    other = Path(shutil.copytree(tiny, tiny_copy.with_name("other")))
    path = other / "target.vocab"
    path.write_bytes(path.read_bytes().replace(b"\ncold\n", b"\nwarm\n"))
    record = hashlib.sha256(path.read_bytes()).hexdigest()
    edit_manifest(other, lambda m: m["files"]["target.vocab"].update(sha256=record))
    original = Path.open

    def replaced_at(moment: int) -> Callable[..., Any]:
        moments = iter(range(1, 100))

        def opening(path: Path, *arguments: Any, **options: Any) -> Any:
            if next(moments) == moment:
                for one in other.iterdir():
                    shutil.copy(one, tiny_copy / one.name)
            return original(path, *arguments, **options)

        return opening

    found = set()
    for moment in range(1, 12):
        shutil.rmtree(tiny_copy)
        shutil.copytree(tiny, tiny_copy)
        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", replaced_at(moment))
            found.add(Translator(tiny_copy).translate("J'ai froid."))
    assert found == {"i m cold .", "i m warm ."}


def test_a_folder_that_changes_without_end_is_an_error(
    tiny_copy: Path, monkeypatch: pytest.MonkeyPatch, edit_manifest: EditManifest
) -> None:
    (tiny_copy / "target.vocab").write_bytes(b"")
    original, changes = Path.open, count()

    def changing(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.name == "target.vocab":
            edit_manifest(tiny_copy, lambda m: m["training"].update(change=next(changes)))
        return original(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", changing)
    with pytest.raises(IntegrityError, match="it is empty"):
        Translator(tiny_copy)
    assert next(changes) > 1, "read again after the first change"


def test_a_read_only_folder(tiny_copy: Path) -> None:
    """Loading and translating write nothing."""
    for path in (*tiny_copy.iterdir(), tiny_copy):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = {path: path.stat() for path in (*tiny_copy.iterdir(), tiny_copy)}
    try:
        assert Translator(tiny_copy).translate("J'ai froid.") == "i m cold ."
        after = {path: path.stat() for path in (*tiny_copy.iterdir(), tiny_copy)}
        assert {p: s.st_mtime_ns for p, s in after.items()} == {
            p: s.st_mtime_ns for p, s in before.items()
        }
    finally:
        tiny_copy.chmod(0o755)
