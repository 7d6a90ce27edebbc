"""Tables of the measured rows, in Markdown."""

from collections.abc import Sequence

from .measurement import Row
from .scores import Scores

_HEADER = (
    *("task", "program", "parameters", "MB", "words wrong", "phones wrong"),
    *("training, s", "of the processor, s", "words/s, batches", "words/s, one by one"),
)


def all_rows(rows: Sequence[Row]) -> str:
    """Return the table of everything that was measured."""
    return _table(_HEADER, [_cells(row) for row in rows])


def first_words(rows: Sequence[Row]) -> str:
    """Return the errors on the first words, which every program of the task was asked."""
    header = ("task", "program", "words", "words wrong", "phones wrong")
    cells = [(row.task, row.peer, f"{row.first.words:,}", *_errors(row.first)) for row in rows]
    return _table(header, cells)


def _cells(row: Row) -> tuple[str, ...]:
    trained = row.trained
    return (
        row.task,
        row.peer,
        "–" if trained.parameters is None else f"{trained.parameters:,}",
        f"{trained.size / 1e6:.1f}",
        *_errors(row.scores),
        _number(trained.seconds),
        _number(trained.cpu_seconds),
        _number(row.words_a_second.get("batches")),
        _number(row.words_a_second.get("one by one")),
    )


def _errors(scores: Scores) -> tuple[str, str]:
    return f"{scores.word_error_rate:.1%}", f"{scores.phone_error_rate:.1%}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.{0 if value >= 10 else 1}f}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
