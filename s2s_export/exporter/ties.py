"""Ties: two back ends decode to different tokens because the two best ones are nearly equal.

Part of the exporter: the parity gate asks ``judge`` of each sentence.
"""

from collections.abc import Sequence
from enum import Enum

import numpy as np

from ..decoding.hypotheses import Hypothesis
from ..decoding.loop import forced_scores
from ..decoding.options import DecodingOptions
from ..decoding.steps import DecoderStep, FloatArray, StepPair, Steps, TokenIds
from ..errors import ParityError
from ..text.vocabulary import Vocabulary
from ..verify import TOLERANCE
from .backends import Backend

TIE_MARGIN = 2 * TOLERANCE
"""Log-probabilities closer than this are tied: each may have moved by ``TOLERANCE``."""


class MarginRecorder:
    """Two steps, and the smallest margin between the two best tokens of the decoder.

    Attributes:
        steps: the steps; running the decoder records its margins.
        smallest: the margin in log-probability; infinity before the first step.
    """

    def __init__(self, steps: Steps) -> None:
        self._decoder = steps.decoder
        self.steps = StepPair(steps.encoder, DecoderStep(steps.decoder.spec, self._run))
        self.smallest = float("inf")

    def _run(self, token: TokenIds, state: Sequence[FloatArray]) -> Sequence[FloatArray]:
        outputs = self._decoder.run(token, state)
        top_two = np.partition(outputs[0], -2, axis=1)[:, -2:]
        self.smallest = min(self.smallest, float((top_two[:, 1] - top_two[:, 0]).min()))
        return outputs


class Verdict(Enum):
    """The gate's verdict on a sentence. The third one, different, is an error."""

    IDENTICAL = "identical"
    TIE = "tie"


def judge(
    reference: Backend,
    candidate: Backend,
    source: Sequence[int],
    expected: Hypothesis,
    actual: Hypothesis,
    options: DecodingOptions,
    vocabularies: tuple[Vocabulary, Vocabulary],
) -> Verdict:
    """Decide whether two translations of a sentence are the same, or differ by ties alone.

    For a tie both back ends are fed the reference's tokens; at each step where they would choose
    differently, the two candidates must be tied for both of them. At the first step in which the
    translations differ, the candidate's choice is the one that it made beside other sentences: a
    batch that mixes its sentences is no tie.

    Raises:
        ParityError: they are different; the message gives the sentence, the step, both tokens and
            their scores.
    """
    if (expected.ids, expected.finished) == (actual.ids, actual.finished):
        return Verdict.IDENTICAL
    fed = [options.sos, *expected.ids][: options.max_length]
    said = (*actual.ids, options.eos)
    pairs = zip((*expected.ids, options.eos), said, strict=False)
    parted = next((step for step, (one, other) in enumerate(pairs) if one != other), None)
    steps = zip(
        forced_scores(reference, source, fed),
        forced_scores(candidate, source, fed),
        strict=True,
    )
    for step, (scores, other_scores) in enumerate(steps):
        best = int(scores.argmax())
        other_best = said[step] if step == parted else int(other_scores.argmax())
        margin = float(scores[best] - scores[other_best])
        other_margin = float(abs(other_scores[other_best] - other_scores[best]))
        if max(margin, other_margin) > TIE_MARGIN:
            words, target = vocabularies[0].decode(source), vocabularies[1]
            raise ParityError(
                f"{candidate.name}: {' '.join(words)!r} (ids {list(source)}) differs at step "
                f"{step}: {reference.name} chooses {target.decode([best])[0]!r} (token {best}, "
                f"log-probability {scores[best]:.6f}), {candidate.name} "
                f"{target.decode([other_best])[0]!r} (token {other_best}, "
                f"{scores[other_best]:.6f}), no tie within {TIE_MARGIN:.3g}; not published"
            )
    return Verdict.TIE
