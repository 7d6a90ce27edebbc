"""The list of files in a zip: names that lead elsewhere, links, encryption, other compression."""

import warnings
import zipfile
from pathlib import Path

import pytest

from .broken_zips import FLAGS, METHOD, patched, refused, with_info
from .kinds import contents, zipped


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
