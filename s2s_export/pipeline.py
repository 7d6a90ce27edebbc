"""Pipeline: from text to a translation, over any two steps.

The Translator, evaluation in training, ``verify`` and the exporter use it. Both worlds import it.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from .decoding.beam import decode_n_best
from .decoding.encoder import run_encoder
from .decoding.greedy import most_probable
from .decoding.hypotheses import Hypothesis, score
from .decoding.loop import run_decoder
from .decoding.options import DecodingOptions, SearchOptions
from .decoding.steps import Steps
from .errors import OptionError, TextError
from .text.tokenizer import Encoding, Tokenizer
from .text.vocabulary import EOS, SOS
from .translation import Alternative, Attention, Translation

ATTENTION = "attention"
"""The decoder's extra output that ``Attention.weights`` are made of."""

GREEDY = SearchOptions()
"""Greedy decoding, the default."""

_WINDOW = 16
"""Batches that are sorted by length together: then few sentences of a batch wait for others."""


class Pipeline:
    """Two tokenizers and two steps, which together translate texts.

    Attributes:
        steps: the two steps, of any back end.
        source: tokenizer of the source.
        target: tokenizer of the target.
        max_length: the most tokens of a translation, EOS included.
        largest_batch: the most rows that the steps get at a time, whatever the batch size: a text
            has one row for each hypothesis of its beam; ``None`` for no bound.
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

    def check_options(self, batch_size: int, attention: bool) -> None:
        """Raise an ``OptionError`` for a batch size below 1, or attention that is not there."""
        if batch_size < 1:
            raise OptionError(f"batch_size: expected 1 or more, found {batch_size}")
        if attention and not self.has_attention:
            raise OptionError(
                "attention: this model has none; train one with 'python -m training.fit --recipe "
                "attention'"
            )

    def translate(
        self,
        encodings: Sequence[Encoding],
        *,
        batch_size: int = 1,
        attention: bool = False,
        search: SearchOptions = GREEDY,
    ) -> list[Translation]:
        """Translate encoded texts.

        Args:
            encodings: made by ``source``.
            batch_size: texts that the steps get at a time, up to ``largest_batch`` rows.
            attention: also return the attention.
            search: width of the beam, and the number of alternatives.

        Returns:
            One translation for each text, in their order; an empty one for a text without ids.

        Raises:
            NonFiniteError: a step returned NaN or infinity.
        """
        members = [index for index, encoding in enumerate(encodings) if encoding.ids]
        n_best = self.decode_n_best(
            [encodings[index].ids for index in members],
            search,
            batch_size=batch_size,
            extra_outputs=(ATTENTION,) if attention else (),
        )
        translations = [Translation("", (), (), e.unknown_tokens, True) for e in encodings]
        for index, hypotheses in zip(members, n_best, strict=True):
            translations[index] = self._translation(encodings[index], hypotheses, search)
        return translations

    def translate_iter(
        self,
        encodings: Iterable[Encoding],
        *,
        batch_size: int,
        attention: bool = False,
        search: SearchOptions = GREEDY,
    ) -> Iterator[Translation]:
        """Translate a stream of encoded texts in bounded memory, a window of batches at a time.

        Args:
            encodings: made by ``source``; an error that it raises comes after the translations of
                the texts before it.
            batch_size: as for ``translate``; with 1, each text is translated before the next one is
                read.
            attention: as for ``translate``.
            search: as for ``translate``.

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
        size = self._bounded(batch_size, search) * _WINDOW if batch_size > 1 else 1
        while window := list(islice(remaining, size)):
            yield from self.translate(
                window, batch_size=batch_size, attention=attention, search=search
            )
        for error in failure:
            raise error

    def decode(self, sources: Sequence[Sequence[int]], *, batch_size: int = 1) -> list[Hypothesis]:
        """Decode token ids greedily; as ``decode_n_best``, with one hypothesis for each source."""
        n_best = self.decode_n_best(sources, GREEDY, batch_size=batch_size)
        return [hypothesis for [hypothesis] in n_best]

    def decode_n_best(
        self,
        sources: Sequence[Sequence[int]],
        search: SearchOptions,
        *,
        batch_size: int = 1,
        extra_outputs: tuple[str, ...] = (),
    ) -> list[list[Hypothesis]]:
        """Decode token ids; sentences of like length go side by side.

        Args:
            sources: token ids of each sentence, EOS included; none is empty.
            search: width of the beam, and the number of hypotheses.
            batch_size: sentences that the steps get at a time, up to ``largest_batch`` rows.
            extra_outputs: as in ``DecodingOptions``.

        Returns:
            The best hypotheses for each source, best first, in the order of the sources.

        Raises:
            NonFiniteError: a step returned NaN or infinity.
        """
        order = sorted(range(len(sources)), key=lambda index: len(sources[index]))
        found: dict[int, list[Hypothesis]] = {}
        options = self._options(extra_outputs)
        batch_size = self._bounded(batch_size, search)
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            decoded = decode_n_best(self.steps, [sources[i] for i in batch], options, search)
            found.update(zip(batch, decoded, strict=True))
        return [found[index] for index in range(len(sources))]

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
        for step in run_decoder(self.steps.decoder, encoded, 1, self._options(), most_probable):
            [token] = step.choice.tokens.tolist()
            if token == EOS:
                return
            ids.append(token)
            text = self.target.decode(ids)
            yield text[written:]
            written = len(text)

    def _bounded(self, batch_size: int, search: SearchOptions) -> int:
        """Return how many texts the steps get at a time; one at least, however wide its beam."""
        if self.largest_batch is None:
            return batch_size
        return max(1, min(batch_size, self.largest_batch // search.beam_size))

    def _options(self, extra_outputs: tuple[str, ...] = ()) -> DecodingOptions:
        return DecodingOptions(SOS, EOS, self.max_length, extra_outputs)

    def _translation(
        self, encoding: Encoding, hypotheses: Sequence[Hypothesis], search: SearchOptions
    ) -> Translation:
        best, *others = (self._alternative(hypothesis, search) for hypothesis in hypotheses)
        recorded = hypotheses[0].extra.get(ATTENTION)
        attention = None
        if recorded is not None:
            # Beside longer sentences the memory goes on with zeros, which get no weight.
            weights = np.stack(recorded)[:, : len(encoding.ids), 0]
            attention = Attention(tuple(self.source.vocabulary.decode(encoding.ids)), weights)
        return Translation(
            text=best.text,
            tokens=best.tokens,
            log_probs=best.log_probs,
            unknown_words=encoding.unknown_tokens,
            finished=best.finished,
            attention=attention,
            length_penalty=search.length_penalty,
            others=tuple(others),
        )

    def _alternative(self, hypothesis: Hypothesis, search: SearchOptions) -> Alternative:
        tokens = tuple(self.target.vocabulary.decode(hypothesis.ids))
        return Alternative(
            text=self.target.text(tokens),
            tokens=tokens,
            log_probs=hypothesis.log_probs,
            score=score(hypothesis.log_probs, search.length_penalty),
            finished=hypothesis.finished,
        )
