"""The manifest: strict reading, byte-stable writing."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from s2s_export.decoding.steps import StepSpec
from s2s_export.errors import IntegrityError, ManifestError
from s2s_export.folder.manifest import Graphs, Manifest, Side
from s2s_export.folder.manifest_file import from_bytes, to_bytes

Edited = Callable[[bytes, Callable[[Any], object]], bytes]


@pytest.fixture
def content(tiny_3: Path) -> bytes:
    return (tiny_3 / "manifest.json").read_bytes()


def test_manifest_bytes_round_trip(content: bytes) -> None:
    assert to_bytes(from_bytes(content)) == content


def test_fields_of_later_releases_are_ignored(content: bytes, edited_manifest: Edited) -> None:
    later = edited_manifest(content, lambda value: value["source"].update(layers=3))
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


def set_state(manifest: Any, step: str, shape: list[object]) -> None:
    """Give the state ``hidden`` of a step, and its replacement, another shape."""
    for kind, name in (("inputs", "hidden"), ("outputs", "next_hidden")):
        [tensor] = [t for t in manifest["steps"][step][kind] if t["name"] == name]
        tensor.update(shape=shape)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda m: m.pop("source"), "manifest.json.source: missing"),
        (lambda m: m["source"].pop("text"), "manifest.json.source.text: missing"),
        (lambda m: m["steps"].pop("decoder"), "manifest.json.steps.decoder: missing"),
        (lambda m: m["steps"]["encoder"].pop("reads"), "steps.encoder.reads: missing"),
        (lambda m: m["source"].update(vocabulary_size="16"), "vocabulary_size: expected of type i"),
        (lambda m: m["source"].update(max_length=True), "expected of type int, found True"),
        (lambda m: m.update(golden={}), "golden: expected a list, found dict"),
        (lambda m: m.update(files=[]), "files: expected an object, found list"),
        (lambda m: m.update(graphs=3), "graphs: expected an object, found 3"),
        (lambda m: m.update(steps=3), "steps: expected an object, found 3"),
        (lambda m: m.update(target=3), "target: expected an object, found 3"),
        (lambda m: m.update(training=3), "training: expected an object, found 3"),
        (lambda m: m["golden"][1]["source_ids"].append(None), r"golden\[1\].source_ids\[4\]"),
        (lambda m: m["golden"][0]["log_probs"].append(10**400), "expected a finite number"),
        (lambda m: m["training"].update(held_out_loss=10**400), "expected a finite number"),
        (lambda m: m["training"].update(seed=[]), "training.seed: expected of type str or int or"),
        (lambda m: m["steps"]["encoder"]["inputs"][1]["shape"].append(1.5), "int or str"),
        (lambda m: m["steps"]["encoder"].update(reads="x"), "reads: expected one of 'tokens', 'se"),
        (lambda m: m.update(format_version=4), "version 4 was made by a newer release .* up to 3"),
        (lambda m: m.update(format_version=0), "format_version: expected 1 to 3"),
        (lambda m: m.update(format_version="3"), "format_version: expected of type int"),
        (lambda m: m.update(format_version=2), "source_language: missing|inputs: missing"),
        (
            lambda m: m["target"].update(text="decomposed"),
            r"target.text: expected one of \['tutorial', .* 'spaces'\]",
        ),
        (
            lambda m: m["source"].update(text="x"),
            r"source.text: expected one of \['tutorial', 'unicode', .*\]",
        ),
        (
            lambda m: m["target"].update(text="x"),
            r"target.text: expected one of \['tutorial', 'unicode', .*\]",
        ),
        (lambda m: m["special_ids"].update(eos=2), "special_ids: expected 0, 1 and 2 or null"),
        (lambda m: m["special_ids"].update(unk=3), "special_ids: expected 0, 1 and 2 or null"),
        (lambda m: m.update(metrics={"known words": 3}), "metrics.known words: expected an object"),
        (lambda m: m.update(metrics={"known words": {"bleu": "1"}}), "bleu: expected of type int "),
        (lambda m: m.update(metrics={"x": {"bleu": 10**400}}), "expected a finite number"),
        (lambda m: m["target"].update(max_length=0), "target.max_length: expected 1 to"),
        (lambda m: m["source"].update(max_length=10**9), "source.max_length: expected 1 to"),
        (lambda m: m["files"].update({"../x": m["files"]["source.vocab"]}), "plain file names"),
        (lambda m: m["files"].pop("source.vocab"), "files: expected records of"),
        (lambda m: m["graphs"]["encoder"].update(file="/x"), "files: expected records of"),
        (lambda m: m["steps"]["encoder"]["inputs"].clear(), "encoder.inputs: expected token ids f"),
        (
            lambda m: m["steps"]["encoder"]["inputs"].pop(),
            "encoder.outputs: next_hidden: expected a state tensor of that name",
        ),
        (lambda m: m["steps"]["decoder"]["outputs"].clear(), "decoder.outputs: expected log_probs"),
        (lambda m: m["steps"]["decoder"]["outputs"].reverse(), "decoder.outputs: expected log"),
        (
            lambda m: m["steps"]["decoder"]["outputs"][1].update(name="next_x"),
            "decoder.outputs: next_x: expected a state tensor of that name",
        ),
        (
            lambda m: m["steps"]["decoder"]["inputs"][1].update(name="x"),
            "decoder.outputs: next_hidden: expected a state tensor of that name",
        ),
        (
            lambda m: m["steps"]["decoder"]["inputs"][1].update(name="token"),
            "decoder: expected each name once",
        ),
        (lambda m: m["steps"]["encoder"].update(reads="words"), "one of 'tokens', 'sentence'"),
        (lambda m: m["steps"]["encoder"]["inputs"][0].update(dtype="int32"), r"int64\[T, B\]"),
        (
            lambda m: m["steps"]["decoder"]["outputs"][0].update(shape=["B", 7]),
            r"decoder.outputs: log_probs: expected float32\[B, 34\], for target.vocabulary_size",
        ),
        (
            lambda m: set_state(m, "decoder", [1, "B", 17]),
            r"decoder.inputs: hidden: expected float32\[1, B, 16\], as the encoder's",
        ),
        (
            lambda m: m["steps"]["decoder"]["outputs"][1].update(shape=[1, "B", 17]),
            r"decoder.outputs: next_hidden: expected float32\[1, B, 16\]",
        ),
        (lambda m: m["target"].update(vocabulary_size=0), "target.vocabulary_size: expected 1 to"),
        (lambda m: m["source"].update(vocabulary_size=10**9), "size: expected 1 to 10000000"),
        (
            lambda m: set_state(m, "encoder", [1, "B", 10**8]),
            r"encoder.inputs: hidden: expected float32\[n, B, …\] of fixed sizes",
        ),
        (lambda m: m["files"]["source.vocab"].update(size=-1), "source.vocab.size: expected 0 to"),
        (lambda m: m["files"]["source.vocab"].update(sha256="x"), "64 hexadecimal digits"),
        (lambda m: m["requires"].update(onnxruntime="new"), "requires.onnxruntime: expected a ver"),
        (
            lambda m: m["golden"][0].update(source_ids=[10**6]),
            r"golden\[0\].source_ids: expected ids",
        ),
        (lambda m: m["golden"][0].update(target_ids=[]), r"golden\[0\].target_ids: expected 1 to"),
        (lambda m: m["golden"][2]["log_probs"].pop(), r"golden\[2\].log_probs: expected one for"),
        (
            lambda m: m["steps"]["encoder"]["inputs"][1].update(shape=[1, 2, 16]),
            r"float32\[n, B",
        ),
        (lambda m: m.pop("int8"), "manifest.json.int8: missing"),
        (lambda m: m.update(int8={}), "int8.graphs: missing"),
        (lambda m: m["int8"].update(golden_target_ids=[]), "int8.golden_target_ids: expected one"),
        (lambda m: m["int8"]["graphs"].pop("decoder"), "int8.graphs.decoder: missing"),
        (
            lambda m: m["int8"]["graphs"]["encoder"].update(file="q.onnx"),
            "files: expected records of .*q.onnx",
        ),
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
            lambda steps: steps["encoder"]["outputs"].pop(1),
            "decoder.inputs: memory: expected an output of the encoder",
        ),
        (
            lambda steps: steps["encoder"]["outputs"][1].update(shape=["S", "B", 16]),
            r"encoder.outputs: memory: expected float32\[n, B, …\] or float32\[T, B, …\] of fixed",
        ),
        (
            lambda steps: steps["encoder"]["outputs"][2].update(shape=["T", "B", 16, 1]),
            r"decoder.inputs: key: expected float32\[S, B, 16, 1\], as the encoder's",
        ),
        (
            lambda steps: steps["encoder"]["outputs"][2].update(shape=["T", "B", "n"]),
            r"encoder.outputs: key: expected float32\[n, B, …\] or float32\[T, B, …\] of fixed",
        ),
        (
            lambda steps: steps["encoder"]["outputs"][3].update(dtype="int64"),
            r"encoder.outputs: mask: expected float32\[n, B, …\] or float32\[T, B, …\] of fixed",
        ),
        (
            lambda steps: steps["decoder"]["inputs"][2].update(shape=["S", "B", 17]),
            r"decoder.inputs: memory: expected float32\[S, B, 16\], as the encoder's",
        ),
        (
            lambda steps: steps["decoder"]["inputs"][2].update(shape=["T", "B", 16]),
            r"decoder.inputs: memory: expected float32\[n, B, …\] or float32\[S, B, …\] of fixed",
        ),
        (
            lambda steps: steps["decoder"]["outputs"][2].update(shape=["S", "B", 10**8]),
            r"decoder.outputs: attention: expected float32\[n, B, …\] or float32\[S, B, …\] of fi",
        ),
        (
            lambda steps: [
                steps["encoder"][kind][index].update(shape=["S", "B", 16])
                for kind, index in (("inputs", 1), ("outputs", 0))
            ],
            r"encoder.inputs: hidden: expected float32\[n, B, …\] of fixed sizes",
        ),
    ],
)
@pytest.mark.parametrize(("folder", "place"), [("tiny_attention", "graphs"), ("tiny_3", "steps")])
def test_wrong_memory_and_attention_tensors_are_refused(
    folder: str,
    place: str,
    edit: Callable[[Any], object],
    message: str,
    edited_manifest: Edited,
    request: pytest.FixtureRequest,
) -> None:
    """Version 2 has the inputs and outputs in its records of the graphs."""
    path: Path = request.getfixturevalue(folder)
    content = edited_manifest((path / "manifest.json").read_bytes(), lambda m: edit(m[place]))
    with pytest.raises(ManifestError, match=rf"^manifest\.json: steps\.{message}"):
        from_bytes(content)


OLDER = ("tiny", "tiny_unk", "tiny_attention")
"""Fixtures of format versions 1, 1 and 2."""


@pytest.fixture(params=OLDER)
def older(request: pytest.FixtureRequest) -> bytes:
    path: Path = request.getfixturevalue(request.param)
    return (path / "manifest.json").read_bytes()


def side(old: Mapping[str, Any], name: str) -> Side:
    return Side(
        language=old[f"{name}_language"],
        text=old["normalizer"],
        fold_case=False,
        vocabulary_size=old["sizes"][f"{name}_vocabulary"],
        max_length=old["max_length"][name],
    )


def specified(spec: StepSpec) -> dict[str, Any]:
    """Return a specification as versions 1 and 2 write the inputs and outputs of a graph."""
    return {
        kind: [{"name": t.name, "dtype": t.dtype, "shape": list(t.shape)} for t in tensors]
        for kind, tensors in (("inputs", spec.inputs), ("outputs", spec.outputs))
    }


def written(manifest: Manifest, graphs: Graphs) -> dict[str, Any]:
    """Return graphs as versions 1 and 2 write them."""
    return {
        "encoder": {**vars(graphs.encoder), **specified(manifest.steps.encoder)},
        "decoder": {**vars(graphs.decoder), **specified(manifest.steps.decoder)},
    }


def test_older_manifests_are_upgraded(older: bytes) -> None:
    manifest, old = from_bytes(older), json.loads(older)
    assert manifest.format_version == old["format_version"]
    assert (manifest.source, manifest.target) == (side(old, "source"), side(old, "target"))
    assert manifest.steps.encoder.reads == "tokens"
    assert written(manifest, manifest.graphs) == old["graphs"]
    scores = old["training"].pop("scores")
    assert dict(manifest.training) == old["training"]
    assert manifest.metrics == scores
    assert vars(manifest.special_ids) == old["special_ids"]
    assert {name: vars(record) for name, record in manifest.files.items()} == old["files"]
    assert manifest.requires == old["requires"]
    assert manifest.tools == old["tools"]
    assert manifest.parity.keys() == old["parity"].keys()
    assert [golden.source for golden in manifest.golden] == [g["source"] for g in old["golden"]]
    if old["int8"] is None:
        assert manifest.int8 is None
    else:
        assert manifest.int8 is not None
        assert written(manifest, manifest.int8.graphs) == old["int8"]["graphs"]
        assert vars(manifest.int8.agreement) == old["int8"]["agreement"]
        ids = old["int8"]["golden_target_ids"]
        assert [[*found] for found in manifest.int8.golden_target_ids] == ids


def test_scores_of_older_manifests_are_metrics(older: bytes, edited_manifest: Edited) -> None:
    scores = {"known words": {"sentences": 3, "bleu": 12.5, "chrf": 40.0}}
    manifest = from_bytes(edited_manifest(older, lambda m: m["training"].update(scores=scores)))
    assert manifest.metrics == scores
    assert "scores" not in manifest.training


USED_OLDER_FIELDS = [
    *("source_language", "target_language", "normalizer", "sizes", "max_length", "graphs"),
    *("special_ids", "files", "training", "torchscript", "requires", "tools", "parity", "golden"),
    *("int8", "training.scores", "sizes.source_vocabulary", "sizes.target_vocabulary"),
    *("max_length.source", "max_length.target", "graphs.encoder", "graphs.decoder"),
    *(
        f"graphs.{step}.{field}"
        for step in ("encoder", "decoder")
        for field in ("inputs", "outputs", "file", "opset", "ir_version")
    ),
]
"""Fields of versions 1 and 2 that the present records are made of."""


def remove(manifest: Any, path: str) -> None:
    *parents, name = path.split(".")
    for parent in parents:
        manifest = manifest[parent]
    del manifest[name]


@pytest.mark.parametrize("path", USED_OLDER_FIELDS)
def test_a_missing_field_of_an_older_manifest_is_named(
    older: bytes, path: str, edited_manifest: Edited
) -> None:
    message = rf"^manifest\.json\.{re.escape(path)}(\.\w+)*: missing; export again$"
    with pytest.raises(ManifestError, match=message):
        from_bytes(edited_manifest(older, lambda m: remove(m, path)))


@pytest.mark.parametrize("path", ["graphs", "graphs.encoder", "graphs.decoder.file"])
def test_a_missing_field_of_older_int8_graphs_is_named(
    tiny_unk: Path, path: str, edited_manifest: Edited
) -> None:
    content = (tiny_unk / "manifest.json").read_bytes()
    message = rf"^manifest\.json\.int8\.{re.escape(path)}(\.\w+)*: missing; export again$"
    with pytest.raises(ManifestError, match=message):
        from_bytes(edited_manifest(content, lambda m: remove(m, f"int8.{path}")))


@pytest.mark.parametrize("value", [3, "x", [], True])
@pytest.mark.parametrize(
    "name", ["graphs", "sizes", "max_length", "training", "int8", "normalizer"]
)
def test_fields_of_another_type_in_an_older_manifest(
    older: bytes, name: str, value: object, edited_manifest: Edited
) -> None:
    with pytest.raises(ManifestError, match=r"^manifest\.json"):
        from_bytes(edited_manifest(older, lambda m: m.update({name: value})))
