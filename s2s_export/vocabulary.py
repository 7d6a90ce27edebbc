"""The words of one language and their token ids.

Training builds it, export writes it as ``source.vocab`` and ``target.vocab``, the run time reads
it. Both worlds import it. Standard library only.
"""

from collections.abc import Iterable, Sequence

from .errors import UnknownWordError, VocabularyError

SOS = 0
"""Id of the token that starts decoding (start of sentence)."""
EOS = 1
"""Id of the token that ends every sentence (end of sentence)."""
_CONTROL_TOKENS = ("<sos>", "<eos>")


class Vocabulary:
    """Token ids of one language: id 0 is SOS, id 1 is EOS, then each word once.

    SOS and EOS are control tokens: no word encodes to them, whatever it is spelled like.
    """

    def __init__(self, words: Iterable[str]) -> None:
        """Take the words in the order of their ids, SOS and EOS left out.

        Raises:
            VocabularyError: a word is empty, holds white space, or stands twice.
        """
        self._words = tuple(words)
        self._ids: dict[str, int] = {}
        for index, word in enumerate(self._words, len(_CONTROL_TOKENS)):
            if word.split() != [word]:
                raise VocabularyError(f"{word!r} is not a word: it is empty or holds white space")
            if self._ids.setdefault(word, index) != index:
                raise VocabularyError(f"the word {word!r} stands in the vocabulary twice")

    @classmethod
    def from_sentences(cls, sentences: Iterable[Iterable[str]]) -> "Vocabulary":
        """Collect the words of tokenized sentences, in the order of their first appearance."""
        return cls(dict.fromkeys(token for sentence in sentences for token in sentence))

    @classmethod
    def from_bytes(cls, content: bytes, name: str) -> "Vocabulary":
        """Read what ``to_bytes`` wrote.

        Args:
            content: the file's bytes: UTF-8, one token a line, line number (from 0) = id.
            name: what messages call the file.

        Raises:
            VocabularyError: not UTF-8, or not one token a line, each once, after SOS and EOS.
        """
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise VocabularyError(
                f"{name}: not UTF-8 at byte {error.start}; export again"
            ) from None
        lines = text.split("\n")
        if lines[-1] != "" or tuple(lines[: len(_CONTROL_TOKENS)]) != _CONTROL_TOKENS:
            raise VocabularyError(
                f"{name}: expected one token a line, {' and '.join(_CONTROL_TOKENS)} first, "
                "each line ended by a line feed; export again"
            )
        try:
            return cls(lines[len(_CONTROL_TOKENS) : -1])
        except VocabularyError as error:
            raise VocabularyError(f"{name}: {error}; export again") from None

    def to_bytes(self) -> bytes:
        """Write one token a line, UTF-8, each line ended by a line feed; line number = id."""
        return "".join(f"{token}\n" for token in (*_CONTROL_TOKENS, *self._words)).encode()

    @property
    def words(self) -> tuple[str, ...]:
        """The words in the order of their ids, SOS and EOS left out."""
        return self._words

    def __len__(self) -> int:
        """Count the tokens, SOS and EOS included: one more than the largest id."""
        return len(_CONTROL_TOKENS) + len(self._words)

    def __contains__(self, word: str) -> bool:
        return word in self._ids

    def encode(self, tokens: Sequence[str]) -> list[int]:
        """Turn a sentence's tokens into ids, with EOS at the end.

        Raises:
            UnknownWordError: some tokens are not in the vocabulary; it lists all of them.
        """
        unknown = dict.fromkeys(token for token in tokens if token not in self._ids)
        if unknown:
            raise UnknownWordError(tuple(unknown))
        return [*(self._ids[token] for token in tokens), EOS]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Turn ids into tokens; SOS and EOS appear under their control names."""
        return [
            self._words[index - len(_CONTROL_TOKENS)]
            if index >= len(_CONTROL_TOKENS)
            else _CONTROL_TOKENS[index]
            for index in ids
        ]
