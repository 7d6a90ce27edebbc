"""Files to check: what is no ONNX file is named, and weights beside a file are looked for."""

import zipfile
from pathlib import Path

import pytest

from s2s_export.check import check
from s2s_export.check.__main__ import main
from s2s_export.errors import ArtefactError, ArtefactNotFoundError, GraphError

KINDS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "not an ONNX file: it is empty"),
    "web page": (b"<!DOCTYPE html><html>", "not an ONNX file: it is a web page"),
    "git-lfs": (
        b"version https://git-lfs.github.com/spec/v1\n",
        "not an ONNX file: it is a git-lfs pointer",
    ),
    "gzip": (b"\x1f\x8b\x08", "not an ONNX file: it is gzip data: unpack it"),
    "HDF5": (b"\x89HDF\r\n\x1a\n", "not an ONNX file: it is an HDF5 file"),
    "text": (b"hello, world\n", "not a valid ONNX file ("),
    "truncated": (b"\x08\x0a:\xff\x01", "not a valid ONNX file (cut short)"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_onnx_file_is_named(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, message = KINDS[kind]
    path = tmp_path / "x.onnx"
    path.write_bytes(content)
    with pytest.raises(GraphError) as error:
        check(path)
    assert str(error.value).startswith(f"{path}: {message}")
    assert main([str(path)]) == 3
    assert capsys.readouterr() == ("", f"error: {error.value}\n")


@pytest.mark.parametrize(
    ("member", "kind"),
    [("model.onnx", "a zip archive"), ("model/data.pkl", "a PyTorch file (TorchScript or")],
)
def test_zip_archives_are_named(
    member: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "x.onnx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, "")
    with pytest.raises(GraphError, match=f"it is {kind.replace('(', '[(]')}"):
        check(path)


def test_torchscript_files_are_named(tiny: Path) -> None:
    with pytest.raises(GraphError, match=r"it is a PyTorch file .*: export the module to ONNX"):
        check(tiny / "decoder.pt")


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ArtefactNotFoundError, match=r"gone\.onnx: no such file$"):
        check(tmp_path / "gone.onnx")
    with pytest.raises(ArtefactError, match=r"expected a file, such as .*decoder\.onnx$"):
        check(tmp_path)


def test_a_file_larger_than_protobuf_allows_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    with path.open("wb") as file:
        file.truncate(2**31)
    with pytest.raises(
        GraphError, match="expected at most 2,147,483,647 bytes, found 2,147,483,648"
    ):
        check(path)


def test_weights_beside_the_file_are_looked_for(tiny: Path, tmp_path: Path) -> None:
    """``data_location`` and ``external_data`` of one more weight, as bytes."""
    entry = b"\x0a\x08location\x12\x05w.bin"
    tensor = b"\x08\x02\x10\x01\x42\x03far\x6a" + bytes([len(entry)]) + entry + b"\x70\x01"
    content = (tiny / "encoder.onnx").read_bytes()
    path = tmp_path / "x.onnx"
    path.write_bytes(with_weight(content, tensor))
    [finding] = check(path).findings
    assert (finding.rule, finding.severity) == ("external-weights", "error")
    (tmp_path / "w.bin").write_bytes(bytes(8))
    assert check(path).findings[0].severity == "warning"


def with_weight(content: bytes, tensor: bytes) -> bytes:
    """Return a model's bytes with one more initializer at the end of its graph."""
    position = 0
    while position < len(content):
        start, (tag, position) = position, varint(content, position)
        length, body = varint(content, position)
        if tag & 7 == 0:
            position = body
            continue
        if tag >> 3 == 7:
            graph = content[body : body + length] + b"\x2a" + bytes([len(tensor)]) + tensor
            before, after = content[:start], content[body + length :]
            return before + b"\x3a" + encoded(len(graph)) + graph + after
        position = body + length
    raise AssertionError("no graph")


def varint(content: bytes, position: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = content[position]
        result |= (byte & 127) << shift
        position, shift = position + 1, shift + 7
        if byte < 128:
            return result, position


def encoded(number: int) -> bytes:
    result = bytearray()
    while number >= 128:
        result.append(number & 127 | 128)
        number >>= 7
    return bytes([*result, number])
