"""From all sentences of the grammar to those of the phrasebook."""

from collections import Counter
from collections.abc import Collection, Sequence
from hashlib import sha256

from .clauses import Pair

MAX_WORDS = 9
"""The longest sentence in either language, its final mark counted as a word."""

MIN_OCCURRENCES = 4
"""Each word is kept in this many sentences, where the grammar gives it in as many."""

_BETWEEN_WORDS = str.maketrans({"'": " ", "-": " ", ".": " .", "!": " !", "?": " ?"})


def thin(
    candidates: Sequence[Sequence[Pair]], quotas: Sequence[int], kept: Collection[str]
) -> list[list[Pair]]:
    """Choose sentences so that each word occurs often enough and each pattern fills its quota.

    All choices are made in an order that is shuffled by a hash of the sentence, the same in each
    process. First come the sentences to keep and those that have a rare word, whatever the quotas;
    then each pattern is filled up.

    Args:
        candidates: the sentences of each pattern, all different.
        quotas: of each pattern.
        kept: French sentences that are not dropped.

    Returns:
        The chosen sentences of each pattern, in the order given.
    """
    pattern_of = {pair: index for index, pairs in enumerate(candidates) for pair in pairs}
    shuffled = sorted(pattern_of, key=_shuffling_key)
    chosen: set[Pair] = set()
    occurrences: Counter[str] = Counter()
    short = []
    for pair in shuffled:
        english, french = map(_words, pair)
        if max(len(english), len(french)) > MAX_WORDS:
            continue
        short.append(pair)
        words = {f"en {word}" for word in english} | {f"fr {word}" for word in french}
        if pair[1] in kept or any(occurrences[word] < MIN_OCCURRENCES for word in words):
            chosen.add(pair)
            occurrences.update(words)
    room = Counter(dict(enumerate(quotas))) - Counter(pattern_of[pair] for pair in chosen)
    for pair in short:
        if pair not in chosen and room[pattern_of[pair]] > 0:
            chosen.add(pair)
            room[pattern_of[pair]] -= 1
    return [[pair for pair in pairs if pair in chosen] for pairs in candidates]


def _shuffling_key(pair: Pair) -> bytes:
    return sha256(pair[1].encode()).digest()


def _words(sentence: str) -> list[str]:
    return sentence.lower().translate(_BETWEEN_WORDS).split()
