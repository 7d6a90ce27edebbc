"""Translate Parquet files with Ray Data: each actor has one Translator.

    pip install 'ray[data]<2.64'
    python ray_data.py french.parquet english.parquet --model exported/ --workers 2

The output is a folder of Parquet files with the rows of the input in their order, and three more
columns: ``translation``, ``score``, and ``error``, which says why a text has no translation.

An actor that dies is started again and its batch is done again. The output gets its name when it is
complete; until then it is ``english.parquet.part``. When the program itself dies, it begins anew.
"""

import argparse
import os
import shutil
from pathlib import Path

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # read when Ray starts: nothing is reported

import pyarrow as pa
import ray

from s2s_export import S2SError, Translator

ROWS = 1024
"""Rows of a batch, which is what is done again when an actor dies."""
RETRIES = 3
"""Times that a batch is done again before the program ends with an error; Ray's own default is to
try without end. Ray 2.60 warns that this parameter of ``map_batches`` goes in 2.64."""


class Translate:
    """A batch of rows to the same rows with a translation; Ray makes one in each actor."""

    def __init__(self, model: str, column: str) -> None:
        self.translator = Translator(model)
        self.column = column

    def __call__(self, table: pa.Table) -> pa.Table:
        """Add the columns translation, score and error."""
        errors: dict[int | None, str] = {}
        translations = [
            *self.translator.translate_iter(
                table[self.column].to_pylist(),
                batch_size=128,
                on_error=lambda error: errors.update({error.index: str(error)}),
            )
        ]
        for index, translation in enumerate(translations):
            if not translation.tokens:
                errors.setdefault(index, "there is no word in it that the model knows")
        found = [None if index in errors else t for index, t in enumerate(translations)]
        columns = {
            "translation": pa.array([t and t.text for t in found], pa.string()),
            "score": pa.array([t and t.score for t in found], pa.float64()),
            "error": pa.array([errors.get(index) for index in range(len(found))], pa.string()),
        }
        for name, values in columns.items():
            table = table.append_column(name, values)
        return table


def run(options: argparse.Namespace) -> None:
    """Translate the files."""
    Translator(options.model)  # a fault of the model is told before anything starts
    part = options.output.with_name(f"{options.output.name}.part")
    if options.output.exists():
        raise SystemExit(f"{options.output} is there: give another name, or delete it")
    shutil.rmtree(part, ignore_errors=True)
    ray.init(num_cpus=options.workers + 1, include_dashboard=False)
    ray.data.DataContext.get_current().execution_options.preserve_order = True
    rows = ray.data.read_parquet(str(options.input.absolute()))
    rows.repartition(target_num_rows_per_block=ROWS).map_batches(
        Translate,
        fn_constructor_args=(str(Path(options.model).absolute()), options.column),
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=options.workers),
        num_cpus=1,
        max_task_retries=RETRIES,
    ).write_parquet(str(part.absolute()))
    part.rename(options.output)


def main() -> None:
    """Read the options, and translate."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("input", type=Path, help="Parquet file, or a folder of some")
    parser.add_argument("output", type=Path, help="folder to write")
    parser.add_argument("--model", default="exported", help="exported folder, or a zip of one")
    parser.add_argument("--column", default="text", help="the column to translate")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="actors")
    try:
        run(parser.parse_args())
    except S2SError as error:  # the message names the fault, its place and the remedy
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
