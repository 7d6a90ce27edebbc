"""Steps that are noted while a translator runs them. Needs no torch."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from s2s_export import Translator
from s2s_export.decoding.steps import (
    DecoderStep,
    EncoderStep,
    FloatArray,
    RunStep,
    StepPair,
    TokenIds,
)
from s2s_export.pipeline import Pipeline


def observe(
    patch: pytest.MonkeyPatch,
    translator: Translator,
    after: Callable[[str, Any], Any] = lambda _, outputs: outputs,
) -> list[str]:
    """Give a translator steps that note their calls.

    Args:
        patch: undoes it.
        translator: to be observed.
        after: returns the outputs of a step, perhaps changed.

    Returns:
        The steps that were run, ``"encoder"`` or ``"decoder"``; it grows.
    """
    calls: list[str] = []

    def noted(name: str, run: RunStep) -> RunStep:
        def noting(tokens: TokenIds, state: Sequence[FloatArray]) -> Sequence[FloatArray]:
            calls.append(name)
            outputs: Sequence[FloatArray] = after(name, run(tokens, state))
            return outputs

        return noting

    pipeline = translator.pipeline
    encoder, decoder = pipeline.steps.encoder, pipeline.steps.decoder
    steps = StepPair(
        EncoderStep(encoder.spec, noted("encoder", encoder.run)),
        DecoderStep(decoder.spec, noted("decoder", decoder.run)),
    )
    observed = Pipeline(steps, pipeline.source, pipeline.target, max_length=pipeline.max_length)
    patch.setattr(translator, "pipeline", observed)
    return calls
