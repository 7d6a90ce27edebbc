"""The sentence patterns of the phrasebook, and how many sentences of each are kept."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from . import actions, descriptions, feelings, places, roles
from .clauses import Clause, Pair


@dataclass(frozen=True)
class Pattern:
    """A kind of sentence.

    Attributes:
        clauses: yields its clauses.
        quota: about how many of its sentences are kept; see ``selection.thin``.
    """

    clauses: Callable[[], Iterator[Clause]]
    quota: int

    @property
    def name(self) -> str:
        """Its name, that of the function that yields its clauses."""
        return self.clauses.__name__

    def sentences(self) -> Iterator[Pair]:
        """Yield all its sentences."""
        for clause in self.clauses():
            yield from clause.sentences()


PATTERNS = (
    Pattern(descriptions.plain_adjectives, 1300),
    Pattern(descriptions.framed_adjectives, 1350),
    Pattern(descriptions.denied_adjectives, 400),
    Pattern(descriptions.nationalities, 500),
    Pattern(descriptions.origins, 60),
    Pattern(descriptions.complements, 850),
    Pattern(descriptions.coordinations, 200),
    Pattern(descriptions.comparatives, 400),
    Pattern(descriptions.superlatives, 120),
    Pattern(roles.professions, 800),
    Pattern(roles.framed_professions, 300),
    Pattern(roles.local_professions, 150),
    Pattern(roles.jobs, 150),
    Pattern(roles.vocations, 150),
    Pattern(roles.characters, 300),
    Pattern(roles.relations, 200),
    Pattern(places.expressions, 650),
    Pattern(places.journeys, 550),
    Pattern(places.whereabouts, 400),
    Pattern(places.outings, 350),
    Pattern(actions.ongoing, 1500),
    Pattern(actions.underway, 600),
    Pattern(actions.intended, 700),
    Pattern(actions.encounters, 150),
    Pattern(feelings.feelings, 500),
    Pattern(feelings.ages, 300),
)
"""All patterns, in the order of the phrasebook."""
