"""The chatbot tutorial's model, exported, against its own loop over packed sequences."""

from pathlib import Path

import pytest

from .compare import Said, compare, random_texts, verify_without_torch
from .examples import load_example


@pytest.mark.parametrize("method", ["dot", "general", "concat"])
def test_chatbot_model_with_luong_attention_decodes_as_its_own_loop(
    method: str, tmp_path: Path
) -> None:
    example = load_example("chatbot_luong")
    model = example.make(method)
    example.export(*model, method, tmp_path / "exported")

    def original(text: str) -> Said:
        words, scores = example.own_loop(*model, text)
        return Said.with_scores(["<sos>" if word == "SOS" else word for word in words], scores)

    texts = random_texts(example.WORDS, longest=example.MAX_LENGTH - 1)
    compare(tmp_path / "exported", original, texts).require_proof()
    verify_without_torch(tmp_path / "exported")
