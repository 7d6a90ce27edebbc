"""The regular inflection of English: articles, plurals, the -ing form, comparison."""

import re

from .rewriting import rewrite

_VOWEL_SOUND = re.compile(r"(?!uni|use|eu|one)[aeiou]|hour|hono|heir", re.IGNORECASE)
_IRREGULAR_PLURALS = {"thief": "thieves"}
_PLURAL = (
    (r"man$", "men"),
    (r"([^aeiou])y$", r"\1ies"),
    (r"(s|x|z|ch|sh)$", r"\1es"),
    (r"(her)o$", r"\1oes"),
    (r"$", "s"),
)
_PROGRESSIVE = (
    (r"ie$", "ying"),  # lie
    (r"([^eoy])e$", r"\1ing"),  # make, but see
    (r"^([^aeiou]*(?:qu)?[aeiou])([bdgklmnprtvz])$", r"\1\2\2ing"),  # run
    (r"$", "ing"),
)


def with_article(noun: str) -> str:
    """Put a or an before a noun, by its sound: an hour, a university."""
    return f"{'an' if _VOWEL_SOUND.match(noun) else 'a'} {noun}"


def plural(noun: str) -> str:
    """Return the plural of a noun, whose last word is inflected: police officers."""
    *before, last = noun.split(" ")
    return " ".join([*before, _IRREGULAR_PLURALS.get(last) or rewrite(last, _PLURAL)])


def progressive(verb_phrase: str) -> str:
    """Put the verb of a phrase in its -ing form: run in the park, running in the park."""
    verb, space, rest = verb_phrase.partition(" ")
    return rewrite(verb, _PROGRESSIVE) + space + rest


def comparative(adjective: str, form: str) -> str:
    """Return the comparative, which the lexicon gives as a word or as ``more``."""
    return f"more {adjective}" if form == "more" else form


def superlative(adjective: str, form: str) -> str:
    """Return the superlative that goes with a comparative."""
    return f"most {adjective}" if form == "more" else f"{form.removesuffix('er')}est"


def of_gender(english: str, gender: str) -> str:
    """Choose from ``actor/actress`` by the gender; other words are the same for both."""
    masculine, _, feminine = english.partition("/")
    return feminine if feminine and gender == "feminine" else masculine
