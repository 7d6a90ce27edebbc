"""Translating on an NVIDIA GPU; where there is none, each test says so and is skipped."""

from pathlib import Path

import numpy as np
import pytest

from s2s_export import Translator
from s2s_export.verify import verify

onnxruntime = pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def cuda() -> None:
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime was built without CUDA")


@pytest.fixture(params=["tiny_unk", "tiny_attention"])
def folder(request: pytest.FixtureRequest, cuda: None) -> Path:
    path: Path = request.getfixturevalue(request.param)
    return path


def test_the_same_tokens_as_on_the_cpu(folder: Path) -> None:
    """TF32 is off, so the log-probabilities agree as well as float32 can."""
    translators = [Translator(folder, device=device) for device in ("cpu", "cuda", "auto")]
    assert [translator.device for translator in translators] == ["cpu", "cuda", "cuda"]
    texts = [golden.source for golden in translators[0].manifest.golden]
    expected, *others = (translator.translate_batch(texts) for translator in translators)
    for found in others:
        assert [one.tokens for one in found] == [one.tokens for one in expected]
        for one, other in zip(found, expected, strict=True):
            # the tolerance of the parity gate
            np.testing.assert_allclose(one.log_probs, other.log_probs, rtol=0, atol=1e-4)


def test_verify_on_the_gpu(folder: Path) -> None:
    assert verify(folder, device="cuda").passed
