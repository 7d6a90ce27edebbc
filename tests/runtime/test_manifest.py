"""The manifest: strict reading, byte-stable writing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s2s_export.errors import ManifestError
from s2s_export.manifest import Manifest


@pytest.fixture
def content(tiny: Path) -> bytes:
    return (tiny / "manifest.json").read_bytes()


def test_written_as_it_was_read(content: bytes) -> None:
    assert Manifest.from_bytes(content).to_bytes() == content


def test_fields_of_later_releases_are_ignored(content: bytes) -> None:
    value = json.loads(content)
    value["sizes"]["layers"] = 3
    assert Manifest.from_bytes(json.dumps(value).encode()).to_bytes() == content


def edited(content: bytes, edit: Callable[[Any], object]) -> bytes:
    value = json.loads(content)
    edit(value)
    return json.dumps(value).encode()


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
        (lambda m: m.update(format_version=2), "version 2 was made by a newer release .* up to 1"),
        (lambda m: m.update(format_version=0), "format_version: expected 1"),
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
        (lambda m: m["graphs"]["decoder"]["outputs"][1].update(name="x"), "next_hidden"),
        (lambda m: m["graphs"]["decoder"]["inputs"][1].update(name="x"), "decoder.outputs"),
        (lambda m: m["graphs"]["encoder"]["inputs"][1].update(shape=[1, 2, 16]), r"float32\[n, B"),
    ],
)
def test_wrong_fields_are_refused(
    content: bytes, edit: Callable[[Any], object], message: str
) -> None:
    with pytest.raises(ManifestError, match=message) as error:
        Manifest.from_bytes(edited(content, edit))
    assert str(error.value).startswith("manifest.json")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not valid JSON"),
        (b"[]", "expected a JSON object, found list"),
        (b"{", "not valid JSON"),
        (b"\xff", "not valid JSON"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": 1, "a": 2}', "the key 'a' stands twice"),
        (b'{"a": ' + b"[" * 100_000, "not valid JSON"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "not valid JSON"),
    ],
)
def test_wrong_json_is_refused(content: bytes, message: str) -> None:
    """Faults 37 and 39."""
    with pytest.raises(ManifestError, match=message):
        Manifest.from_bytes(content)
