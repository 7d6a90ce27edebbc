"""Parity of beams: two back ends give the same n-best lists, or the difference is a proven tie.

Part of the exporter: the gate asks ``compare_beams``, ``benchmarks.parity`` for whole corpora.
``beam_record`` says which hypotheses are tied, and why.
"""

import itertools
from collections import Counter
from collections.abc import Sequence

from ..decoding.options import DecodingOptions, SearchOptions
from ..errors import ParityError
from ..folder.evidence_records import BeamParity
from ..text.vocabulary import Vocabulary
from .backends import Backend
from .beam_record import record
from .ties import Verdict


def compare_beams(
    reference: Backend,
    candidates: Sequence[Backend],
    sources: Sequence[Sequence[int]],
    options: DecodingOptions,
    search: SearchOptions,
    *,
    vocabularies: tuple[Vocabulary, Vocabulary],
    batch_sizes: Sequence[int],
) -> dict[str, BeamParity]:
    """Compare the n-best lists of back ends with those of a reference.

    Args:
        reference: the back end that is right.
        candidates: those in question.
        sources: token ids of the sentences, EOS included.
        options: of the loop.
        search: the beam.
        vocabularies: of the source and the target, for messages.
        batch_sizes: the sentences are decoded in batches of these sizes in turn.

    Returns:
        The evidence, by the candidate's name.

    Raises:
        ParityError: a list differs by more than rounding explains.
    """
    expected = list(reference.search(sources, options, search, batch_sizes))
    records = {}
    for candidate in candidates:
        actual = candidate.search(sources, options, search, batch_sizes)
        verdicts: Counter[Verdict] = Counter()
        for source, one, other in zip(sources, expected, actual, strict=True):
            same = [(h.ids, h.finished) for h in one] == [(h.ids, h.finished) for h in other]
            if not same:
                _prove_tie(reference, candidate, source, options, search, vocabularies)
            verdicts[Verdict.IDENTICAL if same else Verdict.TIE] += 1
        records[candidate.name] = BeamParity(
            beam_size=search.beam_size,
            sentences=len(sources),
            identical=verdicts[Verdict.IDENTICAL],
            ties=verdicts[Verdict.TIE],
        )
    return records


def _prove_tie(
    reference: Backend,
    candidate: Backend,
    source: Sequence[int],
    options: DecodingOptions,
    search: SearchOptions,
    vocabularies: tuple[Vocabulary, Vocabulary],
) -> None:
    """Prove that the n-best lists of a sentence may differ by rounding alone.

    Both back ends take the reference's choices; wherever they rank two hypotheses differently,
    these must be tied for both of them. Where they rank all alike, and it took other sentences
    beside this one to make a difference, the reference itself must have a tie.

    Raises:
        ParityError: it is not so; the message gives the sentence, the step, both hypotheses and
            their sums.
    """
    expected = record(reference, source, options, search)
    actual = record(candidate, source, options, search, expected.choices)
    where = f"{candidate.name}: {' '.join(vocabularies[0].decode(source))!r} (ids {list(source)})"
    inverted = False
    for step, (one, other) in enumerate(zip(expected.rankings, actual.rankings, strict=True)):
        for first, second in itertools.permutations({*one.order, *other.order}, 2):
            if one.rank(first) < one.rank(second) and other.rank(first) > other.rank(second):
                inverted = True
                gaps = [
                    one.values[first] - one.values[second],
                    other.values[second] - other.values[first],
                ]
                margin = one.values.margin(first, second)
                if max(gaps) > margin:
                    words = [" ".join(vocabularies[1].decode(ids)) for ids in (first, second)]
                    place = f"step {step}" if step < len(expected.choices) else "the ranking"
                    raise ParityError(
                        f"{where}: a beam of {search.beam_size} differs at {place}: "
                        f"{reference.name} ranks {words[0]!r} before {words[1]!r} (by "
                        f"{gaps[0]:.6f}), {candidate.name} behind it (by {gaps[1]:.6f}), no tie "
                        f"within {margin:.3g}; not published"
                    )
    if not inverted and not expected.is_tied:
        raise ParityError(
            f"{where}: a beam of {search.beam_size} differs beside other sentences alone, and "
            "nothing is tied; not published"
        )
