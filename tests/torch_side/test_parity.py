"""Token-for-token parity: eager PyTorch, TorchScript and ONNX Runtime, one loop, one oracle."""

import numpy as np
import pytest

from s2s_export.greedy import DecodingOptions, State
from s2s_export.parity import TOLERANCE, Backend, compare, step_differences
from s2s_export.reader import ExportedFolder
from s2s_export.vocabulary import Vocabulary
from training.model import Seq2Seq
from training.steps import greedy_options

from .both_models import decode

KINDS = ("eager", "torchscript", "onnx")


@pytest.fixture(scope="module")
def options(tiny_folder: ExportedFolder) -> DecodingOptions:
    return greedy_options(tiny_folder.manifest.sizes.hidden, max_length=30)


@pytest.fixture(scope="module")
def sources(tiny_folder: ExportedFolder) -> list[list[int]]:
    """The golden sentences, and random ids, which no sentence looks like.

    Of 1 to 30 tokens; and short ones, at which the model with attention says more kinds of
    things.
    """
    manifest = tiny_folder.manifest
    generator = np.random.default_rng(0)
    lengths = [*generator.integers(1, 31, 300), *generator.integers(1, 12, 500)]
    return [list(golden.source_ids) for golden in manifest.golden] + [
        generator.integers(1, manifest.sizes.source_vocabulary, length).tolist()
        for length in lengths
    ]


@pytest.fixture(scope="module")
def expected(tiny_model: Seq2Seq, sources: list[list[int]]) -> list[list[int]]:
    decoded = [decode(tiny_model, source, 30) for source in sources]
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
    options: DecodingOptions,
) -> None:
    hypotheses = backends[kind].decode(sources, options, batch_sizes)
    found = [[*h.ids, 1] if h.finished else list(h.ids) for h in hypotheses]
    assert found == expected


@pytest.mark.parametrize("kind", KINDS[1:])
def test_numbers_agree_over_random_states_and_chained_steps(
    kind: str,
    backends: dict[str, Backend],
    options: DecodingOptions,
    vocabularies: tuple[Vocabulary, Vocabulary],
    tiny_folder: ExportedFolder,
) -> None:
    found = step_differences(backends["eager"], backends[kind], options, vocabularies)
    of_graphs = {"encoder": tiny_folder.manifest.graphs.encoder.outputs}
    of_graphs["decoder"] = tiny_folder.manifest.graphs.decoder.outputs
    assert found.keys() == {
        f"{step} {spec.name.removeprefix('next_')}"
        for step, outputs in of_graphs.items()
        for spec in outputs
    }
    assert found.keys() >= {"encoder hidden", "decoder log_probs", "decoder hidden"}
    assert max(found.values()) < TOLERANCE


@pytest.mark.parametrize("kind", KINDS)
def test_the_encoder_at_once_is_the_encoder_token_by_token(
    kind: str, backends: dict[str, Backend], options: DecodingOptions
) -> None:
    tokens = np.random.default_rng(0).integers(1, 51, (9, 3))
    zeros = np.zeros((1, 3, options.initial_state["hidden"].shape[2]), dtype=np.float32)
    step = backends[kind].encoder
    state: State = {"hidden": zeros}
    collected: list[State] = []
    for row in tokens:
        state, of_token = step(row[np.newaxis], state)
        collected.append(of_token)
    at_once, of_tokens = step(tokens, {"hidden": zeros})
    assert state.keys() == at_once.keys()
    for name, array in at_once.items():
        np.testing.assert_allclose(state[name], array, rtol=0, atol=1e-6)  # float32 rounding
    for name, array in of_tokens.items():
        one_by_one = np.concatenate([of_token[name] for of_token in collected])
        np.testing.assert_allclose(one_by_one, array, rtol=0, atol=1e-6)


def test_the_gate_finds_no_difference(
    backends: dict[str, Backend],
    sources: list[list[int]],
    options: DecodingOptions,
    vocabularies: tuple[Vocabulary, Vocabulary],
) -> None:
    records = compare(
        backends["eager"],
        [backends["torchscript"], backends["onnx"]],
        sources,
        options,
        vocabularies=vocabularies,
        batch_sizes=(1, 2, 3, 7),
    )
    assert records.keys() == {"TorchScript", "ONNX Runtime (cpu)"}
    for record in records.values():
        assert (record.sentences, record.identical, record.ties) == (808, 808, 0)
        assert record.largest_difference < TOLERANCE
        assert 0 < record.smallest_margin < 1
    assert records["ONNX Runtime (cpu)"].largest_difference > 0, "compared with itself?"
