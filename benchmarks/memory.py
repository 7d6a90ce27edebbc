"""Memory of a process by the size of a batch: ``python -m benchmarks.memory --model exported/``.

Each row is a fresh process, on Linux: a Translator that has translated one sentence (*before*),
translates one batch (*peak*), drops the translations (*after*) and translates one more sentence
(*later*). The same follows with session options of the app's own, with which no batch is cut into
smaller ones.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

BATCHES = (1, 128, 1024, 4096)
COLUMNS = ("before", "peak", "after", "later")
_MEASURED = """
import itertools, json, sys
from s2s_export import Translator

def megabytes(field):
    with open("/proc/self/status") as file:
        [line] = [line for line in file if line.startswith(field)]
    return int(line.split()[1]) * 1024 / 1e6

folder, batch_size = sys.argv[1], int(sys.argv[2])
{code}
golden = [entry.source for entry in translator.manifest.golden]
texts = list(itertools.islice(itertools.cycle(golden), batch_size))
translator.translate(golden[0])
found = [megabytes("VmRSS")]
translations = translator.translate_batch(texts, batch_size=batch_size)
found.append(megabytes("VmHWM"))
del translations
found.append(megabytes("VmRSS"))
translator.translate(golden[0])
found.append(megabytes("VmRSS"))
print(json.dumps(found))
"""
VARIANTS = {
    "Translator": "translator = Translator(folder)",
    "own session options, uncut": """
import onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
translator = Translator(folder, session_options=options)
""",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table for each variant, a row for each size of a batch."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("exported"), help="exported folder")
    options = parser.parse_args(arguments)
    print("resident MB of a process")
    for name, code in VARIANTS.items():
        print(f"\n{name:30}" + "".join(f"{column:>8}" for column in COLUMNS))
        for batch_size in BATCHES:
            cells = "".join(f"{size:8.0f}" for size in measure(code, options.model, batch_size))
            print(f"batch of {batch_size:<21,}" + cells, flush=True)
    return 0


def measure(code: str, folder: Path, batch_size: int) -> list[float]:
    """Return the megabytes of each column, for one batch in a fresh process."""
    program = _MEASURED.format(code=code)
    command = [sys.executable, "-c", program, str(folder), str(batch_size)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    found: list[float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    sys.exit(main())
