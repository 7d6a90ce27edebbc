"""The subjects of sentences, one for each pronoun, gender and number."""

from collections.abc import Iterator
from dataclasses import dataclass

from .entries import Pronoun
from .tables import read


@dataclass(frozen=True)
class Subject(Pronoun):
    """A subject pronoun with one gender.

    je, tu and nous may be either, and vous is also singular or plural: "vous êtes prête".
    """

    gender: str = ""

    @property
    def cell(self) -> int:
        """Where its form stands among the six of the present tense."""
        return ("first", "second", "third").index(self.person) + 3 * (
            self.number == "plural" or self.pronoun == "vous"
        )

    def meets(self, conditions: str) -> bool:
        """Tell whether it meets all conditions of a ``who`` column.

        A condition is a person, a number, a gender or a pronoun, or "not-" and one of these.
        """
        traits = {self.person, self.number, self.gender, self.pronoun}
        return all(
            (condition.removeprefix("not-") in traits) != condition.startswith("not-")
            for condition in conditions.split()
        )

    def refer_back(self, text: str) -> str:
        """Fill the places of words that refer to the subject: ``{mon}`` livre, ``{my}`` book."""
        return text.format_map(vars(self))


def _all_subjects() -> Iterator[Subject]:
    for pronoun in read(Pronoun):
        for gender in pronoun.genders.split():
            yield Subject(**vars(pronoun), gender=gender)


SUBJECTS = tuple(_all_subjects())
"""All subjects: fourteen."""


def subjects(who: str = "") -> list[Subject]:
    """Return the subjects that meet the conditions of a ``who`` column."""
    return [subject for subject in SUBJECTS if subject.meets(who)]


def pronouns(who: str = "") -> list[Subject]:
    """Return one subject for each pronoun: enough where nothing agrees in gender."""
    return list({subject.pronoun: subject for subject in reversed(subjects(who))}.values())[::-1]
