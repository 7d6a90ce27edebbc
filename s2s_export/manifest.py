"""What an exported folder says of itself: what it holds, how it was made, what was proven of it.

The records of ``manifest.json``, whose field names these are; ``manifest_file`` reads and writes
it, ``exported/README.md`` specifies it for readers in other languages. Standard library only.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from .contract import Graphs

FORMAT_VERSION = 2
"""The format that this release writes, and the newest that it reads; ``manifest_rules`` knows what
each version may hold."""
MANIFEST_FILE = "manifest.json"
SOURCE_VOCABULARY_FILE = "source.vocab"
TARGET_VOCABULARY_FILE = "target.vocab"


@dataclass(frozen=True)
class FileRecord:
    """What a file's bytes must be: size in bytes, and their sha256 in hexadecimal."""

    size: int
    sha256: str


@dataclass(frozen=True)
class TorchScriptRecord:
    """A TorchScript file. Its bytes are not reproducible, so its tensors are recorded instead.

    Attributes:
        file: its file in the folder. The run time never opens it.
        tensors_sha256: sha256 over each parameter's name, dtype, shape and bytes, in name order.
    """

    file: str
    tensors_sha256: str


@dataclass(frozen=True)
class TorchScript:
    """The TorchScript files, or the reason why there are none.

    Attributes:
        encoder: the encoder step; null if there is none.
        decoder: the decoder step; null if there is none.
        missing_because: why there is none; null if there is.
        checked_by: how these files are compared, since their bytes are not reproducible.
    """

    encoder: TorchScriptRecord | None
    decoder: TorchScriptRecord | None
    missing_because: str | None
    checked_by: str


@dataclass(frozen=True)
class Sizes:
    """Sizes of the model: tokens of each vocabulary (SOS and EOS counted), hidden units."""

    source_vocabulary: int
    target_vocabulary: int
    hidden: int


@dataclass(frozen=True)
class SpecialIds:
    """Ids of the control tokens.

    Attributes:
        sos: start of sentence, in both vocabularies.
        eos: end of sentence, in both vocabularies.
        unk: unknown word, in the source vocabulary; null if the model has not learned it. The
            target vocabulary has none, so it can never come out.
    """

    sos: int
    eos: int
    unk: int | None


@dataclass(frozen=True)
class MaxLength:
    """The most tokens of a sentence, EOS included, as in the training data."""

    source: int
    target: int


@dataclass(frozen=True)
class Score:
    """How well some held-out sentences are translated.

    Attributes:
        sentences: how many.
        bleu: of the whole set, 0 to 100.
        chrf: of the whole set, 0 to 100.
        exact: fraction of the sentences that equal their reference.
    """

    sentences: int
    bleu: float
    chrf: float
    exact: float


@dataclass(frozen=True)
class Training:
    """Where the weights come from.

    Attributes:
        fingerprint: sha256 over all weights, vocabularies and the recipe of the training run.
        recipe: name of the recipe.
        data: name of the data file, or ``phrasebook``.
        data_sha256: sha256 of the pairs that were trained on and held out.
        seed: seed of the run.
        epochs: passes over the training pairs that the weights have seen.
        training_pairs: pairs trained on.
        held_out_pairs: pairs held out.
        held_out_loss: mean negative log-probability (nats) of a held-out token; null without any.
        scores: of the held-out sentences ``known words`` and ``unknown words``; without any, or
            without a token for unknown words, the key is missing.
        score_signature: how sacrebleu computed the scores; null without any.
    """

    fingerprint: str
    recipe: str
    data: str
    data_sha256: str
    seed: int
    epochs: int
    training_pairs: int
    held_out_pairs: int
    held_out_loss: float | None
    scores: Mapping[str, Score]
    score_signature: str | None


@dataclass(frozen=True)
class ParityRecord:
    """What was compared with eager PyTorch before publishing, for one back end.

    Attributes:
        sentences: sentences decoded by both.
        identical: those with the same tokens.
        ties: the others, each shown to be a tie: the two tokens lie within ``tie_margin``.
        largest_differences: the largest absolute difference, by output: ``encoder hidden``,
            ``decoder log_probs``, ``decoder hidden``, and so on.
        tolerance: the largest that was allowed.
        tie_margin: the log-probability margin below which two tokens count as tied.
        smallest_margin: smallest difference between the best and the second-best log-probability.
    """

    sentences: int
    identical: int
    ties: int
    largest_differences: Mapping[str, float]
    tolerance: float
    tie_margin: float
    smallest_margin: float

    @property
    def largest_difference(self) -> float:
        """The largest of ``largest_differences``."""
        return max(self.largest_differences.values(), default=0.0)


@dataclass(frozen=True)
class Golden:
    """A sentence and its translation by eager PyTorch, to be replayed anywhere.

    Attributes:
        source: normalized.
        source_ids: its token ids, EOS included.
        target: tokens joined by spaces.
        target_ids: its token ids, EOS included if decoding reached it.
        log_probs: natural logarithm of the probability of each of ``target_ids``.
    """

    source: str
    source_ids: tuple[int, ...]
    target: str
    target_ids: tuple[int, ...]
    log_probs: tuple[float, ...]


@dataclass(frozen=True)
class Agreement:
    """How far the int8 graphs say what the fp32 graphs say, on the held-out sentences.

    Attributes:
        sentences: that were translated with both.
        identical: those with the same tokens.
        bleu: of the int8 graphs, 0 to 100; null without any sentence.
        bleu_fp32: of the fp32 graphs on the same sentences; null without any.
    """

    sentences: int
    identical: int
    bleu: float | None
    bleu_fp32: float | None


@dataclass(frozen=True)
class Int8:
    """The quantized graphs beside the others: smaller and quicker, and not always the same tokens.

    Attributes:
        graphs: their contracts: those of the fp32 graphs, in other files.
        agreement: with the fp32 graphs, measured before publishing.
        golden_target_ids: what they make of each of ``Manifest.golden``, EOS included if reached.
    """

    graphs: Graphs
    agreement: Agreement
    golden_target_ids: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Manifest:
    """The whole of ``manifest.json``; see the attributes' classes.

    Attributes:
        format_version: of the folder.
        source_language: as named in training.
        target_language: as named in training.
        normalizer: a name in ``text.NORMALIZERS``.
        sizes: of the model.
        special_ids: ids of the control tokens.
        max_length: the longest sentences.
        files: the files that the run time reads, by name. The README is for people, the TorchScript
            files have records of their own.
        graphs: the contract of each graph.
        int8: the quantized graphs; null if the folder has none.
        torchscript: the TorchScript files.
        requires: the oldest version that can run the graphs, by package: ``onnxruntime``.
        tools: version of each tool that took part, by name.
        training: where the weights come from.
        parity: what was compared, by back end.
        golden: sentences with their translations.
    """

    format_version: int
    source_language: str
    target_language: str
    normalizer: str
    sizes: Sizes
    special_ids: SpecialIds
    max_length: MaxLength
    files: Mapping[str, FileRecord]
    graphs: Graphs
    int8: Int8 | None
    torchscript: TorchScript
    requires: Mapping[str, str]
    tools: Mapping[str, str]
    training: Training
    parity: Mapping[str, ParityRecord]
    golden: tuple[Golden, ...]
