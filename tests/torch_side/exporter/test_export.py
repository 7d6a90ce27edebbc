"""Export: the files it writes, and that errors and kills leave the old folder as it was."""

import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
import torch

from s2s_export import Translator, info
from s2s_export.decoding.steps import StepSpec
from s2s_export.errors import ArtefactNotFoundError, ModuleError, OutputError, ParityError
from s2s_export.export import export, main
from s2s_export.exporter import build, evidence, onnx_export, torchscript
from s2s_export.exporter.source import ExportSource
from s2s_export.folder import manifest_file
from s2s_export.folder.evidence_records import Golden
from s2s_export.folder.manifest import GraphRecord
from s2s_export.verify import verify
from training.run import checkpoint as checkpoints
from training.run.checkpoint import Checkpoint

ToOnnx = Callable[[torch.nn.Module, StepSpec, GraphRecord], bytes]

FP32_FILES = build.OWN_FILES - {
    *("encoder.int8.onnx", "decoder.int8.onnx", "source.merges", "target.merges")
}


@pytest.fixture
def run(checkpoint: Checkpoint, tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    checkpoints.save(checkpoint, folder)
    return folder


@pytest.fixture
def graphs_made_once(monkeypatch: pytest.MonkeyPatch, onnx_of: ToOnnx) -> None:
    """Reuse the ONNX graphs of the checkpoint: making them takes seconds, publishing does not."""
    monkeypatch.setattr(onnx_export, "to_onnx", onnx_of)


@pytest.fixture(scope="module")
def onnx_of() -> ToOnnx:
    made: dict[str, bytes] = {}
    to_onnx = onnx_export.to_onnx

    def cached(module: torch.nn.Module, spec: StepSpec, record: GraphRecord) -> bytes:
        key = f"{record.file} {torchscript.tensors_sha256(module)}"
        if key not in made:
            made[key] = to_onnx(module, spec, record)
        return made[key]

    return cached


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.usefixtures("graphs_made_once")
def test_writes_a_folder_that_translates(run: Path, tmp_path: Path) -> None:
    manifest = export(run, tmp_path / "out")
    assert set(contents(tmp_path / "out")) == FP32_FILES
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "run"], "nothing left over"
    translator = Translator(tmp_path / "out")
    assert len(manifest.golden) == 8
    for golden in manifest.golden:
        assert translator.translate(golden.source) == golden.target
    for name in ("TorchScript", "ONNX Runtime (cpu)"):
        record = manifest.parity[name]
        assert record.sentences == record.identical == 26
        assert record.largest_difference < record.tolerance
    assert manifest.parity["ONNX Runtime (cpu)"].largest_difference > 0, "compared with itself?"


def test_the_fingerprint_tells_runs_apart(source: ExportSource) -> None:
    before = build.fingerprint(source)
    assert build.fingerprint(source) == before
    assert build.fingerprint(replace(source, training={"seed": 7})) != before
    with torch.no_grad():
        source.decoder.get_parameter("out.bias")[0] += 1e-3
    assert build.fingerprint(source) != before


@pytest.mark.usefixtures("graphs_made_once")
def test_the_manifest_proves_beams_too(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = export(run, tmp_path / "out")
    for parity in manifest.parity.values():
        assert parity.beam is not None
        assert (parity.beam.beam_size, parity.beam.identical) == (4, parity.beam.sentences)
        assert 0 < parity.beam.sentences <= 64
    beams = [golden.beam for golden in manifest.golden if golden.beam is not None]
    assert len(beams) >= 4
    for golden in manifest.golden:
        if golden.beam is not None:
            assert golden.beam.beam_size == len(golden.beam.hypotheses) == 4
    assert info.main([str(tmp_path / "out")]) == 0
    assert ", beams of 4: " in capsys.readouterr().out


@pytest.mark.usefixtures("graphs_made_once")
def test_foreign_files_are_replaced_only_with_force(run: Path, tiny_copy: Path) -> None:
    (tiny_copy / "holiday.jpg").write_bytes(b"mine")
    before = contents(tiny_copy)
    with pytest.raises(OutputError, match=r"holds what no export wrote \(holiday\.jpg\)"):
        export(run, tiny_copy)
    assert contents(tiny_copy) == before
    (tiny_copy / "holiday.jpg").unlink()
    export(run, tiny_copy)
    assert contents(tiny_copy)["manifest.json"] != before["manifest.json"]
    (tiny_copy / "holiday.jpg").write_bytes(b"mine")
    export(run, tiny_copy, force=True)
    assert set(contents(tiny_copy)) == FP32_FILES


def test_an_out_that_is_a_file(run: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    for force in (False, True):
        with pytest.raises(OutputError, match="expected a folder, found a file"):
            export(run, tmp_path / "out", force=force)
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.usefixtures("graphs_made_once")
def test_a_folder_that_does_not_verify_is_not_published(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = evidence.golden

    def wrong(source: ExportSource) -> tuple[Golden, ...]:
        first, *others = original(source)
        return (replace(first, target=f"{first.target} x"), *others)

    monkeypatch.setattr(evidence, "golden", wrong)
    message = r"the finished export: golden sentences: .*: expected '.* x' .*; not published"
    with pytest.raises(ParityError, match=message):
        export(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("graphs_made_once")
def test_golden_sentences_hold_no_tie(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were ties wider, nothing that the untrained model says would be without one."""
    monkeypatch.setattr(evidence, "TIE_MARGIN", 1.0)
    assert export(run, tmp_path / "out").golden == ()
    assert verify(tmp_path / "out").passed


def test_a_missing_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ArtefactNotFoundError):
        export(tmp_path, tmp_path / "out")
    assert main(["--run", str(tmp_path), "--out", str(tmp_path / "out")]) == 3
    assert capsys.readouterr().err.startswith(f"error: {tmp_path / 'best.pt'}: no checkpoint")
    assert not (tmp_path / "out").exists()


def test_graphs_that_differ_are_not_published(
    run: Path, tiny_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A graph whose weights are a little off passes every structural check, not the gate."""
    exporter = onnx_export.to_onnx

    def off(module: torch.nn.Module, spec: StepSpec, record: GraphRecord) -> bytes:
        state = {name: tensor + 1e-3 for name, tensor in module.state_dict().items()}
        saved = {name: tensor.clone() for name, tensor in module.state_dict().items()}
        module.load_state_dict(state)
        try:
            return exporter(module, spec, record)
        finally:
            module.load_state_dict(saved)

    monkeypatch.setattr(onnx_export, "to_onnx", off)
    before = contents(tiny_copy)
    with pytest.raises(ParityError, match=r"ONNX Runtime \(cpu\): encoder hidden differs"):
        export(run, tiny_copy)
    assert contents(tiny_copy) == before
    assert sorted(path.name for path in tiny_copy.parent.iterdir()) == ["exported", "run"]


@pytest.mark.parametrize(("model_name", "name"), [("tutorial", "tokens"), ("attention", "memory")])
def test_a_graph_with_a_frozen_length_is_not_published(
    run: Path, tiny_copy: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The fault of torch 2.13 that ``onnx_export`` prevents; int8 graphs would inherit it."""
    exported = onnx_export._exported

    def frozen(module: torch.nn.Module, spec: StepSpec, record: GraphRecord) -> bytes:
        model = onnx.load_from_string(exported(module, spec, record))
        for value in (*model.graph.input, *model.graph.output):
            if value.name == name:
                value.type.tensor_type.shape.dim[0].dim_value = 3
        content: bytes = model.SerializeToString()
        return content

    monkeypatch.setattr(onnx_export, "_exported", frozen)
    before = contents(tiny_copy)
    with pytest.raises(ModuleError, match=rf"^encoder\.onnx: .* found .*{name} \w+\[3, B"):
        export(run, tiny_copy, precision="int8")
    assert contents(tiny_copy) == before


KILL_AT_THE_SWAP = """
import ctypes, os, signal, sys, types
import torch
from s2s_export import export

load = ctypes.CDLL
renameat2 = load(None).renameat2

def killed(*arguments):
    if sys.argv[1] == "after":
        renameat2(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)

def library(name, *arguments, **options):
    return types.SimpleNamespace(renameat2=killed) if name is None else load(name)

ctypes.CDLL = library
export.main(["--run", sys.argv[2], "--out", sys.argv[3]])
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_sigkill_at_the_swap_leaves_the_old_folder_or_the_new_one(
    run: Path, tiny_copy: Path, moment: str
) -> None:
    before = contents(tiny_copy)
    command = [sys.executable, "-c", KILL_AT_THE_SWAP, moment, str(run), str(tiny_copy)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    after = contents(tiny_copy)
    if moment == "before":
        assert after == before
    else:
        assert after["manifest.json"] != before["manifest.json"]
        Translator(tiny_copy)  # it compares each file with the manifest


@pytest.mark.usefixtures("graphs_made_once")
def test_export_without_renameat2(
    run: Path, tiny_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not Linux: two renames."""
    monkeypatch.setattr("ctypes.CDLL", lambda *_, **__: object())
    before = contents(tiny_copy)
    export(run, tiny_copy)
    assert contents(tiny_copy) != before
    assert sorted(path.name for path in tiny_copy.parent.iterdir()) == ["exported", "run"]


@pytest.mark.usefixtures("graphs_made_once")
def test_the_folder_itself_may_be_a_link(run: Path, tiny_copy: Path) -> None:
    link = tiny_copy.with_name("link")
    link.symlink_to(tiny_copy)
    manifest = export(run, link)
    assert link.is_symlink()
    assert (tiny_copy / "manifest.json").read_bytes() == manifest_file.to_bytes(manifest)


@pytest.mark.usefixtures("graphs_made_once")
def test_the_published_folder_is_readable_by_others(run: Path, tmp_path: Path) -> None:
    export(run, tmp_path / "out")
    modes = {path.stat().st_mode & 0o004 for path in (tmp_path / "out").iterdir()}
    assert (tmp_path / "out").stat().st_mode & 0o005 == 0o005
    assert modes == {0o004}


def test_the_readme_of_the_checkout_is_the_exported_one() -> None:
    checkout = Path(__file__).parents[3] / "exported" / "README.md"
    assert checkout.read_bytes() == build.readme()
