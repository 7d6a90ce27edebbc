"""What a translation is: the words, how sure the model is of them, and what it did not know."""

from dataclasses import dataclass, field

import numpy as np

from .greedy import FloatArray, Hypothesis
from .sentences import Sentence
from .text import detokenize
from .vocabulary import Vocabulary

ATTENTION = "attention"
"""The decoder's output that ``Attention.weights`` are made of."""


@dataclass(frozen=True, eq=False)
class Attention:
    """Where the model looked while it translated.

    Attributes:
        source: the S tokens that it read, ``<eos>`` last: where it does not know a word, what it
            read in its place.
        weights: ``float32[T, S]``, for each token of the translation and the end of the sentence
            how much it looked at each of these: between 0 and 1, in sum 1.
    """

    source: tuple[str, ...]
    weights: FloatArray


@dataclass(frozen=True)
class Translation:
    """What became of one text.

    Attributes:
        text: the tokens joined by single spaces; ``""`` where there was nothing to translate.
        tokens: of the translation.
        log_probs: natural logarithm of the probability of each token, and one more for the end of
            the sentence if the model reached it.
        unknown_words: words of the text that the model was not trained on, as the normalizer leaves
            them, in the order of the text, each once.
        finished: whether the model reached the end of the sentence; otherwise it was stopped at the
            maximal length.
        attention: where the model looked, if that was asked for; ``None`` where there was nothing
            to translate.
    """

    text: str
    tokens: tuple[str, ...]
    log_probs: tuple[float, ...]
    unknown_words: tuple[str, ...]
    finished: bool
    attention: Attention | None = field(default=None, compare=False)

    @property
    def score(self) -> float:
        """Mean of ``log_probs``: 0 at best, whatever the length; 0 for an empty translation."""
        return sum(self.log_probs) / len(self.log_probs) if self.log_probs else 0.0


def nothing(unknown_words: tuple[str, ...] = ()) -> Translation:
    """Return the translation of a text that holds nothing the model could translate."""
    return Translation("", (), (), unknown_words, finished=True)


def translation_of(
    sentence: Sentence, hypothesis: Hypothesis, source: Vocabulary, target: Vocabulary
) -> Translation:
    """Return what greedy decoding found for a sentence in words.

    Args:
        sentence: that was decoded.
        hypothesis: what was found; with attention if that was recorded.
        source: vocabulary of the sentence.
        target: vocabulary of the hypothesis.
    """
    tokens = tuple(target.decode(hypothesis.ids))
    attention = None
    if ATTENTION in hypothesis.recorded:
        # Beside longer sentences the memory goes on with zeros, at which no step looks.
        weights = np.stack(hypothesis.recorded[ATTENTION])[:, : len(sentence.ids), 0]
        attention = Attention(tuple(source.decode(sentence.ids)), weights)
    return Translation(
        text=detokenize(tokens),
        tokens=tokens,
        log_probs=hypothesis.log_probs,
        unknown_words=sentence.unknown_words,
        finished=hypothesis.finished,
        attention=attention,
    )
