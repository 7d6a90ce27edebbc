"""Kills publishing processes at random instants, two at a time, and looks at what is left.

A program of its own for ``test_atomic_folder.py``: it forks, and pytest's process has threads.
Call: ``killed_publishing.py TARGET KILLS``. It publishes generation after generation of three
files, each holding the number of its generation, and prints its findings as JSON. TARGET is a
folder, or a zip if it ends in ``.zip``.
"""

import json
import os
import random
import signal
import sys
import time
import zipfile
from pathlib import Path

from s2s_export.exporter.publishing.publication import is_zip, publishing

NAMES = ("manifest.json", "encoder.onnx", "decoder.onnx")
SIZE = 20_000  # bytes of a file


def content(generation: int) -> bytes:
    return f"{generation:08}".encode() * (SIZE // 8)


def publish(target: Path, generation: int) -> None:
    with publishing(target, NAMES, force=False) as write:
        write(dict.fromkeys(NAMES, content(generation)))


def publish_without_end(target: Path, start: int) -> None:
    generation = start
    while True:
        publish(target, generation)
        generation += 2


def published(target: Path) -> dict[str, bytes]:
    if not is_zip(target):
        return {path.name: path.read_bytes() for path in target.iterdir()}
    with zipfile.ZipFile(target) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def generation_of(target: Path) -> int:
    """Return the generation that all files are of; anything else is an error."""
    files = published(target)
    assert sorted(files) == sorted(NAMES)
    contents = {*files.values()}
    assert len(contents) == 1, "a mix of two exports"
    [found] = contents
    generation = int(found[:8])
    assert found == content(generation), "a part of a file"
    return generation


def main(target: Path, kills: int) -> None:
    rng = random.Random(0)
    publish(target, 0)
    generations, leftovers = set(), 0
    for kill in range(kills // 2):
        children = []
        for start in (1000 * (kill + 1), 1000 * (kill + 1) + 1):
            child = os.fork()
            if child == 0:
                publish_without_end(target, start)
            children.append(child)
        for child in children:
            time.sleep(rng.uniform(0, 0.03))
            os.kill(child, signal.SIGKILL)
        for child in children:
            os.waitpid(child, 0)
        generations.add(generation_of(target))
        leftovers += sum(path != target for path in target.parent.iterdir())
    publish(target, 1)
    left = sorted(path.name for path in target.parent.iterdir())
    print(json.dumps({"generations": len(generations), "leftovers": leftovers, "left": left}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
