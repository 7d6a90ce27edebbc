"""Tokenizer: text to token ids and back, for one side.

A text mode splits text into tokens and joins them again; a tokenizer adds the vocabulary, the rule
for unknown tokens and the limit of the model. Both worlds import it, so that an app reads text
exactly as training did. Standard library only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from ..errors import (
    InputTypeError,
    MalformedTextError,
    OptionError,
    TextTooLongError,
    UnknownWordError,
)
from .modes import TextMode
from .vocabulary import Vocabulary

UnknownWords = Literal["unk", "skip", "error"]
"""The rule for tokens outside the vocabulary: use a related form or UNK; leave them out; or refuse
the text."""

_CHARACTERS_OF_A_TOKEN = 100
_FEWEST_CHARACTERS = 10_000


@dataclass(frozen=True)
class Encoding:
    """A text, ready for the encoder step.

    Attributes:
        ids: token ids, EOS last; empty where the text holds nothing that the model could read.
        unknown_tokens: tokens outside the vocabulary, in the order of the text, each once.
        tokens: the text's own token for each of ``ids`` but EOS, known or not.
        prefix: token ids that the text's translation begins with, as ``control.reader`` reads them.
        answer: the translation that a lexicon has; then the model is not run.
    """

    ids: tuple[int, ...]
    unknown_tokens: tuple[str, ...]
    tokens: tuple[str, ...] = field(default=(), compare=False)
    prefix: tuple[int, ...] = ()
    answer: str | None = None


class Tokenizer:
    """Text to token ids and back.

    Attributes:
        mode: the text mode.
        vocabulary: the tokens with their ids.
        unknown_words: the rule for unknown tokens.
    """

    def __init__(
        self,
        mode: TextMode,
        vocabulary: Vocabulary,
        *,
        unknown_words: UnknownWords | None = None,
        max_length: int | None = None,
    ) -> None:
        """Join a text mode and a vocabulary.

        Args:
            mode: of the side.
            vocabulary: of the side.
            unknown_words: the rule for unknown tokens; ``None`` is ``"unk"`` where the vocabulary
                has an UNK, and otherwise ``"error"``.
            max_length: the most tokens of a text, EOS included; ``None`` for any.

        Raises:
            OptionError: there is no such rule, or the vocabulary has no UNK for it.
        """
        self.mode = mode
        self.vocabulary = vocabulary
        self.unknown_words = _rule(unknown_words, has_unk=vocabulary.unk is not None)
        self._most_tokens = max_length
        self._most_characters = max(_FEWEST_CHARACTERS, _CHARACTERS_OF_A_TOKEN * (max_length or 0))

    def tokens(self, text: str) -> list[str]:
        """Split a text into tokens, known or not.

        Raises:
            InputTypeError: it is not a ``str``.
            TextTooLongError: it has far more characters than the model takes; said at once.
            MalformedTextError: it holds half a character (a lone surrogate).
        """
        if not isinstance(text, str):
            raise InputTypeError(
                f"expected a str, found {type(text).__name__}; for several texts there is "
                "translate_batch"
            )
        if self._most_tokens is not None and len(text) > self._most_characters:
            raise TextTooLongError(len(text), self._most_characters, "characters")
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise MalformedTextError(
                f"half a character (U+{ord(text[error.start]):04X}, a lone surrogate) at position "
                f"{error.start}: decode the text with its right encoding"
            ) from None
        return self.mode.tokens(text)

    def encode(self, text: str) -> Encoding:
        """Turn a text into token ids.

        Raises:
            UnknownWordError: it has unknown tokens, and these are an error.
            TextTooLongError: it has more tokens than the model was trained on.
            TextError: as for ``tokens``.
        """
        return self.encode_tokens(self.tokens(text))

    def encode_tokens(self, tokens: Sequence[str]) -> Encoding:
        """Turn the tokens of a text into ids.

        A text in which no word is known (blanks, emoji, punctuation alone, another script) has no
        ids: a translation of it would be invented.

        Raises:
            UnknownWordError: as for ``encode``.
            TextTooLongError: as for ``encode``.
        """
        vocabulary = self.vocabulary
        unknown = vocabulary.unknown(tokens)
        if unknown and self.unknown_words == "error":
            raise UnknownWordError(unknown)
        if unknown and self.unknown_words == "skip":
            tokens = [token for token in tokens if token in vocabulary]
        if not self._knows_something(tokens):
            return Encoding((), unknown)
        ids = vocabulary.encode(tokens)
        if self._most_tokens is not None and len(ids) > self._most_tokens:
            raise TextTooLongError(len(ids), self._most_tokens)
        return Encoding(tuple(ids), unknown, tuple(tokens))

    def _knows_something(self, tokens: Sequence[str]) -> bool:
        """Tell whether the model has something to translate.

        In the exact modes a text without letters or digits may be all that there is to translate
        (a row of emoji); in a text with some, one of these must be known.
        """
        if self.mode.has_word_forms or any(any(map(str.isalnum, token)) for token in tokens):
            return self.vocabulary.knows_a_word(tokens)
        return any(token in self.vocabulary and token != " " for token in tokens)

    def decode(self, ids: Iterable[int]) -> str:
        """Turn token ids into text; EOS is left out by the caller."""
        return self.text(self.vocabulary.decode(ids))

    def text(self, tokens: Iterable[str]) -> str:
        """Join tokens into text."""
        return self.mode.text(tokens)


def _rule(unknown_words: UnknownWords | None, *, has_unk: bool) -> UnknownWords:
    """Check the rule for unknown tokens, or choose it.

    Raises:
        OptionError: there is no such rule, or there is no UNK for it.
    """
    if unknown_words is None:
        return "unk" if has_unk else "error"
    if unknown_words not in get_args(UnknownWords):
        rules = ", ".join(map(repr, get_args(UnknownWords)))
        raise OptionError(f"unknown_words: expected one of {rules}, found {unknown_words!r}")
    if unknown_words == "unk" and not has_unk:
        raise OptionError(
            "unknown_words: this model has not learned 'unk' (it was trained with "
            "--word-dropout 0); choose 'skip' or 'error'"
        )
    return unknown_words
