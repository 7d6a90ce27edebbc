"""Zips of exports: what is accepted, as a path or a file, and what may happen to it meanwhile."""

import io
import os
import shutil
import zipfile
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from s2s_export import Translator, info
from s2s_export.errors import ArtefactError, ArtefactNotFoundError, IntegrityError, OptionError
from s2s_export.folder.reader import read_folder
from s2s_export.folder.sources.location import files_at
from s2s_export.verify import verify

from ...forked import in_child
from .kinds import contents, zipped


def load(content: bytes) -> Translator:
    return Translator.from_zip(io.BytesIO(content))


def test_a_zip_is_a_model_for_the_commands(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from s2s_export import __main__ as translate

    path = tmp_path / "model.zip"
    path.write_bytes(zipped(contents(tiny)))
    assert translate.main(["--model", str(path), "J'ai froid."]) == 0
    assert capsys.readouterr().out == "i m cold .\n"
    assert verify(path).checks == verify(tiny).checks
    assert info.main([str(path)]) == 0
    assert "fra to eng" in capsys.readouterr().out
    assert translate.main(["--model", str(tmp_path / "gone.zip"), "x"]) == 3
    assert "gone.zip: no such folder; make it with" in capsys.readouterr().err


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"]
)
@pytest.mark.parametrize("inside", ["", "exported/", "mon modèle/"])
def test_files_at_the_top_or_in_one_folder(tiny: Path, inside: str, method: int) -> None:
    content = zipped(contents(tiny), inside=inside, method=method)
    assert load(content).translate("J'ai froid.") == "i m cold ."


def test_extra_files_are_ignored(tiny: Path) -> None:
    """Those that zipping on a Mac adds, a manifest farther inside, and TorchScript are some."""
    more = {
        "exported/": b"",
        "__MACOSX/exported/._manifest.json": b"\0",
        ".DS_Store": b"\0",
        "exported/older/manifest.json": b"{}",
        "exported/encoder.pt": b"cos\nsystem\n(S'echo owned'\ntR.",
    }
    files = {f"exported/{name}": content for name, content in contents(tiny).items()}
    assert load(zipped({**more, **files, **more})).translate("J'ai froid.") == "i m cold ."
    at_the_top = zipped({**contents(tiny), "exported/manifest.json": b"{}"})
    assert load(at_the_top).translate("J'ai froid.") == "i m cold ."


def test_a_zip_that_cannot_be_read(tiny: Path, tmp_path: Path) -> None:
    """Simulated: the tests may run as root, who may read everything."""
    path = tmp_path / "model.zip"
    path.write_bytes(zipped(contents(tiny)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", lambda *_: (_ for _ in ()).throw(PermissionError(13, "no")))
        with pytest.raises(ArtefactError, match=r"model\.zip: cannot be read: no$"):
            Translator(path)

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if size == 0:
                return b""
            raise OSError(5, "Input/output error")

    with pytest.raises(ArtefactError, match=r"^<zip>: cannot be read: Input/output error$"):
        Translator.from_zip(Failing())


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (zipped({}), "file: expected the path of a zip or an open binary file, found bytes"),
        (io.StringIO("PK"), "file: expected a binary file, found a text file; open it with 'rb'"),
        (None, "found NoneType"),
    ],
)
def test_what_is_no_file(file: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Translator.from_zip(file)


def test_a_file_that_is_closed_or_cannot_seek(tiny: Path) -> None:
    file = io.BytesIO(zipped(contents(tiny)))
    file.close()
    with pytest.raises(OptionError, match=r"found BytesIO \(I/O operation on closed file"):
        Translator.from_zip(file)
    reader, writer = os.pipe()
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe, pytest.raises(OptionError, match=r"into io\.BytesIO$"):
        Translator.from_zip(pipe)


def test_from_zip_with_a_path_to_something_else(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="expected a zip, found a folder; give it to Transl"):
        Translator.from_zip(tiny)
    with pytest.raises(ArtefactNotFoundError, match=r"gone\.zip: no such file; copy the zip again"):
        Translator.from_zip(tmp_path / "gone.zip")


def test_the_name_of_an_open_file_is_in_messages(tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.zip"
    path.write_bytes(zipped({**contents(tiny), "source.vocab": b""}))
    with path.open("rb") as file, pytest.raises(IntegrityError) as error:
        Translator.from_zip(file)
    assert f"{path}/source.vocab: expected 259 bytes, but it is empty" in str(error.value)


def test_translates_after_the_zip_is_deleted(tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.zip"
    path.write_bytes(zipped(contents(tiny)))
    translator = Translator(path)
    path.unlink()
    assert translator.translate("J'ai froid.") == "i m cold ."


def test_a_zip_replaced_while_it_is_loaded(
    tiny: Path,
    tiny_copy: Path,
    tmp_path: Path,
    vouch: Callable[[Path], None],
) -> None:
    """Whenever it happens, the old zip is loaded or the new one, never a mix."""
    path, new = tmp_path / "model.zip", tmp_path / "new.zip"
    vocabulary = tiny_copy / "target.vocab"
    vocabulary.write_bytes(vocabulary.read_bytes().replace(b"\ncold\n", b"\nwarm\n"))
    vouch(tiny_copy)
    original, found = Path.open, set()

    def replaced_at(moment: int) -> Callable[..., Any]:
        moments = count(1)

        def opening(path: Path, *arguments: Any, **options: Any) -> Any:
            if next(moments) == moment:
                new.replace(path)
            return original(path, *arguments, **options)

        return opening

    for moment in range(1, 16):
        path.write_bytes(zipped(contents(tiny)))
        new.write_bytes(zipped(contents(tiny_copy)))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Path, "open", replaced_at(moment))
            found.add(Translator(path).translate("J'ai froid."))
    assert found == {"i m cold .", "i m warm ."}


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_reads_the_same_zip_again(
    tiny: Path, tiny_unk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From another current folder too; another export in its place is an error."""
    path = tmp_path / "model.zip"
    path.write_bytes(zipped(contents(tiny)))
    monkeypatch.chdir(tmp_path)
    translator = Translator("model.zip", threads=2)
    monkeypatch.chdir("/")
    assert in_child(lambda: translator.translate("J'ai froid.")) == "i m cold ."
    path.write_bytes(zipped(contents(tiny_unk)))
    message = in_child(lambda: translator.translate("J'ai froid."))
    assert message.startswith(f"ArtefactError: {path}: another export since it was loaded")


def test_a_read_only_zip_is_not_touched(tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.zip"
    path.write_bytes(zipped(contents(tiny)))
    path.chmod(0o444)
    before = path.stat()
    assert Translator(path).translate("J'ai froid.") == "i m cold ."
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert [*tmp_path.iterdir()] == [path]


def test_paths_with_spaces_accents_and_links(tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "mon modèle.zip"
    path.write_bytes(zipped(contents(tiny)))
    (tmp_path / "link").symlink_to(path)
    for one in (path, str(path), tmp_path / "link"):
        assert Translator(one).translate("J'ai froid.") == "i m cold ."
        assert read_folder(files_at(one)).manifest.source.language == "fra"


def test_zips_of_the_usual_programs(tiny: Path, tmp_path: Path) -> None:
    """``shutil.make_archive`` here; ``zip -r`` and file managers make the same."""
    made = shutil.make_archive(str(tmp_path / "model"), "zip", tiny.parent, tiny.name)
    assert Translator(made).translate("J'ai froid.") == "i m cold ."
