"""The generator of the built-in training data, a French–English phrasebook.

Only its tests import it, and it needs only the standard library. ``make phrasebook`` runs it and
writes ``training/data/phrasebook.tsv.gz``, which training reads; a test compares the two.

A small grammar makes the pairs from a lexicon written for it (``lexicon/*.tsv``); nothing is taken
from a corpus. The sentences have the shape of the tutorial's filtered data: short, and in English
beginning with "I'm", "You are", "She is" and so on. Each French sentence has one translation.

Read ``grammar.py`` for the patterns, ``clauses.py`` for how a sentence is made, ``selection.py``
for which sentences are kept.
"""

from .clauses import Pair
from .entries import Kept
from .grammar import PATTERNS
from .selection import thin
from .tables import read

__all__ = ["phrasebook", "phrasebook_by_pattern"]


def phrasebook() -> list[Pair]:
    """Return the pairs, English first; the same in each process, without duplicates."""
    return [pair for pairs in phrasebook_by_pattern().values() for pair in pairs]


def phrasebook_by_pattern() -> dict[str, list[Pair]]:
    """Return the pairs of each sentence pattern by its name.

    Raises:
        ValueError: the grammar gives a French sentence two translations.
    """
    translations: dict[str, str] = {}
    candidates = []
    for pattern in PATTERNS:
        new = []
        for english, french in pattern.sentences():
            known = translations.get(french)
            if known is None:
                translations[french] = english
                new.append((english, french))
            elif known != english:
                raise ValueError(f"two translations of {french!r}: {known!r}, {english!r}")
        candidates.append(new)
    chosen = thin(
        candidates, [pattern.quota for pattern in PATTERNS], [entry.french for entry in read(Kept)]
    )
    return {pattern.name: pairs for pattern, pairs in zip(PATTERNS, chosen, strict=True)}
