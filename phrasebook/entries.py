"""The entries of the lexicon: a dataclass for each table of ``lexicon/*.tsv``.

The comment at the head of each table says what its columns mean; ``tables.read`` reads it.
"""

from dataclasses import dataclass

from .tables import Entry


@dataclass(frozen=True)
class Pronoun(Entry):
    """A subject pronoun and the words that refer back to it."""

    table = "subjects"
    pronoun: str
    person: str
    number: str
    genders: str
    contracted: str
    full: str
    mon: str
    ma: str
    mes: str
    me: str
    moi: str
    my: str
    myself: str


@dataclass(frozen=True)
class Agreeing(Entry):
    """What agrees in French: an adjective or a noun for people."""

    masculine: str
    feminine: str
    english: str


@dataclass(frozen=True)
class Adjective(Agreeing):
    """An adjective that describes people."""

    table = "adjectives"
    comparative: str
    frames: str
    who: str


@dataclass(frozen=True)
class Nationality(Agreeing):
    """An adjective of nationality."""

    table = "nationalities"


@dataclass(frozen=True)
class Quality(Agreeing):
    """An adjective that stands before its noun."""

    table = "qualities"


@dataclass(frozen=True)
class Noun(Agreeing):
    """A noun for people."""

    who: str


@dataclass(frozen=True)
class Profession(Noun):
    """A noun without an article after être."""

    table = "professions"
    career: str


@dataclass(frozen=True)
class Character(Noun):
    """A noun with the indefinite article after être."""

    table = "characters"
    qualities: str


@dataclass(frozen=True)
class Relation(Noun):
    """A noun with a possessive after être."""

    table = "relations"


@dataclass(frozen=True)
class Complement(Entry):
    """An adjective with its complement."""

    table = "complements"
    adjective: str
    complement: str
    english: str
    frames: str
    who: str


@dataclass(frozen=True)
class Coordination(Entry):
    """Two adjectives that go well together."""

    table = "coordinations"
    first: str
    conjunction: str
    second: str


@dataclass(frozen=True)
class Term(Entry):
    """What does not agree, and its translation."""

    french: str
    english: str


@dataclass(frozen=True)
class City(Term):
    """A city."""

    table = "cities"


@dataclass(frozen=True)
class Country(Term):
    """A country with its article."""

    table = "countries"


@dataclass(frozen=True)
class Group(Term):
    """A group within which one is the tallest."""

    table = "groups"


@dataclass(frozen=True)
class Place(Term):
    """A place in town or country."""

    table = "places"
    french_preposition: str
    english_preposition: str
    uses: str


@dataclass(frozen=True)
class Rival(Term):
    """Somebody to be compared with."""

    table = "rivals"
    who: str
    never: str


@dataclass(frozen=True)
class ObjectPronoun(Term):
    """A pronoun that is the object of a verb."""

    table = "object_pronouns"
    who: str


@dataclass(frozen=True)
class Expression(Term):
    """An invariable state after être."""

    table = "expressions"
    frames: str
    who: str


@dataclass(frozen=True)
class Feeling(Term):
    """An idiom of avoir."""

    table = "feelings"
    frames: str
    who: str


@dataclass(frozen=True)
class Verb(Entry):
    """A verb and its present tense."""

    table = "verbs"
    infinitive: str
    present: str


@dataclass(frozen=True)
class Action(Entry):
    """A verb with its complement."""

    table = "actions"
    infinitive: str
    complement: str
    english: str
    frames: str
    uses: str
    who: str


@dataclass(frozen=True)
class PersonVerb(Entry):
    """A verb whose object is a person."""

    table = "people"
    infinitive: str
    english: str
    frames: str


@dataclass(frozen=True)
class Numeral(Entry):
    """A number that is not made from others."""

    table = "numerals"
    number: str
    french: str
    english: str


@dataclass(frozen=True)
class Aspirated(Entry):
    """A word with an aspirated h."""

    table = "aspirated"
    word: str


@dataclass(frozen=True)
class Kept(Entry):
    """A sentence that thinning never drops."""

    table = "kept"
    french: str
