"""Selection: which pairs are trained on, and the text modes of both sides.

The command line of ``training.fit`` is generated from the fields and their descriptions.
"""

from dataclasses import dataclass
from typing import Literal

SideName = Literal["source", "target"]
SIDES: tuple[SideName, ...] = ("source", "target")

TextModeName = Literal["tutorial", "unicode", "natural", "characters", "spaces"]
SourceModeName = Literal["tutorial", "unicode", "natural", "characters", "spaces", "decomposed"]

TUTORIAL_PREFIXES = (
    *("i am ", "i m "),
    *("he is", "he s "),
    *("she is", "she s"),  # no space after "she s", as in the tutorial
    *("you are", "you re "),
    *("we are", "we re "),
    *("they are", "they re "),
)
"""Beginnings of the English sides that the tutorial keeps."""

TUTORIAL_MAX_LENGTH = 10
"""The tutorial keeps pairs with fewer tokens than this on both sides."""

MOST_HELD_OUT = 6_000
"""Source texts: 3,000 tell the error rate of a half to 0.9 points at worst (one standard error)."""


def require(holds: bool, name: str, expected: str, value: object) -> None:
    """Check the value of an option.

    Raises:
        ValueError: it does not hold; the message names the option.
    """
    if not holds:
        raise ValueError(f"--{name.replace('_', '-')}: expected {expected}, found {value}")


@dataclass(frozen=True)
class Selection:
    """The choice of the pairs, and their text mode.

    Attributes:
        max_length: keep pairs with fewer words and punctuation marks than this on both sides (with
            ``characters`` fewer characters); 0 keeps any.
        prefix_filter: keep only pairs whose first column begins with one of the prefixes.
        prefixes: beginnings for the prefix filter, as the tutorial normalizes them.
        source_text: how the source is split into tokens: ``tutorial`` keeps a-z and .!? alone;
            ``unicode`` lower-case words and punctuation of every script; ``natural`` subwords of
            the text as people write it; ``characters`` each character; ``spaces`` the stretches
            between white space, verbatim; ``decomposed`` each character of the decomposed text: the
            letters of Hangul, accents apart.
        target_text: the same for the target, whose text comes out as the mode keeps it.
        fold_case: read the source in lower case and with straight apostrophes, for users who type
            as they like.
        source_subwords: merges learned for a ``natural`` source; 0 chooses by the amount of text.
        target_subwords: merges learned for a ``natural`` target; 0 chooses by the amount of text.
        min_count: words seen less often are rare: in the source they count as unknown, and pairs
            with a rare word in the target are left out.
        held_out: fraction of the source sentences that is held out, at most 6,000 of them: half of
            them choose the best epoch (validation), the other half is measured (test); 0 trains on
            everything.
        reverse: translate from the first column to the second, not from the second to the first.
        languages: names of the two columns' languages.
    """

    max_length: int = TUTORIAL_MAX_LENGTH
    prefix_filter: bool = True
    prefixes: tuple[str, ...] = TUTORIAL_PREFIXES
    source_text: SourceModeName = "tutorial"
    target_text: TextModeName = "tutorial"
    fold_case: bool = False
    source_subwords: int = 0
    target_subwords: int = 0
    min_count: int = 1
    held_out: float = 0.1
    reverse: bool = False
    languages: tuple[str, str] = ("eng", "fra")

    def __post_init__(self) -> None:
        require(self.max_length >= 0, "max_length", "0 or more", self.max_length)
        for name in ("source_subwords", "target_subwords"):
            require(getattr(self, name) >= 0, name, "0 or more", getattr(self, name))
        require(self.min_count >= 1, "min_count", "1 or more", self.min_count)
        require(0 <= self.held_out < 1, "held_out", "at least 0, less than 1", self.held_out)

    @property
    def source_language(self) -> str:
        """Name of the source's language."""
        return self.languages[0 if self.reverse else 1]

    @property
    def target_language(self) -> str:
        """Name of the target's language."""
        return self.languages[1 if self.reverse else 0]

    @property
    def target_is_spelt(self) -> bool:
        """Whether the target is characters, phones or the like, and not running text."""
        return self.target_text in ("characters", "spaces")
