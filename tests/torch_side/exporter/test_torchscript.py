"""The TorchScript files: they work without this project, and an export may do without them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from s2s_export import Translator
from s2s_export.export import main
from s2s_export.exporter import build, torchscript
from s2s_export.exporter.source import ExportSource
from s2s_export.verify import verify
from training.run import checkpoint as checkpoints
from training.run.checkpoint import Checkpoint

from ..each_model import EACH_MODEL

FP32_FILES = build.OWN_FILES - {
    *("encoder.int8.onnx", "decoder.int8.onnx", "source.merges", "target.merges")
}
ROOT = Path(__file__).parents[3]
BLOCKED = """
import sys

class Blocked:
    def find_spec(self, name, *_):
        if name.partition(".")[0] in ("s2s_export", "training", "onnx", "onnxruntime"):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
sys.argv = sys.argv[:1] + sys.argv[2:]
import warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of TorchScript itself
exec(compile(open(PROGRAM).read(), "translate.py", "exec"))
"""


def test_the_code_in_the_docs_translates_without_this_project(tiny_3: Path, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "torchscript.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    program = tmp_path / "translate.py"
    program.write_text(code, encoding="utf-8")
    translator = Translator(tiny_3)
    for golden in translator.manifest.golden[:3]:
        found = subprocess.run(
            [
                *(sys.executable, "-I", "-c", f"PROGRAM = {str(program)!r}\n{BLOCKED}", "-"),
                *(str(tiny_3), " ".join(translator.source.tokens(golden.source))),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert found.stdout.strip() == golden.target == translator.translate(golden.source)


@EACH_MODEL
def test_export_without_torchscript_has_the_onnx_graphs(
    source: ExportSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python 3.14, simulated."""

    def refuse(*_: object) -> None:
        raise AssertionError("torch.jit was called")

    monkeypatch.setattr(torchscript, "to_torchscript", refuse)
    reason = "TorchScript is not supported on Python 3.14; export with an older one"
    monkeypatch.setattr(torchscript, "unsupported_because", lambda: reason)
    manifest = build.build(source, tmp_path / "out", force=False)
    assert manifest.torchscript.encoder is None
    assert manifest.torchscript.decoder is None
    assert manifest.torchscript.missing_because == reason
    assert manifest.parity.keys() == {"ONNX Runtime (cpu)"}
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == FP32_FILES - {"encoder.pt", "decoder.pt"}
    assert verify(tmp_path / "out").passed


def test_an_export_without_torchscript_and_with_an_attribution(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    checkpoints.save(checkpoint, run)
    command = ["--run", str(run), "--out", str(tmp_path / "out"), "--no-torchscript"]
    assert main([*command, "--attribution", "the makers, CC BY 2.0"]) == 0
    manifest = Translator(tmp_path / "out").manifest
    assert manifest.training["attribution"] == "the makers, CC BY 2.0"
    assert manifest.torchscript.encoder is None
    assert manifest.torchscript.missing_because == "left out at the export"
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == FP32_FILES - {"encoder.pt", "decoder.pt"}
    assert verify(tmp_path / "out").passed


@pytest.mark.parametrize(("version", "supported"), [((3, 13, 9), True), ((3, 14, 0), False)])
def test_python_versions_with_torchscript(
    version: tuple[int, ...], supported: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("s2s_export.exporter.torchscript.sys.version_info", version)
    reason = torchscript.unsupported_because()
    assert (reason is None) is supported
    assert reason is None or reason.startswith("TorchScript is not supported on Python 3.14")
