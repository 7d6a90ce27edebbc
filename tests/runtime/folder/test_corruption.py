"""Thousands of damaged folders: each is refused by an error of this project that names the file."""

import gzip
import io
import random
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from s2s_export import Translator
from s2s_export.errors import ArtefactError

FILES = ("manifest.json", "encoder.onnx", "decoder.onnx", "source.vocab", "target.vocab")
"""All files that the run time reads; it looks at no other."""
TRUNCATIONS, FLIPS = 16, 400
LFS = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)
HTML = b"\n<!DOCTYPE html><html><body>404: not found</body></html>\n"


def zipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("file", content)
    return buffer.getvalue()


def corruptions(folder: Path, name: str) -> Iterator[tuple[str, bytes | None, str]]:
    """Yield the name of each corruption, the new content of the file and a part of the message."""
    whole = (folder / name).read_bytes()
    yield "missing", None, ""
    yield "empty", b"", "it is empty"
    for part in range(TRUNCATIONS):
        yield f"truncated {part}", whole[: 1 + part * (len(whole) - 1) // TRUNCATIONS], ""
    rng = random.Random(name)
    for bit in rng.sample(range(8 * len(whole)), FLIPS):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        yield f"bit {bit} flipped", bytes(flipped), ""
    yield "appended", whole + b"\n", ""
    for other in FILES:
        if other != name:
            yield f"swapped with {other}", (folder / other).read_bytes(), ""
    yield "git-lfs pointer", LFS, "git-lfs pointer"
    yield "web page", HTML, "web page"
    yield "gzip", gzip.compress(whole, mtime=0), "gzip"
    yield "zip", zipped(whole), "zip archive"


@pytest.mark.parametrize("name", FILES)
def test_every_corruption_is_an_error_that_names_the_file(
    tiny: Path, tiny_copy: Path, name: str
) -> None:
    """More than 2,000 corruptions over the five files."""
    tried = 0
    for corruption, content, expected in corruptions(tiny, name):
        path = tiny_copy / name
        if content is None:
            path.unlink()
        else:
            assert content != (tiny / name).read_bytes()
            path.write_bytes(content)
        with pytest.raises(ArtefactError) as error:
            Translator(tiny_copy)
        assert name in str(error.value), corruption
        assert expected in str(error.value), corruption
        tried += 1
    assert tried == 2 + TRUNCATIONS + FLIPS + 1 + 4 + 4
    shutil.copy(tiny / name, path)
    assert Translator(tiny_copy).translate("J'ai froid.") == "i m cold ."
