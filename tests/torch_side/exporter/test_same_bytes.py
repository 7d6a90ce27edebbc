"""A checkpoint gives the same bytes in each process, and they tell nothing of the machine."""

import json
import subprocess
import sys
import time
from pathlib import Path

import onnx

from s2s_export.export import export
from s2s_export.exporter import build, torchscript
from training.run import checkpoint as checkpoints
from training.run.checkpoint import Checkpoint

from ..each_model import EACH_MODEL

EXPORT = """
import sys
from pathlib import Path
from s2s_export.export import export
export(Path(sys.argv[1]), Path(sys.argv[2]))
"""


@EACH_MODEL
def test_another_process_exports_the_same_bytes(checkpoint: Checkpoint, tmp_path: Path) -> None:
    """Whatever the seed of Python's hashes; of TorchScript, the tensors, which are recorded."""
    run, here, there = (tmp_path / name for name in ("run", "here", "there"))
    run.mkdir()
    checkpoints.save(checkpoint, run)
    export(run, here)
    subprocess.run(
        [sys.executable, "-c", EXPORT, str(run), str(there)],
        env={"PYTHONHASHSEED": "1", "OMP_NUM_THREADS": "1", "PATH": ""},
        check=True,
    )
    scripts = {"encoder": "encoder.pt", "decoder": "decoder.pt"}
    written = {path.name for path in here.iterdir()}
    assert build.OWN_FILES > written > {"encoder.onnx", "decoder.onnx", *scripts.values()}
    assert written == {path.name for path in there.iterdir()}
    for name in sorted(written - {*scripts.values()}):
        assert (here / name).read_bytes() == (there / name).read_bytes(), name
    records = json.loads((here / "manifest.json").read_text())["torchscript"]
    for kind, name in scripts.items():
        for folder in (here, there):
            loaded = torchscript.load((folder / name).read_bytes())
            assert torchscript.tensors_sha256(loaded) == records[kind]["tensors_sha256"]
    for name in sorted(written):
        _assert_nothing_of_the_machine((here / name).read_bytes(), tmp_path)


def _assert_nothing_of_the_machine(content: bytes, tmp_path: Path) -> None:
    project = Path(__file__).resolve().parents[3]
    packages = Path(onnx.__file__).resolve().parents[1]
    for path in (project, packages, tmp_path):
        assert str(path).encode() not in content
    for trace in (b"site-packages", b'.py"', time.strftime("%Y-").encode()):
        assert trace not in content
