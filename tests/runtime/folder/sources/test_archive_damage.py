"""Damaged zips, and what is no zip: never another content, always an error that says where."""

import gzip
import io
import random
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest

from s2s_export import Translator
from s2s_export.errors import ArtefactError
from s2s_export.folder.reader import read_folder
from s2s_export.folder.sources.archive import ZipFiles

from ..test_corruption import FILES, HTML, LFS, corruptions
from .broken_zips import METHOD, OFFSET, SIZE, patched, refused, with_info
from .kinds import contents, zipped

METHODS = pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"]
)


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
    # Without them a test would be named after its bytes, which hold the time.
    ids=[
        *("empty", "lfs", "html", "gzip", "text", "empty zip", "other data before"),
        *("no manifest", "too deep", "two exports"),
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


@pytest.mark.parametrize("offset", [2**31, 2**40, 2**63, 2**64 - 1])
def test_a_file_that_begins_behind_the_end(tiny: Path, offset: int) -> None:
    """A zip64 has eight bytes for its place."""
    extra = struct.pack("<HHQ", 1, 8, offset)
    content = patched(
        with_info(contents(tiny), "encoder.onnx", extra=extra), "encoder.onnx", *OFFSET, 2**32 - 1
    )
    assert refused(content).startswith("<zip>/encoder.onnx: the zip is truncated or damaged (")


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
