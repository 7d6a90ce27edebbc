"""être and nouns: what somebody is."""

from collections.abc import Iterator

from . import english
from .clauses import ALLER, ETRE, NOT, PLAIN, Clause
from .entries import Character, City, Noun, Profession, Quality, Relation
from .french import agree, possessive, present
from .subjects import Subject, subjects
from .tables import read

_NONE = "-"
_ALONE = "alone"
# Every so many cities go with a profession, other ones with the next.
_STRIDE = 12
_WORK = present("travailler")
_STUDY = present("étudier")


def professions() -> Iterator[Clause]:
    """Yield "Elle est boulangère": no article in French, a or an in English."""
    for profession in read(Profession):
        for subject in _subjects(profession):
            noun, meaning = _profession(profession, subject)
            yield Clause(subject, ETRE[subject.cell], noun, meaning, PLAIN)


def framed_professions() -> Iterator[Clause]:
    """Yield "Il n'est pas boulanger", "Elle n'est plus infirmière"."""
    for profession in read(Profession):
        frames = f"{NOT} also" if profession.career == _NONE else f"{NOT} also now lasting"
        for subject in _subjects(profession):
            noun, meaning = _profession(profession, subject)
            yield Clause(subject, ETRE[subject.cell], noun, meaning, frames)


def local_professions() -> Iterator[Clause]:
    """Yield "Elle est avocate à Lyon"."""
    cities = read(City)
    for start, profession in enumerate(_with_career("city")):
        for subject in _subjects(profession):
            noun, meaning = _profession(profession, subject)
            for city in cities[start % _STRIDE :: _STRIDE]:
                french, in_city = f"{noun} à {city.french}", f"{meaning} in {city.english}"
                yield Clause(subject, ETRE[subject.cell], french, in_city, PLAIN)


def jobs() -> Iterator[Clause]:
    """Yield "Elle travaille comme serveuse"."""
    for profession in _with_career("work"):
        for subject in _subjects(profession):
            noun, meaning = _profession(profession, subject)
            french, working = f"comme {noun}", f"working as {meaning}"
            yield Clause(subject, _WORK[subject.cell], french, working, f"{PLAIN} lasting")


def vocations() -> Iterator[Clause]:
    """Yield "Je vais devenir pilote", "Nous étudions pour devenir infirmiers"."""
    for use, forms, french, english_verb in (
        ("become", ALLER, "devenir", "going to become"),
        ("study", _STUDY, "pour devenir", "studying to become"),
    ):
        for profession in _with_career(use):
            for subject in _subjects(profession):
                noun, meaning = _profession(profession, subject)
                yield Clause(
                    subject,
                    forms[subject.cell],
                    f"{french} {noun}",
                    f"{english_verb} {meaning}",
                    PLAIN,
                )


def characters() -> Iterator[Clause]:
    """Yield "Tu es un menteur", "Vous êtes de bons musiciens".

    Only of the first and second person: of the third, French says "c'est un menteur".
    """
    qualities = {quality.masculine: quality for quality in read(Quality)}
    for character in read(Character):
        for subject in _subjects(character, "not-third"):
            bare = _agreeing(character, subject)
            names = character.qualities.split() or [_ALONE]
            if _ALONE in names:
                yield _with_indefinite_article(subject, *bare)
            for quality in [qualities[name] for name in names if name != _ALONE]:
                adjective = agree(quality.masculine, quality.feminine, subject)
                yield _with_indefinite_article(
                    subject,
                    f"{adjective} {bare[0]}",
                    f"{quality.english} {bare[1]}",
                    qualified=True,
                )


def relations() -> Iterator[Clause]:
    """Yield "Tu es mon ami", "Nous sommes vos voisins".

    Owners are je, tu, nous, vous and ils: son and sa would be his as well as her.
    """
    owners = [*subjects("singular masculine not-il"), *subjects("plural masculine")]
    for relation in read(Relation):
        for subject in _subjects(relation, "not-third"):
            noun, meaning = _agreeing(relation, subject)
            for owner in owners:
                if owner.person != subject.person:
                    his = possessive(owner, noun, gender=subject.gender, number=subject.number)
                    yield Clause(
                        subject, ETRE[subject.cell], his, f"{owner.my} {meaning}", f"{PLAIN} {NOT}"
                    )


def _with_career(use: str) -> list[Profession]:
    return [
        profession
        for profession in read(Profession)
        if use in profession.career.split() or not profession.career
    ]


def _subjects(noun: Noun, who: str = "") -> list[Subject]:
    """Return the subjects of which a noun can be said, limited further by a condition."""
    gender = "masculine" if noun.feminine == _NONE else ""
    return subjects(f"{who} {noun.who} {gender}")


def _agreeing(noun: Noun, subject: Subject) -> tuple[str, str]:
    french = agree(noun.masculine, noun.feminine, subject)
    meaning = english.of_gender(noun.english, subject.gender)
    return french, meaning if subject.number == "singular" else english.plural(meaning)


def _profession(profession: Profession, subject: Subject) -> tuple[str, str]:
    noun, meaning = _agreeing(profession, subject)
    return noun, english.with_article(meaning) if subject.number == "singular" else meaning


def _with_indefinite_article(
    subject: Subject, noun: str, meaning: str, *, qualified: bool = False
) -> Clause:
    if subject.number == "plural":
        article = "de" if qualified else "des"
    else:
        meaning = english.with_article(meaning)
        article = "une" if subject.gender == "feminine" else "un"
    return Clause(subject, ETRE[subject.cell], f"{article} {noun}", meaning, f"{PLAIN} {NOT}")
