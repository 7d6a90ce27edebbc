"""Many texts through the programs of ``docs/at-scale``: ``python -m benchmarks.at_scale``.

    pip install -c constraints.txt '.[cpu]' 'ray[data]' pyspark pandas pyarrow
    python -m benchmarks.at_scale --data data/fra-eng.zip --model exported

The source texts of all pairs, in a random order, go through each program with 1 and with 2 workers,
and once more with 2 of which one gets SIGKILL half way. *start-up* is the whole program with one
text; the rate is that of the other texts in the rest of the time. Memory is in MB, the most that
was seen of a worker, and of all processes together. *different* counts the rows that are missing or
have another translation or error than in the first run. On Linux.
"""

import argparse
import csv
import importlib.util
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from training.data.pairs_file import read_pairs

from .watch import Watched, watch

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "processes": (),
    "ray_data": ("ray", "pyarrow"),
    "spark": ("pyspark", "pandas", "pyarrow"),
}
"""The programs, and what each needs."""

Outcomes = dict[int, tuple[str, str]]
"""Translation and error of each row, by its number."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.at_scale", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data/fra-eng.zip"), help="pairs")
    parser.add_argument("--model", type=Path, default=Path("exported"), help="exported folder")
    parser.add_argument("--texts", type=int, help="how many; all by default")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="numbers of workers")
    parser.add_argument(
        "--programs", nargs="+", choices=PACKAGES, default=[*PACKAGES], help="which"
    )
    options = parser.parse_args(arguments)
    for package in {name for program in options.programs for name in PACKAGES[program]}:
        if importlib.util.find_spec(package) is None:
            raise SystemExit(
                f"{package} is not installed: pip install -c constraints.txt 'ray[data]' pyspark "
                "pandas pyarrow; or name other --programs"
            )
    texts = [pair.source for pair in read_pairs(options.data).pairs]
    random.Random(0).shuffle(texts)
    texts = texts[: options.texts]
    print(f"{len(texts):,} texts")
    print(
        f"{'':28} {'texts/s':>8} {'start-up s':>10} {'seconds':>8} {'worker PSS':>11} "
        f"{'RSS':>5} {'all PSS':>8} {'different':>9}"
    )
    first: Outcomes = {}
    with tempfile.TemporaryDirectory() as work:
        for program in options.programs:
            trial = Trial(program, options.model.absolute(), Path(work))
            for workers in options.workers:
                alone, _ = trial.run(texts[:1], workers)
                whole, outcomes = trial.run(texts, workers)
                first = first or outcomes
                _print(f"{program}, workers: {workers}", texts, alone, whole, first, outcomes)
            half = alone.seconds + (whole.seconds - alone.seconds) / 2
            whole, outcomes = trial.run(texts, workers, kill_after=half)
            name = f"{program}, one of {workers} killed"
            _print(name if whole.killed else f"{name}: none", texts, alone, whole, first, outcomes)
    return 0


class Trial:
    """A program, as it is run with texts.

    Attributes:
        program: its name.
    """

    def __init__(self, program: str, model: Path, work: Path) -> None:
        self.program = program
        self._model = model
        self._work = work
        self._runs = 0

    def run(
        self, texts: Sequence[str], workers: int, kill_after: float | None = None
    ) -> tuple[Watched, Outcomes]:
        """Let the program translate texts; return what it took and what it wrote."""
        self._runs += 1
        kind = "csv" if self.program == "processes" else "parquet"
        source = self._work / f"texts.{kind}"
        (_write_csv if kind == "csv" else _write_parquet)(source, texts)
        output = self._work / f"{self.program}-{self._runs}.{kind}"
        program = ROOT / "docs" / "at-scale" / f"{self.program}.py"
        command = [sys.executable, str(program), str(source), str(output)]
        command += ["--model", str(self._model)]
        if self.program == "spark":
            command += ["--master", f"local[{workers},4]"]
        else:
            command += ["--workers", str(workers)]
        watched = watch(command, kill_after)
        return watched, (_read_csv if kind == "csv" else _read_parquet)(output)


def _print(
    name: str,
    texts: Sequence[str],
    alone: Watched,
    whole: Watched,
    first: Outcomes,
    outcomes: Outcomes,
) -> None:
    """Print the row of a run: ``alone`` is the one with one text, ``first`` what is right."""
    rate = (len(texts) - 1) / (whole.seconds - alone.seconds)
    different = sum(outcomes.get(number) != found for number, found in first.items())
    different += len(outcomes.keys() - first.keys())
    print(
        f"{name:28} {rate:8.0f} {alone.seconds:10.1f} {whole.seconds:8.1f} "
        f"{whole.worker_pss:11.0f} {whole.worker_rss:5.0f} {whole.all_pss:8.0f} {different:9,}",
        flush=True,
    )


def _write_csv(path: Path, texts: Sequence[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "text"), *enumerate(texts)])


def _read_csv(path: Path) -> Outcomes:
    with path.open(encoding="utf-8", newline="") as file:
        rows = [*csv.DictReader(file)]
    return {int(row["id"]): (row["translation"], row["error"]) for row in rows}


def _write_parquet(path: Path, texts: Sequence[str]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"id": range(len(texts)), "text": texts}), path)


def _read_parquet(folder: Path) -> Outcomes:
    import pyarrow.parquet as pq

    rows = pq.read_table(folder, columns=["id", "translation", "error"]).to_pylist()
    return {row["id"]: (row["translation"] or "", row["error"] or "") for row in rows}


if __name__ == "__main__":
    sys.exit(main())
