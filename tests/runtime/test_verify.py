"""``verify`` and ``info``: the report of a sound folder, and each fault is found."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s2s_export import Translator, info, verify
from s2s_export.decoding.options import SearchOptions
from s2s_export.errors import ProviderError
from s2s_export.folder.reader import ExportedFolder
from s2s_export.folder.sources.location import files_at
from s2s_export.text.vocabulary import EOS

Vouch = Callable[[Path], None]
EditManifest = Callable[[Path, Callable[[Any], object]], None]

SOUND = [
    "manifest.json",
    *("decoder.onnx", "encoder.onnx", "source.vocab", "target.vocab"),
    *("structure of the encoder", "structure of the decoder"),
    *("words of the source", "words of the target"),
    *("golden sentences", "their log-probabilities"),
]


def failed(folder: Path) -> list[str]:
    report = verify.verify(folder)
    assert report.passed is all(check.passed for check in report.checks)
    return [f"{check.name}: {check.found}" for check in report.checks if not check.passed]


def test_a_sound_folder_passes(tiny: Path) -> None:
    report = verify.verify(tiny)
    assert report.passed
    assert [check.name for check in report.checks] == SOUND
    found = {check.name: check.found for check in report.checks}
    assert found["golden sentences"] == "8 sentences token for token as eager PyTorch, on cpu"
    assert found["words of the source"] == "51 tokens, text mode tutorial"


def test_golden_texts_of_subwords_are_replayed_from_text_to_text(tiny_natural: Path) -> None:
    report = verify.verify(tiny_natural)
    assert report.passed
    golden = ExportedFolder(files_at(tiny_natural)).manifest.golden
    assert "You are wrong." in [entry.target for entry in golden]
    assert "Vous avez tort." in [entry.source for entry in golden]


@pytest.mark.parametrize("folder", ["tiny_unk", "tiny_attention", "tiny_3", "tiny_conditional"])
def test_a_sound_folder_with_int8_passes(folder: str, request: pytest.FixtureRequest) -> None:
    """Each model: ``verify`` does not depend on the operators of the graphs."""
    report = verify.verify(request.getfixturevalue(folder))
    assert report.passed
    found = {check.name: check.found for check in report.checks}
    assert found["golden sentences, int8"].endswith("token for token as when exported, on cpu")


def test_a_graph_that_differs_from_the_manifest_is_found(
    tiny_3_copy: Path, edit_manifest: EditManifest
) -> None:
    """Without its attention, say: the memory's axis is another one."""

    def rename(manifest: Any) -> None:
        manifest["steps"]["encoder"]["outputs"][1]["name"] = "states"
        manifest["steps"]["decoder"]["inputs"][2]["name"] = "states"

    edit_manifest(tiny_3_copy, rename)
    [one, two, three, four] = failed(tiny_3_copy)
    assert "encoder.onnx: outputs: expected next_hidden" in one
    assert "decoder.onnx: inputs: expected token" in two
    assert three.startswith("structure of the int8 encoder")
    assert four.startswith("structure of the int8 decoder")


def test_swapped_int8_graphs_are_found(tiny_3_copy: Path, edit_manifest: EditManifest) -> None:
    def swap(manifest: Any) -> None:
        graphs = manifest["int8"]["graphs"]
        graphs["encoder"], graphs["decoder"] = graphs["decoder"], graphs["encoder"]

    edit_manifest(tiny_3_copy, swap)
    [one, two] = failed(tiny_3_copy)
    assert one.startswith("structure of the int8 encoder: ")
    assert "decoder.int8.onnx: inputs: expected tokens" in one
    assert two.startswith("structure of the int8 decoder: ")


def change_a_word(folder: Path) -> None:
    path = folder / "target.vocab"
    path.write_bytes(path.read_bytes().replace(b"\nhungry\n", b"\nthirst\n"))


def change_a_source_word(folder: Path) -> None:
    path = folder / "source.vocab"
    path.write_bytes(path.read_bytes().replace(b"\nraison\n", b"\nraisons\n"))


def change_a_weight(folder: Path) -> None:
    """The decoder's embeddings, 36 rows of 16 float32, with their halves exchanged."""
    path = folder / "decoder.onnx"
    whole = path.read_bytes()
    at = whole.index(b"J\x80\x12") + 3  # behind protobuf's tag and length
    middle, end = at + 1152, at + 2304
    path.write_bytes(whole[:at] + whole[middle:end] + whole[at:middle] + whole[end:])


@pytest.mark.parametrize(
    ("damage", "found_by", "message"),
    [
        (lambda f: (f / "manifest.json").unlink(), "manifest.json", "no manifest.json in it"),
        (lambda f: (f / "encoder.onnx").unlink(), "manifest.json", "encoder.onnx missing"),
        (lambda f: (f / "encoder.onnx").write_bytes(b""), "encoder.onnx", "it is empty"),
        (change_a_word, "target.vocab", "expected sha256"),
    ],
)
def test_damage_is_found(
    tiny_copy: Path, damage: Callable[[Path], object], found_by: str, message: str
) -> None:
    damage(tiny_copy)
    [line] = failed(tiny_copy)
    assert line.startswith(f"{found_by}: ")
    assert message in line


@pytest.mark.parametrize(
    ("damage", "found_by", "message"),
    [
        (change_a_word, "golden sentences", "found 'i m thirst .'"),
        (change_a_source_word, "golden sentences", "unknown word: 'raison'"),
        (change_a_weight, "golden sentences", "expected"),
        (
            lambda f: (f / "encoder.onnx").write_bytes((f / "decoder.onnx").read_bytes()),
            "structure of the encoder",
            "inputs: expected tokens int64[T, B]",
        ),
        (
            lambda f: (f / "source.vocab").write_bytes(b"<sos>\n<eos>\nje\n"),
            "words of the source",
            "it has 3 tokens, the graphs were made for 51",
        ),
    ],
)
def test_damage_that_the_manifest_vouches_for_is_found(
    tiny_copy: Path, vouch: Vouch, damage: Callable[[Path], object], found_by: str, message: str
) -> None:
    damage(tiny_copy)
    vouch(tiny_copy)
    [line] = failed(tiny_copy)
    assert line.startswith(f"{found_by}: ")
    assert message in line


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda g: g.update(target="i m cold"), "golden sentences: "),
        (lambda g: g["target_ids"].reverse(), "golden sentences: "),
        (lambda g: g["source_ids"].reverse(), "expected source ids ["),
        (
            lambda g: g["log_probs"].__setitem__(0, g["log_probs"][0] - 2e-4),
            "their log-probabilities: they differ by 0.0002, more than 0.0001",
        ),
    ],
)
def test_each_part_of_a_golden_sentence_is_compared(
    tiny_copy: Path, edit_manifest: EditManifest, edit: Callable[[Any], object], message: str
) -> None:
    edit_manifest(tiny_copy, lambda manifest: edit(manifest["golden"][3]))
    [line] = failed(tiny_copy)
    assert message in line


def with_golden_beams(folder: Path, edit_manifest: EditManifest, beam_size: int = 4) -> None:
    """Give the golden sentences the beams that an export of today would."""
    translator = Translator(folder)
    search = SearchOptions(beam_size, beam_size)

    def edit(manifest: Any) -> None:
        for golden in manifest["golden"]:
            [found] = translator.pipeline.decode_n_best([golden["source_ids"]], search)
            hypotheses = [
                {
                    "target": translator.target.decode(one.ids),
                    "target_ids": [*one.with_eos(EOS)],
                    "log_probs": [*one.log_probs],
                }
                for one in found
            ]
            golden["beam"] = {
                "beam_size": beam_size,
                "length_penalty": 1.0,
                "hypotheses": hypotheses,
            }

    edit_manifest(folder, edit)


def test_golden_beams_are_replayed(tiny_3_copy: Path, edit_manifest: EditManifest) -> None:
    with_golden_beams(tiny_3_copy, edit_manifest)
    report = verify.verify(tiny_3_copy)
    assert report.passed
    found = {check.name: check.found for check in report.checks}
    count = len(ExportedFolder(files_at(tiny_3_copy)).manifest.golden)
    assert found["golden beams"].startswith(f"{count} sentences as eager PyTorch, on cpu; largest")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda b: b["hypotheses"].reverse(), "a beam of 4: expected ids [["),
        (lambda b: b["hypotheses"][2]["target_ids"].reverse(), "a beam of 4: expected ids [["),
        (lambda b: b["hypotheses"][1].update(target="x"), "a beam of 4: expected ids [["),
        (lambda b: b["hypotheses"].pop(), "a beam of 4: expected ids [["),
        (lambda b: b.update(length_penalty=0.0), "a beam of 4: expected ids [["),
        (
            lambda b: b["hypotheses"][3]["log_probs"].__setitem__(0, 2.0),
            "they differ by ",
        ),
    ],
)
def test_each_part_of_a_golden_beam_is_compared(
    tiny_3_copy: Path, edit_manifest: EditManifest, edit: Callable[[Any], object], message: str
) -> None:
    with_golden_beams(tiny_3_copy, edit_manifest)
    edit_manifest(tiny_3_copy, lambda m: [edit(golden["beam"]) for golden in m["golden"]])
    [line] = failed(tiny_3_copy)
    assert line.startswith("golden beams: ")
    assert message in line


def test_quantized_graphs_are_replayed_too(
    tiny_unk: Path, tmp_path: Path, edit_manifest: EditManifest
) -> None:
    folder = Path(shutil.copytree(tiny_unk, tmp_path / "exported"))
    report = verify.verify(folder)
    assert report.passed
    assert report.checks[-1].name == "golden sentences, int8"
    edit_manifest(folder, lambda m: m["int8"]["golden_target_ids"][2].reverse())
    [line] = failed(folder)
    assert line.startswith("golden sentences, int8: ")


def test_the_device_is_the_one_asked_for(tiny: Path) -> None:
    with pytest.raises(ProviderError, match="device: expected one of cpu, cuda, found 'tpu'"):
        verify.verify(tiny, device="tpu")


def test_the_command(tiny_copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify.main([str(tiny_copy)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(SOUND) + 1
    assert all(line.startswith("ok ") for line in lines[:-1])
    assert lines[-1] == f"{tiny_copy}: passed"
    (tiny_copy / "decoder.onnx").write_bytes(b"PK\x03\x04")
    assert verify.main([str(tiny_copy), "--json"]) == 3
    report = json.loads(capsys.readouterr().out)
    assert report["passed"] is False
    assert report["checks"][1]["name"] == "decoder.onnx"
    assert "it is a zip archive" in report["checks"][1]["found"]
    assert verify.main([str(tiny_copy)]) == 3
    assert "FAILED  decoder.onnx" in capsys.readouterr().out


def test_info(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert info.main([str(tiny)]) == 0
    out = capsys.readouterr().out
    for phrase in ("execution providers", "CPUExecutionProvider", "format version", "fra to eng"):
        assert phrase in out
    assert info.main(["--json"]) == 0
    assert json.loads(capsys.readouterr().out)["installed"]["s2s-export"]
    assert info.main([str(tiny / "nope")]) == 3


@pytest.mark.parametrize("given", [None, "0", "1"])
def test_info_tells_whether_telemetry_is_off(given: str | None) -> None:
    """As it is after onnxruntime was imported, in a process of its own."""
    environment = {} if given is None else {"ORT_DISABLE_TELEMETRY": given}
    done = subprocess.run(
        [sys.executable, "-m", "s2s_export.info"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    expected = "not switched off" if given == "0" else "switched off"
    assert f"telemetry            {expected} (" in done.stdout
