"""How good a trained model is on pairs that it has not seen."""

from collections.abc import Sequence
from dataclasses import dataclass

from s2s_export.greedy import greedy_decode
from s2s_export.text import detokenize

from .batches import Batch, shuffled_batches
from .dataset import Pair, Vocabularies, encode_pairs
from .model import Seq2Seq
from .steps import TorchDecoderStep, TorchEncoderStep, greedy_options

_BATCH_SIZE = 128


@dataclass(frozen=True)
class Example:
    """A sentence, its translation in the data and the model's (the hypothesis)."""

    source: str
    reference: str
    hypothesis: str

    def __str__(self) -> str:
        return f"{self.source} | {self.reference} | {self.hypothesis}"


def evaluation_batches(pairs: Sequence[Pair], vocabularies: Vocabularies) -> list[Batch]:
    """Return batches of pairs for ``loop.mean_loss``; all their words must be known."""
    encoded = encode_pairs(pairs, vocabularies)
    return list(shuffled_batches(encoded, _BATCH_SIZE, seed=0, epoch=0)) if encoded else []


def translate_pairs(
    model: Seq2Seq, vocabularies: Vocabularies, pairs: Sequence[Pair], max_length: int
) -> list[Example]:
    """Translate the sources of pairs greedily, the decoder fed its own predictions (free running).

    Args:
        model: ready for inference.
        vocabularies: must know all words of the pairs.
        pairs: what to translate.
        max_length: the most tokens of a hypothesis, EOS included.
    """
    hypotheses = greedy_decode(
        TorchEncoderStep(model.encoder),
        TorchDecoderStep(model.decoder),
        [pair.source for pair in encode_pairs(pairs, vocabularies)],
        greedy_options(model.hidden_size, max_length),
    )
    return [
        Example(pair.source, pair.target, detokenize(vocabularies.target.decode(hypothesis.ids)))
        for pair, hypothesis in zip(pairs, hypotheses, strict=True)
    ]
