"""Options of decoding: of the loop, and of the search. Both worlds; standard library only."""

import math
from dataclasses import dataclass

from ..errors import OptionError

LARGEST_BEAM = 1_000
"""Hypotheses a sentence. The decoder step gets as many rows, and memory grows with them: 1,000 rows
of 15,000 log-probabilities are 60 MB, beside the state. Wider beams bring nothing either."""

LARGEST_PENALTY = 10.0
"""Exponent of a length. Far above any that is used, so that no power overflows."""


MOST_TOKENS = 1_000_000
"""Tokens of a sentence. Far above any model's, so that a damaged number cannot run for ever."""


@dataclass(frozen=True)
class DecodingOptions:
    """The loop's options beside the steps and the sentences.

    Attributes:
        sos: id of the token that starts decoding.
        eos: id of the token that ends a sentence.
        max_length: the most tokens to decode for a sentence, EOS included.
        extra_outputs: names of the decoder's extra outputs to keep, for each step.
    """

    sos: int
    eos: int
    max_length: int
    extra_outputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class SearchOptions:
    """The width of the search, and the ranking of its hypotheses. By default: greedy decoding.

    Attributes:
        beam_size: hypotheses a sentence that are followed side by side, 1 to ``LARGEST_BEAM``; 1 is
            greedy decoding.
        n_best: hypotheses a sentence that are returned, 1 to ``beam_size``.
        length_penalty: exponent of the length in the score, 0 to ``LARGEST_PENALTY``, see
            ``hypotheses.score``.

    Raises:
        OptionError: an option is no such number.
    """

    beam_size: int = 1
    n_best: int = 1
    length_penalty: float = 1.0

    def __post_init__(self) -> None:
        _require_int("beam_size", self.beam_size, LARGEST_BEAM, f"1 to {LARGEST_BEAM}")
        _require_int("n_best", self.n_best, self.beam_size, f"1 to the beam_size, {self.beam_size}")
        penalty = self.length_penalty
        if (
            isinstance(penalty, bool)
            or not isinstance(penalty, int | float)
            or not math.isfinite(penalty)
            or not 0 <= penalty <= LARGEST_PENALTY
        ):
            raise OptionError(
                f"length_penalty: expected a number from 0 to {LARGEST_PENALTY:g}, found "
                f"{penalty!r}"
            )


@dataclass(frozen=True)
class MaskOptions:
    """The tokens that may not be said, see ``masks``. By default: none.

    Attributes:
        min_length: the fewest tokens of a sentence, EOS included as in ``max_length``; 0 and 1 ask
            for none.
        suppress: sequences of token ids that are never said; none is empty or holds EOS.
        no_repeat_ngram: n of the n-grams that no sentence says twice; 0 for none.

    Raises:
        OptionError: an option is no such number.
    """

    min_length: int = 0
    suppress: tuple[tuple[int, ...], ...] = ()
    no_repeat_ngram: int = 0

    def __post_init__(self) -> None:
        most = f"0 to {MOST_TOKENS}"
        _require_int("min_length", self.min_length, MOST_TOKENS, most, least=0)
        _require_int("no_repeat_ngram", self.no_repeat_ngram, MOST_TOKENS, most, least=0)
        assert all(self.suppress), "an empty sequence is said everywhere"


def _require_int(name: str, value: object, largest: int, expected: str, least: int = 1) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= largest:
        raise OptionError(f"{name}: expected an int from {expected}, found {value!r}")
