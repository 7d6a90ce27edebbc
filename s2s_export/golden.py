"""Golden sentences: an exported folder translates them as it did when it was made.

``verify`` asks; the exporter chose the sentences and wrote what PyTorch made of them into the
manifest.
"""

from dataclasses import dataclass

from .decoding.hypotheses import Hypothesis
from .decoding.options import SearchOptions
from .errors import ParityError
from .folder.evidence_records import Golden, GoldenBeam
from .text.vocabulary import EOS
from .translator import Translator


@dataclass(frozen=True)
class Replayed:
    """A golden sentence that was translated again, with the same tokens.

    Attributes:
        golden: the record of the sentence.
        hypothesis: its translation now.
    """

    golden: Golden
    hypothesis: Hypothesis

    @property
    def difference(self) -> float:
        """The largest absolute difference of a token's log-probability, in nats."""
        pairs = zip(self.golden.log_probs, self.hypothesis.log_probs, strict=True)
        return max(abs(one - other) for one, other in pairs)


def replay(translator: Translator) -> list[Replayed]:
    """Translate the golden sentences from text to text, one by one.

    Raises:
        ParityError: the ids of a text, or the tokens of its translation, are others.
    """
    return [Replayed(entry, _replay(entry, translator)) for entry in translator.manifest.golden]


def _replay(golden: Golden, translator: Translator) -> Hypothesis:
    ids = translator.source.encode(golden.source).ids
    if ids != golden.source_ids:
        raise ParityError(
            f"{golden.source!r}: expected source ids {list(golden.source_ids)}, found {list(ids)}"
        )
    [hypothesis] = translator.pipeline.decode([ids])
    target, target_ids = translator.target.decode(hypothesis.ids), hypothesis.with_eos(EOS)
    if (target_ids, target) != (golden.target_ids, golden.target):
        raise ParityError(
            f"{golden.source!r}: expected {golden.target!r} (ids {list(golden.target_ids)}), "
            f"found {target!r} (ids {list(target_ids)})"
        )
    return hypothesis


def replay_beams(translator: Translator) -> float:
    """Decode the golden sentences that have a beam, with that beam.

    Returns:
        The largest absolute difference of a token's log-probability, in nats.

    Raises:
        ParityError: a hypothesis has other tokens, or another place.
    """
    return max(
        _replay_beam(entry, entry.beam, translator)
        for entry in translator.manifest.golden
        if entry.beam is not None
    )


def _replay_beam(golden: Golden, beam: GoldenBeam, translator: Translator) -> float:
    search = SearchOptions(beam.beam_size, beam.beam_size, beam.length_penalty)
    [found] = translator.pipeline.decode_n_best([golden.source_ids], search)
    expected = [hypothesis.target_ids for hypothesis in beam.hypotheses]
    ids = [hypothesis.with_eos(EOS) for hypothesis in found]
    texts = [translator.target.decode(hypothesis.ids) for hypothesis in found]
    if (ids, texts) != (expected, [hypothesis.target for hypothesis in beam.hypotheses]):
        raise ParityError(
            f"{golden.source!r}, a beam of {beam.beam_size}: expected ids "
            f"{list(map(list, expected))}, found {list(map(list, ids))}"
        )
    return max(
        abs(one - other)
        for recorded, hypothesis in zip(beam.hypotheses, found, strict=True)
        for one, other in zip(recorded.log_probs, hypothesis.log_probs, strict=True)
    )


def replay_int8(translator: Translator) -> int:
    """Decode the golden sentences with the int8 graphs, in one batch.

    Args:
        translator: of a folder with int8 graphs, made for them.

    Returns:
        The number of sentences.

    Raises:
        ParityError: the tokens of a translation are others.
    """
    int8, golden = translator.manifest.int8, translator.manifest.golden
    assert int8 is not None
    hypotheses = translator.pipeline.decode([entry.source_ids for entry in golden])
    for entry, expected, hypothesis in zip(golden, int8.golden_target_ids, hypotheses, strict=True):
        ids = hypothesis.with_eos(EOS)
        if ids != expected:
            raise ParityError(f"{entry.source!r}: expected ids {list(expected)}, found {list(ids)}")
    return len(golden)
