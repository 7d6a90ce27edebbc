"""Where somebody is, goes to and comes from."""

from collections.abc import Iterator, Sequence

from .clauses import ALLER, ETRE, NOT, PLAIN, Clause, basic_and
from .elision import contract
from .entries import City, Country, Expression, Place
from .french import present
from .subjects import pronouns
from .tables import read

_COME = ("viens", "viens", "vient", "venons", "venez", "viennent")
_COME_BACK = tuple(f"re{form}" for form in _COME)
_SEEK = present("chercher")
_TRAVEL = present("voyager")
_RELATIVE_TO = {
    "near": {"près de": "near", "loin de": "far from"},
    "beside": {
        "devant": "in front of",
        "derrière": "behind",
        "en face de": "across from",
        "à côté de": "next to",
    },
}
# Verbs with where they lead: to a city or country, and from it.
_Journey = tuple[Sequence[str], str, str]
_JOURNEYS_TO: tuple[_Journey, ...] = (
    (ETRE, "in", f"{PLAIN} {NOT} lasting reached guess"),
    (ALLER, "going to", f"{PLAIN} {NOT} later"),
    (present("déménager"), "moving to", f"{PLAIN} tomorrow"),
    (_TRAVEL, "traveling in", PLAIN),
)
_JOURNEYS_FROM: tuple[_Journey, ...] = (
    (_COME, "from", f"{PLAIN} {NOT} also"),
    (_COME_BACK, "coming back from", f"{PLAIN} tomorrow"),
)


def expressions() -> Iterator[Clause]:
    """Yield "Je suis en retard", "Elle est toujours au téléphone"."""
    for entry in read(Expression):
        frames = basic_and(entry.frames)
        for subject in pronouns(entry.who):
            yield Clause(subject, ETRE[subject.cell], entry.french, entry.english, frames)


def journeys() -> Iterator[Clause]:
    """Yield "Je suis au Japon", "Elle va à Rome", "Nous revenons d'Italie"."""
    for name, destination, origin in _destinations():
        for subject in pronouns():
            for forms, english, frames in _JOURNEYS_TO:
                if forms is _TRAVEL and destination.startswith("à "):
                    continue  # one travels in a country, not in a city
                yield Clause(subject, forms[subject.cell], destination, f"{english} {name}", frames)
            for forms, english, frames in _JOURNEYS_FROM:
                yield Clause(subject, forms[subject.cell], origin, f"{english} {name}", frames)


def whereabouts() -> Iterator[Clause]:
    """Yield "Je suis à la gare", "Nous sommes près du lac"."""
    for place in read(Place):
        located = []
        if place.french_preposition:
            french = contract(place.french_preposition, place.french)
            frames = f"{PLAIN} {NOT} lasting reached guess"
            located.append((french, f"{place.english_preposition} {place.english}", frames))
        for use in filter(_RELATIVE_TO.__contains__, place.uses.split()):
            for preposition, meaning in _RELATIVE_TO[use].items():
                french = _after(preposition, place.french)
                located.append((french, f"{meaning} {place.english}", PLAIN))
        for french, english, frames in located:
            for subject in pronouns():
                yield Clause(subject, ETRE[subject.cell], french, english, frames)


def outings() -> Iterator[Clause]:
    """Yield "Je vais au marché", "Ils reviennent de la plage", "Nous cherchons la gare"."""
    for place in read(Place):
        uses = place.uses.split()
        for subject in pronouns():
            cell = subject.cell
            if "go" in uses:
                to, back = contract("à", place.french), contract("de", place.french)
                going, coming = f"going to {place.english}", f"coming back from {place.english}"
                yield Clause(subject, ALLER[cell], to, going, f"{PLAIN} {NOT} today later")
                yield Clause(subject, _COME_BACK[cell], back, coming, PLAIN)
            if "seek" in uses:
                seeking = f"looking for {place.english}"
                yield Clause(subject, _SEEK[cell], place.french, seeking, f"{PLAIN} lasting")


def _destinations() -> Iterator[tuple[str, str, str]]:
    """Yield the English name, the French "to" and the French "from" of cities and countries."""
    for city in read(City):
        yield city.english, f"à {city.french}", f"de {city.french}"
    for country in read(Country):
        article, _, name = country.french.partition(" ")
        # en and de go without article before a feminine name or a vowel: en Italie, d'Italie.
        if article == "la" or not name:
            bare = name or article.removeprefix("l'")
            yield country.english, f"en {bare}", f"de {bare}"
        else:
            yield country.english, contract("à", country.french), contract("de", country.french)


def _after(preposition: str, noun_phrase: str) -> str:
    *before, last = preposition.split(" ")
    return " ".join([*before, contract(last, noun_phrase)])
