"""ExportSource: a trained model with all that an exported folder says about it.

The exporter takes it, wherever the model came from. Part of the torch side.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from torch import nn

from ..decoding.steps import DecoderSpec, EncoderSpec, StepPair
from ..folder.manifest import Fact
from ..text.tokenizer import Tokenizer
from .torch_steps import torch_steps

TextMetric = Callable[[Sequence[str], Sequence[str]], float | None]
"""A measure of texts against as many references; ``None`` of none."""


@dataclass(frozen=True)
class Sample:
    """A text to compare the graphs on.

    Attributes:
        source: the text.
        target: its reference, if there is one.
    """

    source: str
    target: str | None = None


@dataclass(frozen=True)
class ExportSource:
    """A model to export.

    Attributes:
        encoder: the encoder step, in evaluation mode.
        encoder_spec: of its ``forward``.
        decoder: the decoder step, in evaluation mode.
        decoder_spec: of its ``forward``.
        source: tokenizer of the source; its ``max_length`` is the model's limit.
        target: tokenizer of the target.
        source_language: name of the source's language.
        target_language: name of the target's language.
        max_source_length: the most tokens of a text, EOS included.
        max_target_length: the most tokens of a translation, EOS included.
        samples: texts on which the back ends are compared; some become golden sentences.
        training: facts about the weights' origin, for the manifest.
        metrics: of test sentences, by kind and name, for the manifest.
        bleu: BLEU of texts against references, to measure int8 graphs with; ``None`` leaves it out.
    """

    encoder: nn.Module
    encoder_spec: EncoderSpec
    decoder: nn.Module
    decoder_spec: DecoderSpec
    source: Tokenizer
    target: Tokenizer
    source_language: str
    target_language: str
    max_source_length: int
    max_target_length: int
    samples: tuple[Sample, ...]
    training: Mapping[str, Fact] = field(default_factory=dict)
    metrics: Mapping[str, Mapping[str, int | float]] = field(default_factory=dict)
    bleu: TextMetric | None = None

    @property
    def steps(self) -> StepPair:
        """The two modules as PyTorch runs them."""
        return torch_steps(self.encoder, self.encoder_spec, self.decoder, self.decoder_spec)
