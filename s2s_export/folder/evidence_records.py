"""The records of ``manifest.json`` that prove the graphs: parity, and golden sentences.

The field names are those of the file; ``manifest`` has the other records. Standard library only.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class BeamParity:
    """The comparison of one back end's beams with eager PyTorch's, on some of the sentences.

    Attributes:
        beam_size: of the beams; all their hypotheses are compared, in their order.
        sentences: sentences decoded by both.
        identical: those with the same hypotheses.
        ties: the others: hypotheses that changed places lie as close as rounding can bring them.
    """

    beam_size: int
    sentences: int
    identical: int
    ties: int


@dataclass(frozen=True)
class ParityRecord:
    """The comparison of one back end with eager PyTorch before publishing.

    Attributes:
        sentences: sentences decoded by both.
        identical: those with the same tokens.
        ties: the others, each shown to be a tie: the two tokens lie within ``tie_margin``.
        largest_differences: the largest absolute difference, by output: ``encoder hidden``,
            ``decoder log_probs``, ``decoder hidden``, and so on.
        tolerance: the largest that was allowed.
        tie_margin: the log-probability margin below which two tokens count as tied.
        smallest_margin: smallest difference between the best and the second-best log-probability.
        beam: the comparison of beams; not there in older folders.
    """

    sentences: int
    identical: int
    ties: int
    largest_differences: Mapping[str, float]
    tolerance: float
    tie_margin: float
    smallest_margin: float
    beam: BeamParity | None = None

    @property
    def largest_difference(self) -> float:
        """The largest of ``largest_differences``."""
        return max(self.largest_differences.values(), default=0.0)


@dataclass(frozen=True)
class GoldenHypothesis:
    """One translation of a beam.

    Attributes:
        target: text.
        target_ids: its token ids, EOS included if decoding reached it.
        log_probs: natural logarithm of the probability of each of ``target_ids``.
    """

    target: str
    target_ids: tuple[int, ...]
    log_probs: tuple[float, ...]


@dataclass(frozen=True)
class GoldenBeam:
    """The beam of a golden sentence.

    Attributes:
        beam_size: its width.
        length_penalty: exponent of the length in the score.
        hypotheses: all of them, the one with the best score first.
    """

    beam_size: int
    length_penalty: float
    hypotheses: tuple[GoldenHypothesis, ...]


@dataclass(frozen=True)
class Golden:
    """A sentence and its translation by eager PyTorch, to be replayed anywhere.

    Attributes:
        source: normalized.
        source_ids: its token ids, EOS included.
        target: text.
        target_ids: its token ids, EOS included if decoding reached it.
        log_probs: natural logarithm of the probability of each of ``target_ids``.
        beam: the same sentence decoded with a beam; not there in older folders, and where two of
            its hypotheses are tied.
    """

    source: str
    source_ids: tuple[int, ...]
    target: str
    target_ids: tuple[int, ...]
    log_probs: tuple[float, ...]
    beam: GoldenBeam | None = None
