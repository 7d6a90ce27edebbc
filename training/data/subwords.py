"""Subwords learned from texts.

The ``tokenizers`` library learns the merges; ``s2s_export.text.bpe`` applies them.
"""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from s2s_export.text.bpe import Merges, pieces
from s2s_export.text.modes import TextMode
from s2s_export.text.normalizers import clean, fold

from ..recipes.selection import SideName

FEWEST_MERGES, MOST_MERGES = 200, 4000
_WORDS_A_MERGE: Mapping[SideName, int] = MappingProxyType({"source": 40, "target": 10})
"""Running words of training text for each merge that is learned.

Few merges make a source easier to understand: a rare form shares its stem with others. A target
that is spelt from pieces comes out garbled where they are rare, so its words are rather whole.
"""

_SEPARATOR = "\n"  # in no text: white space becomes spaces


def default_merges(side: SideName, n_words: int) -> int:
    """Return how many merges pay for so many running words of training text."""
    return min(max(n_words // _WORDS_A_MERGE[side], FEWEST_MERGES), MOST_MERGES)


def learn_merges(side: SideName, mode: TextMode, texts: Sequence[str], n_merges: int) -> Merges:
    """Learn the merges of byte-pair encoding.

    Args:
        side: whose texts they are.
        mode: tells whether case is folded.
        texts: to learn from, repetitions included.
        n_merges: the most merges; 0 chooses by the amount of text. There are fewer where no pair of
            tokens is seen twice.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    words = [word for text in texts for word in words_of(mode, text)]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Split(_SEPARATOR, "removed")
    alphabet = {character for word in words for character in word}
    trainer = trainers.BpeTrainer(
        vocab_size=len(alphabet) + (n_merges or default_merges(side, len(words))),
        min_frequency=2,
        show_progress=False,
    )
    tokenizer.train_from_iterator((_SEPARATOR.join(pieces(word)) for word in words), trainer)
    return Merges(_merges_of(tokenizer.to_str()))


def words_of(mode: TextMode, text: str) -> list[str]:
    """Return the words of a text, each with the space before it."""
    return [f" {word}" for word in clean(fold(text) if mode.folds_case else text).split()]


def _merges_of(saved: str) -> list[tuple[str, str]]:
    """Return the merges of a tokenizer that the library saved, in their order."""
    return [(left, right) for left, right in json.loads(saved)["model"]["merges"]]
