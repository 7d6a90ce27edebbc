"""The regular inflection of French: gender and number, the present tense."""

import re

from .elision import starts_with_vowel
from .rewriting import rewrite
from .subjects import Subject

_FEMININE = (
    (r"e$", "e"),  # aimable, aimable
    (r"teur$", "trice"),  # acteur, actrice
    (r"eu[rx]$", "euse"),  # danseur, danseuse; heureux, heureuse
    (r"er$", "ère"),  # boulanger, boulangère
    (r"f$", "ve"),  # actif, active
    (r"([eo])n$", r"\1nne"),  # indien, indienne; mignon, mignonne
    (r"el$", "elle"),  # cruel, cruelle
    (r"$", "e"),  # grand, grande
)
_PLURAL = (
    (r"([sxz])$", r"\1"),  # français, heureux
    (r"eau$", "eaux"),  # beau, beaux
    (r"eu$", "eux"),  # neveu, neveux
    (r"al$", "aux"),  # normal, normaux
    (r"$", "s"),
)
_PRESENT = (
    # manger, nous mangeons; commencer, nous commençons
    (r"(.*)ger$", "ge ges ge geons gez gent"),
    (r"(.*)cer$", "ce ces ce çons cez cent"),
    (r"(.*)er$", "e es e ons ez ent"),
    (r"(.*)ir$", "is is it issons issez issent"),
    (r"(.*)re$", "s s  ons ez ent"),
)
_INDEFINITE_OR_PARTITIVE = re.compile(r"(un|une|des|du) |de la |de l'")


def feminine(masculine: str) -> str:
    """Return the regular feminine of an adjective or noun."""
    return rewrite(masculine, _FEMININE)


def plural(singular: str) -> str:
    """Return the regular plural; of an adjective and its noun, both are put in the plural."""
    return " ".join(rewrite(word, _PLURAL) for word in singular.split(" "))


def agree(masculine: str, irregular_feminine: str, subject: Subject) -> str:
    """Put an adjective or noun in the gender and number of a subject.

    Args:
        masculine: the masculine singular.
        irregular_feminine: the feminine singular, or ``""`` where it is regular.
        subject: what it says something about.
    """
    singular = masculine
    if subject.gender == "feminine":
        singular = irregular_feminine or feminine(masculine)
    return singular if subject.number == "singular" else plural(singular)


def possessive(owner: Subject, noun: str, *, gender: str, number: str) -> str:
    """Put an owner's possessive before a noun: mon frère, mon amie, mes amies."""
    if number == "plural":
        return f"{owner.mes} {noun}"
    # mon, ton, son stand before a feminine noun too where ma would meet a vowel.
    masculine_form = gender == "masculine" or starts_with_vowel(noun)
    return f"{owner.mon if masculine_form else owner.ma} {noun}"


def present(infinitive: str, forms: str = "") -> list[str]:
    """Return the six forms of the present tense, without pronouns.

    Args:
        infinitive: without a reflexive pronoun.
        forms: as in the lexicon: ``""`` for a regular verb, the form of je for an -er verb whose
            stem changes, or all six.
    """
    if len(written := forms.split()) == 6:
        return written
    pattern, endings = next(rule for rule in _PRESENT if re.search(rule[0], infinitive))
    stem = re.sub(pattern, r"\1", infinitive)
    regular = [stem + ending for ending in endings.split(" ")]
    if not forms:
        return regular
    # achète, achètes, achète, achetons, achetez, achètent
    return [forms, f"{forms}s", forms, *regular[3:5], f"{forms}nt"]


def takes_indefinite_object(complement: str) -> bool:
    """Tell whether a complement starts with an article that ne … pas would turn into de."""
    return _INDEFINITE_OR_PARTITIVE.match(complement) is not None
