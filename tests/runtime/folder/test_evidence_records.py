"""Records of beams in a manifest: optional, kept, and read strictly."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s2s_export.errors import ManifestError
from s2s_export.folder.manifest_file import from_bytes, to_bytes

Edited = Callable[[bytes, Callable[[Any], object]], bytes]


@pytest.fixture
def content(tiny_3: Path) -> bytes:
    return (tiny_3 / "manifest.json").read_bytes()


BEAM: dict[str, Any] = {
    "beam_size": 2,
    "length_penalty": 1.0,
    "hypotheses": [{"target": "i'm", "target_ids": [2, 1], "log_probs": [-0.5, -0.25]}],
}
BEAM_PARITY = {"beam_size": 4, "sentences": 9, "identical": 8, "ties": 1}


def test_records_of_beams_may_be_missing_and_are_kept(
    content: bytes, edited_manifest: Edited
) -> None:
    assert from_bytes(content).golden[0].beam is None
    assert b'"beam"' not in content

    def edit(value: Any) -> None:
        value["golden"][1]["beam"] = BEAM
        for record in value["parity"].values():
            record["beam"] = BEAM_PARITY

    manifest = from_bytes(edited_manifest(content, edit))
    assert manifest.golden[0].beam is None
    assert manifest.golden[1].beam is not None
    assert manifest.golden[1].beam.hypotheses[0].log_probs == (-0.5, -0.25)
    written = json.loads(to_bytes(manifest))
    assert "beam" not in written["golden"][0]
    assert written["golden"][1]["beam"] == BEAM
    assert [record["beam"] for record in written["parity"].values()] == [BEAM_PARITY] * 2
    assert from_bytes(to_bytes(manifest)) == manifest


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"beam_size": 0}, r"golden\[1\].beam.beam_size: expected 1 to 1000"),
        ({"beam_size": 10**6}, r"golden\[1\].beam.beam_size: expected 1 to 1000"),
        ({"beam_size": None}, r"golden\[1\].beam.beam_size: expected of type int"),
        ({"length_penalty": -1}, r"golden\[1\].beam.length_penalty: expected 0 to 10"),
        ({"hypotheses": []}, r"golden\[1\].beam.hypotheses: expected 1 to beam_size of them"),
        ({"hypotheses": BEAM["hypotheses"] * 3}, r"golden\[1\].beam.hypotheses: expected 1 to"),
        (
            {"hypotheses": [{**BEAM["hypotheses"][0], "log_probs": [-0.5]}]},
            r"beam.hypotheses\[0\].log_probs: expected one for each of target_ids",
        ),
        (
            {"hypotheses": [{**BEAM["hypotheses"][0], "target_ids": [2, 10**6]}]},
            r"beam.hypotheses\[0\].target_ids: expected ids below 34",
        ),
        (
            {"hypotheses": [{**BEAM["hypotheses"][0], "target_ids": []}]},
            r"beam.hypotheses\[0\].target_ids: expected 1 to 6 tokens",
        ),
        ({"hypotheses": [{"target": "x"}]}, r"hypotheses\[0\].target_ids: missing"),
    ],
)
def test_wrong_records_of_beams(
    content: bytes, edited_manifest: Edited, edit: dict[str, Any], message: str
) -> None:
    changed = edited_manifest(content, lambda m: m["golden"][1].update(beam={**BEAM, **edit}))
    with pytest.raises(ManifestError, match=message):
        from_bytes(changed)
