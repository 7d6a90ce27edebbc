"""The run time needs numpy and onnxruntime, writes no file and opens no connection."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BLOCKED = ("torch", "onnx", "onnxscript", "training", "matplotlib", "tqdm", "scipy", "pandas")

UNSET = ("CI", "ORT_DISABLE_TELEMETRY", "PYTHONPATH", "XDG_CACHE_HOME")
"""With CI set, ONNX Runtime would not report home anyway."""

TRANSLATE = """
import sys
for name in {blocked!r}:
    sys.modules[name] = None

def audit(event, arguments):
    if event.startswith("socket.") or event in ("subprocess.Popen", "os.system"):
        raise RuntimeError(f"the run time did {{event}} {{arguments}}")
sys.addaudithook(audit)

from s2s_export import Translator
assert "onnxruntime" not in sys.modules, "imported before a Translator was made"
print(Translator(sys.argv[1]).translate("Je suis en retard."))

foreign = {{
    name.partition(".")[0] for name, module in sys.modules.items() if module is not None
}} - set(sys.stdlib_module_names) - before
# Cython's, in the modules of numpy 1.26
foreign = {{name for name in foreign if not name.startswith(("cython_runtime", "_cython_"))}}
assert foreign <= {{"s2s_export", "numpy", "onnxruntime"}}, foreign
"""


def test_no_torch_no_network_and_no_files_in_home(tiny: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if name not in UNSET}
    code = TRANSLATE.format(blocked=BLOCKED).replace(
        "import sys\n", "import sys\nbefore = {name.partition('.')[0] for name in sys.modules}\n", 1
    )
    process = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(tiny)],
        env={**environment, "HOME": str(home), "TMPDIR": str(home)},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (process.returncode, process.stdout, process.stderr) == (0, "i m late .\n", "")
    assert list(home.rglob("*")) == []


def test_python_O_translates_the_same(tiny: Path) -> None:  # noqa: N802
    process = subprocess.run(
        [sys.executable, "-O", "-m", "s2s_export", "--model", str(tiny), "J'ai froid."],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (process.returncode, process.stdout) == (0, "i m cold .\n")


def test_no_system_call_opens_a_socket_or_creates_a_file(tiny: Path, tmp_path: Path) -> None:
    """Below Python, where an audit hook does not see: ONNX Runtime is native code."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    home, trace = tmp_path / "home", tmp_path / "trace"
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if name not in UNSET}
    calls = "trace=socket,connect,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink"
    command = [strace, "-f", "-qq", "-e", calls, "-o", str(trace)]
    command += [sys.executable, "-m", "s2s_export", "--model", str(tiny), "J'ai froid."]
    process = subprocess.run(
        command,
        env={**environment, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode != 0 and "ptrace" in process.stderr:
        pytest.skip("strace may not trace here")
    assert process.stdout == "i m cold .\n"
    lines = trace.read_text().splitlines()
    assert any("encoder.onnx" in line for line in lines), "the trace does not show the run"
    reading = re.compile(r"openat\(.*O_RDONLY|/dev/|\+\+\+|---")
    assert [line for line in lines if not reading.search(line)] == []
