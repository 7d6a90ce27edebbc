"""Files in memory and among resources: each defect is a typed error that says where."""

import io
import os
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from s2s_export import Translator
from s2s_export.errors import ArtefactError, ArtefactNotFoundError, OptionError
from s2s_export.folder.reader import ExportedFolder, read_folder
from s2s_export.folder.sources.memory import MemoryFiles
from s2s_export.folder.sources.resources import ResourceFiles

from ..test_corruption import FILES, MERGES, corruptions
from .kinds import contents, zipped


@pytest.mark.parametrize("name", [*FILES, *MERGES])
def test_every_corruption_of_a_file_is_an_error_that_names_it(
    tiny_natural: Path, name: str
) -> None:
    """As for a folder."""
    files = contents(tiny_natural)
    for what, content, expected in corruptions(tiny_natural, name):
        if content == files[name]:
            continue  # both sides have learned the same merges
        changed = {file: one for file, one in files.items() if file != name}
        if content is not None:
            changed[name] = content
        with pytest.raises(ArtefactError) as error:
            read_folder(MemoryFiles(changed))
        assert name in str(error.value), what
        assert expected in str(error.value), what


def test_no_manifest_and_missing_files(tiny: Path) -> None:
    message = "^<memory>: no manifest.json in it, so it is not an exported folder; make one with"
    with pytest.raises(ArtefactNotFoundError, match=message):
        Translator.from_files({})
    files = contents(tiny)
    del files["encoder.onnx"], files["source.vocab"]
    message = r"^<memory>: encoder\.onnx, source\.vocab missing; copy the whole folder again$"
    with pytest.raises(FileNotFoundError, match=message):
        Translator.from_files(files)


def test_files_that_are_no_mapping_of_names_to_bytes(tiny: Path) -> None:
    for files, kind in ((b"PK", "bytes"), ([("manifest.json", b"")], "list"), (tiny, "PosixPath")):
        message = f"^files: expected a mapping of file names to their bytes, found {kind}$"
        with pytest.raises(OptionError, match=message):
            Translator.from_files(files)  # type: ignore[arg-type]
    for content in ("text", None, 3, io.BytesIO()):
        wrong = {**contents(tiny), "source.vocab": content}
        message = rf"^files\['source\.vocab'\]: expected bytes, found {type(content).__name__}$"
        with pytest.raises(OptionError, match=message):
            Translator.from_files(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_kinds_of_bytes(tiny: Path, kind: Any) -> None:
    files = {name: kind(content) for name, content in contents(tiny).items()}
    assert Translator.from_files(files).translate("J'ai froid.") == "i m cold ."
    files["encoder.onnx"] = kind(contents(tiny)["encoder.onnx"] + b"\0")
    message = r"^<memory>/encoder\.onnx: expected at most 10375 bytes, found 10376; copy the folder"
    with pytest.raises(ArtefactError, match=message):
        Translator.from_files(files)


def test_resources_that_are_not_there(tiny: Path, tmp_path: Path) -> None:
    """A path is a resource like any other."""
    message = r"gone: no such folder among the resources; is it part of the package's data\?$"
    with pytest.raises(ArtefactNotFoundError, match=message):
        Translator.from_resources(tmp_path / "gone")
    with pytest.raises(ArtefactNotFoundError, match=rf"^{tmp_path}: no manifest\.json in it"):
        Translator.from_resources(tmp_path)
    path = tmp_path / "model.zip"
    path.write_bytes(zipped(contents(tiny)))
    message = r"model\.zip: expected a folder, found a file; open a zip with open\('rb'\) and give"
    with pytest.raises(ArtefactNotFoundError, match=message):
        Translator.from_resources(path)
    with path.open("rb") as file:
        assert Translator.from_zip(file).translate("J'ai froid.") == "i m cold ."


def test_a_resource_far_over_its_size_is_not_read_whole(tiny_copy: Path) -> None:
    """Resources have no size; here it is a sparse file."""
    path = tiny_copy / "encoder.onnx"
    size = path.stat().st_size
    os.truncate(path, 2**28)
    message = rf"{path}: expected at most {size} bytes, found more; copy the folder again"
    folder = ExportedFolder(ResourceFiles(tiny_copy))
    tracemalloc.start()
    try:
        with pytest.raises(ArtefactError, match=message):
            folder.read("encoder.onnx")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**20


def test_a_loader_with_errors_of_its_own(tiny: Path) -> None:
    class Lost(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise LookupError("the loader has lost it")

    class Resource:
        """As some importer may have it."""

        def __init__(self, path: Path) -> None:
            self.path = path

        def __str__(self) -> str:
            return self.path.name

        def is_file(self) -> bool:
            return self.path.is_file()

        def joinpath(self, name: str) -> "Resource":
            return Resource(self.path / name)

        def open(self, mode: str) -> Any:
            return Lost() if self.path.suffix == ".vocab" else self.path.open(mode)

    resource: Any = Resource(tiny)
    with pytest.raises(ArtefactError, match=r"^tiny/source\.vocab: cannot be read: the loader has"):
        Translator.from_resources(resource)
    with pytest.raises(ArtefactNotFoundError, match=r"^tiny/gone\.onnx: missing; copy the whole"):
        ResourceFiles(resource).read("gone.onnx", 9)
