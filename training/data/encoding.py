"""Tokens and token ids of pairs: the text modes and the vocabularies of both sides.

``corpus`` prepares the data of a run with them; the checkpoint keeps them.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from s2s_export.text.modes import TextMode, text_mode
from s2s_export.text.tokenizer import Tokenizer
from s2s_export.text.vocabulary import Vocabulary

from ..recipes.selection import Selection
from .pairs_file import TextPair
from .subwords import learn_merges

Tokens = tuple[str, ...]


@dataclass(frozen=True)
class Pair:
    """The tokens of a source text and of its target text.

    Attributes:
        source: tokens of the source.
        target: tokens of the target.
        texts: both as they stand in the data.
    """

    source: Tokens
    target: Tokens
    texts: TextPair = field(compare=False)


@dataclass(frozen=True)
class Modes:
    """The text modes of both sides."""

    source: TextMode
    target: TextMode

    @classmethod
    def of(cls, selection: Selection) -> "Modes":
        """Return the modes of a selection; ``natural`` ones have no merges yet."""
        return cls(
            text_mode(selection.source_text, fold_case=selection.fold_case),
            text_mode(selection.target_text),
        )

    def learned(self, texts: Sequence[TextPair], selection: Selection) -> "Modes":
        """Return the modes with merges learned from texts, where they are ``natural``."""
        source, target = self.source, self.target
        if source.name == "natural":
            sources = [text.source for text in texts]
            merges = learn_merges("source", source, sources, selection.source_subwords)
            source = text_mode("natural", merges=merges, fold_case=selection.fold_case)
        if target.name == "natural":
            targets = [text.target for text in texts]
            merges = learn_merges("target", target, targets, selection.target_subwords)
            target = text_mode("natural", merges=merges)
        return Modes(source, target)

    def pair(self, texts: TextPair) -> Pair:
        """Tokenize both sides."""
        source, target = self.source.tokens(texts.source), self.target.tokens(texts.target)
        return Pair(tuple(source), tuple(target), texts)


@dataclass(frozen=True)
class Vocabularies:
    """The words of both languages. Only the source's may have an UNK."""

    source: Vocabulary
    target: Vocabulary

    @classmethod
    def from_pairs(
        cls, pairs: Sequence[Pair], modes: Modes, *, min_count: int = 1, unk: bool = False
    ) -> "Vocabularies":
        """Collect the tokens of the pairs, in the order of their first appearance.

        A ``natural`` side also gets the single characters and the subwords that its merges can
        make: dropout and texts to come need them.

        Args:
            pairs: to train on.
            modes: of both sides.
            min_count: source words seen less often are left out; they become UNK.
            unk: whether the source vocabulary has an UNK.
        """
        counts = token_counts(pair.source for pair in pairs)
        source = [word for word, n in counts.items() if n >= min_count]
        target = [token for pair in pairs for token in pair.target]
        return cls(
            source=Vocabulary(
                dict.fromkeys([*source, *_subwords(modes.source, source)]),
                unk=unk,
                word_forms=modes.source.has_word_forms,
            ),
            target=Vocabulary(dict.fromkeys([*target, *_subwords(modes.target, target)])),
        )

    def tokenizers(self, modes: Modes, max_source_length: int) -> tuple[Tokenizer, Tokenizer]:
        """Return the tokenizers of the source and the target."""
        source = Tokenizer(modes.source, self.source, max_length=max_source_length)
        return source, Tokenizer(modes.target, self.target)

    def encodes(self, pair: Pair) -> bool:
        """Tell whether both sides can be turned into ids."""
        known_source = self.source.unk is not None or self.knows_source(pair)
        return known_source and not self.target.unknown(pair.target)

    def knows_source(self, pair: Pair) -> bool:
        """Tell whether all words of the source are in the vocabulary."""
        return not self.source.unknown(pair.source)


def token_counts(texts: Iterable[Tokens]) -> Counter[str]:
    """Count the tokens of tokenized texts, in the order of their first appearance."""
    return Counter(token for tokens in texts for token in tokens)


def _subwords(mode: TextMode, tokens: Iterable[str]) -> list[str]:
    """Return the characters and the subwords that a ``natural`` mode can make."""
    if mode.merges is None:
        return []
    characters = dict.fromkeys(character for token in tokens for character in token)
    return [*characters, *(left + right for left, right in mode.merges.pairs)]


@dataclass(frozen=True)
class EncodedPair:
    """Token ids of both sides, each ended by EOS."""

    source: tuple[int, ...]
    target: tuple[int, ...]


def encode_pairs(pairs: Sequence[Pair], vocabularies: Vocabularies) -> list[EncodedPair]:
    """Turn pairs into token ids.

    Raises:
        UnknownWordError: a word is not in the vocabularies, and there is no UNK.
    """
    return [
        EncodedPair(
            source=tuple(vocabularies.source.encode(pair.source)),
            target=tuple(vocabularies.target.encode(pair.target)),
        )
        for pair in pairs
    ]
