"""The parity gate must fail where it should: planted differences, ties and damaged numbers."""

from collections.abc import Sequence

import numpy as np
import pytest

from s2s_export.decoding.hypotheses import Hypothesis
from s2s_export.decoding.options import DecodingOptions
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
from s2s_export.exporter.parity import compare
from s2s_export.exporter.ties import TIE_MARGIN, judge
from s2s_export.folder.evidence_records import ParityRecord
from s2s_export.text.vocabulary import Vocabulary
from s2s_export.verify import TOLERANCE

OPTIONS = DecodingOptions(sos=0, eos=1, max_length=5)
ENCODER = EncoderSpec.from_shapes({"hidden": (1, "B", 2)}, {"next_hidden": (1, "B", 2)})
DECODER = DecoderSpec.from_shapes(4, {"hidden": (1, "B", 2)}, {})


class Planted:
    """Steps whose scores stand in a table: row = token fed, column = next token."""

    def __init__(self, name: str, table: list[list[float]], state_offset: float = 0.0) -> None:
        self.table = np.array(table, dtype=np.float32)
        self.state_offset = np.float32(state_offset)
        self.backend = Backend(
            name, EncoderStep(ENCODER, self.run_encoder), DecoderStep(DECODER, self.run_decoder)
        )

    def run_encoder(self, tokens: TokenIds, state: Sequence[FloatArray]) -> list[FloatArray]:
        return [state[0] + self.state_offset]

    def run_decoder(self, token: TokenIds, state: Sequence[FloatArray]) -> list[FloatArray]:
        return [self.table[token]]


REFERENCE = [
    [-5.0, -4.0, -1.0, -1.5],  # after SOS: token 2
    [-1.0, -1.0, -1.0, -1.0],  # never fed: EOS
    [-5.0, -4.0, -2.0, -0.5],  # after 2: token 3
    [-5.0, -0.1, -3.0, -4.0],  # after 3: EOS
]


def gate(
    reference: list[list[float]], candidate: list[list[float]], offset: float = 0.0
) -> ParityRecord:
    [record] = compare(
        Planted("reference", reference).backend,
        [Planted("candidate", candidate, offset).backend],
        [[2, 1], [3, 1]],
        OPTIONS,
        vocabularies=(Vocabulary(["un", "deux"]), Vocabulary(["one", "two"])),
        batch_sizes=(1,),
    ).values()
    return record


def changed(row: int, column: int, value: float) -> list[list[float]]:
    table = [list(scores) for scores in REFERENCE]
    table[row][column] = value
    return table


def test_equal_steps_pass() -> None:
    record = gate(REFERENCE, REFERENCE)
    assert (record.sentences, record.identical, record.ties) == (2, 2, 0)
    assert record.largest_differences == {"encoder hidden": 0, "decoder log_probs": 0}
    assert record.largest_difference == 0
    assert record.smallest_margin == pytest.approx(0.5)


def test_a_difference_within_the_tolerance_is_recorded() -> None:
    record = gate(REFERENCE, changed(0, 2, -1.0 - TOLERANCE / 2))
    assert record.largest_difference == pytest.approx(TOLERANCE / 2, rel=0.01)
    assert record.identical == 2


@pytest.mark.parametrize("value", [-1.0 - 2 * TOLERANCE, -0.9, float("nan"), float("inf")])
def test_a_difference_beyond_the_tolerance_refuses(value: float) -> None:
    """Though every token is the same."""
    with pytest.raises(ParityError, match=r"candidate: decoder log_probs differs from reference's"):
        gate(REFERENCE, changed(0, 2, value))


def test_a_state_beyond_the_tolerance_refuses() -> None:
    with pytest.raises(ParityError, match=r"encoder hidden differs from reference's by 0\.001"):
        gate(REFERENCE, REFERENCE, offset=1e-3)


def test_a_tie_is_proven_and_counted() -> None:
    """The best two of the first step lie closer than the tie margin, and change places."""
    tied = changed(0, 3, -1.0 - TOLERANCE / 4)
    other = [list(scores) for scores in tied]
    other[0][2], other[0][3] = tied[0][3], tied[0][2]
    record = gate(tied, other)
    assert (record.identical, record.ties) == (0, 2)
    assert record.smallest_margin < TIE_MARGIN


def test_another_token_without_a_tie_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """With numbers that the tolerance lets pass, so that the tokens alone must give it away."""
    monkeypatch.setattr("s2s_export.exporter.parity.TOLERANCE", 1.0)
    message = (
        r"candidate: 'un <eos>' \(ids \[2, 1\]\) differs at step 0: reference chooses 'one' "
        r"\(token 2, log-probability -1\.000000\), candidate 'two' \(token 3, -1\.500000\), no tie"
    )
    with pytest.raises(ParityError, match=message):
        gate(REFERENCE, changed(0, 3, -0.9))


def test_a_tie_is_one_for_both_back_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tied for the reference alone: the candidate is sure of another word."""
    monkeypatch.setattr("s2s_export.exporter.parity.TOLERANCE", 1.0)
    tied = changed(0, 3, -1.0 - TOLERANCE / 4)
    other = [list(scores) for scores in tied]
    other[0][2] = -1.5
    with pytest.raises(ParityError, match="differs at step 0: reference chooses 'one'"):
        gate(tied, other)


def test_after_a_tie_the_rest_is_compared_with_the_reference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A tie in the first step must not hide a difference in the second."""
    monkeypatch.setattr("s2s_export.exporter.parity.TOLERANCE", 1.0)
    tied = changed(0, 3, -1.0 - TOLERANCE / 4)
    other = [list(scores) for scores in tied]
    other[0][2], other[0][3] = tied[0][3], tied[0][2]
    other[2][3], other[2][2] = -1.4, -1.2
    with pytest.raises(ParityError, match=r"differs at step 1: reference chooses 'two' \(token 3"):
        gate(tied, other)


def test_a_batch_that_mixes_its_sentences_refuses() -> None:
    """Alone the sentence is right, and nothing is tied: no rounding explains the other token."""
    one, other = (Planted(name, REFERENCE).backend for name in ("reference", "candidate"))
    vocabularies = Vocabulary(["un", "deux"]), Vocabulary(["one", "two"])
    [expected] = one.decode([[2, 1]], OPTIONS)
    assert expected.ids == (2, 3)
    for ids, finished in (((3,), True), ((2,), True), ((2, 3, 3, 3), False)):
        mixed = Hypothesis(ids, (-1.0,) * len(ids), finished=finished)
        with pytest.raises(ParityError, match=r"candidate: 'un <eos>' .* differs at step"):
            judge(one, other, [2, 1], expected, mixed, OPTIONS, vocabularies)


def gate_with_exact(candidate: float, exact: float) -> ParityRecord:
    """Compare a state that is off by so much with a reference that is off by so much itself."""
    [record] = compare(
        Planted("reference", REFERENCE).backend,
        [Planted("candidate", REFERENCE, candidate).backend],
        [[2, 1]],
        OPTIONS,
        vocabularies=(Vocabulary(["un", "deux"]), Vocabulary(["one", "two"])),
        batch_sizes=(1,),
        exact=lambda: Planted("exact", REFERENCE, exact).backend,
    ).values()
    return record


def test_a_model_that_amplifies_rounding_is_measured_by_its_own_rounding() -> None:
    assert gate_with_exact(5e-4, exact=2e-4).tolerance == pytest.approx(6e-4, rel=1e-3)
    with pytest.raises(ParityError, match=r"encoder hidden differs .* more than 0\.00048"):
        gate_with_exact(5e-4, exact=1.6e-4)


def test_the_rounding_of_a_model_excuses_no_wrong_variant() -> None:
    with pytest.raises(ParityError, match=r"more than 0\.01; not published"):
        gate_with_exact(0.1, exact=1.0)


def test_exact_numbers_are_asked_for_only_where_numbers_differ() -> None:
    assert gate_with_exact(5e-5, exact=8e-4).tolerance == TOLERANCE


def test_a_model_that_cannot_run_in_float64_has_the_plain_tolerance() -> None:
    def fail(token: TokenIds, state: Sequence[FloatArray]) -> list[FloatArray]:
        raise RuntimeError("expected m1 and m2 to have the same dtype")

    planted = Planted("exact", REFERENCE)
    exact = Backend("exact", planted.backend.encoder, DecoderStep(DECODER, fail))
    with pytest.raises(ParityError, match=r"encoder hidden differs .* more than 0\.0001"):
        compare(
            Planted("reference", REFERENCE).backend,
            [Planted("candidate", REFERENCE, 5e-4).backend],
            [[2, 1]],
            OPTIONS,
            vocabularies=(Vocabulary(["un", "deux"]), Vocabulary(["one", "two"])),
            batch_sizes=(1,),
            exact=lambda: exact,
        )
