"""Translating with a model in training or a checkpoint, as the Translator does with a folder."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from s2s_export.errors import OptionError
from s2s_export.greedy import Hypothesis, greedy_decode
from s2s_export.text import detokenize, tokenize
from s2s_export.translation import ATTENTION
from s2s_export.vocabulary import EOS

from .checkpoint import Checkpoint
from .dataset import Vocabularies
from .evaluation import Attended
from .model import Seq2Seq
from .steps import TorchDecoderStep, TorchEncoderStep, greedy_options

_BATCH_SIZE = 256


class EagerModel:
    """A PyTorch model with its words, for ``evaluation``.

    Attributes:
        has_unk: whether it translates around unknown words.
        max_source_length: the most tokens of a source sentence, EOS included.
    """

    def __init__(
        self,
        model: Seq2Seq,
        vocabularies: Vocabularies,
        *,
        max_source_length: int,
        max_target_length: int,
    ) -> None:
        """Take a model.

        Args:
            model: encoder and decoder.
            vocabularies: of the model.
            max_source_length: the most tokens of a source sentence, EOS included.
            max_target_length: the most tokens of a hypothesis, EOS included.
        """
        self._model = model
        self._vocabularies = vocabularies
        self._max_length = max_target_length
        self.max_source_length = max_source_length
        self.has_unk = vocabularies.source.unk is not None

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> "EagerModel":
        """Return the model of a checkpoint."""
        return cls(
            checkpoint.model,
            checkpoint.vocabularies,
            max_source_length=checkpoint.report.max_source_length,
            max_target_length=checkpoint.report.max_target_length,
        )

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """Return the words of a normalized text that are not in the vocabulary."""
        return self._vocabularies.source.unknown(tokenize(text))

    def translate(self, texts: Sequence[str]) -> list[str]:
        """Translate normalized texts greedily, the decoder fed its own predictions.

        As for the Translator, the translation of a text in which no word is known is empty.

        Raises:
            UnknownWordError: a text has unknown words and the source vocabulary has no UNK.
        """
        found = self._decode(self._encode(texts))
        target = self._vocabularies.target
        return [
            detokenize(target.decode(found[index].ids)) if index in found else ""
            for index in range(len(texts))
        ]

    def attend(self, texts: Sequence[str]) -> list[Attended]:
        """Translate normalized texts, and tell where the model looked.

        Texts in which no word is known are left out.

        Raises:
            OptionError: the model has no attention.
            UnknownWordError: as for ``translate``.
        """
        if ATTENTION not in self._model.decoder.tensors().returned:
            raise OptionError("this model has no attention; train with --recipe attention")
        source, target = self._vocabularies.source, self._vocabularies.target
        sources = self._encode(texts)
        found = self._decode(sources, recorded=(ATTENTION,))
        return [
            Attended(
                source=tuple(source.decode(ids)),
                target=(
                    *target.decode(found[index].ids),
                    *target.decode([EOS] * found[index].finished),
                ),
                weights=np.stack(found[index].recorded[ATTENTION])[:, : len(ids), 0],
            )
            for index, ids in sources.items()
        ]

    def _encode(self, texts: Sequence[str]) -> dict[int, list[int]]:
        """Return the token ids of the texts in which a word is known, by their index."""
        vocabulary = self._vocabularies.source
        return {
            index: vocabulary.encode(tokens)
            for index, tokens in enumerate(map(tokenize, texts))
            if vocabulary.knows_a_word(tokens)
        }

    def _decode(
        self, sources: Mapping[int, Sequence[int]], recorded: tuple[str, ...] = ()
    ) -> dict[int, Hypothesis]:
        model = self._model
        encoder = TorchEncoderStep(model.encoder, model.encoder.tensors())
        decoder = TorchDecoderStep(model.decoder, model.decoder.tensors())
        options = replace(greedy_options(model.hidden_size, self._max_length), recorded=recorded)
        # Sentences of like length side by side: fewer calls of the encoder.
        order = sorted(sources, key=lambda index: len(sources[index]))
        hypotheses: dict[int, Hypothesis] = {}
        for start in range(0, len(order), _BATCH_SIZE):
            batch = order[start : start + _BATCH_SIZE]
            found = greedy_decode(encoder, decoder, [sources[index] for index in batch], options)
            hypotheses.update(zip(batch, found, strict=True))
        return hypotheses
