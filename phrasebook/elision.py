"""What French does where words meet: elision, contraction and spacing."""

import re

from .entries import Aspirated
from .tables import read

_ASPIRATED = "|".join(entry.word for entry in read(Aspirated))
_ELISION = re.compile(
    # h is mute unless the lexicon says otherwise; y is left out (le yacht, le yaourt).
    rf"\b(je|le|la|de|ne|me|te|se|que) +(?=[aeiouhâéèêîôAEIOUHÂÉÈÊÎÔ])(?!{_ASPIRATED})"
)
_CONTRACTIONS = {("à", "le"): "au", ("à", "les"): "aux", ("de", "le"): "du", ("de", "les"): "des"}


def elide(text: str) -> str:
    """Drop the vowel of je, le, de, ne, que … before a vowel or a mute h.

    >>> elide("je ne ai pas peur de elle, le homard non plus")
    "je n'ai pas peur d'elle, le homard non plus"
    """
    return _ELISION.sub(lambda match: match[1][:-1] + "'", text)


def contract(preposition: str, phrase: str) -> str:
    """Put à, de or another preposition before a noun phrase; à le becomes au.

    Contraction is not left to a pass over whole sentences, as elision is: only the articles le and
    les contract, and the pronouns of the same form do not ("en train de les laver").

    >>> contract("à", "le marché"), contract("de", "la gare")
    ('au marché', 'de la gare')
    """
    article, _, rest = phrase.partition(" ")
    if contracted := _CONTRACTIONS.get((preposition, article)):
        return f"{contracted} {rest}"
    return f"{preposition} {phrase}"


def starts_with_vowel(word: str) -> bool:
    """Tell whether le would be elided before a word."""
    return elide(f"le {word}").startswith("l'")


def tidy(text: str) -> str:
    """Close the gaps that empty places of a frame leave, and capitalize the sentence."""
    text = " ".join(text.split()).replace(" .", ".")
    return text[0].upper() + text[1:]
