"""Assembly of translations from hypotheses: tokens, text, alternatives, attention, copied words.

The pipeline calls it. Both worlds import it; numpy only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..decoding.hypotheses import Hypothesis, score
from ..decoding.steps import FloatArray
from ..errors import OptionError
from ..text.modes import WORD_MODES
from ..text.tokenizer import Encoding, Tokenizer
from ..translation import Alternative, Attention, Translation

ATTENTION = "attention"
"""The decoder's extra output that ``Attention.weights`` are made of, ``float32[S, B, 1]``."""


@dataclass(frozen=True)
class Parts:
    """The parts of a translation beside its tokens.

    Attributes:
        attention: whether it has the attention, which the hypotheses hold.
        copy_unknown: whether words are copied, see ``copied``; the hypotheses hold the attention.
        length_penalty: exponent of the length in the score.
    """

    attention: bool
    copy_unknown: bool
    length_penalty: float


class Assembler:
    """Hypotheses to translations."""

    def __init__(self, source: Tokenizer, target: Tokenizer, parts: Parts) -> None:
        """Join the tokenizers of both sides."""
        self._source, self._target = source, target
        self._parts = parts

    def without_model(self, encoding: Encoding) -> Translation:
        """Return the translation of a text without ids: the lexicon's, or an empty one."""
        if encoding.answer is None:
            return Translation("", (), (), encoding.unknown_tokens, True)
        return Translation(
            text=encoding.answer,
            tokens=tuple(self._target.mode.tokens(encoding.answer)),
            log_probs=(),
            unknown_words=encoding.unknown_tokens,
            finished=True,
            length_penalty=self._parts.length_penalty,
            origin="lexicon",
        )

    def translation(self, encoding: Encoding, hypotheses: Sequence[Hypothesis]) -> Translation:
        """Return the translation of a text, given its hypotheses, best first."""
        best, *others = (self._alternative(encoding, hypothesis) for hypothesis in hypotheses)
        attention = None
        if self._parts.attention:
            # Beside longer sentences the memory goes on with zeros, which get no weight.
            weights = np.stack(hypotheses[0].extra[ATTENTION])[:, : len(encoding.ids), 0]
            attention = Attention(tuple(self._source.vocabulary.decode(encoding.ids)), weights)
        return Translation(
            text=best.text,
            tokens=best.tokens,
            log_probs=best.log_probs,
            unknown_words=encoding.unknown_tokens,
            finished=best.finished,
            attention=attention,
            length_penalty=self._parts.length_penalty,
            others=tuple(others),
        )

    def _alternative(self, encoding: Encoding, hypothesis: Hypothesis) -> Alternative:
        tokens = self._target.vocabulary.decode(hypothesis.ids)
        if self._parts.copy_unknown:
            weights = hypothesis.extra[ATTENTION]
            tokens = [
                copied(encoding, self._source.vocabulary.unk, place, token, weights[place])
                for place, token in enumerate(tokens)
            ]
        return Alternative(
            text=self._target.text(tokens),
            tokens=tuple(tokens),
            log_probs=hypothesis.log_probs,
            score=score(hypothesis.log_probs, self._parts.length_penalty),
            finished=hypothesis.finished,
        )


def copied(encoding: Encoding, unk: int | None, place: int, token: str, weights: FloatArray) -> str:
    """Return the text's own word in the place of a token, or the token.

    The word is copied where the source token with the greatest weight, of equal ones the first, was
    read as UNK. A word that was read as another form of it is not: the model knows that form. The
    tokens of a prefix stay.

    Args:
        encoding: of the text.
        unk: id of the source's UNK.
        place: of the token in the translation, from 0.
        token: that the model said.
        weights: ``float32[S, 1]``, its attention.
    """
    if place < len(encoding.prefix):
        return token
    most = int(weights[: len(encoding.ids), 0].argmax())
    return encoding.tokens[most] if encoding.ids[most] == unk else token


def check_copying(source: Tokenizer, target: Tokenizer) -> None:
    """Check that words of the text can be copied.

    Raises:
        OptionError: tokens are no words, or unknown words are not read as UNK.
    """
    modes = source.mode.name, target.mode.name
    if not {*modes} <= {*WORD_MODES}:
        raise OptionError(
            "copy_unknown: expected a model whose tokens are words (text modes "
            f"{', '.join(WORD_MODES)}), found {modes[0]} and {modes[1]}"
        )
    if source.unknown_words != "unk":
        raise OptionError(
            "copy_unknown: expected unknown_words 'unk', with which the model reads them, found "
            f"{source.unknown_words!r}"
        )
