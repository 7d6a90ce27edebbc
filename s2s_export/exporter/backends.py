"""Back ends: the two steps of a model in eager PyTorch, TorchScript and ONNX Runtime, side by side.

Part of the exporter: the parity gate and ``benchmarks`` compare them.
"""

import copy
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from ..decoding.beam import decode_n_best
from ..decoding.hypotheses import Hypothesis
from ..decoding.options import DecodingOptions, SearchOptions
from ..decoding.steps import DecoderStep, EncoderStep, Steps
from ..runtime.onnx_steps import OnnxRun
from ..runtime.sessions import SessionSettings
from . import torchscript
from .source import ExportSource
from .torch_steps import torch_steps

TwoFiles = tuple[bytes, bytes]
"""The contents of the encoder's file and of the decoder's."""


@dataclass(frozen=True)
class Backend:
    """An encoder step and a decoder step that belong together, with a name for messages."""

    name: str
    encoder: EncoderStep
    decoder: DecoderStep

    @classmethod
    def of(cls, name: str, steps: Steps) -> "Backend":
        """Give two steps a name."""
        return cls(name, steps.encoder, steps.decoder)

    def decode(
        self,
        sources: Sequence[Sequence[int]],
        options: DecodingOptions,
        batch_sizes: Sequence[int] = (1,),
    ) -> Iterator[Hypothesis]:
        """Decode sentences greedily, in batches as ``search``."""
        greedy = self.search(sources, options, SearchOptions(), batch_sizes)
        return (hypothesis for [hypothesis] in greedy)

    def search(
        self,
        sources: Sequence[Sequence[int]],
        options: DecodingOptions,
        search: SearchOptions,
        batch_sizes: Sequence[int] = (1,),
    ) -> Iterator[list[Hypothesis]]:
        """Decode sentences in batches of these sizes in turn, beginning again after the last.

        Yields:
            The best hypotheses of each sentence, best first.
        """
        remaining = iter(sources)
        for batch_size in itertools.cycle(batch_sizes):
            batch = list(itertools.islice(remaining, batch_size))
            if not batch:
                return
            yield from decode_n_best(self, batch, options, search)


def eager_backend(source: ExportSource) -> Backend:
    """Return a model's modules as PyTorch runs them."""
    return Backend.of("eager PyTorch", source.steps)


def exact_backend(source: ExportSource) -> Backend:
    """Return a model's modules as PyTorch runs them in float64, whose rounding does not count."""
    encoder, decoder = (copy.deepcopy(m).double() for m in (source.encoder, source.decoder))
    steps = torch_steps(
        encoder, source.encoder_spec, decoder, source.decoder_spec, dtype=torch.float64
    )
    return Backend.of("eager PyTorch in float64", steps)


def torchscript_backend(files: TwoFiles, source: ExportSource) -> Backend:
    """Return TorchScript files that were made of a model as a back end."""
    encoder, decoder = map(torchscript.load, files)
    steps = torch_steps(encoder, source.encoder_spec, decoder, source.decoder_spec)
    return Backend.of("TorchScript", steps)


def onnx_backend(files: TwoFiles, source: ExportSource, device: str = "cpu") -> Backend:
    """Return ONNX files that were made of a model as ONNX Runtime runs them on a device."""
    settings = SessionSettings(device)
    encoder = OnnxRun(files[0], source.encoder_spec, "encoder", settings)
    decoder = OnnxRun(files[1], source.decoder_spec, "decoder", settings)
    return Backend(
        f"ONNX Runtime ({device})",
        EncoderStep(source.encoder_spec, encoder),
        DecoderStep(source.decoder_spec, decoder),
    )
