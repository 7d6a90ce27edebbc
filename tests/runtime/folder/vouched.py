"""Damages an exported folder again and again, each time with a manifest that vouches for it.

A program of its own for ``test_vouched.py``, so that a crash of ONNX Runtime ends a process and not
the tests: it forks one for each damaged folder, within bounds of time and memory, and prints how
they ended as JSON. Call: ``vouched.py FOLDER WORK CASES``.
"""

import collections
import hashlib
import json
import os
import random
import resource
import shutil
import signal
import sys
from pathlib import Path

import numpy as np
import onnxruntime

from s2s_export import Translator
from s2s_export.errors import S2SError
from s2s_export.verify import verify

ERROR, INTACT, DIFFERENT, FOREIGN = 10, 11, 12, 13
NAMES = {ERROR: "own error", INTACT: "intact", DIFFERENT: "different", FOREIGN: "foreign error"}
MEMORY = 4 * 2**30  # bytes of address space; a sound folder needs less than one
SECONDS = 30


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Damage some bytes, in one of several ways."""
    result = bytearray(content)
    kind = rng.randrange(5)
    at = rng.randrange(len(result))
    if kind < 2:
        result[at] ^= 1 << rng.randrange(8)
    elif kind == 2:
        result[at : at + 8] = rng.randbytes(8)
    elif kind == 3:
        del result[at : at + rng.randrange(1, 64)]
    else:
        result[at:at] = rng.randbytes(rng.randrange(1, 16))
    return bytes(result)


def vouch(folder: Path) -> None:
    """Make the manifest agree with the files."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_bytes())
    for name, record in manifest["files"].items():
        content = (folder / name).read_bytes()
        record.update(size=len(content), sha256=hashlib.sha256(content).hexdigest())
    manifest["manifest_sha256"] = "0" * 64
    blank = json.dumps(manifest).encode()
    digest = hashlib.sha256(blank).hexdigest()
    path.write_bytes(blank.replace(b'"' + b"0" * 64 + b'"', f'"{digest}"'.encode()))


def attempt(folder: Path, golden: list[dict[str, str]]) -> int:
    """Verify the folder; if that finds nothing, translate what was translated before."""
    try:
        if not verify(folder).passed:
            return ERROR
        translator = Translator(folder)
        same = all(translator.translate(entry["source"]) == entry["target"] for entry in golden)
    except S2SError:
        return ERROR
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return FOREIGN
    return INTACT if same else DIFFERENT


def ending(status: int) -> str:
    """Name the way in which a process ended."""
    if os.WIFSIGNALED(status):
        return f"crash: {signal.Signals(os.WTERMSIG(status)).name}"
    return NAMES.get(os.WEXITSTATUS(status), f"crash: exit {os.WEXITSTATUS(status)}")


def main(folder: Path, work: Path, cases: int) -> None:
    """Try so many damaged folders."""
    golden = json.loads((folder / "manifest.json").read_bytes())["golden"]
    assert onnxruntime.__version__
    assert np.__version__  # both are imported here once, not in each process
    endings: collections.Counter[str] = collections.Counter()
    listed = []
    for case in range(cases):
        rng = random.Random(case)
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(folder, work)
        weights = {"encoder.onnx": 4, "decoder.onnx": 4, "source.vocab": 1, "target.vocab": 1}
        [name] = rng.choices(list(weights), list(weights.values()))
        path = work / name
        path.write_bytes(damaged(path.read_bytes(), rng))
        vouch(work)
        child = os.fork()
        if child == 0:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            signal.alarm(SECONDS)
            os._exit(attempt(work, golden))
        _, status = os.waitpid(child, 0)
        how = ending(status)
        endings[how] += 1
        if how.startswith(("crash", "different", "foreign")):
            listed.append(f"case {case}, {name}: {how}")
    print(json.dumps({"endings": endings, "listed": listed}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
