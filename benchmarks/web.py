"""Speed in browsers: ``python -m benchmarks.web``, after ``npm ci`` in ``web/``.

This package, the reader in Node and the reader in headless Chromium translate the golden sentences
of a folder one by one and greedily, in turn, on one thread each. Then the time to the first
translation: of fresh processes, from the import on, and of fresh pages with an empty cache, from
the navigation on; and the files that such a page gets.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, get_args

from s2s_export import Translator
from s2s_export.folder.reader import Precision

from .startup import run_fresh

_ROUNDS = 9
_FIRST_ROUNDS = 5
_REPEATS = 5  # of all sentences in a round
_PROGRAM = Path(__file__).parents[1] / "web/benchmark/requests.js"

_FIRST = """
from s2s_export import Translator
Translator(sys.argv[1], precision="{precision}").translate(sys.argv[2])
"""

Task = Callable[[], float]
Ask = Callable[[str, Precision, list[str]], Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the times of a sentence, those to the first translation, and the sizes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web", description=__doc__)
    parser.add_argument(
        "--exported", type=Path, default=Path("exported"), help="exported with --precision int8"
    )
    options = parser.parse_args(arguments)
    manifest = json.loads((options.exported / "manifest.json").read_bytes())
    texts = [golden["source"] for golden in manifest["golden"]]
    with _javascript(options.exported) as ask:
        _print_times("a sentence", _ROUNDS, _sentence_tasks(options.exported, texts, ask))
        first = _first_tasks(options.exported, texts[0], ask)
        _print_times("the first translation", _FIRST_ROUNDS, first)
        _print_sizes(_files(texts[0], ask))
    return 0


@contextmanager
def _javascript(folder: Path) -> Iterator[Ask]:
    """Start the side in JavaScript; the function given sends a request and returns the answer."""
    command = ["node", str(_PROGRAM), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as js:
        yield partial(_ask, js)  # in the end its standard input is closed, and it ends, too


def _ask(js: subprocess.Popen[str], what: str, precision: Precision, texts: list[str]) -> Any:
    assert js.stdin is not None
    assert js.stdout is not None
    print(json.dumps([what, precision, texts]), file=js.stdin, flush=True)
    return json.loads(js.stdout.readline())


def _sentence_tasks(folder: Path, texts: list[str], ask: Ask) -> dict[str, Task]:
    """Return for each row a task that returns the milliseconds of a sentence."""
    texts = texts * _REPEATS
    tasks: dict[str, Task] = {}
    for precision in get_args(Precision):
        tasks[f"Python, {precision}"] = partial(
            _in_python, Translator(folder, precision=precision), texts
        )
        tasks[f"Node, {precision}"] = partial(ask, "node", precision, texts)
        tasks[f"Chromium, {precision}"] = partial(ask, "chromium", precision, texts)
    return {name: partial(_mean, task, len(texts)) for name, task in tasks.items()}


def _in_python(translator: Translator, texts: list[str]) -> float:
    started = time.perf_counter()
    for text in texts:
        translator.translate(text)
    return 1e3 * (time.perf_counter() - started)


def _mean(task: Task, sentences: int) -> float:
    return task() / sentences


def _first_tasks(folder: Path, text: str, ask: Ask) -> dict[str, Task]:
    """Return for each row a task that returns the milliseconds to a first translation."""
    tasks: dict[str, Task] = {}
    for precision in get_args(Precision):
        tasks[f"Python, {precision}"] = partial(_first_in_python, folder, precision, text)
        for where in ("node", "chromium"):
            task = partial(ask, f"first in {where}", precision, [text])
            tasks[f"{where.title()}, {precision}"] = task
    return tasks


def _first_in_python(folder: Path, precision: Precision, text: str) -> float:
    elapsed, _ = run_fresh(_FIRST.format(precision=precision), folder, text)
    return elapsed


def _print_times(title: str, rounds: int, tasks: dict[str, Task]) -> None:
    """Run the tasks in turn, once unmeasured; print medians and ranges, beside Python's."""
    runs: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds + 1):
        for name, task in tasks.items():
            runs[name].append(task())
    print(f"{title:24} {'ms':>7} {'times':>6}   (median and range of {rounds}, in turn)")
    for name, (_, *measured) in runs.items():
        baseline = statistics.median(runs[f"Python, {name.split(', ')[1]}"][1:])
        median, span = statistics.median(measured), f"{min(measured):.3g}-{max(measured):.3g}"
        print(f"{name:24} {median:7.2f} {median / baseline:6.2f}   ({span})")
    print()


def _files(text: str, ask: Ask) -> list[tuple[str, int, int]]:
    """Return part, bytes and bytes by gzip of each file, the folder's for both precisions."""
    files = [(*file,) for file in ask("files", "fp32", [text])]
    int8 = [(*file,) for file in ask("files", "int8", [text])]
    return files + [file for file in int8 if file[0].startswith("the folder")]


def _print_sizes(files: list[tuple[str, int, int]]) -> None:
    """Print the bytes of each part, and those that a server sends if it compresses."""
    sizes, compressed = Counter[str](), Counter[str]()
    for part, size, by_gzip in files:
        sizes[part] += size
        compressed[part] += by_gzip
    print(f"{'files of a page':28} {'MB':>7} {'gzip':>7}")
    for part, size in sizes.items():
        print(f"{part:28} {size / 1e6:7.3f} {compressed[part] / 1e6:7.3f}")


if __name__ == "__main__":
    sys.exit(main())
