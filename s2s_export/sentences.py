"""From an app's text to the token ids of a sentence, or to a reason why not.

The Translator reads every text through it. Standard library only, beside the vocabulary.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from .errors import (
    InputTypeError,
    MalformedTextError,
    OptionError,
    TextTooLongError,
    UnknownWordError,
)
from .manifest import Manifest
from .text import NORMALIZERS, tokenize, visible
from .vocabulary import Vocabulary

UnknownWords = Literal["unk", "skip", "error"]
"""What to do with words that the model was not trained on: read them as another form of the word
or as UNK; leave them out; or refuse the text."""

_CHARACTERS_OF_A_TOKEN = 100
_FEWEST_CHARACTERS = 10_000


@dataclass(frozen=True)
class Sentence:
    """A text, ready for the encoder.

    Attributes:
        ids: token ids, EOS last; empty where there is nothing to translate.
        unknown_words: as in ``Translation``.
    """

    ids: tuple[int, ...]
    unknown_words: tuple[str, ...]


class SentenceReader:
    """Reads texts with a model's normalizer, vocabulary and limits."""

    def __init__(
        self, manifest: Manifest, vocabulary: Vocabulary, unknown_words: UnknownWords | None
    ) -> None:
        """Take a model's.

        Args:
            manifest: of the exported folder.
            vocabulary: of the source.
            unknown_words: the rule; ``None`` is ``"unk"`` where the model has learned it, and
                otherwise ``"error"``.

        Raises:
            OptionError: there is no such rule, or the model has not learned UNK.
        """
        learned = vocabulary.unk is not None
        if unknown_words is None:
            unknown_words = "unk" if learned else "error"
        if unknown_words not in get_args(UnknownWords):
            rules = ", ".join(map(repr, get_args(UnknownWords)))
            raise OptionError(f"unknown_words: expected one of {rules}, found {unknown_words!r}")
        if unknown_words == "unk" and not learned:
            raise OptionError(
                "unknown_words: this model has not learned 'unk' (it was trained with "
                "--word-dropout 0); choose 'skip' or 'error'"
            )
        self._rule = unknown_words
        self._vocabulary = vocabulary
        self._normalize = NORMALIZERS[manifest.normalizer]
        self._most_tokens = manifest.max_length.source
        self._most_characters = max(_FEWEST_CHARACTERS, _CHARACTERS_OF_A_TOKEN * self._most_tokens)

    def tokens(self, text: str) -> list[str]:
        """Return the tokens of a text, before any rule.

        Raises:
            InputTypeError: it is not a ``str``.
            TextTooLongError: it has far more characters than a sentence; said at once.
            MalformedTextError: it holds half a character (a lone surrogate).
        """
        if not isinstance(text, str):
            raise InputTypeError(
                f"expected a str, found {type(text).__name__}; for several texts there is "
                "translate_batch"
            )
        if len(text) > self._most_characters:
            raise TextTooLongError(len(text), self._most_characters, "characters")
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise MalformedTextError(
                f"half a character (U+{ord(text[error.start]):04X}, a lone surrogate) at position "
                f"{error.start}: decode the text with its right encoding"
            ) from None
        return tokenize(self._normalize(visible(text)))

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """Return the words of a text that are not in the vocabulary, each once; see ``tokens``."""
        return self._vocabulary.unknown(self.tokens(text))

    def read(self, text: str) -> Sentence:
        """Turn a text into a sentence.

        A text in which the model knows no word (blanks, emoji, punctuation alone, another script)
        has nothing to translate: whatever came out would be invented.

        Raises:
            UnknownWordError: it has unknown words, and these are an error.
            TextTooLongError: it has more tokens than the model was trained on.
            TextError: as for ``tokens``.
        """
        tokens = self.tokens(text)
        vocabulary = self._vocabulary
        unknown = vocabulary.unknown(tokens)
        if unknown and self._rule == "error":
            raise UnknownWordError(unknown)
        if unknown and self._rule == "skip":
            tokens = [token for token in tokens if token in vocabulary]
        if not vocabulary.knows_a_word(tokens):
            return Sentence((), unknown)
        ids = vocabulary.encode(tokens)
        if len(ids) > self._most_tokens:
            raise TextTooLongError(len(ids), self._most_tokens)
        return Sentence(tuple(ids), unknown)
