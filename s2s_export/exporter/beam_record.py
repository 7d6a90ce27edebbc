"""Record of a beam: how one back end ranked the hypotheses of a sentence, and how close they are.

Part of the exporter: ``beam_parity`` compares two of them, the golden beams must have no tie.

Rounding moves each log-probability by no more than ``TOLERANCE`` (``parity`` holds it to that). Two
hypotheses that have the same tokens up to some step have moved alike so far; from there on, each of
their tokens may bring them closer by ``TIE_MARGIN``. So two back ends may rank two hypotheses
otherwise only where their sums lie within ``TIE_MARGIN`` for each token since they parted.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..decoding.beam import Beam, ranked
from ..decoding.hypotheses import Choice, Hypothesis, Indices, score
from ..decoding.loop import decode
from ..decoding.options import DecodingOptions, SearchOptions
from ..decoding.steps import FloatArray, Steps
from ..verify import TOLERANCE
from .ties import TIE_MARGIN

Ids = tuple[int, ...]


@dataclass(frozen=True)
class Ranked:
    """Hypotheses of one step, or of the end, as a back end ranks them.

    Attributes:
        values: by the hypothesis's tokens: its sum, or in the end its score.
        order: those that a back end takes, best first, and one more that it leaves out.
        places: how many it takes.
    """

    values: "Values"
    order: tuple[Ids, ...]
    places: int

    def rank(self, ids: Ids) -> int:
        """Return the place of a hypothesis; all those that are left out have the same."""
        return self.order.index(ids) if ids in self.order[: self.places] else self.places


class Values:
    """The values of all hypotheses of one step or of the end, and what rounding may do to them."""

    def __init__(self, lines: Sequence[Ids], sums: Sequence[float], log_probs: FloatArray) -> None:
        self._rows = {line: row for row, line in enumerate(lines)}
        self._sums, self._log_probs = sums, log_probs

    def __getitem__(self, ids: Ids) -> float:
        row = self._rows[ids[:-1]]
        return self._sums[row] + float(self._log_probs[row, ids[-1]])

    def margin(self, one: Ids, other: Ids) -> float:
        """Return how far rounding may move two of them towards each other."""
        pairs = enumerate(zip(one, other, strict=True))
        parted = next((step for step, (a, b) in pairs if a != b), len(one))
        return (len(one) - parted) * TIE_MARGIN


class Scores(Values):
    """The scores of finished and unfinished hypotheses, which differ in length."""

    def __init__(self, hypotheses: Sequence[Hypothesis], eos: int, length_penalty: float) -> None:
        self._penalty = length_penalty
        self._scores = {h.with_eos(eos): score(h.log_probs, length_penalty) for h in hypotheses}

    def __getitem__(self, ids: Ids) -> float:
        return self._scores[ids]

    def margin(self, one: Ids, other: Ids) -> float:
        """Return how far rounding may move two of them towards each other, token by token."""
        margins = (TOLERANCE * len(ids) / len(ids) ** self._penalty for ids in (one, other))
        return float(sum(margins))


class Recorder(Beam):
    """The beam of one sentence, which keeps its rankings and may follow another beam's choices.

    Attributes:
        rankings: of each step.
        choices: of each step, as they were taken.
    """

    def __init__(self, size: int, eos: int, script: Sequence[Choice] | None = None) -> None:
        super().__init__(size, 1, eos)
        self._script, self._end = script, eos
        self._lines: list[Ids] = [()]
        self.rankings: list[Ranked] = []
        self.choices: list[Choice] = []

    def __call__(self, log_probs: FloatArray, sentences: Indices) -> Choice:
        """Rank the continuations, and go on with the best ones or those of the script."""
        best = self.best(log_probs, sentences, beside=1)
        places = int(self.places[0])
        order = tuple(self._continued(best))
        values = Values(self._lines, self.sums.tolist(), log_probs)
        self.rankings.append(Ranked(values, order, places))
        if self._script is None:
            choice = Choice(best.parents[:places], best.tokens[:places], best.log_probs[:places])
        else:
            parents, tokens, _ = self._script[len(self.choices)]
            choice = Choice(parents, tokens, log_probs[parents, tokens])
        self.choices.append(choice)
        self.follow(choice, sentences)
        self._lines = [ids for ids in self._continued(choice) if ids[-1] != self._end]
        return choice

    def _continued(self, choice: Choice) -> Iterator[Ids]:
        for parent, token in zip(choice.parents.tolist(), choice.tokens.tolist(), strict=True):
            yield (*self._lines[parent], token)


@dataclass(frozen=True)
class Recorded:
    """The search of one sentence by one back end.

    Attributes:
        rankings: of each step, and then of the scores.
        choices: of each step.
        n_best: the result.
    """

    rankings: tuple[Ranked, ...]
    choices: tuple[Choice, ...]
    n_best: tuple[Hypothesis, ...]

    @property
    def is_tied(self) -> bool:
        """Whether somewhere two neighbours, of which one is taken, lie within their margin."""
        return any(
            ranking.values[one] - ranking.values[other] <= ranking.values.margin(one, other)
            for ranking in self.rankings
            for one, other in itertools.pairwise(ranking.order[: ranking.places + 1])
        )


def record(
    steps: Steps,
    source: Sequence[int],
    options: DecodingOptions,
    search: SearchOptions,
    script: Sequence[Choice] | None = None,
) -> Recorded:
    """Decode one sentence and keep how its hypotheses were ranked.

    Args:
        steps: of a back end.
        source: token ids of the sentence.
        options: of the loop.
        search: the beam.
        script: choices of each step to take in place of the beam's own.
    """
    recorder = Recorder(search.beam_size, options.eos, script)
    [found] = decode(steps, [source], options, recorder)
    scores = Scores(found, options.eos, search.length_penalty)
    everything = SearchOptions(search.beam_size, search.beam_size, search.length_penalty)
    ended = ranked(found, everything)
    order = tuple(hypothesis.with_eos(options.eos) for hypothesis in ended)
    final = Ranked(scores, order, search.n_best)
    n_best = tuple(ended[: search.n_best])
    return Recorded((*recorder.rankings, final), tuple(recorder.choices), n_best)
