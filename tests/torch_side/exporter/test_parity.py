"""Token-for-token parity: eager PyTorch, TorchScript and ONNX Runtime, one loop, one oracle."""

from pathlib import Path

import numpy as np
import pytest

from s2s_export.decoding.encoder import run_encoder
from s2s_export.decoding.options import DecodingOptions
from s2s_export.decoding.steps import FloatArray, State
from s2s_export.exporter.backends import Backend
from s2s_export.exporter.parity import compare, step_differences
from s2s_export.exporter.source import ExportSource
from s2s_export.folder.manifest import Manifest
from s2s_export.folder.reader import ExportedFolder
from s2s_export.folder.sources.location import files_at
from s2s_export.text.vocabulary import EOS, SOS, Vocabulary
from s2s_export.verify import TOLERANCE

from ..each_model import greedy_oracle

KINDS = ("eager", "torchscript", "onnx")


OPTIONS = DecodingOptions(SOS, EOS, max_length=30)


@pytest.fixture(scope="module")
def manifest(each_tiny: Path) -> Manifest:
    return ExportedFolder(files_at(each_tiny)).manifest


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
def test_an_encoder_of_tokens_gives_the_same_token_by_token(
    kind: str, backends: dict[str, Backend]
) -> None:
    """One that reads whole sentences does not: its memory knows the tokens behind, too."""
    tokens = np.random.default_rng(0).integers(2, 34, (9, 3))
    step = backends[kind].encoder
    state: State = step.spec.initial_state(3)
    collected: list[State] = []
    for row in tokens:
        outputs = step(row[np.newaxis], state)
        state = {**state, **outputs.replaced}
        collected.append(outputs.collected)
    at_once = step(tokens, step.spec.initial_state(3))
    differences = [np.abs(state[name] - array).max() for name, array in at_once.replaced.items()]
    for name, array in at_once.collected.items():
        one_by_one = np.concatenate([of_token[name] for of_token in collected])
        differences.append(np.abs(one_by_one - array).max())
    if step.spec.reads == "tokens":
        assert max(differences) < 1e-6  # float32 rounding
    else:
        assert max(differences) > 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_sentences_of_different_lengths_in_a_batch_give_their_own_results(
    kind: str, backends: dict[str, Backend]
) -> None:
    """The tensors themselves, which the choice of tokens hides; behind an end there are zeros."""
    generator = np.random.default_rng(1)
    sources = [[*generator.integers(2, 34, n).tolist(), 1] for n in (5, 1, 9, 1, 3, 5, 7)]
    tokens = generator.integers(0, 30, len(sources))
    encoder, decoder = backends[kind].encoder, backends[kind].decoder

    def results(rows: list[int]) -> dict[str, FloatArray]:
        encoded = run_encoder(encoder, [sources[row] for row in rows])
        outputs = decoder(tokens[rows], decoder.spec.first_state(encoded, len(rows))).by_name()
        return {**encoded, **{f"decoder {name}": array for name, array in outputs.items()}}

    together = results([*range(len(sources))])
    for row in range(len(sources)):
        for name, alone in results([row]).items():
            batch_axis = 0 if name == "decoder log_probs" else 1
            in_batch = np.take(together[name], [row], axis=batch_axis)
            np.testing.assert_allclose(in_batch[: len(alone)], alone, rtol=0, atol=1e-5)
            assert not in_batch[len(alone) :].any()


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
