"""The parity gate: two pairs of steps decode to the same tokens, or the difference is a proven tie.

Export asks it before publishing, ``benchmarks.parity`` for whole corpora. It sees back ends only as
steps, so eager PyTorch, TorchScript and ONNX Runtime look alike here; numpy only.

Two back ends round differently, so their numbers are close, not equal. That can change a token only
where the two best ones are nearly tied. The gate therefore asks for three things: the numbers of
single and chained steps differ by no more than ``TOLERANCE``; whole sentences give the same tokens;
and wherever a token differs, the two candidates' log-probabilities lie within ``TIE_MARGIN``.
"""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from ..decoding.options import DecodingOptions
from ..decoding.steps import FloatArray, State, TensorSpec, TokenIds, fixed_shape
from ..errors import ParityError
from ..folder.evidence_records import ParityRecord
from ..text.vocabulary import Vocabulary
from ..verify import TOLERANCE
from .backends import Backend
from .ties import TIE_MARGIN, MarginRecorder, Verdict, judge

LARGEST_TOLERANCE = 1e-2
"""A tenth of what a wrong GRU variant differs by."""

_ROUNDING_OF_BOTH = 3
"""Two back ends may differ by the sum of their distances from exact numbers. The candidate's is of
the size of the reference's, not the same: up to twice as large. (ONNX Runtime and PyTorch, a
hand-made GRU: 1.9 times the reference's distance apart, without a fault.)"""

_STEP_BATCHES = (1, 2, 3, 7)
_STEP_LENGTHS = (1, 2, 5, 10)
_CHAINED_STEPS = 12


def compare(
    reference: Backend,
    candidates: Sequence[Backend],
    sources: Sequence[Sequence[int]],
    options: DecodingOptions,
    *,
    vocabularies: tuple[Vocabulary, Vocabulary],
    batch_sizes: Sequence[int],
    exact: Callable[[], Backend] | None = None,
) -> dict[str, ParityRecord]:
    """Compare back ends with a reference, step by step and sentence by sentence.

    Args:
        reference: the back end that is right.
        candidates: those in question.
        sources: token ids of the sentences, EOS included.
        options: of greedy decoding.
        vocabularies: of the source and the target, for random tokens and for messages.
        batch_sizes: the sentences are decoded in batches of these sizes in turn.
        exact: makes the reference in float64, for ``tolerances``; made only if a number differs by
            more than ``TOLERANCE``.

    Returns:
        The evidence, by the candidate's name.

    Raises:
        ParityError: a number or a token differs by more than rounding explains.
    """
    differences = {c.name: step_differences(reference, c, vocabularies) for c in candidates}
    largest = max((max(of.values()) for of in differences.values()), default=0.0)
    allowed: dict[str, float] = {}
    if exact is not None and largest > TOLERANCE:
        allowed = tolerances(reference, exact(), vocabularies)
    for name, of_outputs in differences.items():
        for output, difference in of_outputs.items():
            tolerance = allowed.get(output, TOLERANCE)
            if difference > tolerance:
                raise ParityError(
                    f"{name}: {output} differs from {reference.name}'s by {difference:.3g}, more "
                    f"than {tolerance:.3g}; not published"
                )
    recorder = MarginRecorder(reference)
    recorded = Backend.of(reference.name, recorder.steps)
    expected = list(recorded.decode(sources, options, batch_sizes))
    records = {}
    for candidate in candidates:
        actual = candidate.decode(sources, options, batch_sizes)
        verdicts: Counter[Verdict] = Counter()
        for source, one, other in zip(sources, expected, actual, strict=True):
            verdicts[judge(reference, candidate, source, one, other, options, vocabularies)] += 1
        records[candidate.name] = ParityRecord(
            sentences=len(sources),
            identical=verdicts[Verdict.IDENTICAL],
            ties=verdicts[Verdict.TIE],
            largest_differences=differences[candidate.name],
            tolerance=max(allowed.values(), default=TOLERANCE),
            tie_margin=TIE_MARGIN,
            smallest_margin=recorder.smallest if sources else 0.0,
        )
    return records


def tolerances(
    reference: Backend, exact: Backend, vocabularies: tuple[Vocabulary, Vocabulary]
) -> dict[str, float]:
    """Return the largest allowed difference of each output.

    It is ``TOLERANCE``, or three times what the reference itself differs from exact numbers: a well
    trained model can amplify rounding from step to step. At most ``LARGEST_TOLERANCE``. Empty where
    the modules cannot run in float64.
    """
    try:
        rounding = step_differences(reference, exact, vocabularies)
    except RuntimeError:  # torch's: a module that makes float32 tensors of its own
        return {}
    return {
        output: min(max(TOLERANCE, _ROUNDING_OF_BOTH * difference), LARGEST_TOLERANCE)
        for output, difference in rounding.items()
    }


def step_differences(
    reference: Backend,
    candidate: Backend,
    vocabularies: tuple[Vocabulary, Vocabulary],
) -> dict[str, float]:
    """Return the largest absolute difference of each output, over random steps.

    Random tokens and random non-zero states, several batch sizes and lengths; then the decoder runs
    on for some steps, each back end with its own state, so that errors may add up.

    Returns:
        The differences by output: ``encoder hidden``, ``decoder log_probs``, and so on.
    """
    generator = np.random.default_rng(0)
    source_size, target_size = map(len, vocabularies)
    largest: dict[str, float] = {}

    def note(step: str, one: State, other: State) -> None:
        for name, array in one.items():
            key = f"{step} {name}"
            largest[key] = max(largest.get(key, 0.0), _difference(array, other[name]))

    for batch in _STEP_BATCHES:
        for length in _STEP_LENGTHS:
            state = {
                spec.name: _random_state(spec, batch, generator)
                for spec in reference.encoder.spec.state
            }
            tokens = generator.integers(0, source_size, (length, batch))
            one = _encoded(reference, tokens, state)
            other = _encoded(candidate, tokens, state)
            outputs_of_encoder = reference.encoder.spec.output_names
            note("encoder", {name: one[name] for name in outputs_of_encoder}, other)
            one = reference.decoder.spec.first_state(one, batch)
            other = candidate.decoder.spec.first_state(other, batch)
            for _ in range(_CHAINED_STEPS):
                token = generator.integers(0, target_size, batch)
                outputs = reference.decoder(token, one)
                other_outputs = candidate.decoder(token, other)
                note("decoder", outputs.by_name(), other_outputs.by_name())
                one, other = {**one, **outputs.replaced}, {**other, **other_outputs.replaced}
    return largest


def _random_state(spec: TensorSpec, batch: int, generator: np.random.Generator) -> FloatArray:
    """Return a state between -1 and 1, as a GRU's is."""
    return generator.uniform(-1, 1, fixed_shape(spec, batch)).astype(np.float32)


def _encoded(backend: Backend, tokens: TokenIds, state: State) -> State:
    """Return the state after some tokens, the same number of each sentence."""
    outputs = backend.encoder(tokens, state)
    return {**state, **outputs.replaced, **outputs.collected, **outputs.final}


def _difference(one: FloatArray, other: FloatArray) -> float:
    assert one.shape == other.shape
    largest = float(np.abs(one - other).max())
    return largest if np.isfinite(largest) else float("inf")  # NaN would lose every comparison
