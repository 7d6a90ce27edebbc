"""Typing noise: the ways in which people type the same sentence."""

import random
import unicodedata
from collections.abc import Callable

_LIGATURES = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE"})
_APOSTROPHES = {"'": "\u2019", "\u2019": "'"}


def without_accents(text: str) -> str:
    """Return a text without accents and ligatures: é becomes e, and œ becomes oe."""
    decomposed = unicodedata.normalize("NFD", text.translate(_LIGATURES))
    plain = "".join(c for c in decomposed if unicodedata.category(c) != "Mn")
    return unicodedata.normalize("NFC", plain)


def without_full_stop(text: str) -> str:
    """Return a text without the full stop at its end; "..." stays."""
    stripped = text.rstrip()
    single = stripped.endswith(".") and not stripped.endswith("..")
    return stripped[:-1].rstrip() if single else text


def with_other_apostrophes(text: str) -> str:
    """Return a text with curly apostrophes for straight ones, and the reverse."""
    return "".join(_APOSTROPHES.get(character, character) for character in text)


VARIATIONS: tuple[Callable[[str], str], ...] = (
    without_accents,
    without_full_stop,
    with_other_apostrophes,
    str.upper,
    str.lower,
)
"""Each changes the typing of a text and not its meaning."""


def vary_typing(text: str, share: float, generator: random.Random) -> str:
    """Apply each variation with a probability.

    Args:
        text: a source text.
        share: the probability of each.
        generator: decides.
    """
    for variation in VARIATIONS:
        if generator.random() < share:
            text = variation(text)
    return text
