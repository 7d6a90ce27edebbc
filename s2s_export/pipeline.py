"""Pipeline: from text to a translation, over any two steps.

The Translator, evaluation in training, ``verify`` and the exporter use it. Both worlds import it.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from .control.assembly import ATTENTION, Assembler, Parts, check_copying, copied
from .decoding.batches import GREEDY, UNMASKED, decode_batches, force_batches
from .decoding.control import Controlled
from .decoding.encoder import run_encoder
from .decoding.greedy import most_probable
from .decoding.hypotheses import Hypothesis
from .decoding.loop import Chooser, run_decoder
from .decoding.masks import masks
from .decoding.options import DecodingOptions, MaskOptions, SearchOptions
from .decoding.steps import Steps
from .errors import OptionError, S2SError
from .text.tokenizer import Encoding, Tokenizer
from .text.vocabulary import EOS, SOS
from .translation import ScoredTarget, Translation

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

    def check_options(
        self,
        batch_size: int,
        attention: bool = False,
        mask_options: MaskOptions = UNMASKED,
        copy_unknown: bool = False,
    ) -> None:
        """Raise an ``OptionError`` for options out of range, or that the model cannot meet."""
        if batch_size < 1:
            raise OptionError(f"batch_size: expected 1 or more, found {batch_size}")
        if mask_options.min_length > self.max_length:
            raise OptionError(
                f"min_length: expected at most max_length, {self.max_length}, found "
                f"{mask_options.min_length}"
            )
        if (attention or copy_unknown) and not self.has_attention:
            raise OptionError(
                f"{'attention' if attention else 'copy_unknown needs attention'}: this model has "
                "none; train one with 'python -m training.fit --recipe attention'"
            )
        if copy_unknown:
            check_copying(self.source, self.target)

    def translate(
        self,
        encodings: Sequence[Encoding],
        *,
        batch_size: int = 1,
        attention: bool = False,
        search: SearchOptions = GREEDY,
        mask_options: MaskOptions = UNMASKED,
        copy_unknown: bool = False,
    ) -> list[Translation]:
        """Translate encoded texts.

        Args:
            encodings: made by ``source``, maybe with a prefix or a lexicon's answer.
            batch_size: texts that the steps get at a time, up to ``largest_batch`` rows.
            attention: also return the attention.
            search: width of the beam, and the number of alternatives.
            mask_options: what the translations may not say.
            copy_unknown: put words of the text in the places of tokens, see ``assembly.copied``.

        Returns:
            One translation for each text, in their order; the lexicon's answer, or else an empty
            one, for a text without ids.

        Raises:
            NonFiniteError: a step returned NaN or infinity.
        """
        members = [index for index, encoding in enumerate(encodings) if encoding.ids]
        n_best = decode_batches(
            self.steps,
            [encodings[index].ids for index in members],
            self._options((ATTENTION,) if attention or copy_unknown else ()),
            search,
            batch_size=self._bounded(batch_size, search),
            prefixes=[encodings[index].prefix for index in members],
            mask_options=mask_options,
        )
        parts = Parts(attention, copy_unknown, search.length_penalty)
        assembler = Assembler(self.source, self.target, parts)
        found = iter(n_best)
        return [
            assembler.translation(encoding, next(found))
            if encoding.ids
            else assembler.without_model(encoding)
            for encoding in encodings
        ]

    def translate_iter(
        self,
        encodings: Iterable[Encoding],
        *,
        batch_size: int,
        attention: bool = False,
        search: SearchOptions = GREEDY,
        mask_options: MaskOptions = UNMASKED,
        copy_unknown: bool = False,
    ) -> Iterator[Translation]:
        """Translate a stream of encoded texts in bounded memory, a window of batches at a time.

        The options are those of ``translate``; with a batch size of 1, each text is translated
        before the next one is read. An error that ``encodings`` raises comes after the translations
        of the texts before it.

        Yields:
            One translation for each text, in their order.

        Raises:
            NonFiniteError: a step returned NaN or infinity.
        """
        failure: list[S2SError] = []

        def until_failure() -> Iterator[Encoding]:
            try:
                yield from encodings
            except S2SError as error:
                failure.append(error)

        remaining = until_failure()
        size = self._bounded(batch_size, search) * _WINDOW if batch_size > 1 else 1
        while window := list(islice(remaining, size)):
            yield from self.translate(
                window,
                batch_size=batch_size,
                attention=attention,
                search=search,
                mask_options=mask_options,
                copy_unknown=copy_unknown,
            )
        for error in failure:
            raise error

    def decode(self, sources: Sequence[Sequence[int]], *, batch_size: int = 1) -> list[Hypothesis]:
        """Decode token ids greedily; as ``decode_n_best``, with one hypothesis for each source."""
        n_best = self.decode_n_best(sources, GREEDY, batch_size=batch_size)
        return [hypothesis for [hypothesis] in n_best]

    def decode_n_best(
        self, sources: Sequence[Sequence[int]], search: SearchOptions, *, batch_size: int = 1
    ) -> list[list[Hypothesis]]:
        """Decode token ids as ``batches.decode_batches`` does, up to ``largest_batch`` rows."""
        batch_size = self._bounded(batch_size, search)
        return decode_batches(self.steps, sources, self._options(), search, batch_size=batch_size)

    def score(
        self, encodings: Sequence[Encoding], *, batch_size: int = 1, length_penalty: float = 1.0
    ) -> list[ScoredTarget]:
        """Score given targets, EOS included, which the encodings have as prefixes."""
        forced = force_batches(
            self.steps,
            [encoding.ids for encoding in encodings],
            [encoding.prefix for encoding in encodings],
            self._options(),
            batch_size=self._bounded(batch_size, GREEDY),
        )
        decode = self.target.vocabulary.decode
        return [ScoredTarget(tuple(decode(h.ids)), h.log_probs, length_penalty) for h in forced]

    def stream(
        self,
        encoding: Encoding,
        *,
        mask_options: MaskOptions = UNMASKED,
        copy_unknown: bool = False,
    ) -> Iterator[str]:
        """Translate one encoded text and yield its pieces as they are decoded.

        Yields:
            Pieces that join to the text of ``translate``.

        Raises:
            NonFiniteError: a step returned NaN or infinity.
        """
        if encoding.answer is not None:
            yield encoding.answer
        if not encoding.ids:
            return
        options = self._options((ATTENTION,) if copy_unknown else ())
        choose: Chooser = most_probable
        if encoding.prefix or mask_options != UNMASKED:
            choose = Controlled(choose, masks(mask_options, EOS), [encoding.prefix], EOS)
        encoded = run_encoder(self.steps.encoder, [encoding.ids])
        tokens: list[str] = []
        written = 0
        for step in run_decoder(self.steps.decoder, encoded, 1, options, choose):
            if len(step.live) == 0:
                return
            [token] = self.target.vocabulary.decode(step.choice.tokens.tolist())
            if copy_unknown:
                weights = step.extra[ATTENTION][:, 0]
                token = copied(encoding, self.source.vocabulary.unk, len(tokens), token, weights)
            tokens.append(token)
            text = self.target.text(tokens)
            yield text[written:]
            written = len(text)

    def _bounded(self, batch_size: int, search: SearchOptions) -> int:
        """Return how many texts the steps get at a time; one at least, however wide its beam."""
        if self.largest_batch is None:
            return batch_size
        return max(1, min(batch_size, self.largest_batch // search.beam_size))

    def _options(self, extra_outputs: tuple[str, ...] = ()) -> DecodingOptions:
        return DecodingOptions(SOS, EOS, self.max_length, extra_outputs)
