"""Text modes: the ways to split a text into tokens and to join them again.

A ``Tokenizer`` joins a mode and a vocabulary. Both worlds import it, so that an app reads text
exactly as training did. Standard library only.
"""

import unicodedata
from collections.abc import Callable, Iterable
from typing import Protocol

from .bpe import Merges, pieces
from .normalizers import clean, fold, normalize_tutorial, normalize_unicode, visible


class TextMode(Protocol):
    """A way to split text into tokens and to join them again.

    Attributes:
        name: of the mode, as the manifest and the checkpoint record it.
        exact: whether ``text(tokens(t))`` is the cleaned text itself.
        has_word_forms: whether an unknown token may be read as another form of the word.
        folds_case: whether texts are folded first: lower case, straight apostrophes.
        merges: of ``natural``; ``None`` in the others.
    """

    name: str
    exact: bool
    has_word_forms: bool
    folds_case: bool
    merges: Merges | None

    def tokens(self, text: str) -> list[str]:
        """Split a text; ``[]`` where nothing of it is left."""

    def text(self, tokens: Iterable[str]) -> str:
        """Join tokens."""

    def length(self, text: str) -> int:
        """Count words and punctuation marks, or characters: the unit of ``--max-length``."""


class WordMode:
    """Words and punctuation marks of normalized text, joined by single spaces."""

    exact = False
    has_word_forms = True
    folds_case = False
    merges: Merges | None = None

    def __init__(self, name: str, normalize: Callable[[str], str]) -> None:
        """Take a normalizer that puts single spaces between the tokens."""
        self.name = name
        self._normalize = normalize

    def tokens(self, text: str) -> list[str]:
        """Split a text."""
        return self._normalize(text).split()

    def text(self, tokens: Iterable[str]) -> str:
        """Join tokens with single spaces, as the tutorial prints them."""
        return " ".join(tokens)

    def length(self, text: str) -> int:
        """Count the tokens."""
        return len(self.tokens(text))


class SpacesMode(WordMode):
    """The stretches between white space, verbatim: phones, actions, pre-tokenized text."""

    exact = True
    has_word_forms = False

    def __init__(self) -> None:
        super().__init__("spaces", clean)


class CharactersMode:
    """Each character; a space is one too."""

    name = "characters"
    exact = True
    has_word_forms = False
    folds_case = False
    merges: Merges | None = None

    def tokens(self, text: str) -> list[str]:
        """Split a text."""
        return list(clean(text))

    def text(self, tokens: Iterable[str]) -> str:
        """Join tokens without anything between."""
        return "".join(tokens)

    def length(self, text: str) -> int:
        """Count the characters."""
        return len(clean(text))


class DecomposedMode(CharactersMode):
    """Each character of the decomposed text (NFD): the letters (jamo) of Hangul, accents apart.

    For a source alone: as a target's tokens come out, each could still change the character before.
    """

    name = "decomposed"

    def tokens(self, text: str) -> list[str]:
        """Split a text."""
        return list(unicodedata.normalize("NFD", clean(text)))

    def text(self, tokens: Iterable[str]) -> str:
        """Join tokens and compose the characters (NFC)."""
        return unicodedata.normalize("NFC", "".join(tokens))

    def length(self, text: str) -> int:
        """Count the characters."""
        return len(self.tokens(text))


class NaturalMode:
    """Subwords of the text as people write it; a token that begins a word begins with its space.

    Attributes:
        merges: of byte-pair encoding; with an empty list, the tokens are characters.
    """

    name = "natural"
    exact = True
    has_word_forms = False
    folds_case = False

    def __init__(self, merges: Merges) -> None:
        """Take the merges that training learned."""
        self.merges: Merges | None = merges
        self._apply = merges.apply

    def tokens(self, text: str) -> list[str]:
        """Split a text."""
        apply = self._apply
        return [token for word in clean(text).split() for token in apply(f" {word}")]

    def text(self, tokens: Iterable[str]) -> str:
        """Join tokens; the first space is left out."""
        return "".join(tokens).removeprefix(" ")

    def length(self, text: str) -> int:
        """Count words, digits and stretches of punctuation."""
        return sum(len(pieces(f" {word}")) for word in clean(text).split())


class FoldedMode:
    """Another mode after case folding, for a source that people type as they like."""

    folds_case = True

    def __init__(self, mode: TextMode) -> None:
        """Take the mode that splits and joins."""
        self._mode = mode
        self.name, self.exact, self.has_word_forms = mode.name, mode.exact, mode.has_word_forms
        self.merges = mode.merges

    def tokens(self, text: str) -> list[str]:
        """Split a text."""
        return self._mode.tokens(fold(text))

    def text(self, tokens: Iterable[str]) -> str:
        """Join tokens; the case stays folded."""
        return self._mode.text(tokens)

    def length(self, text: str) -> int:
        """Count as the other mode."""
        return self._mode.length(fold(text))


TEXT_MODES = ("tutorial", "unicode", "natural", "characters", "spaces", "decomposed")
"""Names of the text modes."""
TARGET_MODES = TEXT_MODES[:-1]
"""Names of those that a target may have."""
WORD_MODES = ("tutorial", "unicode", "spaces")
"""Names of those whose tokens are whole words and punctuation marks."""


def text_mode(name: str, *, merges: Merges | None = None, fold_case: bool = False) -> TextMode:
    """Return a text mode.

    Args:
        name: one of ``TEXT_MODES``.
        merges: of ``natural``; the others have none.
        fold_case: whether texts are folded first: lower case, straight apostrophes.

    Raises:
        KeyError: there is no such mode.
    """
    makers: dict[str, Callable[[], TextMode]] = {
        "tutorial": lambda: WordMode("tutorial", lambda text: normalize_tutorial(visible(text))),
        "unicode": lambda: WordMode("unicode", normalize_unicode),
        "natural": lambda: NaturalMode(merges or Merges(())),
        "characters": CharactersMode,
        "spaces": SpacesMode,
        "decomposed": DecomposedMode,
    }
    mode = makers[name]()
    return FoldedMode(mode) if fold_case else mode
