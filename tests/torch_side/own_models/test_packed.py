"""A model trained with packed sequences, exported without, against its own padded batches."""

import random
from pathlib import Path

import pytest

from .compare import Said, compare, verify_without_torch
from .damage import swap_gates
from .examples import run_example

PADDED_BATCH = 25


def test_model_of_packed_sequences_decodes_as_its_own_padded_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = run_example("packed", tmp_path, monkeypatch)
    assert capsys.readouterr().out.endswith(" read right: 0 unlike the model's own loop\n")
    folder, reader = tmp_path / example["folder"], example["reader"]
    numerals = random.Random(1).sample([*example["NUMERALS"]], 2000)

    def said_in_padded_batches() -> dict[str, Said]:
        said = {}
        for start in range(0, len(numerals), PADDED_BATCH):
            texts = numerals[start : start + PADDED_BATCH]
            assert len({*map(len, texts)}) > 1, "a batch of one length has no padding"
            for text, tokens, scores in zip(
                texts, *example["own_loop"](reader, texts), strict=True
            ):
                said[text] = Said.with_scores(tokens, scores[: len(tokens) + 1])
        return said

    own = said_in_padded_batches()
    right = sum("".join(own[text].tokens) == example["NUMERALS"][text] for text in numerals)
    assert right > 0.9 * len(numerals), "the weights are trained"
    compare(folder, own.__getitem__, numerals).require_proof()
    verify_without_torch(folder)

    swap_gates(reader.decoder)
    own = said_in_padded_batches()
    damaged = compare(folder, own.__getitem__, numerals[:100])
    assert all(len(different) > 50 for different in damaged.different.values())
