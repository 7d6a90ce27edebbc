"""Parity of beams: equal lists, proven ties, and planted differences that no rounding explains."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from s2s_export.decoding.options import DecodingOptions, SearchOptions
from s2s_export.decoding.steps import (
    DecoderSpec,
    DecoderStep,
    EncoderSpec,
    EncoderStep,
    FloatArray,
    TokenIds,
)
from s2s_export.errors import ParityError
from s2s_export.exporter.backends import Backend
from s2s_export.exporter.beam_parity import compare_beams
from s2s_export.exporter.beam_record import record
from s2s_export.exporter.source import ExportSource
from s2s_export.exporter.ties import TIE_MARGIN
from s2s_export.folder.evidence_records import BeamParity
from s2s_export.folder.reader import ExportedFolder
from s2s_export.folder.sources.location import files_at
from s2s_export.text.vocabulary import EOS, SOS, Vocabulary

OPTIONS = DecodingOptions(SOS, EOS, max_length=5)
TWO = SearchOptions(2, 2)
Table = list[list[float]]

REFERENCE: Table = [
    [-9.0, -8.0, -1.0, -1.5],  # after SOS: 2, then 3
    [-1.0, -1.0, -1.0, -1.0],  # never fed: EOS
    [-9.0, -0.5, -7.0, -2.0],  # after 2: EOS; 3 is 1.5 behind
    [-9.0, -0.4, -6.0, -5.0],  # after 3: EOS
]


def planted(name: str, table: Table, *, beside: Table | None = None) -> Backend:
    """Return steps whose log-probabilities stand in a table: row = token fed.

    Args:
        name: of the back end.
        table: for a batch of one sentence.
        beside: for the other sentences of a batch, as a faulty batch would have it.
    """
    encoder = EncoderSpec.from_shapes({"number": (1, "B", 1)}, {"next_number": (1, "B", 1)})
    decoder = DecoderSpec.from_shapes(len(table), {"number": (1, "B", 1)}, {})

    def encode(tokens: TokenIds, state: Sequence[FloatArray]) -> list[FloatArray]:
        return [np.arange(tokens.shape[1], dtype=np.float32)[np.newaxis, :, np.newaxis]]

    def decode(token: TokenIds, state: Sequence[FloatArray]) -> list[FloatArray]:
        of_first, of_others = (np.array(t, np.float32)[token] for t in (table, beside or table))
        return [np.where(state[0][0] == 0, of_first, of_others)]

    return Backend(name, EncoderStep(encoder, encode), DecoderStep(decoder, decode))


def gate(
    reference: Table,
    candidate: Table,
    search: SearchOptions = TWO,
    *,
    beside: Table | None = None,
    batch: int = 1,
) -> BeamParity:
    [found] = compare_beams(
        planted("reference", reference),
        [planted("candidate", candidate, beside=beside)],
        [[2, 1], [3, 1]],
        OPTIONS,
        search,
        vocabularies=(Vocabulary(["un", "deux"]), Vocabulary(["one", "two", "three"])),
        batch_sizes=(batch,),
    ).values()
    return found


def changed(row: int, column: int, value: float, table: Table = REFERENCE) -> Table:
    copied = [list(log_probs) for log_probs in table]
    copied[row][column] = value
    return copied


def test_equal_beams_are_identical() -> None:
    assert gate(REFERENCE, REFERENCE) == BeamParity(2, sentences=2, identical=2, ties=0)


def test_a_tie_at_the_edge_of_the_beam_is_proven_and_counted() -> None:
    """EOS after 3, and 3 after 2, compete for the second place: -1.9 and -1.9."""
    tied = changed(2, 3, -0.9 + TIE_MARGIN / 4)
    other = changed(2, 3, -0.9 - TIE_MARGIN / 4)
    assert gate(tied, other) == BeamParity(2, sentences=2, identical=0, ties=2)


def test_hypotheses_of_other_parents_may_move_by_a_margin_for_each_token() -> None:
    """They parted a step ago, so that two tokens of each may have moved."""
    tied = changed(2, 3, -0.9 + 0.9 * TIE_MARGIN)
    other = changed(2, 3, -0.9 - 0.9 * TIE_MARGIN)
    assert gate(tied, other).ties == 2
    with pytest.raises(ParityError, match=r"no tie within 0\.0004; not published"):
        gate(changed(2, 3, -0.9 + 0.9 * TIE_MARGIN), changed(2, 3, -0.9 - 3 * TIE_MARGIN))


def test_a_tied_score_of_finished_hypotheses_is_proven_and_counted() -> None:
    """Both have two tokens and end: -1.0 - 0.5 and -1.5 - x, x near 0."""
    tied = changed(3, 1, -TIE_MARGIN / 4)
    other = changed(2, 1, -0.5 - TIE_MARGIN / 2, tied)
    assert gate(tied, other) == BeamParity(2, sentences=2, identical=0, ties=2)


def test_another_hypothesis_without_a_tie_refuses() -> None:
    message = (
        r"candidate: 'un <eos>' \(ids \[2, 1\]\): a beam of 2 differs at step 1: reference ranks "
        r"'two <eos>' before 'one two' \(by 1\.100000\), candidate behind it \(by 0\.400000\), no t"
    )
    with pytest.raises(ParityError, match=message):
        gate(REFERENCE, changed(2, 3, -0.5))


def test_a_difference_of_the_scores_alone_refuses() -> None:
    """The same tokens in every step; in the end two hypotheses change places."""
    table = [[-9.0] * 5 for _ in range(5)]
    table[0][2], table[2][1] = -1.0, -0.5  # 'one <eos>': the mean is -0.75
    table[0][3], table[3][4], table[4][1] = -1.2, -0.5, -0.4  # 'two three <eos>': -0.7
    message = (
        "a beam of 2 differs at the ranking: reference ranks 'two three <eos>' before 'one <eos>' "
        r"\(by 0\.050000\), candidate behind it \(by 0\.050000\), no tie within 0\.0002"
    )
    assert gate(table, table).identical == 2
    with pytest.raises(ParityError, match=message):
        gate(table, changed(4, 1, -0.7, table))
    near = changed(4, 1, -0.55 + TIE_MARGIN, table)
    assert gate(near, changed(4, 1, -0.55 - TIE_MARGIN, table)).ties == 2


def test_a_batch_that_mixes_its_sentences_refuses() -> None:
    """Alone the sentence is right, and nothing is tied: no rounding explains it."""
    wrong = changed(0, 3, -0.5)
    with pytest.raises(ParityError, match=r"'deux <eos>' .* differs beside other sentences alone"):
        gate(REFERENCE, REFERENCE, beside=wrong, batch=2)


def test_a_beam_knows_whether_it_is_tied() -> None:
    def tied(table: Table) -> bool:
        return record(planted("x", table), [2, 1], OPTIONS, TWO).is_tied

    assert not tied(REFERENCE)
    assert tied(changed(0, 3, -1.0 - TIE_MARGIN / 2)), "two rows"
    assert tied(changed(2, 3, -0.9 + TIE_MARGIN / 2)), "the last one in and the first one out"
    assert tied(changed(3, 1, -TIE_MARGIN / 2)), "two scores"


def test_a_record_has_the_sums_of_its_hypotheses(
    backends: dict[str, Backend], each_tiny: Path
) -> None:
    """Also after some have ended, and left the rows of the beam."""
    options, search = DecodingOptions(SOS, EOS, max_length=12), SearchOptions(4, 4)
    after_others = 0
    for golden in ExportedFolder(files_at(each_tiny)).manifest.golden:
        found = record(backends["eager"], golden.source_ids, options, search)
        for hypothesis in found.n_best:
            ids = hypothesis.with_eos(EOS)
            ranking = found.rankings[len(ids) - 1]
            assert ranking.values[ids] == pytest.approx(sum(hypothesis.log_probs), abs=1e-5)
            after_others += ranking.places < 4
    assert after_others > 5


@pytest.mark.parametrize("size", [2, 4])
def test_back_ends_give_the_same_n_best_lists(
    size: int, backends: dict[str, Backend], tiny_source: ExportSource, each_tiny: Path
) -> None:
    """Of the golden sentences and of random ids, in batches and alone."""
    manifest = ExportedFolder(files_at(each_tiny)).manifest
    generator = np.random.default_rng(0)
    sources = [list(golden.source_ids) for golden in manifest.golden] + [
        generator.integers(1, manifest.source.vocabulary_size, length).tolist()
        for length in generator.integers(1, 12, 120)
    ]
    vocabularies = tiny_source.source.vocabulary, tiny_source.target.vocabulary
    found = compare_beams(
        backends["eager"],
        [backends["torchscript"], backends["onnx"]],
        sources,
        DecodingOptions(SOS, EOS, max_length=12),
        SearchOptions(size, size),
        vocabularies=vocabularies,
        batch_sizes=(1, 2, 3, 7),
    )
    assert found.keys() == {"TorchScript", "ONNX Runtime (cpu)"}
    for of_backend in found.values():
        assert of_backend.sentences == len(sources) == 128
        assert of_backend.identical >= 126
        assert of_backend.identical + of_backend.ties == 128
