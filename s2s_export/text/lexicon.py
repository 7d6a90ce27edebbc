"""Lexicon: texts with the translations that somebody has chosen, looked up before the model runs.

A Translator has one if it is given one. Torch-free run time; standard library only.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from ..errors import DataFormatError, DataNotFoundError, OptionError, TextError
from .tokenizer import Tokenizer


class Lexicon:
    """Translations by text, compared as the source's tokenizer reads it.

    Two texts are one entry where their tokens are the same: with the mode ``unicode``, ``"Paris!"``
    and ``"paris !"``. Nothing looser is found. The translations are kept as they are written.
    """

    def __init__(self, source: Tokenizer) -> None:
        """Make an empty one.

        Args:
            source: tokenizer of the texts.
        """
        self._source = source
        self._translations: dict[str, str] = {}

    @classmethod
    def of(
        cls, entries: Mapping[str, str] | str | os.PathLike[str], source: Tokenizer
    ) -> "Lexicon":
        """Take the entries of a mapping or of a file.

        Args:
            entries: translations by text; or the path of a file of UTF-8 lines, each a text, a tab
                and its translation. Blank lines are skipped.
            source: tokenizer of the texts.

        Raises:
            DataNotFoundError: the file cannot be read.
            DataFormatError: a line is no entry; the message names it.
            OptionError: ``entries`` is neither, or an entry of the mapping cannot be used.
        """
        if isinstance(entries, str | os.PathLike):
            return cls._of_file(Path(entries), source)
        if not isinstance(entries, Mapping):
            raise OptionError(
                "lexicon: expected a mapping of texts to translations or the path of a TSV file, "
                f"found {type(entries).__name__}"
            )
        lexicon = cls(source)
        for text, translation in entries.items():
            try:
                lexicon._add(text, translation)
            except (TextError, ValueError) as error:
                raise OptionError(f"lexicon: {text!r}: {error}") from None
        return lexicon

    @classmethod
    def _of_file(cls, path: Path, source: Tokenizer) -> "Lexicon":
        try:
            content = path.read_bytes()
        except OSError as error:
            raise DataNotFoundError(f"{path}: cannot be read: {error.strerror}") from error
        lexicon = cls(source)
        for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
            try:
                columns = line.decode("utf-8").removesuffix("\r").split("\t")
                if not any(map(str.strip, columns)):
                    continue
                if len(columns) != 2:
                    raise ValueError(
                        "expected a text, a tab and its translation, found "
                        f"{len(columns)} column{'s' if len(columns) > 1 else ''}"
                    )
                lexicon._add(*columns)
            except UnicodeDecodeError as error:
                raise DataFormatError(
                    f"{path}, line {number}: not UTF-8 at byte {error.start}"
                ) from None
            except (TextError, ValueError) as error:
                raise DataFormatError(f"{path}, line {number}: {error}") from None
        return lexicon

    def _add(self, text: str, translation: str) -> None:
        """Add an entry.

        Raises:
            TextError: the text or the translation is no well-formed ``str``.
            ValueError: one of them is empty, or the text has another translation already.
        """
        key = self._key(self._source.tokens(text))
        if not isinstance(translation, str) or not translation.strip():
            raise ValueError(f"expected a translation, found {translation!r}")
        if not key:
            raise ValueError("the model's tokenizer leaves nothing of the text")
        translation = translation.strip()
        if self._translations.setdefault(key, translation) != translation:
            raise ValueError(
                f"{text!r} has the translation {self._translations[key]!r} already: keep one"
            )

    def find(self, tokens: list[str]) -> str | None:
        """Return the translation of a text, given its tokens; ``None`` where there is none."""
        return self._translations.get(self._key(tokens))

    def _key(self, tokens: list[str]) -> str:
        return self._source.mode.text(tokens)

    def __len__(self) -> int:
        return len(self._translations)
