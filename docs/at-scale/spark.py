"""Translate Parquet files with Spark: each task has one Translator.

    pip install pyspark 'pandas<3' pyarrow    # and Java
    python spark.py french.parquet english.parquet --model exported/

The output is a folder of Parquet files with the columns of the input and three more:
``translation``, ``score``, and ``error``, which says why a text has no translation. Spark does not
keep the order of rows: give them a number if it matters.

A task whose worker dies is done again. The output is complete when it has the file ``_SUCCESS``.
"""

import argparse
import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import pandas_udf

from s2s_export import S2SError, Translator

ROWS = 8192
"""Rows of a task, which is what is done again when its worker dies."""


def translated(rows: DataFrame, model: str, column: str) -> DataFrame:
    """Add the columns translation, score and error to rows."""

    @pandas_udf("translation string, score double, error string")
    def translate(batches: Iterator[pd.Series]) -> Iterator[pd.DataFrame]:
        translator = Translator(model)
        for texts in batches:
            errors: dict[int | None, str] = {}
            translations = [
                *translator.translate_iter(
                    texts,
                    batch_size=128,
                    on_error=lambda error, errors=errors: errors.update({error.index: str(error)}),
                )
            ]
            for index, translation in enumerate(translations):
                if not translation.tokens:
                    errors.setdefault(index, "there is no word in it that the model knows")
            found = [None if index in errors else t for index, t in enumerate(translations)]
            yield pd.DataFrame(
                {
                    "translation": [t and t.text for t in found],
                    "score": [t and t.score for t in found],
                    "error": [errors.get(index) for index in range(len(found))],
                }
            )

    return rows.withColumn("found", translate(column)).select(*rows.columns, "found.*")


def main() -> None:
    """Read the options, and translate."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("input", help="Parquet file, or a folder of some")
    parser.add_argument("output", help="folder to write")
    parser.add_argument("--model", default="exported", help="exported folder, or a zip of one")
    parser.add_argument("--column", default="text", help="the column to translate")
    parser.add_argument(
        "--master",
        default="local[*,4]",
        help="where it runs: here with all cores and 4 tries of each task, or a cluster's address",
    )
    options = parser.parse_args()
    try:
        Translator(options.model)  # a fault of the model is told before anything starts
    except S2SError as error:  # the message names the fault, its place and the remedy
        raise SystemExit(str(error)) from None
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # workers have the same packages
    spark = SparkSession.builder.master(options.master).getOrCreate()
    rows = spark.read.parquet(options.input)
    rows = rows.repartition(math.ceil(rows.count() / ROWS) or 1)
    model = str(Path(options.model).absolute())
    translated(rows, model, options.column).write.parquet(options.output)
    spark.stop()


if __name__ == "__main__":
    main()
