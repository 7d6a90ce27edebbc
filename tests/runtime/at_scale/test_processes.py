"""``docs/at-scale/processes.py``: CSV in, CSV out, and what is left of it when processes die."""

import csv
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from s2s_export import Translator

from .program import BAD, DEADLY, FIRST, Fault, Outcome, expected, run, start, texts

HEADER = ["id", "text", "note"]
NOTE = 'a "note", \nof two lines'

Row = list[str]


@pytest.fixture(scope="module")
def translator(tiny_3: Path) -> Translator:
    return Translator(tiny_3)


@pytest.fixture
def arguments(tiny_3: Path, tmp_path: Path) -> list[str | Path]:
    """Arguments of the program: 60 texts in chunks of 8, two workers."""
    write(tmp_path / "in.csv", texts(60))
    return [
        *(tmp_path / "in.csv", tmp_path / "out.csv"),
        *("--model", tiny_3, "--workers", "2", "--chunk", "8"),
    ]


def write(path: Path, found: list[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows([index, text, NOTE] for index, text in enumerate(found))


def read(path: Path) -> list[Row]:
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding="utf-8", newline="") as file:
        return [*csv.reader(file)]


def require_complete(
    folder: Path, translator: Translator, found: list[str], errors: dict[str, str] | None = None
) -> None:
    """Fail unless the output has each text with its translation or error; ``errors`` come first."""
    header, *rows = read(folder / "out.csv")
    assert header == [*HEADER, "translation", "score", "error"]
    assert [row[:3] for row in rows] == [[str(i), text, NOTE] for i, text in enumerate(found)]
    outcomes: dict[str, Outcome] = {text: expected(translator, text) for text in {*found}}
    outcomes.update(errors or {})
    for _, text, _, translation, score, error in rows:
        outcome = outcomes[text]
        if isinstance(outcome, str):
            assert (translation, score, error) == ("", "", outcome)
        else:
            assert (translation, error) == (outcome[0], "")
            assert float(score) == pytest.approx(outcome[1], abs=1e-4)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_alive(process: int) -> bool:
    """Tell whether a process is there, and not merely its entry."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_rows_keep_their_order_and_columns_and_failed_rows_their_error(
    arguments: list[str | Path], tmp_path: Path, translator: Translator
) -> None:
    done = run("processes", arguments, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{tmp_path / 'out.csv'}: 60 rows\n"
    require_complete(tmp_path, translator, texts(60))
    errors = {row[1]: row[5] for row in read(tmp_path / "out.csv")[1:]}
    assert all(part in errors[text] for text, part in BAD.items())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_a_killed_worker_is_replaced_and_its_chunk_done_again(
    arguments: list[str | Path], tmp_path: Path, translator: Translator
) -> None:
    fault = Fault(tmp_path)
    done = run("processes", arguments, tmp_path, fault)
    assert (done.returncode, done.stderr) == (0, "a worker died with 8 texts\n")
    assert len(fault.processes) == 1
    require_complete(tmp_path, translator, texts(60))


def test_a_text_that_kills_each_worker_is_found_and_alone_has_an_error(
    arguments: list[str | Path], tmp_path: Path, translator: Translator
) -> None:
    fault = Fault(tmp_path, limit=1000)
    done = run("processes", arguments, tmp_path, fault)
    sizes = [line.removeprefix("a worker died with ") for line in done.stderr.splitlines()]
    assert sizes == [f"{size} texts" for size in (8, 8, 4, 4, 2, 2, 1, 1)]
    assert done.returncode == 0
    assert len(fault.processes) == 8
    require_complete(tmp_path, translator, texts(60), {DEADLY: "2 workers died of it alone"})


def test_workers_that_die_of_whatever_they_get_stop_the_program(
    arguments: list[str | Path], tmp_path: Path
) -> None:
    write(tmp_path / "in.csv", [DEADLY])
    done = run("processes", arguments, tmp_path, Fault(tmp_path, text=None, limit=1000))
    assert done.returncode == 1
    message = "workers die before they translate: is there enough memory?\n"
    assert done.stderr.endswith(f"a worker died with 0 texts\n{message}")
    assert not (tmp_path / "out.csv").exists()


def interrupted(arguments: list[str | Path], folder: Path) -> Path:
    """Kill the program when one worker hangs and all the other chunks are done; return the parts.

    The worker that hangs ends with the program.
    """
    fault = Fault(folder, kind="hang")
    process = start("processes", arguments, folder, fault)
    wait_for(lambda: len([*folder.glob("out.csv.*.parts/?.csv")]) == 7)
    wait_for(lambda: len(fault.processes) == 1)
    process.kill()
    process.communicate(timeout=60)  # ends when no worker has the pipes any more
    [worker] = fault.processes
    wait_for(lambda: not is_alive(worker))
    assert not (folder / "out.csv").exists()
    [parts] = folder.glob("out.csv.*.parts")
    Path(fault.environment["FAULT_LOG"]).unlink()
    return parts


def test_a_killed_program_goes_on_where_it_was(
    arguments: list[str | Path], tmp_path: Path, translator: Translator
) -> None:
    parts = interrupted(arguments, tmp_path)
    assert sorted(path.stem for path in parts.iterdir()) == [*"0124567"]
    fault = Fault(tmp_path, text=FIRST, limit=1000)  # would show that the first chunk is done again
    done = run("processes", arguments, tmp_path, fault)
    assert (done.returncode, done.stderr) == (0, "")
    assert fault.processes == []
    require_complete(tmp_path, translator, texts(60))


def test_parts_of_another_input_are_not_used(
    arguments: list[str | Path], tmp_path: Path, translator: Translator
) -> None:
    parts = interrupted(arguments, tmp_path)
    changed = texts(60)[::-1]
    write(tmp_path / "in.csv", changed)
    done = run("processes", arguments, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    require_complete(tmp_path, translator, changed)
    assert parts.exists()


def test_bytes_that_are_not_utf8_stay_and_are_an_error(
    arguments: list[str | Path], tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_bytes(b"\xef\xbb\xbftext,note\nJ'ai froid.,\xe9t\xe9\n\xe9t\xe9,\n")
    done = run("processes", arguments, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    header, good, bad = (tmp_path / "out.csv").read_bytes().splitlines()
    assert header == b"text,note,translation,score,error"
    assert good.startswith(b"J'ai froid.,\xe9t\xe9,i'm cold .,-0.")
    assert bad.startswith(b"\xe9t\xe9,,,,")
    assert b"half" in bad


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("french\nJ'ai froid.\n", [], "expected a column 'text', found ['french']"),
        ("", [], "expected a column 'text', found []"),
        ("text,id\nJ'ai froid.,1\nmal,2,3\n", [], "row 2: expected 2 fields, found 3"),
        ("text\nJ'ai froid.\n", ["--model", "nowhere"], "nowhere"),
    ],
)
def test_faults_are_told_before_anything_is_written(
    arguments: list[str | Path], tmp_path: Path, content: str, options: list[str], message: str
) -> None:
    (tmp_path / "in.csv").write_text(content, encoding="utf-8")
    done = run("processes", [*arguments, *options], tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
