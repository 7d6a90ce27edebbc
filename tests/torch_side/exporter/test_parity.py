"""Token-for-token parity: eager PyTorch, TorchScript and ONNX Runtime, one loop, one oracle."""

from pathlib import Path

import numpy as np
import pytest

from s2s_export.decoding.greedy import DecodingOptions
from s2s_export.decoding.steps import State
from s2s_export.exporter.backends import Backend
from s2s_export.exporter.parity import compare, step_differences
from s2s_export.exporter.source import ExportSource
from s2s_export.folder.manifest import Manifest
from s2s_export.folder.reader import ExportedFolder
from s2s_export.text.vocabulary import EOS, SOS, Vocabulary
from s2s_export.verify import TOLERANCE

from ..each_model import greedy_oracle

KINDS = ("eager", "torchscript", "onnx")


OPTIONS = DecodingOptions(SOS, EOS, max_length=30)


@pytest.fixture(scope="module")
def manifest(each_tiny: Path) -> Manifest:
    return ExportedFolder(each_tiny).manifest


@pytest.fixture(scope="module")
def vocabularies(tiny_source: ExportSource) -> tuple[Vocabulary, Vocabulary]:
    return tiny_source.source.vocabulary, tiny_source.target.vocabulary


@pytest.fixture(scope="module")
def sources(manifest: Manifest) -> list[list[int]]:
    """The golden sentences, and random ids, which no sentence looks like.

    Of 1 to 30 tokens; and short ones, at which the model with attention says more kinds of
    things.
    """
    generator = np.random.default_rng(0)
    lengths = [*generator.integers(1, 31, 300), *generator.integers(1, 12, 500)]
    return [list(golden.source_ids) for golden in manifest.golden] + [
        generator.integers(1, manifest.source.vocabulary_size, length).tolist()
        for length in lengths
    ]


@pytest.fixture(scope="module")
def expected(tiny_source: ExportSource, sources: list[list[int]]) -> list[list[int]]:
    modules = tiny_source.encoder, tiny_source.decoder
    decoded = [greedy_oracle(*modules, source, 30) for source in sources]
    assert len({tuple(ids) for ids in decoded}) > 50, "a model that says one thing tests nothing"
    return decoded


@pytest.mark.parametrize("batch_sizes", [(1,), (1, 2, 3, 7), (128,)], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_decodes_as_the_modules_one_token_at_a_time(
    kind: str,
    batch_sizes: tuple[int, ...],
    backends: dict[str, Backend],
    sources: list[list[int]],
    expected: list[list[int]],
) -> None:
    hypotheses = backends[kind].decode(sources, OPTIONS, batch_sizes)
    found = [[*h.ids, 1] if h.finished else list(h.ids) for h in hypotheses]
    assert found == expected


@pytest.mark.parametrize("kind", KINDS[1:])
def test_back_ends_agree_over_random_states_and_chained_steps(
    kind: str,
    backends: dict[str, Backend],
    vocabularies: tuple[Vocabulary, Vocabulary],
    manifest: Manifest,
) -> None:
    found = step_differences(backends["eager"], backends[kind], vocabularies)
    of_graphs = {"encoder": manifest.steps.encoder.outputs}
    of_graphs["decoder"] = manifest.steps.decoder.outputs
    assert found.keys() == {
        f"{step} {spec.name.removeprefix('next_')}"
        for step, outputs in of_graphs.items()
        for spec in outputs
    }
    assert found.keys() >= {"encoder hidden", "decoder log_probs", "decoder hidden"}
    assert max(found.values()) < TOLERANCE


@pytest.mark.parametrize("kind", KINDS)
def test_the_encoder_at_once_is_the_encoder_token_by_token(
    kind: str, backends: dict[str, Backend]
) -> None:
    tokens = np.random.default_rng(0).integers(1, 51, (9, 3))
    step = backends[kind].encoder
    state: State = step.spec.initial_state(3)
    collected: list[State] = []
    for row in tokens:
        outputs = step(row[np.newaxis], state)
        state = outputs.replaced
        collected.append(outputs.collected)
    at_once = step(tokens, step.spec.initial_state(3))
    assert state.keys() == at_once.replaced.keys()
    for name, array in at_once.replaced.items():
        np.testing.assert_allclose(state[name], array, rtol=0, atol=1e-6)  # float32 rounding
    for name, array in at_once.collected.items():
        one_by_one = np.concatenate([of_token[name] for of_token in collected])
        np.testing.assert_allclose(one_by_one, array, rtol=0, atol=1e-6)


def test_the_gate_finds_no_difference(
    backends: dict[str, Backend],
    sources: list[list[int]],
    vocabularies: tuple[Vocabulary, Vocabulary],
) -> None:
    records = compare(
        backends["eager"],
        [backends["torchscript"], backends["onnx"]],
        sources,
        OPTIONS,
        vocabularies=vocabularies,
        batch_sizes=(1, 2, 3, 7),
    )
    assert records.keys() == {"TorchScript", "ONNX Runtime (cpu)"}
    for record in records.values():
        assert (record.sentences, record.identical, record.ties) == (808, 808, 0)
        assert record.largest_difference < TOLERANCE
        assert 0 < record.smallest_margin < 1
    assert records["ONNX Runtime (cpu)"].largest_difference > 0, "compared with itself?"
