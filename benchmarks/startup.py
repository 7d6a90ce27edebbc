"""Time and memory to an app's first translation: ``python -m benchmarks.startup``.

Fresh processes, in turn: this package from import to the first translation; onnxruntime imported
and the same two graphs opened; and PyTorch with the TorchScript files. The memory is the process's
maximum.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_ROUNDS = 9
_MEASURED = """
import json, os, resource, sys, time
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
started = time.perf_counter()
{code}
elapsed = time.perf_counter() - started
unit = 1 if sys.platform == "darwin" else 1024
print(json.dumps([elapsed, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit]))
"""
VARIANTS = {
    "onnxruntime, two graphs opened": """
import onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
for name in ("encoder", "decoder"):
    onnxruntime.InferenceSession(
        f"{sys.argv[1]}/{name}.onnx", options, providers=["CPUExecutionProvider"]
    )
""",
    "Translator, first translation": """
from s2s_export import Translator
Translator(sys.argv[1]).translate(sys.argv[2])
""",
    "Translator, int8": """
from s2s_export import Translator
Translator(sys.argv[1], precision="int8").translate(sys.argv[2])
""",
    "PyTorch, two TorchScript files": """
import warnings
warnings.simplefilter("ignore")
import torch
for name in ("encoder", "decoder"):
    torch.jit.load(f"{sys.argv[1]}/{name}.pt")
""",
    "--help": """
import contextlib, io
from s2s_export.__main__ import main
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
    main(["--help"])
""",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each variant."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startup", description=__doc__)
    parser.add_argument(
        "--exported", type=Path, default=Path("exported"), help="exported with --precision int8"
    )
    options = parser.parse_args(arguments)
    manifest = json.loads((options.exported / "manifest.json").read_bytes())
    text = manifest["golden"][0]["source"]
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in VARIANTS}
    for _ in range(_ROUNDS):
        for name, code in VARIANTS.items():
            runs[name].append(run_fresh(code, options.exported, text))
    baseline = statistics.median(time for time, _ in next(iter(runs.values())))
    print(f"{'':32} {'ms':>6} {'times':>6} {'MB':>5}   (median and range of {_ROUNDS}, in turn)")
    for name, measured in runs.items():
        times = [time for time, _ in measured]
        median, memory = statistics.median(times), max(size for _, size in measured)
        span = f"{min(times):.0f}-{max(times):.0f}"
        print(f"{name:32} {median:6.0f} {median / baseline:6.2f} {memory:5.0f}   ({span})")
    return 0


def run_fresh(code: str, folder: Path, text: str) -> tuple[float, float]:
    """Return the milliseconds and the megabytes that a fresh process takes for some code."""
    command = [sys.executable, "-c", _MEASURED.format(code=code), str(folder), text]
    seconds, memory = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return 1e3 * seconds, memory / 1e6


if __name__ == "__main__":
    sys.exit(main())
