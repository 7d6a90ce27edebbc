"""Golden sentences: an exported folder translates them as it did when it was made.

``verify`` asks; the exporter chose the sentences and wrote what PyTorch made of them into the
manifest.
"""

from dataclasses import dataclass

from .decoding.hypotheses import Hypothesis
from .errors import ParityError
from .folder.manifest import Golden
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
