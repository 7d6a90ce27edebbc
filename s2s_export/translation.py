"""Translation: what a model makes of one text, with its alternatives and its attention.

The pipeline makes them, the Translator returns them. Both worlds import it.
"""

from dataclasses import dataclass, field
from typing import Literal

from .decoding.hypotheses import score
from .decoding.steps import FloatArray


@dataclass(frozen=True, eq=False)
class Attention:
    """Weights of the source tokens in each step of the decoder.

    Attributes:
        source: the S tokens that the encoder read, ``<eos>`` last; the substitute in the place of
            an unknown token.
        weights: ``float32[T, S]``, for each token of the translation and the end of the sentence
            the weight of each source token: between 0 and 1, in sum 1.
    """

    source: tuple[str, ...]
    weights: FloatArray


@dataclass(frozen=True)
class Alternative:
    """One of the best translations of a text.

    Attributes:
        text: as people read it.
        tokens: as in ``Translation``.
        log_probs: as in ``Translation``.
        score: ``sum(log_probs) / len(log_probs) ** length_penalty``; 0 at best.
        finished: as in ``Translation``.
    """

    text: str
    tokens: tuple[str, ...]
    log_probs: tuple[float, ...]
    score: float
    finished: bool


@dataclass(frozen=True)
class Translation:
    """The translation of one text.

    Attributes:
        text: ``""`` where there was nothing to translate.
        tokens: of the translation, as the target's text mode has them: words, subwords, of which
            the first of a word begins with its space, or characters. With ``copy_unknown`` some are
            words of the text.
        log_probs: natural logarithm of the probability of each token, and one more for the end of
            the sentence if the model reached it. They are the model's own, whatever was forced,
            masked or copied.
        unknown_words: tokens of the text that the model was not trained on, in the order of the
            text, each once.
        finished: whether the model reached the end of the sentence; otherwise it was stopped at the
            maximal length.
        attention: if it was asked for; ``None`` where there was nothing to translate.
        length_penalty: exponent of the length in ``score``.
        others: the next best translations, best first, if more than one was asked for.
        origin: ``"model"``, or ``"lexicon"`` where the lexicon has the text: then the tokens are
            those of its translation and have no log-probabilities, and the score is 0.
    """

    text: str
    tokens: tuple[str, ...]
    log_probs: tuple[float, ...]
    unknown_words: tuple[str, ...]
    finished: bool
    attention: Attention | None = field(default=None, compare=False)
    length_penalty: float = 1.0
    others: tuple[Alternative, ...] = ()
    origin: Literal["model", "lexicon"] = "model"

    @property
    def score(self) -> float:
        """``sum(log_probs) / len(log_probs) ** length_penalty``: 0 at best; 0 if it is empty.

        By default it is the mean log-probability of a token, whatever the length.
        """
        return score(self.log_probs, self.length_penalty)

    @property
    def alternatives(self) -> tuple[Alternative, ...]:
        """The best translations, best first: this one, then ``others``."""
        this = Alternative(self.text, self.tokens, self.log_probs, self.score, self.finished)
        return (this, *self.others)


@dataclass(frozen=True)
class ScoredTarget:
    """A given target, as the model would say it.

    Attributes:
        tokens: of the target, as in ``Translation``.
        log_probs: natural logarithm of the probability of each token, after the tokens before it,
            and of the end of the sentence.
        length_penalty: as in ``Translation``.
    """

    tokens: tuple[str, ...]
    log_probs: tuple[float, ...]
    length_penalty: float = 1.0

    @property
    def score(self) -> float:
        """``sum(log_probs) / len(log_probs) ** length_penalty``: 0 at best."""
        return score(self.log_probs, self.length_penalty)
