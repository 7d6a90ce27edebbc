"""Export to a zip: the folder's files, the same bytes each time, proven before publication."""

import io
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from s2s_export import Translator, export, info
from s2s_export.errors import OutputError, ParityError
from s2s_export.exporter import build, evidence
from s2s_export.exporter.source import ExportSource
from s2s_export.folder import manifest_file
from s2s_export.verify import verify
from training.run import checkpoint as checkpoints
from training.run.checkpoint import Checkpoint


@pytest.fixture
def run(checkpoint: Checkpoint, tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    checkpoints.save(checkpoint, folder)
    return folder


def test_a_zip_is_the_folder_without_torchscript_and_the_same_each_time(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Graphs are made anew each time, with int8."""
    one, two, folder = tmp_path / "one.zip", tmp_path / "two.zip", tmp_path / "folder"
    command = ["--run", str(run), "--precision", "int8", "--out"]
    assert export.main([*command, str(one)]) == 0
    out = capsys.readouterr().out
    assert f"wrote {one}: " in out
    assert f'next: python -m s2s_export --model {one} "' in out
    assert export.main([*command, str(two), "--no-torchscript"]) == 0
    assert one.read_bytes() == two.read_bytes()
    assert export.main([*command, str(folder), "--no-torchscript"]) == 0
    with zipfile.ZipFile(one) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert files == {path.name: path.read_bytes() for path in folder.iterdir()}
    assert verify(one).passed
    assert verify(one).checks == verify(folder).checks
    assert info.main([str(one)]) == 0
    assert "left out at the export" in capsys.readouterr().out
    for precision in ("fp32", "int8"):
        translator = Translator(one, precision=precision)
        golden = translator.manifest.golden[0]
        if precision == "fp32":
            assert translator.translate(golden.source) == golden.target


@pytest.fixture
def built_once(source: ExportSource, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make and prove the graphs once: these tests are about what comes afterwards."""
    graphs = build.build_graphs(source)
    proven = evidence.check_parity(source, graphs, None)
    monkeypatch.setattr(build, "build_graphs", lambda *_: graphs)
    monkeypatch.setattr(evidence, "check_parity", lambda *_: proven)


@pytest.mark.usefixtures("built_once")
def test_a_zip_that_does_not_verify_is_not_published(
    source: ExportSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes of the zip itself are proven, not those that went into it."""
    target = tmp_path / "model.zip"
    manifest = build.build(source, target, force=False)
    before = target.read_bytes()
    with zipfile.ZipFile(io.BytesIO(before)) as archive:
        assert archive.read("manifest.json") == manifest_file.to_bytes(manifest)
    golden = evidence.golden(source)
    wrong = (replace(golden[0], target="x"), *golden[1:])
    with monkeypatch.context() as patch:
        patch.setattr(evidence, "golden", lambda _: wrong)
        with pytest.raises(ParityError, match=r"golden sentences: .*: expected 'x' .*; not publi"):
            build.build(source, target, force=False)
    assert target.read_bytes() == before
    with monkeypatch.context() as patch:
        patch.setattr("s2s_export.exporter.publishing.publication.zip_of", lambda _: before[:-9])
        with pytest.raises(
            ParityError, match=r"manifest\.json: .* the zip is truncated or damaged"
        ):
            build.build(source, target, force=False)
    assert target.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"model.zip", "run-of-checkpoint"}


@pytest.mark.usefixtures("built_once")
def test_foreign_files_are_replaced_only_with_force(
    source: ExportSource, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "model.zip"
    shutil.make_archive(str(target.with_suffix("")), "zip", run)
    before = target.read_bytes()
    with pytest.raises(OutputError, match="it is no zip that an export wrote; choose another"):
        build.build(source, target, force=False)
    assert export.main(["--run", str(run), "--out", str(target)]) == 3
    assert "it is no zip that an export wrote" in capsys.readouterr().err
    assert target.read_bytes() == before
    build.build(source, target, force=True)
    assert verify(target).passed
