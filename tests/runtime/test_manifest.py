"""The manifest: strict reading, byte-stable writing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s2s_export.errors import IntegrityError, ManifestError
from s2s_export.manifest_file import from_bytes, to_bytes

Edited = Callable[[bytes, Callable[[Any], object]], bytes]


@pytest.fixture
def content(tiny: Path) -> bytes:
    return (tiny / "manifest.json").read_bytes()


def test_manifest_bytes_round_trip(content: bytes) -> None:
    assert to_bytes(from_bytes(content)) == content


def test_fields_of_later_releases_are_ignored(content: bytes, edited_manifest: Edited) -> None:
    later = edited_manifest(content, lambda value: value["sizes"].update(layers=3))
    assert to_bytes(from_bytes(later)) == content


def test_any_change_that_is_valid_json_breaks_the_checksum(content: bytes) -> None:
    value = json.loads(content)
    for changed in (
        content.replace(b'"seed": 0', b'"seed": 1'),
        content.replace(b"\n", b"\n ", 1),
        content.replace(value["manifest_sha256"][:5].encode(), b"abcde"),
        json.dumps(value).encode(),
    ):
        assert changed != content
        with pytest.raises(IntegrityError, match=r"^manifest\.json: expected sha256 \w{64}, found"):
            from_bytes(changed)


@pytest.mark.parametrize("checksum", [None, "", "0", 3, "é" * 64])
def test_malformed_checksums(content: bytes, checksum: object) -> None:
    value = {**json.loads(content), "manifest_sha256": checksum}
    with pytest.raises(ManifestError, match=r"^manifest\.json\.manifest_sha256: "):
        from_bytes(json.dumps(value).encode())


def int8_of(
    manifest: Any, *, golden: Any = None, swapped: bool = False, file: str | None = None
) -> dict[str, Any]:
    encoder, decoder = (dict(manifest["graphs"][name]) for name in ("encoder", "decoder"))
    if file:
        encoder["file"] = file
    if swapped:
        encoder, decoder = decoder, encoder
    return {
        "graphs": {"encoder": encoder, "decoder": decoder},
        "agreement": {"sentences": 1, "identical": 1, "bleu": None, "bleu_fp32": None},
        "golden_target_ids": [[1]] * len(manifest["golden"]) if golden is None else golden,
    }


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda m: m.pop("sizes"), "manifest.json.sizes: missing"),
        (lambda m: m["sizes"].update(hidden="16"), "sizes.hidden: expected of type int"),
        (lambda m: m["sizes"].update(hidden=True), "expected of type int, found True"),
        (lambda m: m.update(golden={}), "golden: expected a list, found dict"),
        (lambda m: m.update(files=[]), "files: expected an object, found list"),
        (lambda m: m.update(graphs=3), "graphs: expected an object, found 3"),
        (lambda m: m["golden"][1]["source_ids"].append(None), r"golden\[1\].source_ids\[5\]"),
        (lambda m: m["training"].update(held_out_loss=10**400), "expected a finite number"),
        (lambda m: m["graphs"]["encoder"]["inputs"][1]["shape"].append(1.5), "int or str"),
        (lambda m: m.update(format_version=3), "version 3 was made by a newer release .* up to 2"),
        (lambda m: m.update(format_version=0), "format_version: expected 1 to 2"),
        (
            lambda m: m.update(normalizer="x"),
            r"normalizer: expected one of \['tutorial', 'unicode'\]",
        ),
        (lambda m: m["special_ids"].update(eos=2), "special_ids: expected 0, 1 and 2 or null"),
        (lambda m: m["special_ids"].update(unk=3), "special_ids: expected 0, 1 and 2 or null"),
        (lambda m: m["training"].update(scores={"known words": {}}), "known words.sentences: mi"),
        (lambda m: m["max_length"].update(target=0), "max_length.target: expected 1 to"),
        (lambda m: m["max_length"].update(source=10**9), "max_length.source: expected 1 to"),
        (lambda m: m["files"].update({"../x": m["files"]["source.vocab"]}), "plain file names"),
        (lambda m: m["files"].pop("source.vocab"), "files: expected records of"),
        (lambda m: m["graphs"]["encoder"].update(file="/x"), "files: expected records of"),
        (lambda m: m["graphs"]["encoder"]["inputs"].pop(), "tokens and at least one state"),
        (lambda m: m["graphs"]["decoder"]["outputs"].reverse(), "decoder.outputs: expected log"),
        (
            lambda m: m["graphs"]["decoder"]["outputs"][1].update(name="x"),
            r"x: expected float32\[S, B",
        ),
        (lambda m: m["graphs"]["decoder"]["inputs"][1].update(name="x"), "decoder.outputs"),
        (lambda m: m["graphs"]["decoder"]["inputs"][1].update(name="token"), "each name once"),
        (lambda m: m["graphs"]["encoder"]["inputs"][0].update(dtype="int32"), r"int64\[T, B\]"),
        (
            lambda m: m["graphs"]["decoder"]["outputs"][0].update(shape=["B", 7]),
            r"log_probs float32\[B, 36\]",
        ),
        (lambda m: m["sizes"].update(hidden=17), "state of sizes.hidden = 17 units"),
        (lambda m: m["sizes"].update(target_vocabulary=0), "target_vocabulary: expected 1 to"),
        (lambda m: m["sizes"].update(hidden=10**9), "sizes.hidden: expected 1 to 10000000"),
        (lambda m: m["files"]["source.vocab"].update(size=-1), "source.vocab.size: expected 0 to"),
        (lambda m: m["files"]["source.vocab"].update(sha256="x"), "64 hexadecimal digits"),
        (lambda m: m["requires"].update(onnxruntime="new"), "requires.onnxruntime: expected a ver"),
        (lambda m: m["golden"][0].update(source_ids=[51]), r"golden\[0\].source_ids: expected ids"),
        (lambda m: m["golden"][0].update(target_ids=[]), r"golden\[0\].target_ids: expected 1 to"),
        (lambda m: m["golden"][2]["log_probs"].pop(), r"golden\[2\].log_probs: expected one for"),
        (lambda m: m["graphs"]["encoder"]["inputs"][1].update(shape=[1, 2, 16]), r"float32\[n, B"),
        (lambda m: m.update(int8={}), "int8.graphs: missing"),
        (lambda m: m.update(int8=int8_of(m, golden=[])), "int8.golden_target_ids: expected one"),
        (
            lambda m: m.update(int8=int8_of(m, swapped=True)),
            "int8.graphs.encoder: expected the inputs and outputs of graphs.encoder",
        ),
        (lambda m: m.update(int8=int8_of(m, file="q.onnx")), "files: expected records of .*q.onnx"),
    ],
)
def test_wrong_fields_are_refused(
    content: bytes, edit: Callable[[Any], object], message: str, edited_manifest: Edited
) -> None:
    with pytest.raises(ManifestError, match=message) as error:
        from_bytes(edited_manifest(content, edit))
    assert str(error.value).startswith("manifest.json")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"[]", "expected a JSON object, found list"),
        (b"{", "not valid JSON"),
        (b"\xff", "not valid JSON"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": 1, "a": 2}', "the key 'a' stands twice"),
        (b'{"a": ' + b"[" * 100_000, "not valid JSON"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "not valid JSON"),
        (b'{"a": "\\ud800"}', "not valid JSON"),
        (b"\x1f\x8b\x08", "it is gzip data"),
    ],
)
def test_invalid_json_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(ManifestError, match=message):
        from_bytes(content)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            lambda m: m.update(format_version=1),
            "format_version: expected 2 for graphs that return more than state",
        ),
        (
            lambda m: m["graphs"]["encoder"]["outputs"].pop(1),
            "decoder.inputs: expected the encoder's state tensors, and what it returns for each",
        ),
        (
            lambda m: m["graphs"]["encoder"]["outputs"][1].update(shape=["S", "B", 16]),
            r"encoder.outputs: memory: expected float32\[T, B, n\]",
        ),
        (
            lambda m: m["graphs"]["encoder"]["outputs"][2].update(shape=["T", "B", 16, 1]),
            r"encoder.outputs: key: expected float32\[T, B, n\]",
        ),
        (
            lambda m: m["graphs"]["encoder"]["outputs"][3].update(dtype="int64"),
            r"encoder.outputs: mask: expected float32\[T, B, n\]",
        ),
        (
            lambda m: m["graphs"]["decoder"]["inputs"][2].update(shape=["S", "B", 17]),
            "decoder.inputs: expected the encoder's state tensors",
        ),
        (
            lambda m: m["graphs"]["decoder"]["inputs"][2].update(shape=["T", "B", 16]),
            r"decoder.inputs: memory: expected float32\[n, B, n\]",
        ),
        (
            lambda m: m["graphs"]["decoder"]["outputs"][2].update(shape=["S", "B", 10**8]),
            r"decoder.outputs: attention: expected float32\[S, B, n\]",
        ),
        (
            lambda m: [
                m["graphs"]["encoder"][kind][index].update(shape=["S", "B", 16])
                for kind, index in (("inputs", 1), ("outputs", 0))
            ],
            "encoder.inputs: hidden: expected sizes of numbers, but for B",
        ),
    ],
)
def test_wrong_memory_and_attention_tensors_are_refused(
    tiny_attention: Path, edit: Callable[[Any], object], message: str, edited_manifest: Edited
) -> None:
    content = edited_manifest((tiny_attention / "manifest.json").read_bytes(), edit)
    with pytest.raises(ManifestError, match=message):
        from_bytes(content)
