"""The records of ``manifest.json``: the model, its files, and the whole.

The field names are those of the file. ``manifest_file`` reads and writes it, ``format.md``
specifies it for readers in other languages. Standard library only, beside the specifications.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ..decoding.steps import DecoderSpec, EncoderSpec
from .evidence_records import Golden, ParityRecord

FORMAT_VERSION = 3
"""The format that this release writes, and the newest that it reads."""
MANIFEST_FILE = "manifest.json"
SOURCE_VOCABULARY_FILE = "source.vocab"
TARGET_VOCABULARY_FILE = "target.vocab"
SOURCE_MERGES_FILE = "source.merges"
TARGET_MERGES_FILE = "target.merges"

Fact = str | int | float | None
"""A value of free-form information."""


@dataclass(frozen=True)
class Side:
    """The source or the target.

    Attributes:
        language: its name.
        text: the text mode; ``natural`` has a merges file beside its vocabulary.
        fold_case: whether a text is lower-cased before it is split.
        vocabulary_size: tokens of its vocabulary, control tokens counted.
        max_length: the most tokens of a text, EOS included, as in the training data.
    """

    language: str
    text: str
    fold_case: bool
    vocabulary_size: int
    max_length: int


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
class FileRecord:
    """A file: its size in bytes, and their sha256 in hexadecimal."""

    size: int
    sha256: str


@dataclass(frozen=True)
class StepSpecs:
    """The specifications of the two steps, which all graphs keep."""

    encoder: EncoderSpec
    decoder: DecoderSpec


@dataclass(frozen=True)
class GraphRecord:
    """An ONNX graph.

    Attributes:
        file: its file in the folder.
        opset: version of the standard operator set.
        ir_version: version of the ONNX file format.
    """

    file: str
    opset: int
    ir_version: int


@dataclass(frozen=True)
class Graphs:
    """The graphs of the two steps."""

    encoder: GraphRecord
    decoder: GraphRecord


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
    """

    encoder: TorchScriptRecord | None
    decoder: TorchScriptRecord | None
    missing_because: str | None


@dataclass(frozen=True)
class Agreement:
    """The agreement of the int8 graphs with the fp32 graphs on the held-out sentences.

    Attributes:
        sentences: that were translated with both.
        identical: those with the same tokens.
        bleu: of the int8 graphs, 0 to 100; null without references.
        bleu_fp32: of the fp32 graphs on the same sentences; null without references.
    """

    sentences: int
    identical: int
    bleu: float | None
    bleu_fp32: float | None


@dataclass(frozen=True)
class Int8:
    """The quantized graphs beside the others: smaller and quicker, and not always the same tokens.

    Attributes:
        graphs: the quantized graphs.
        agreement: with the fp32 graphs, measured before publishing.
        golden_target_ids: their tokens for each of ``Manifest.golden``, EOS included if reached.
    """

    graphs: Graphs
    agreement: Agreement
    golden_target_ids: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Manifest:
    """The whole of ``manifest.json``; see the attributes' classes.

    Attributes:
        format_version: of the folder.
        source: the source's language and text.
        target: the target's language and text.
        special_ids: ids of the control tokens.
        files: the files that the run time reads, by name. The README is for people, the TorchScript
            files have records of their own.
        steps: the specifications of the two steps.
        graphs: the float32 graphs.
        int8: the quantized graphs; null if the folder has none.
        torchscript: the TorchScript files.
        requires: the oldest version that can run the graphs, by package: ``onnxruntime``.
        tools: version of each tool that took part, by name.
        training: the origin of the weights, by name: ``recipe``, ``data``, ``seed`` and so on;
            ``fingerprint`` is a sha256 over all weights and vocabularies.
        metrics: of the test sentences, by kind of sentence and then by name.
        parity: the comparisons with eager PyTorch, by back end.
        golden: sentences with their translations.
    """

    format_version: int
    source: Side
    target: Side
    special_ids: SpecialIds
    files: Mapping[str, FileRecord]
    steps: StepSpecs
    graphs: Graphs
    int8: Int8 | None
    torchscript: TorchScript
    requires: Mapping[str, str]
    tools: Mapping[str, str]
    training: Mapping[str, Fact]
    metrics: Mapping[str, Mapping[str, int | float]]
    parity: Mapping[str, ParityRecord]
    golden: tuple[Golden, ...]
