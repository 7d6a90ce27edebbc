"""Loading from a folder, a zip and memory: ``python -m benchmarks.sources --model exported/``.

Each way in turn, in one process: the time to read and check the files alone, and to make a
Translator; the size of what is shipped, or of the pickle. TorchScript files and the README are left
out, as in a zip that an export writes.
"""

import argparse
import io
import pickle
import statistics
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from s2s_export import Translator
from s2s_export.exporter.publishing.atomic_zip import zip_of
from s2s_export.folder.reader import read_folder
from s2s_export.folder.sources.location import files_at
from s2s_export.folder.sources.memory import MemoryFiles

_ROUNDS = 15
_LEFT_OUT = (".pt", ".md")


@dataclass(frozen=True)
class Way:
    """A way to load.

    Attributes:
        bytes: of what is shipped.
        read: reads and checks the files.
        load: makes a Translator.
    """

    bytes: int
    read: Callable[[], object]
    load: Callable[[], object]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each way."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sources", description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("exported"), help="exported folder")
    options = parser.parse_args(arguments)
    files = {path.name: path.read_bytes() for path in sorted(options.model.iterdir())}
    files = {name: content for name, content in files.items() if not name.endswith(_LEFT_OUT)}
    with tempfile.TemporaryDirectory() as work:
        ways = _ways(files, Path(work))
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for _ in range(_ROUNDS):
            for name, way in ways.items():
                times[name].append((_milliseconds(way.read), _milliseconds(way.load)))
    print(f"{'':24} {'MB':>6} {'read ms':>8} {'load ms':>8} {'times':>6}   (medians of {_ROUNDS})")
    medians = {name: [*map(statistics.median, zip(*t, strict=True))] for name, t in times.items()}
    folder = medians["folder"][1]
    for name, (read, load) in medians.items():
        size = ways[name].bytes / 1e6
        print(f"{name:24} {size:6.2f} {read:8.1f} {load:8.1f} {load / folder:6.2f}")
    return 0


def _ways(files: Mapping[str, bytes], work: Path) -> dict[str, Way]:
    folder, stored, deflated = work / "exported", work / "stored.zip", work / "deflated.zip"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    stored.write_bytes(zip_of(files))
    deflated.write_bytes(_deflated(files))
    pickled = pickle.dumps(Translator.from_files(files))
    return {
        "folder": Way(sum(map(len, files.values())), *_at_path(folder)),
        "zip, as exported": Way(stored.stat().st_size, *_at_path(stored)),
        "zip, deflated": Way(deflated.stat().st_size, *_at_path(deflated)),
        "from_files": Way(
            sum(map(len, files.values())),
            lambda: read_folder(MemoryFiles(files)),
            lambda: Translator.from_files(files),
        ),
        "pickle of from_files": Way(
            len(pickled), lambda: read_folder(MemoryFiles(files)), lambda: pickle.loads(pickled)
        ),
    }


def _at_path(path: Path) -> tuple[Callable[[], object], Callable[[], object]]:
    return lambda: read_folder(files_at(path)), lambda: Translator(path)


def _deflated(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _milliseconds(task: Callable[[], object]) -> float:
    started = time.perf_counter()
    task()
    return 1e3 * (time.perf_counter() - started)


if __name__ == "__main__":
    raise SystemExit(main())
