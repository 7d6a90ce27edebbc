"""Word forms: the known form that replaces a word outside the vocabulary."""

import random

import pytest

from s2s_export.text.word_forms import LONGEST_ENDING, SHORTEST_STEM, WordForms

KNOWN = ["grande", "independant", "joueuse", "joueur", "joueurs", "oublie", "oubliez", "suis"]


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("independante", "independant"),
        ("joueurs", "joueur"),  # not itself
        ("joueuses", "joueuse"),
        ("oublient", "oublie"),  # two letters more, as many as oubliez differs in; first in order
        ("grand", "grande"),
        ("grandissant", None),  # six letters after "grand"
        ("suisse", None),  # the stem is too short: another word
        ("suis", None),
        ("", None),
        ("zzzzzz", None),
    ],
)
def test_closest_form(word: str, form: str | None) -> None:
    assert WordForms(KNOWN).closest(word) == form


def test_closest_form_in_another_script() -> None:
    assert WordForms(["учитель"]).closest("учителя") == "учитель"
    assert WordForms([]).closest("учителя") is None


def test_closest_form_equals_the_search_over_every_word() -> None:
    """The oracle: the rule as the docstring tells it, tried on each pair of words."""
    rng = random.Random(0)
    words = ["".join(rng.choices("ab", k=rng.randint(1, 9))) for _ in range(300)]
    known = sorted(set(words[:150]))
    forms = WordForms(known)
    found = 0
    for word in words:
        candidates = []
        for other in known:
            shared = next(
                (n for n in range(len(word), -1, -1) if other.startswith(word[:n])),
                0,
            )
            endings = len(word) - shared, len(other) - shared
            if other != word and shared >= SHORTEST_STEM and max(endings) <= LONGEST_ENDING:
                candidates.append((max(endings), other))
        assert forms.closest(word) == (min(candidates)[1] if candidates else None)
        found += bool(candidates)
    assert 50 < found < 300
