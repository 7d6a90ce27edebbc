"""avoir where English has to be: cold, hunger, age."""

from collections.abc import Iterator

from . import numerals
from .clauses import AVOIR, PLAIN, Clause, basic_and
from .entries import Feeling
from .subjects import pronouns
from .tables import read

_AGES = range(4, 96)


def feelings() -> Iterator[Clause]:
    """Yield "J'ai froid", "Elle n'a plus peur des chiens"."""
    for feeling in read(Feeling):
        for subject in pronouns(feeling.who):
            yield Clause(
                subject,
                AVOIR[subject.cell],
                feeling.french,
                feeling.english,
                basic_and(feeling.frames),
                contracted=False,
                transitive=True,
            )


def ages() -> Iterator[Clause]:
    """Yield "J'ai vingt et un ans"."""
    for age in _AGES:
        for subject in pronouns():
            yield Clause(
                subject,
                AVOIR[subject.cell],
                f"{numerals.french(age)} ans",
                f"{numerals.english(age)} years old",
                f"{PLAIN} nearly reached",
                contracted=False,
            )
