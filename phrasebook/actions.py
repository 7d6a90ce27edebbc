"""What somebody does: the present tense, être en train de, aller with an infinitive."""

from collections.abc import Iterator

from . import english
from .clauses import ALLER, ETRE, PLAIN, Clause, basic_and
from .entries import Action, ObjectPronoun, PersonVerb, Verb
from .french import present, takes_indefinite_object
from .subjects import Subject, pronouns
from .tables import read

_REFLEXIVE = ("se ", "s'")


def ongoing() -> Iterator[Clause]:
    """Yield "Nous cherchons la sortie", "Elle ne travaille pas demain"."""
    verbs = _verbs()
    for action in _used("now"):
        for subject in pronouns(action.who):
            yield Clause(
                subject,
                f"{_reflexive_pronoun(action, subject)}{verbs[action.infinitive][subject.cell]}",
                action.complement,
                english.progressive(action.english),
                basic_and(action.frames),
                transitive=True,
            )


def underway() -> Iterator[Clause]:
    """Yield "Elle est en train de se laver les mains"."""
    for action in _used("underway"):
        frames = "lasting" if "lasting" in action.frames.split() else ""
        for subject in pronouns(action.who):
            yield Clause(
                subject,
                ETRE[subject.cell],
                f"en train de {_infinitive(action, subject)} {action.complement}",
                english.progressive(action.english),
                f"{PLAIN} {frames}",
            )


def intended() -> Iterator[Clause]:
    """Yield "Nous allons réparer le toit", "Je vais m'habiller"."""
    for action in _used("soon"):
        # "encore" with a future would be again, not still.
        frames = action.frames.replace("lasting", "")
        if takes_indefinite_object(action.complement):
            frames += " affirmed"  # its negation would be "ne va pas manger de soupe"
        for subject in pronouns(action.who):
            yield Clause(
                subject,
                ALLER[subject.cell],
                f"{_infinitive(action, subject)} {action.complement}",
                f"going to {action.english}",
                basic_and(frames),
            )


def encounters() -> Iterator[Clause]:
    """Yield "Elle nous attend", "Je vais vous aider"."""
    verbs = _verbs()
    for verb in read(PersonVerb):
        future = verb.frames.replace("lasting", "")
        for pronoun in read(ObjectPronoun):
            for subject in pronouns(pronoun.who):
                meaning = f"{verb.english} {pronoun.english}"
                yield Clause(
                    subject,
                    f"{pronoun.french} {verbs[verb.infinitive][subject.cell]}",
                    "",
                    english.progressive(meaning),
                    basic_and(verb.frames),
                )
                yield Clause(
                    subject,
                    ALLER[subject.cell],
                    f"{pronoun.french} {verb.infinitive}",
                    f"going to {meaning}",
                    basic_and(future),
                )


def _verbs() -> dict[str, list[str]]:
    return {verb.infinitive: present(_bare(verb.infinitive), verb.present) for verb in read(Verb)}


def _used(use: str) -> list[Action]:
    return [action for action in read(Action) if use in action.uses.split() or not action.uses]


def _bare(infinitive: str) -> str:
    for pronoun in _REFLEXIVE:
        infinitive = infinitive.removeprefix(pronoun)
    return infinitive


def _reflexive_pronoun(action: Action, subject: Subject) -> str:
    return f"{subject.me} " if action.infinitive.startswith(_REFLEXIVE) else ""


def _infinitive(action: Action, subject: Subject) -> str:
    return f"{_reflexive_pronoun(action, subject)}{_bare(action.infinitive)}"
