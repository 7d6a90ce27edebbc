"""Today's PyTorch tutorial with attention, exported, against the loop in its own decoder."""

from pathlib import Path

from .compare import Said, compare, random_texts, verify_without_torch
from .examples import load_example


def test_tutorial_model_with_bahdanau_attention_decodes_as_its_own_loop(tmp_path: Path) -> None:
    example = load_example("bahdanau_tutorial")
    encoder, decoder = example.make()
    example.export(encoder, decoder, tmp_path / "exported")

    def original(text: str) -> Said:
        return Said.with_scores(*example.own_loop(encoder, decoder, text))

    texts = random_texts(example.FRENCH[:-1], longest=example.MAX_LENGTH - 1)
    compare(tmp_path / "exported", original, texts).require_proof()
    verify_without_torch(tmp_path / "exported")
