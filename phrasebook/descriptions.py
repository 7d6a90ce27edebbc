"""être and adjectives: what somebody is like."""

from collections.abc import Iterator

from . import english
from .clauses import ETRE, NOT, PLAIN, Clause, basic_and
from .entries import Adjective, Complement, Coordination, Group, Nationality, Rival
from .french import agree
from .subjects import Subject, pronouns, subjects
from .tables import read

# Every so many rivals are compared with by an adjective, other ones by the next.
_STRIDE = 7


def _is(subject: Subject, french: str, meaning: str, frames: str) -> Clause:
    return Clause(subject, ETRE[subject.cell], french, meaning, frames)


def plain_adjectives() -> Iterator[Clause]:
    """Yield "Je suis prêt": each adjective in all its forms."""
    for adjective in read(Adjective):
        for subject in subjects(adjective.who):
            yield _is(subject, *_adjective(adjective, subject), PLAIN)


def framed_adjectives() -> Iterator[Clause]:
    """Yield "Je suis très fatigué", "Elle n'est jamais prête"."""
    for adjective in read(Adjective):
        for subject in subjects(adjective.who):
            yield _is(subject, *_adjective(adjective, subject), adjective.frames)


def denied_adjectives() -> Iterator[Clause]:
    """Yield "Je ne suis pas prêt"."""
    for adjective in read(Adjective):
        if NOT not in basic_and(adjective.frames).split():
            continue
        for subject in subjects(adjective.who):
            yield _is(subject, *_adjective(adjective, subject), NOT)


def nationalities() -> Iterator[Clause]:
    """Yield "Elle est grecque", "Je ne suis pas d'origine grecque"."""
    for nationality in read(Nationality):
        masculine, irregular = nationality.masculine, nationality.feminine
        for subject in subjects():
            form = agree(masculine, irregular, subject)
            yield _is(subject, form, nationality.english, f"{PLAIN} {NOT} also")


def origins() -> Iterator[Clause]:
    """Yield "Je suis d'origine grecque"; the adjective agrees with origine."""
    one_woman = subjects("elle")[0]
    for nationality in read(Nationality):
        form = agree(nationality.masculine, nationality.feminine, one_woman)
        for subject in pronouns():
            meaning = f"of {nationality.english} origin"
            yield _is(subject, f"de origine {form}", meaning, f"{PLAIN} {NOT}")


def complements() -> Iterator[Clause]:
    """Yield "Elles sont prêtes à partir", "Il est fier de son fils"."""
    known = {adjective.masculine: adjective for adjective in read(Adjective)}
    for entry in read(Complement):
        irregular = known[entry.adjective].feminine if entry.adjective in known else ""
        for subject in subjects(entry.who):
            form = agree(entry.adjective, irregular, subject)
            yield _is(subject, f"{form} {entry.complement}", entry.english, basic_and(entry.frames))


def coordinations() -> Iterator[Clause]:
    """Yield "Il est pauvre mais honnête"."""
    known = {adjective.masculine: adjective for adjective in read(Adjective)}
    conjunctions = {"et": "and", "mais": "but"}
    for entry in read(Coordination):
        for subject in subjects():
            first, first_meaning = _adjective(known[entry.first], subject)
            second, second_meaning = _adjective(known[entry.second], subject)
            yield _is(
                subject,
                f"{first} {entry.conjunction} {second}",
                f"{first_meaning} {conjunctions[entry.conjunction]} {second_meaning}",
                PLAIN,
            )


def comparatives() -> Iterator[Clause]:
    """Yield "Elle est plus grande que moi", "Ils ne sont pas aussi patients que nous"."""
    comparable = [adjective for adjective in read(Adjective) if adjective.comparative]
    rivals = read(Rival)
    for start, adjective in enumerate(comparable):
        for rival in rivals[start % _STRIDE :: _STRIDE]:
            if adjective.masculine in rival.never.split():
                continue
            for subject in subjects(f"{adjective.who} {rival.who}"):
                form, meaning = _adjective(adjective, subject)
                more = english.comparative(meaning, adjective.comparative)
                yield _is(
                    subject,
                    f"plus {form} que {rival.french}",
                    f"{more} than {rival.english}",
                    PLAIN,
                )
                yield _is(
                    subject,
                    f"aussi {form} que {rival.french}",
                    f"as {meaning} as {rival.english}",
                    f"{PLAIN} {NOT}",
                )


def superlatives() -> Iterator[Clause]:
    """Yield "Il est le plus grand de la classe"."""
    for adjective in read(Adjective):
        if "superlative" not in adjective.frames.split():
            continue
        for group in read(Group):
            for subject in subjects(adjective.who):
                form, meaning = _adjective(adjective, subject)
                most = english.superlative(meaning, adjective.comparative)
                article = _definite_article(subject)
                yield _is(
                    subject,
                    f"{article} plus {form} {group.french}",
                    f"the {most} {group.english}",
                    PLAIN,
                )


def _adjective(adjective: Adjective, subject: Subject) -> tuple[str, str]:
    return (
        agree(adjective.masculine, adjective.feminine, subject),
        english.of_gender(adjective.english, subject.gender),
    )


def _definite_article(subject: Subject) -> str:
    if subject.number == "plural":
        return "les"
    return "la" if subject.gender == "feminine" else "le"
