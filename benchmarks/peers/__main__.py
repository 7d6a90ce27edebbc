"""This project beside others: ``python -m benchmarks.peers --tasks data/tasks``.

This project, yoyodyne and Phonetisaurus train on words and their pronunciations and are asked the
test words; g2p_en, which comes trained, is asked 2,000 of them. One program runs at a time, with
one thread on one core. What is done is kept in the folder ``--work``: the same command goes on
after an interruption. docs/peers.md has the settings and the table.
"""

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from s2s_export.atomic_file import replace_file

from . import environment, table
from .g2p_en import G2pEn
from .measurement import TIMED_WORDS, Row, measure
from .peer import Peer
from .phonetisaurus import Phonetisaurus
from .process import CommandError, adopt_orphans, use_one_core
from .tasks import TRAINING_WORDS, Task, read_task
from .this_project import ThisProject
from .yoyodyne import Yoyodyne

_QUICK_WORDS, _QUICK_EPOCHS = 300, 2
ROWS = (
    *("sig-hin/this", "sig-hin/yoyodyne", "sig-hin/phonetisaurus"),
    *("g2p/this", "g2p/yoyodyne", "g2p/phonetisaurus", "g2p/g2p_en"),
)
"""Task and program."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is not measured yet, and print the tables."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # which ends the running command too
    use_one_core(options.core)
    adopt_orphans()
    work: Path = options.work.resolve()
    peers = _peers(environment.create(work / "venv"), _QUICK_EPOCHS if options.quick else None)
    names = [name for name in ROWS if not options.only or name in options.only]
    rows, failed = list[Row](), False
    for name in names:
        print(f"{name} …", file=sys.stderr, flush=True)
        task_name, _, peer_name = name.partition("/")
        folder = work / ("quick" if options.quick else "full") / task_name / peer_name
        task = _task(options.tasks, task_name, quick=options.quick)
        timed = _QUICK_WORDS if options.quick else TIMED_WORDS
        try:
            row = measure(peers[peer_name], task, folder, first=G2pEn.most_words, timed_words=timed)
        except CommandError as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed = True
            continue
        print(table.all_rows([row]), file=sys.stderr, flush=True)
        rows.append(row)
    print(table.all_rows(rows))
    english = [row for row in rows if row.task in G2pEn.tasks]
    if english:
        print(f"the first {english[0].first.words:,} test words of g2p:\n")
        print(table.first_words(english), end="")
    if options.json:
        content = json.dumps([row.record() for row in rows], indent=2)
        replace_file(options.json, f"{content}\n".encode())
    return 1 if failed else 0


def _peers(commands: Path, epochs: int | None) -> dict[str, Peer]:
    return {
        "this": ThisProject(epochs),
        "yoyodyne": Yoyodyne(commands, epochs),
        "phonetisaurus": Phonetisaurus(commands),
        "g2p_en": G2pEn(commands),
    }


def _task(folder: Path, name: str, *, quick: bool) -> Task:
    if quick:
        return read_task(folder, name, training=_QUICK_WORDS, test=_QUICK_WORDS)
    return read_task(folder, name, training=TRAINING_WORDS[name])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument(
        "--tasks",
        type=Path,
        required=True,
        help="folder with sig-hin and g2p: NAME.train.tsv and NAME.test.tsv, word<TAB>phones",
    )
    parser.add_argument(
        "--work",
        type=Path,
        default=Path("runs/peers"),
        help="the other programs' virtual environment and all runs go here",
    )
    parser.add_argument("--only", nargs="+", choices=ROWS, metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there too")
    parser.add_argument("--core", type=int, help="the core to run on (default: the first)")
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"try it: {_QUICK_WORDS} words, {_QUICK_EPOCHS} epochs; the figures mean nothing",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
