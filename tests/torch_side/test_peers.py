"""The comparison with other programs: tasks, scores, parsing, kept steps. No program is run."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.peers import phonetisaurus, process, table, yoyodyne
from benchmarks.peers.measurement import Row, measure, words_a_second
from benchmarks.peers.peer import Manner, Peer, Trained, empty_folder, size_of
from benchmarks.peers.process import CommandError, Finished
from benchmarks.peers.scores import Scores, score
from benchmarks.peers.tasks import Pair, Question, Task, read_task, to_tsv
from benchmarks.peers.this_project import parameters

ROOT = Path(__file__).parents[2]
TASK = Task(
    "toy",
    tuple(Pair(f"w{number}", f"W {number}") for number in range(40)),
    (Question("wa", ("W A",)), Question("wb", ("W B", "V B")), Question("wc", ("W C K S",))),
)


def test_task_files(tmp_path: Path) -> None:
    (tmp_path / "toy.train.tsv").write_text(to_tsv(TASK.training), encoding="utf-8")
    lines = "".join(f"{q.word}\t{' | '.join(q.right)}\n" for q in TASK.test)
    (tmp_path / "toy.test.tsv").write_text(lines, encoding="utf-8")
    assert read_task(tmp_path, "toy") == TASK
    smaller = read_task(tmp_path, "toy", training=7, test=2)
    assert (len(smaller.training), smaller.test) == (7, TASK.test[:2])
    assert [p for p in TASK.training if p in smaller.training] == [*smaller.training]
    assert read_task(tmp_path, "toy", training=7, test=2) == smaller, "drawn with a seed"


def test_validation_pairs_are_a_tenth_and_not_trained_on() -> None:
    training, validation = TASK.split()
    assert len(validation) == 4
    assert {*training, *validation} == {*TASK.training}
    assert len(training) == 36


@pytest.mark.parametrize(
    ("answers", "wrong", "edits", "phones"),
    [
        (("W A", "W B", "W C K S"), 0, 0, 8),
        (("W A", "V B", "W C K S"), 0, 0, 8),  # another right pronunciation
        (("W A", "V V B", "W C S"), 2, 2, 8),  # one inserted, one deleted
        (("V A", "W B", "W C K S"), 1, 1, 8),  # one replaced
        (("", "", ""), 3, 8, 8),
        (("WA", "W  B ", "W C K S"), 1, 2, 8),  # phones count, not characters
    ],
)
def test_error_rates(answers: Sequence[str], wrong: int, edits: int, phones: int) -> None:
    found = score(answers, TASK.test)
    assert found == Scores(3, wrong, edits, phones)
    assert found.word_error_rate == wrong / 3
    assert found.phone_error_rate == edits / phones


def test_phones_are_those_of_the_nearest_pronunciation() -> None:
    question = Question("a", ("A B C D", "A"))
    assert score(["A B"], [question]) == Scores(1, 1, 1, 1)
    assert score(["A B C"], [question]) == Scores(1, 1, 1, 4)


def test_a_missing_answer_is_an_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        score(["W A"], TASK.test)


def test_speed_leaves_the_start_out() -> None:
    assert words_a_second([(1.5, 4.0), (1.0, 3.5), (1.2, 3.0)], 101) == pytest.approx(50)


def test_output_of_phonetisaurus() -> None:
    output = "नाग n ɑː ɡ\nab AE B\nempty \n"
    answers = phonetisaurus.answers_in_order(output, ["ab", "missing", "empty", "नाग", "ab"])
    assert answers == ["AE B", "", "", "n ɑː ɡ", "AE B"]


def test_parameters_that_yoyodyne_prints() -> None:
    output = "│ classifier │ Linear │ 29,150 │\nTrainable parameters: 1,607,431\nfit stopped\n"
    assert yoyodyne.parameters_printed(output) == 1_607_431
    with pytest.raises(ValueError, match="not enough"):
        yoyodyne.parameters_printed("Traceback")


def test_size_of_yoyodyne_follows_this_project() -> None:
    # 264 units and 110 symbols: what yoyodyne 0.5.27 printed.
    assert yoyodyne.parameters_of(264, symbols=110) == 1_607_431
    wanted = parameters(TASK)
    units = yoyodyne.units_of(wanted, TASK)
    symbols = len({letter for pair in TASK.training for letter in pair.word + "W"}) + 30 + 6
    assert yoyodyne.parameters_of(units, symbols) == pytest.approx(wanted, rel=0.05)


class Toy(Peer):
    """A program that knows everything, and counts what it is told to do."""

    name = "toy"
    manners = ("batches", "one by one")
    tasks = ("toy",)
    most_words = None

    def __init__(self, version: str = "1", fails_at: int = -1) -> None:
        self.version, self.fails_at = version, fails_at
        self.calls: list[str] = []

    def settings(self, task: Task) -> list[str]:
        return [self.version]

    def train(self, task: Task, folder: Path) -> Trained:
        (empty_folder(folder) / "model").write_bytes(b"12345")
        self.calls.append("train")
        return Trained(size_of(folder), 7, 12.3, 11.0)

    def ask(self, words: Sequence[str], folder: Path, manner: Manner) -> tuple[list[str], Finished]:
        if len(self.calls) == self.fails_at:
            raise CommandError("killed")
        self.calls.append(manner)
        answers = {question.word: question.right[-1] for question in TASK.test}
        return [answers[word] for word in words], Finished("", 9.0, 0.5 + len(words) / 10)


def test_measurement_of_a_program(tmp_path: Path) -> None:
    row = measure(Toy(), TASK, tmp_path / "row", first=2, timed_words=100)
    assert row.trained == Trained(5, 7, 12.3, 11.0)
    assert (row.scores, row.first) == (Scores(3, 0, 0, 8), Scores(2, 0, 0, 4))
    assert row.words_a_second == {"batches": pytest.approx(10), "one by one": pytest.approx(10)}
    assert json.loads(json.dumps(row.record()))["trained"]["parameters"] == 7


def test_an_interrupted_measurement_goes_on(tmp_path: Path) -> None:
    interrupted, second, third = Toy(fails_at=6), Toy(), Toy()
    with pytest.raises(CommandError):
        measure(interrupted, TASK, tmp_path / "row", first=2, timed_words=4)
    row = measure(second, TASK, tmp_path / "row", first=2, timed_words=4)
    # Training, answers and two rounds of two commands are there.
    assert interrupted.calls == ["train", *["batches"] * 5]
    assert second.calls == [*["batches"] * 2, *["one by one"] * 6]
    assert measure(third, TASK, tmp_path / "row", first=2, timed_words=4) == row
    assert third.calls == []


def test_other_settings_or_data_are_measured_anew(tmp_path: Path) -> None:
    measure(Toy(), TASK, tmp_path / "row", first=2, timed_words=4)
    other = Task("toy", TASK.training[1:], TASK.test)
    for peer, task in ((Toy(version="2"), TASK), (Toy(version="2"), other)):
        measure(peer, task, tmp_path / "row", first=2, timed_words=4)
        assert len(peer.calls) == 14


def test_tables() -> None:
    speeds: dict[Manner, float] = {"one by one": 1234.4}
    network = Row("g2p", "a", Trained(2_340_000, 1_234, 9.6, 8.4), Scores(8, 2, 5, 50), *FIRST)
    given = Row("g2p", "b", Trained(5_000), Scores(8, 0, 0, 50), FIRST[0], speeds)
    lines = table.all_rows([network, given]).splitlines()
    assert lines[0].startswith("| task | program | parameters | MB | words wrong | phones wrong |")
    assert {line.count("|") for line in lines} == {11}
    assert lines[2] == "| g2p | a | 1,234 | 2.3 | 25.0% | 10.0% | 9.6 | 8.4 | 50 | 20 |"
    assert lines[3] == "| g2p | b | – | 0.0 | 0.0% | 0.0% | – | – | – | 1,234 |"
    assert table.first_words([given]).splitlines()[2] == "| g2p | b | 4 | 50.0% | 25.0% |"


FIRST: tuple[Scores, dict[Manner, float]] = (
    Scores(4, 2, 5, 20),
    {"batches": 50.1, "one by one": 20.2},
)


def test_failed_commands_name_their_log(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    done = process.run(["cat"], log, text="ɑː\n")
    assert done.output == "ɑː\n"
    assert 0 <= done.cpu_seconds < 10
    with pytest.raises(CommandError, match=r"exit code 3; its messages are in .*log\.txt"):
        process.run(["sh", "-c", "echo why >&2; exit 3"], log)
    assert log.read_text() == "why\n"
    assert process.run(["sh", "-c", "exit 1"], log, good=(0, 1)).output == ""


ORPHAN = """
import sys, time
from pathlib import Path
from benchmarks.peers import process

burn = "import time\\nwhile time.process_time() < 0.5: pass"
if sys.argv[2] == "adopt":
    process.adopt_orphans()
left_behind = f"{sys.executable} -c '{burn}' > /dev/null 2>&1 &"
print(process.run(["sh", "-c", left_behind], Path(sys.argv[1])).cpu_seconds)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is of Linux")
@pytest.mark.parametrize(("adopts", "least", "most"), [("adopt", 0.5, 9), ("leave", 0, 0.4)])
def test_time_of_processes_left_behind(
    tmp_path: Path, adopts: str, least: float, most: float
) -> None:
    command = [sys.executable, "-c", ORPHAN, str(tmp_path / "log.txt"), adopts]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert least <= float(done.stdout) <= most
