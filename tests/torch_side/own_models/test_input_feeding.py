"""Input feeding, exported, against the loop that it came with; its attention in batches."""

from pathlib import Path
from string import ascii_lowercase

import numpy as np
import pytest

from s2s_export.translator import Translator

from .compare import Said, compare, random_texts, verify_without_torch
from .damage import swap_gates
from .examples import run_example

TEXTS = random_texts(ascii_lowercase, longest=9, joint="")


def test_input_feeding_decodes_as_its_own_loop_and_its_attention_ends_with_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = run_example("input_feeding", tmp_path, monkeypatch)
    assert capsys.readouterr().out.endswith(" outputs: 0 unlike the model's own loop\n")
    folder, model = tmp_path / example["folder"], example["model"]

    def original(text: str) -> Said:
        return Said.with_scores(*example["own_loop"](*model, text))

    compare(folder, original, TEXTS).require_proof()
    verify_without_torch(folder)

    translator = Translator(folder)
    for text, found in zip(
        TEXTS[:20], translator.translate_batch(TEXTS[:20], attention=True), strict=True
    ):
        [alone] = translator.translate_batch([text], attention=True)
        assert found.attention is not None
        assert alone.attention is not None
        assert found.attention.source == (*text, "<eos>")
        weights = found.attention.weights
        np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=0, atol=1e-6)
        np.testing.assert_allclose(weights, alone.attention.weights, rtol=0, atol=1e-5)

    swap_gates(model[1])
    damaged = compare(folder, original, TEXTS[:100])
    assert all(len(different) > 50 for different in damaged.different.values())
