"""The built-in phrasebook: the French–English pairs of ``phrasebook.tsv.gz``.

``training.fit`` and the benchmarks train on it unless other data is given. Standard library only.
"""

import gzip
from pathlib import Path

_FILE = Path(__file__).with_name("phrasebook.tsv.gz")


def phrasebook() -> list[tuple[str, str]]:
    """Return the pairs in the order of the file, English first."""
    with gzip.open(_FILE, "rt", encoding="utf-8", newline="\n") as file:
        rows = (line.removesuffix("\n").split("\t") for line in file)
        return [(english, french) for english, french in rows]
