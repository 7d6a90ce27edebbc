"""Vocabulary: the tokens of one side and their ids.

Training builds it, export writes it as ``source.vocab`` and ``target.vocab``, the run time reads
it. Both worlds import it. Standard library only.
"""

from collections.abc import Iterable, Sequence

from ..errors import UnknownWordError, VocabularyError
from .word_forms import WordForms

SOS = 0
"""Id of the token that starts decoding (start of sentence)."""
EOS = 1
"""Id of the token that ends every sentence (end of sentence)."""
UNK = 2
"""Id of the token for unknown words, in a source vocabulary whose model has learned it."""
_CONTROL_TOKENS = ("<sos>", "<eos>")
_UNK_TOKEN = "<unk>"


class Vocabulary:
    """Token ids of one language: id 0 is SOS, id 1 is EOS, maybe 2 is UNK, then each word once.

    SOS, EOS and UNK are control tokens: no word encodes to SOS or EOS, even if it is spelled
    ``<eos>``, and UNK stands only for words outside the vocabulary.
    """

    def __init__(self, words: Iterable[str], *, unk: bool = False, word_forms: bool = True) -> None:
        """Take the words in the order of their ids, control tokens left out.

        Args:
            words: each once.
            unk: whether there is a token for unknown words.
            word_forms: whether an unknown word is read as a related form where there is one.

        Raises:
            VocabularyError: a word is empty, holds white space after a first space, or stands
                twice.
        """
        self._words = tuple(words)
        self._control = (*_CONTROL_TOKENS, _UNK_TOKEN) if unk else _CONTROL_TOKENS
        self._ids: dict[str, int] = {}
        for index, word in enumerate(self._words, len(self._control)):
            if not word or any(map(str.isspace, word.removeprefix(" "))):
                raise VocabularyError(f"{word!r} is no token: it is empty or holds white space")
            if self._ids.setdefault(word, index) != index:
                raise VocabularyError(f"the word {word!r} stands in the vocabulary twice")
        self._forms = WordForms(self._words if unk and word_forms else ())

    @classmethod
    def from_bytes(
        cls, content: bytes, name: str, *, unk: bool = False, word_forms: bool = True
    ) -> "Vocabulary":
        """Read a vocabulary file.

        Args:
            content: the file's bytes: UTF-8, one token a line, line number (from 0) = id.
            name: of the file in messages.
            unk: whether the third token is the one for unknown words.
            word_forms: as for the constructor.

        Raises:
            VocabularyError: not UTF-8, or not one token a line, each once, after the control
                tokens.
        """
        control = cls((), unk=unk)._control
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise VocabularyError(
                f"{name}: not UTF-8 at byte {error.start}; export again"
            ) from None
        if "\r" in text:
            raise VocabularyError(
                f"{name}: its line ends were changed (CRLF); copy it as a binary file, or export "
                "again"
            )
        lines = text.split("\n")
        if lines[-1] != "" or tuple(lines[: len(control)]) != control:
            raise VocabularyError(
                f"{name}: expected one token a line, {' and '.join(control)} first, "
                "each line ended by a line feed; export again"
            )
        try:
            return cls(lines[len(control) : -1], unk=unk, word_forms=word_forms)
        except VocabularyError as error:
            raise VocabularyError(f"{name}: {error}; export again") from None

    def to_bytes(self) -> bytes:
        """Write one token a line, UTF-8, each line ended by a line feed; line number = id."""
        return "".join(f"{token}\n" for token in (*self._control, *self._words)).encode()

    @property
    def words(self) -> tuple[str, ...]:
        """The words in the order of their ids, control tokens left out."""
        return self._words

    @property
    def unk(self) -> int | None:
        """The id of UNK; ``None`` where there is none."""
        return UNK if len(self._control) > UNK else None

    def __len__(self) -> int:
        """Count the tokens, control tokens included: one more than the largest id."""
        return len(self._control) + len(self._words)

    def __contains__(self, word: str) -> bool:
        return word in self._ids

    def unknown(self, tokens: Iterable[str]) -> tuple[str, ...]:
        """Return the tokens that are not in the vocabulary, in their order, each once."""
        return tuple(dict.fromkeys(token for token in tokens if token not in self._ids))

    def substitute(self, word: str) -> int:
        """Return the id used for a word outside the vocabulary: a related form, or UNK.

        The word may also be in the vocabulary; it is never its own substitute.
        """
        assert self.unk is not None
        form = self._forms.closest(word)
        return self.unk if form is None else self._ids[form]

    def knows_a_word(self, tokens: Iterable[str]) -> bool:
        """Tell whether some token is a word, not punctuation, and it or a related form is known.

        A translation of a sentence without any would be invented.
        """
        return any(
            (token in self._ids or self._forms.closest(token) is not None)
            and any(map(str.isalnum, token))
            for token in tokens
        )

    def encode(self, tokens: Sequence[str]) -> list[int]:
        """Turn a sentence's tokens into ids, with EOS at the end.

        With UNK, an unknown token gets the id of its substitute.

        Raises:
            UnknownWordError: some tokens are unknown and there is no UNK; it lists all of them.
        """
        if self.unk is not None:
            known = self._ids
            return [*(known[t] if t in known else self.substitute(t) for t in tokens), EOS]
        unknown = self.unknown(tokens)
        if unknown:
            raise UnknownWordError(unknown)
        return [*(self._ids[token] for token in tokens), EOS]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Turn ids into tokens; control tokens appear under their names."""
        first_word = len(self._control)
        return [
            self._words[index - first_word] if index >= first_word else self._control[index]
            for index in ids
        ]
