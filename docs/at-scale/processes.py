"""Translate a CSV file with several processes, without any other engine.

    python processes.py french.csv english.csv --model exported/ --workers 2

The output has the rows of the input in their order, and three more columns: ``translation``,
``score``, and ``error``, which says why a text has no translation.

Chunks of rows are translated, and each is a file of its own as soon as it is done. A worker that
dies is replaced and its chunk is done again; a text that kills its worker each time is found by
halving the chunk, and is a row with an error. When this program itself dies, the same command goes
on with the chunks that are missing. The output gets its name when it is complete.
"""

import argparse
import csv
import functools
import hashlib
import itertools
import multiprocessing
import os
import queue
import shutil
import sys
import threading
from collections.abc import Iterator
from concurrent import futures
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import s2s_export
from s2s_export import S2SError, Translator

RESULT = ("translation", "score", "error")
TRIES = 2
"""Workers that may die of the same texts before these are halved, or one text is given up."""

Row = list[str]
Result = tuple[str, str, str]


# In a worker.


@functools.cache
def translator(model: str) -> Translator:
    """Load the model, once in each process."""
    return Translator(model)


def translate(model: str, texts: list[str]) -> list[Result]:
    """Return translation, score and error of each text."""
    errors: dict[int | None, str] = {}
    translations = translator(model).translate_iter(
        texts, batch_size=128, on_error=lambda error: errors.update({error.index: str(error)})
    )
    results = []
    for index, translation in enumerate(translations):
        if index in errors:
            results.append(("", "", errors[index]))
        elif not translation.tokens:
            results.append(("", "", "there is no word in it that the model knows"))
        else:
            results.append((translation.text, f"{translation.score:.4f}", ""))
    return results


def model_version(model: str) -> str:
    """Return what tells a model and its release from others."""
    return f"{s2s_export.__version__} {sorted(translator(model).manifest.files.items())}"


def end_with_parent() -> None:
    """Let this process end when its parent dies; it would wait for chunks for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


# In the program.


class Worker:
    """A process that translates; another one takes its place when it dies."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.start()

    def start(self) -> None:
        """Prepare a process, which starts with the first texts."""
        context = multiprocessing.get_context("spawn")
        self.process = ProcessPoolExecutor(1, context, initializer=end_with_parent)

    def attempt(self, texts: list[str]) -> list[Result] | None:
        """Return the result of each text, or ``None`` if the worker dies each time."""
        for _ in range(TRIES):
            try:
                return self.process.submit(translate, self.model, texts).result()
            except BrokenProcessPool:
                print(f"a worker died with {len(texts):,} texts", file=sys.stderr)
                self.process.shutdown()
                self.start()
        return None

    def results(self, texts: list[str]) -> list[Result]:
        """Return the result of each text, also of one that kills its worker."""
        results = self.attempt(texts)
        if results is not None:
            return results
        if len(texts) == 1:
            if self.attempt([]) is None:
                raise SystemExit("workers die before they translate: is there enough memory?")
            return [("", "", f"{TRIES} workers died of it alone")]
        middle = len(texts) // 2
        return self.results(texts[:middle]) + self.results(texts[middle:])


@contextmanager
def rows_of(path: Path) -> Iterator[Iterator[Row]]:
    """Open a CSV file; bytes that are not UTF-8 stay what they are."""
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        yield csv.reader(file)


@contextmanager
def replacing(path: Path) -> Iterator[IO[str]]:
    """Write a file that gets its name when it is complete and on the disk."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    with temporary.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def check(path: Path, column: str) -> tuple[Row, int]:
    """Return the header and the number of rows, after a look at the fields of all rows."""
    with rows_of(path) as rows:
        header = next(rows, [])
        if column not in header:
            raise SystemExit(f"{path}: expected a column {column!r}, found {header}")
        count = 0
        for count, row in enumerate(rows, 1):
            if len(row) != len(header):
                raise SystemExit(
                    f"{path}: row {count}: expected {len(header)} fields, found {len(row)}"
                )
    return header, count


def chunks(path: Path, size: int) -> Iterator[list[Row]]:
    """Yield the rows without the header, so many at a time."""
    with rows_of(path) as rows:
        next(rows)
        while chunk := list(itertools.islice(rows, size)):
            yield chunk


def write_part(idle: "queue.SimpleQueue[Worker]", chunk: list[Row], text: int, part: Path) -> None:
    """Translate a chunk with the next idle worker; ``text`` is the column's number."""
    worker = idle.get()
    try:
        results = worker.results([row[text] for row in chunk])
    finally:
        idle.put(worker)
    with replacing(part) as file:
        csv.writer(file).writerows([*row, *more] for row, more in zip(chunk, results, strict=True))


def write_parts(
    options: argparse.Namespace, header: Row, workers: list[Worker], folder: Path
) -> list[Path]:
    """Write the parts that are missing, a few at a time; return all, in order."""
    idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
    for worker in workers:
        idle.put(worker)
    parts = []
    running: set[Future[None]] = set()
    with ThreadPoolExecutor(len(workers)) as threads:
        for number, chunk in enumerate(chunks(options.input, options.chunk)):
            parts.append(folder / f"{number}.csv")
            if parts[-1].exists():
                continue
            text = header.index(options.column)
            running.add(threads.submit(write_part, idle, chunk, text, parts[-1]))
            if len(running) == len(workers):
                done, running = futures.wait(running, return_when=futures.FIRST_COMPLETED)
                for future in done:
                    future.result()
        for future in running:
            future.result()
    return parts


def run(options: argparse.Namespace) -> None:
    """Translate the file."""
    header, count = check(options.input, options.column)
    workers = [Worker(options.model) for _ in range(options.workers)]
    try:
        version = workers[0].process.submit(model_version, options.model).result()
        with options.input.open("rb") as file:
            data = hashlib.file_digest(file, "sha256").hexdigest()
        job = hashlib.sha256(f"{version} {data} {options.column} {options.chunk}".encode())
        folder = options.output.with_name(f"{options.output.name}.{job.hexdigest()[:12]}.parts")
        folder.mkdir(exist_ok=True)
        parts = write_parts(options, header, workers, folder)
    finally:
        for worker in workers:
            worker.process.shutdown()
    with replacing(options.output) as file:
        csv.writer(file).writerow([*header, *RESULT])
        for part in parts:
            with part.open(encoding="utf-8", errors="surrogateescape", newline="") as rows:
                shutil.copyfileobj(rows, file)
    shutil.rmtree(folder)
    print(f"{options.output}: {count:,} rows")


def main() -> None:
    """Read the options, and translate."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("input", type=Path, help="CSV file in UTF-8, with a header")
    parser.add_argument("output", type=Path, help="CSV file to write")
    parser.add_argument("--model", default="exported", help="exported folder, or a zip of one")
    parser.add_argument("--column", default="text", help="the column to translate")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--chunk", type=int, default=1000, help="rows that are done at a time")
    csv.field_size_limit(2**31 - 1)  # a text that is too long is a row with an error
    try:
        run(parser.parse_args())
    except S2SError as error:  # the message names the fault, its place and the remedy
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
