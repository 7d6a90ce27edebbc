"""Inflection by ordered rules: the first one that fits a word rewrites its ending."""

import re
from collections.abc import Sequence

Rules = Sequence[tuple[str, str]]
"""Patterns and what replaces them, the most special first; the last fits any word."""


def rewrite(word: str, rules: Rules) -> str:
    """Apply the first rule whose pattern is found in a word.

    >>> rewrite("city", [("y$", "ies"), ("$", "s")])
    'cities'
    """
    pattern, replacement = next(rule for rule in rules if re.search(rule[0], word))
    return re.sub(pattern, replacement, word, count=1)
