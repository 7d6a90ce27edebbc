"""Reader: what an app gives (texts, prefixes, targets, texts never said) to what decoding takes.

The Translator has one. Torch-free run time; standard library only.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from dataclasses import replace
from typing import TypeVar

from ..errors import (
    InputTypeError,
    MalformedTextError,
    OptionError,
    TextError,
    TextTooLongError,
    UnknownWordError,
)
from ..text.lexicon import Lexicon
from ..text.tokenizer import Encoding, Tokenizer
from ..text.vocabulary import EOS

Prefixes = Iterable[str | None] | None
"""A prefix or ``None`` for each text; or ``None`` for no prefixes."""
OnError = Callable[[TextError], None]

T = TypeVar("T")


class Reader:
    """Texts to encodings: by a lexicon, or by a tokenizer and with a prefix."""

    def __init__(
        self, source: Tokenizer, target: Tokenizer, *, max_length: int, lexicon: Lexicon | None
    ) -> None:
        """Join two tokenizers and a lexicon.

        Args:
            source: tokenizer of the texts.
            target: tokenizer of prefixes and targets.
            max_length: the most tokens of a translation, EOS included.
            lexicon: is looked into first, but for a text with a prefix.
        """
        self._source, self._target = source, target
        self._max_length = max_length
        self._lexicon = lexicon

    def read(self, text: str, prefix: str | None = None) -> Encoding:
        """Read a text, and the prefix of its translation.

        A prefix is a sequence of whole tokens, as the target's tokenizer splits it. The text is not
        looked up in the lexicon if it has one: what the lexicon says may begin otherwise.

        Raises:
            TextError: the text or the prefix cannot be used; the subclass and the message say why.
        """
        tokens = self._source.tokens(text)
        begun = () if prefix is None else self.read_prefix(prefix)
        if self._lexicon is not None and not begun:
            answer = self._lexicon.find(tokens)
            if answer is not None:
                unknown = self._source.vocabulary.unknown(tokens)
                return Encoding((), unknown, answer=answer)
        encoding = self._source.encode_tokens(tokens)
        return replace(encoding, prefix=begun) if begun else encoding

    def read_prefix(self, prefix: str) -> tuple[int, ...]:
        """Return the token ids of a prefix; none where its tokenizer leaves nothing of it.

        Raises:
            TextError: it is not a ``str``, longer than the longest translation, malformed, or has
                tokens that the target's vocabulary lacks.
        """
        return self._target_ids(prefix, "prefix")

    def read_texts(
        self, texts: Iterable[str], prefixes: Prefixes = None, on_error: OnError | None = None
    ) -> Iterator[Encoding]:
        """Read several texts, each when it is asked for.

        Args:
            texts: any number.
            prefixes: one for each text. A collection has as many as there are texts; an iterator
                may have more.
            on_error: called with the error of a text, whose encoding is then empty; without it the
                error is raised. Its ``index`` says which text it is.

        Raises:
            TextError: as for ``read``.
            OptionError: there are more or fewer prefixes than texts, or one ``str`` of them.
        """
        if isinstance(texts, str):
            raise InputTypeError("expected several texts, found one str; use translate")
        if isinstance(prefixes, str):
            raise OptionError("prefix: expected one for each text, found one str")
        if prefixes is None:
            return _each(texts, self.read, on_error)
        return _each(_paired(texts, prefixes), lambda pair: self.read(*pair), on_error)

    def read_pairs(self, pairs: Iterable[tuple[str, str]]) -> Iterator[Encoding]:
        """Read pairs of a text and a target; the encoding's prefix is the target, EOS included.

        Raises:
            TextError: a text or target cannot be used, or the model reads nothing of the text.
        """
        return _each(pairs, self._read_pair, None)

    def _read_pair(self, pair: tuple[str, str]) -> Encoding:
        if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2:
            raise InputTypeError(f"expected a pair of a text and its target, found {pair!r:.80}")
        text, target = pair
        encoding = self._source.encode(text)
        if not encoding.ids:
            raise TextError("the model knows no word of the text: there is nothing to score")
        return replace(encoding, prefix=(*self._target_ids(target, "target", ending=1), EOS))

    def _target_ids(self, text: str, name: str, ending: int = 0) -> tuple[int, ...]:
        """Return the token ids of a text of the target, with ``ending`` more tokens to come."""
        if not isinstance(text, str):
            raise InputTypeError(f"{name}: expected a str, found {type(text).__name__}")
        try:
            tokens = self._target.tokens(text)
        except MalformedTextError as error:
            raise MalformedTextError(f"{name}: {error}") from None
        except TextTooLongError as error:
            raise TextTooLongError(error.length, error.limit, error.unit, of=name) from None
        unknown = self._target.vocabulary.unknown(tokens)
        if unknown:
            raise UnknownWordError(unknown, of=name)
        if len(tokens) + ending > self._max_length:
            raise TextTooLongError(len(tokens) + ending, self._max_length, of=name)
        return tuple(self._target.vocabulary.encode(tokens)[:-1])

    def sequences(self, suppress: Iterable[str | Sequence[str]]) -> tuple[tuple[int, ...], ...]:
        """Return the token ids of what is never said.

        Args:
            suppress: texts, each the sequence of tokens that the target's tokenizer makes of it;
                and sequences of tokens as ``Translation.tokens`` has them. One with a token that
                the target's vocabulary lacks is never said anyway, and left out.

        Raises:
            OptionError: one is no such thing, or empty; it holds the end of the sentence; or all
                words are suppressed.
        """
        if suppress == ():
            return ()
        if isinstance(suppress, str):
            raise OptionError("suppress: expected several texts, found one str: make it a list")
        vocabulary = self._target.vocabulary
        end = vocabulary.decode([EOS])[0]
        found: list[tuple[int, ...]] = []
        for entry in suppress:
            tokens = self._suppressed_tokens(entry)
            if end not in vocabulary and (entry == end or end in tokens):
                raise OptionError(
                    f"suppress: {end} ends a sentence, without it none would end; for longer "
                    "translations there is min_length"
                )
            if not vocabulary.unknown(tokens):
                found.append(tuple(vocabulary.encode(tokens)[:-1]))
        alone = {ids[0] for ids in found if len(ids) == 1}
        if len(alone) == len(vocabulary.words) > 0:
            raise OptionError("suppress: every word of the target is suppressed, nothing is left")
        return tuple(found)

    def _suppressed_tokens(self, entry: str | Sequence[str]) -> list[str]:
        if isinstance(entry, str):
            try:
                tokens = self._target.tokens(entry)
            except TextError as error:
                raise OptionError(f"suppress: {error}") from None
        elif isinstance(entry, Sequence) and all(isinstance(token, str) for token in entry):
            tokens = [*entry]
        else:
            raise OptionError(f"suppress: expected a text or a sequence of tokens, found {entry!r}")
        if not tokens:
            raise OptionError(f"suppress: {entry!r} has no token for the target's tokenizer")
        return tokens


def _each(
    items: Iterable[T], read: Callable[[T], Encoding], on_error: OnError | None
) -> Iterator[Encoding]:
    """Read each item; note at an error which one it is."""
    for index, item in enumerate(items):
        try:
            encoding = read(item)
        except TextError as error:
            error.index = index
            if on_error is None:
                error.add_note(f"it is the text with index {index}")
                raise
            on_error(error)
            encoding = Encoding((), ())
        yield encoding


def _paired(
    texts: Iterable[str], prefixes: Iterable[str | None]
) -> Iterator[tuple[str, str | None]]:
    """Yield each text with its prefix.

    Raises:
        OptionError: there are not as many.
    """
    remaining = iter(prefixes)
    count = 0
    for count, text in enumerate(texts, 1):
        try:
            yield text, next(remaining)
        except StopIteration:
            raise OptionError(
                f"prefix: expected one for each text, found {count - 1} and more texts"
            ) from None
    if isinstance(prefixes, Sized) and len(prefixes) != count:
        raise OptionError(
            f"prefix: expected one for each text, found {len(prefixes)} for {count} texts"
        )
