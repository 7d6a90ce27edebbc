"""LSTM, bridge and fed context, exported, against the loops that they came with."""

from pathlib import Path
from string import ascii_lowercase

import pytest

from .compare import Said, compare, random_texts, verify_without_torch
from .damage import swap_gates
from .examples import run_example

TEXTS = random_texts(ascii_lowercase, longest=9, joint="")


@pytest.mark.parametrize("name", ["lstm", "bridge", "cho"])
def test_shape_is_exported_and_decodes_as_its_own_loop(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = run_example(name, tmp_path, monkeypatch)
    assert capsys.readouterr().out.endswith(" outputs: 0 unlike the model's own loop\n")
    folder, model = tmp_path / example["folder"], example["model"]

    def original(text: str) -> Said:
        return Said.with_scores(*example["own_loop"](*model, text))

    compare(folder, original, TEXTS).require_proof()
    verify_without_torch(folder)

    swap_gates(model[1])
    damaged = compare(folder, original, TEXTS[:100])
    assert all(len(different) > 50 for different in damaged.different.values())
