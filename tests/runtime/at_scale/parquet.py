"""Parquet files of the tests of Ray and Spark. They need pyarrow, which the package does not."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from s2s_export import Translator

from .program import BAD, Outcome, expected, texts

LARGE = 2**62 + 1
"""An id that floating point does not hold."""


def rows(number: int) -> list[dict[str, object]]:
    """Return rows with an id and a text; one text is null."""
    found: list[str | None] = [*texts(number)]
    found[3] = None
    return [{"id": LARGE + index, "text": text} for index, text in enumerate(found)]


def write(path: Path, found: list[dict[str, object]]) -> None:
    """Write a file of rows with an id and a text."""
    schema = pa.schema([("id", pa.int64()), ("text", pa.string())])
    pq.write_table(pa.Table.from_pylist(found, schema), path)


def read(folder: Path) -> list[dict[str, object]]:
    """Return the rows of a folder's files, in the order of their names."""
    files = sorted(folder.glob("*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def require_complete(
    written: list[dict[str, object]], translator: Translator, found: list[dict[str, object]]
) -> None:
    """Fail unless what was written is what was found, with its translations and errors."""
    assert [{"id": row["id"], "text": row["text"]} for row in written] == found
    outcomes: dict[object, Outcome] = {
        text: expected(translator, text) for text in {row["text"] for row in found}
    }
    assert all(part in outcomes[text] for text, part in BAD.items())
    assert "expected a str, found NoneType" in outcomes[None]
    for row in written:
        outcome = outcomes[row["text"]]
        if isinstance(outcome, str):
            assert (row["translation"], row["score"], row["error"]) == (None, None, outcome)
        else:
            assert (row["translation"], row["error"]) == (outcome[0], None)
            assert row["score"] == pytest.approx(outcome[1], abs=1e-4)
