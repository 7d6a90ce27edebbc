"""Zips of exports: what is accepted, and each defect is a typed error that names it."""

import gzip
import io
import os
import random
import shutil
import struct
import tracemalloc
import warnings
import zipfile
import zlib
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from s2s_export import Translator, info
from s2s_export.errors import (
    ArtefactError,
    ArtefactNotFoundError,
    IntegrityError,
    OptionError,
)
from s2s_export.folder.reader import read_folder
from s2s_export.folder.sources.archive import ZipFiles
from s2s_export.folder.sources.location import files_at
from s2s_export.verify import verify

from ...forked import in_child
from ..test_corruption import FILES, HTML, LFS, corruptions
from .kinds import contents, zipped

METHODS = pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"]
)


def load(content: bytes) -> Translator:
    return Translator.from_zip(io.BytesIO(content))


def refused(content: bytes) -> str:
    """Return the message of the error for a zip."""
    with pytest.raises(ArtefactError) as error:
        load(content)
    return str(error.value)


def with_info(files: dict[str, bytes], name: str, **attributes: Any) -> bytes:
    """Return a zip in which the record of one file has other attributes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file, content in files.items():
            record = zipfile.ZipInfo(file)
            for attribute, value in attributes.items() if file == name else ():
                setattr(record, attribute, value)
            archive.writestr(record, content)
    return buffer.getvalue()


def patched(content: bytes, name: str, at: int, form: str, value: int) -> bytes:
    """Return a zip with another value in a file's record of the list at the zip's end."""
    record = content.rindex(b"PK\x01\x02", 0, content.rindex(name.encode()))
    changed = bytearray(content)
    struct.pack_into(form, changed, record + at, value)
    return bytes(changed)


FLAGS, METHOD, SIZE = (8, "<H"), (10, "<H"), (24, "<I")


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


@METHODS
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


@pytest.mark.parametrize("name", FILES)
def test_every_corruption_of_a_file_is_an_error_that_names_it(tiny: Path, name: str) -> None:
    """As for a folder; the zip itself is sound."""
    files, tried = contents(tiny), 0
    for what, content, expected in corruptions(tiny, name):
        changed = {file: one for file, one in files.items() if file != name}
        if content is not None:
            changed[name] = content
        with pytest.raises(ArtefactError) as error:
            read_folder(ZipFiles(io.BytesIO(zipped(changed)), "model.zip"))
        assert name in str(error.value), what
        assert expected in str(error.value), what
        tried += 1
    assert tried > 400


def test_all_missing_files_are_named(tiny: Path) -> None:
    files = contents(tiny)
    del files["encoder.onnx"], files["source.vocab"]
    message = "<zip>: encoder.onnx, source.vocab missing; copy the whole zip again"
    assert refused(zipped(files)) == message


def outcome(content: bytes, expected: list[object]) -> str:
    """Read a damaged zip and name what comes of it."""
    try:
        read = read_folder(ZipFiles(io.BytesIO(content), "model.zip"))
    except ArtefactError as error:
        return "refused" if str(error).startswith("model.zip") else str(error)
    assert [read.manifest, read.encoder, read.decoder] == expected
    return "intact"


@METHODS
def test_bits_flipped_in_the_zip_itself(tiny: Path, method: int) -> None:
    """One in each byte that no checksum covers, and some in the others; never another content."""
    sound = zipped({name: (tiny / name).read_bytes() for name in FILES}, method=method)
    read = read_folder(ZipFiles(io.BytesIO(sound), "model.zip"))
    expected = [read.manifest, read.encoder, read.decoder]
    rng = random.Random(method)
    with zipfile.ZipFile(io.BytesIO(sound)) as archive:
        headers = [
            at for i in archive.infolist() for at in range(i.header_offset, i.header_offset + 50)
        ]
        listed = range(archive.start_dir, len(sound))
    places = [*headers, *listed, *rng.sample(range(len(sound)), 500)]
    found = set()
    for place in places:
        flipped = bytearray(sound)
        flipped[place] ^= 1 << rng.randrange(8)
        found.add(outcome(bytes(flipped), expected))
    assert len(places) > 1_000
    assert found == {"refused", "intact"}, "a time, say, may be any"


@METHODS
def test_a_truncated_zip(tiny: Path, method: int) -> None:
    sound = zipped(contents(tiny), method=method)
    for length in [*range(0, len(sound), 997), *range(len(sound) - 60, len(sound))]:
        message = refused(sound[:length])
        assert message.startswith("<zip>: "), length
        if length > 1:
            assert "the zip is truncated or damaged" in message, length


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected an exported folder or a zip of one, but it is empty"),
        (LFS, "but it is a git-lfs pointer and not the file itself: run 'git lfs pull'"),
        (HTML, "but it is a web page and not the file itself: download it again"),
        (gzip.compress(b"x"), "but it is gzip data: unpack it"),
        (b"holiday", "no manifest.json in it: it is neither an exported folder nor a zip of one"),
        (zipped({}), "no manifest.json in it, so it is not an exported zip; make one with"),
        (b"PK before" + zipped({"a": b""}), "the zip is truncated or damaged (other data before"),
        (zipped({"a": b""}), "no manifest.json in it, so it is not an exported zip"),
        (zipped({"a/b/manifest.json": b""}), "no manifest.json in it, so it is not an exported"),
        (
            zipped({"a/manifest.json": b"", "b/manifest.json": b""}),
            "a/, b/ have a manifest.json each, expected one export; zip one folder",
        ),
    ],
)
def test_what_is_no_zip_of_an_export(content: bytes, message: str, tmp_path: Path) -> None:
    assert message in refused(content)
    path = tmp_path / "model.zip"
    path.write_bytes(content)
    with pytest.raises(ArtefactError) as error:
        Translator(path)
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)


@pytest.mark.parametrize(
    "name",
    [
        *("../x", "exported/../../x", "..", "exported/..", "/etc/passwd", "C:x", "c:/x"),
        *("exported\\manifest.json", "..\\x", "encoder.onnx\0.txt", "a\n/../x"),
    ],
)
def test_names_that_lead_out_of_the_zip(tiny: Path, name: str) -> None:
    """In place of a file of the export, or beside them."""
    placeholder = "?" * len(name)
    content = zipped({**contents(tiny), placeholder: b""})
    content = content.replace(placeholder.encode(), name.encode())
    assert f"<zip>: {name!r} stands in it, expected names that stay in it" in refused(content)


@pytest.mark.parametrize("name", ["encoder.onnx", "manifest.json", "notes.txt"])
def test_names_that_stand_twice(tiny: Path, name: str) -> None:
    files = contents(tiny)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        content = zipped([*files.items(), *[(name, files.get(name, b""))] * 2])
    assert f"<zip>: {name} stands in it more than once, and readers differ" in refused(content)


def test_a_symbolic_link(tiny: Path) -> None:
    content = with_info(contents(tiny), "encoder.onnx", external_attr=0o120777 << 16)
    message = "<zip>/encoder.onnx: it is a symbolic link; zip the file that it points to"
    assert refused(content) == message


def test_an_encrypted_file(tiny: Path) -> None:
    content = patched(zipped(contents(tiny)), "encoder.onnx", *FLAGS, 1)
    message = "<zip>/encoder.onnx: it is encrypted; zip it again without a password"
    assert refused(content) == message


def test_methods_that_decompress_without_a_bound(tiny: Path) -> None:
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        message = refused(zipped(contents(tiny), method=method))
        assert message.startswith("<zip>/manifest.json: expected a stored or deflated file, found")
        assert f"compression method {method}; zip it again" in message
    content = patched(zipped(contents(tiny)), "encoder.onnx", *METHOD, 93)
    assert "found compression method 93" in refused(content)


BOMB = 2**28  # bytes; a quarter of a megabyte when deflated


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """Zeros, deflated."""
    deflate = zlib.compressobj(9, wbits=-15)
    chunk = bytes(2**20)
    chunks = [deflate.compress(chunk) for _ in range(BOMB // len(chunk))]
    return b"".join([*chunks, deflate.flush()])


def with_bomb(files: dict[str, bytes], name: str, bomb: bytes, declared: int) -> bytes:
    """Put a bomb in the place of a file, with whatever size it declares."""
    sound = zipped({**{n: c for n, c in files.items() if n != name}, name: bomb})
    return patched(patched(sound, name, *METHOD, 8), name, *SIZE, declared)


@pytest.mark.parametrize("name", ["encoder.onnx", "manifest.json"])
@pytest.mark.parametrize("honest", [True, False])
def test_zip_bombs_are_refused_before_they_grow(
    tiny: Path, bomb: bytes, name: str, honest: bool
) -> None:
    """One that declares its size is not decompressed; one that lies, no farther than it says."""
    files = contents(tiny)
    limit = 16 * 2**20 if name == "manifest.json" else len(files[name])
    declared = BOMB if honest else len(files[name])
    content = with_bomb(files, name, bomb, declared)
    tracemalloc.start()
    try:
        message = refused(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(bomb)
    if honest:
        assert f"<zip>/{name}: expected at most {limit} bytes, found {BOMB}" in message
    else:
        assert f"<zip>/{name}: the zip is truncated or damaged (Bad CRC-32" in message


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
def test_a_fork_does_not_mix_two_zips(tiny: Path, tiny_unk: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.zip"
    path.write_bytes(zipped(contents(tiny)))
    translator = Translator(path, threads=2)
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
