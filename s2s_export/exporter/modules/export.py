"""``export_modules``: any recurrent encoder and decoder in PyTorch, exported, proven, published.

The public door of the exporter for models that this project did not train. Part of the torch side.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from torch import nn

from ...decoding.steps import DecoderSpec, EncoderSpec
from ...folder.manifest import Fact, Manifest
from ...folder.reader import Precision
from ...text.tokenizer import Tokenizer
from ..build import build
from ..source import ExportSource, Sample

Scores = Literal["log_probs", "logits"]


def export_modules(
    encoder: nn.Module,
    decoder: nn.Module,
    out: str | Path,
    *,
    encoder_spec: EncoderSpec,
    decoder_spec: DecoderSpec,
    source: Tokenizer,
    target: Tokenizer,
    samples: Sequence[str | Sample],
    max_source_length: int,
    max_target_length: int,
    source_language: str = "source",
    target_language: str = "target",
    scores: Scores = "log_probs",
    precision: Precision = "fp32",
    with_torchscript: bool = True,
    training: Mapping[str, Fact] | None = None,
    force: bool = False,
) -> Manifest:
    """Export an encoder step and a decoder step, prove them, and publish the folder."""
    return build(
        ExportSource(
            encoder=encoder.eval(),
            encoder_spec=encoder_spec,
            decoder=decoder.eval(),
            decoder_spec=decoder_spec,
            source=source,
            target=target,
            source_language=source_language,
            target_language=target_language,
            max_source_length=max_source_length,
            max_target_length=max_target_length,
            samples=tuple(s if isinstance(s, Sample) else Sample(s) for s in samples),
            training=training or {},
        ),
        Path(out),
        force=force,
        precision=precision,
        with_torchscript=with_torchscript,
    )
