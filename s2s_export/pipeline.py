"""Pipeline: from text to a translation, over any two steps.

The Translator, evaluation in training, ``verify`` and the exporter use it. Both worlds import it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from .decoding.encoder import run_encoder
from .decoding.greedy import DecodingOptions, Hypothesis, greedy_decode, run_decoder
from .decoding.steps import FloatArray, Steps
from .errors import TextError
from .text.tokenizer import Encoding, Tokenizer
from .text.vocabulary import EOS, SOS

ATTENTION = "attention"
"""The decoder's extra output that ``Attention.weights`` are made of."""

_WINDOW = 16
"""Batches that are sorted by length together: then few sentences of a batch wait for others."""


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
class Translation:
    """The translation of one text.

    Attributes:
        text: ``""`` where there was nothing to translate.
        tokens: of the translation, as the target's text mode has them: words, subwords, of which
            the first of a word begins with its space, or characters.
        log_probs: natural logarithm of the probability of each token, and one more for the end of
            the sentence if the model reached it.
        unknown_words: tokens of the text that the model was not trained on, in the order of the
            text, each once.
        finished: whether the model reached the end of the sentence; otherwise it was stopped at the
            maximal length.
        attention: if it was asked for; ``None`` where there was nothing to translate.
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


class Pipeline:
    """Two tokenizers and two steps, which together translate texts.

    Attributes:
        steps: the two steps, of any back end.
        source: tokenizer of the source.
        target: tokenizer of the target.
        max_length: the most tokens of a translation, EOS included.
        largest_batch: the most texts that the steps get at a time, whatever the batch size;
            ``None`` for no bound.
    """

    def __init__(
        self,
        steps: Steps,
        source: Tokenizer,
        target: Tokenizer,
        *,
        max_length: int,
        largest_batch: int | None = None,
    ) -> None:
        self.source, self.target = source, target
        self.steps = steps
        self.max_length = max_length
        self.largest_batch = largest_batch

    @property
    def has_attention(self) -> bool:
        """Whether the decoder step returns its attention, ``float32[S, B, 1]``."""
        spec = self.steps.decoder.spec
        index = spec.extra.get(ATTENTION)
        return index is not None and spec.outputs[index].shape == ("S", "B", 1)

    def translate(
        self, encodings: Sequence[Encoding], *, batch_size: int = 1, attention: bool = False
    ) -> list[Translation]:
        """Translate encoded texts.

        Args:
            encodings: made by ``source``.
            batch_size: texts that the steps get at a time, up to ``largest_batch``.
            attention: also return the attention.

        Returns:
            One translation for each text, in their order; an empty one for a text without ids.

        Raises:
            NonFiniteError: a step returned NaN or infinity.
        """
        members = [index for index, encoding in enumerate(encodings) if encoding.ids]
        hypotheses = self.decode(
            [encodings[index].ids for index in members],
            batch_size=batch_size,
            extra_outputs=(ATTENTION,) if attention else (),
        )
        translations = [Translation("", (), (), e.unknown_tokens, True) for e in encodings]
        for index, hypothesis in zip(members, hypotheses, strict=True):
            translations[index] = self._translation(encodings[index], hypothesis)
        return translations

    def translate_iter(
        self, encodings: Iterable[Encoding], *, batch_size: int, attention: bool = False
    ) -> Iterator[Translation]:
        """Translate a stream of encoded texts in bounded memory, a window of batches at a time.

        Args:
            encodings: made by ``source``; an error that it raises comes after the translations of
                the texts before it.
            batch_size: texts that the steps get at a time, up to ``largest_batch``; with 1, each
                text is translated before the next one is read.
            attention: also return the attention.

        Yields:
            One translation for each text, in their order.

        Raises:
            NonFiniteError: a step returned NaN or infinity.
        """
        failure: list[TextError] = []

        def until_failure() -> Iterator[Encoding]:
            try:
                yield from encodings
            except TextError as error:
                failure.append(error)

        remaining = until_failure()
        size = self._bounded(batch_size) * _WINDOW if batch_size > 1 else 1
        while window := list(islice(remaining, size)):
            yield from self.translate(window, batch_size=batch_size, attention=attention)
        for error in failure:
            raise error

    def decode(
        self,
        sources: Sequence[Sequence[int]],
        *,
        batch_size: int = 1,
        extra_outputs: tuple[str, ...] = (),
    ) -> list[Hypothesis]:
        """Decode token ids greedily; sentences of like length go side by side.

        Args:
            sources: token ids of each sentence, EOS included; none is empty.
            batch_size: sentences that the steps get at a time, up to ``largest_batch``.
            extra_outputs: as in ``DecodingOptions``.

        Returns:
            One hypothesis for each source, in their order.

        Raises:
            NonFiniteError: a step returned NaN or infinity.
        """
        order = sorted(range(len(sources)), key=lambda index: len(sources[index]))
        hypotheses: dict[int, Hypothesis] = {}
        batch_size = self._bounded(batch_size)
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            decoded = greedy_decode(
                self.steps, [sources[index] for index in batch], self._options(extra_outputs)
            )
            hypotheses.update(zip(batch, decoded, strict=True))
        return [hypotheses[index] for index in range(len(sources))]

    def stream(self, encoding: Encoding) -> Iterator[str]:
        """Translate one encoded text and yield its pieces as they are decoded.

        Yields:
            Pieces that join to the text of ``translate``.

        Raises:
            NonFiniteError: a step returned NaN or infinity.
        """
        if not encoding.ids:
            return
        encoded = run_encoder(self.steps.encoder, [encoding.ids])
        ids: list[int] = []
        written = 0
        for chosen in run_decoder(self.steps.decoder, encoded, 1, self._options()):
            [token] = chosen.tokens.tolist()
            if token == EOS:
                return
            ids.append(token)
            text = self.target.decode(ids)
            yield text[written:]
            written = len(text)

    def _bounded(self, batch_size: int) -> int:
        return min(batch_size, self.largest_batch or batch_size)

    def _options(self, extra_outputs: tuple[str, ...] = ()) -> DecodingOptions:
        return DecodingOptions(SOS, EOS, self.max_length, extra_outputs)

    def _translation(self, encoding: Encoding, hypothesis: Hypothesis) -> Translation:
        tokens = tuple(self.target.vocabulary.decode(hypothesis.ids))
        attention = None
        if ATTENTION in hypothesis.extra:
            # Beside longer sentences the memory goes on with zeros, which get no weight.
            weights = np.stack(hypothesis.extra[ATTENTION])[:, : len(encoding.ids), 0]
            attention = Attention(tuple(self.source.vocabulary.decode(encoding.ids)), weights)
        return Translation(
            text=self.target.text(tokens),
            tokens=tokens,
            log_probs=hypothesis.log_probs,
            unknown_words=encoding.unknown_tokens,
            finished=hypothesis.finished,
            attention=attention,
        )
