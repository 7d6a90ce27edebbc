"""``manifest.json``: what an exported folder holds, how it was made, and what was proven of it.

Export writes it last, the run time reads it first. Standard library only. The field names below are
those of the file; ``exported/README.md`` specifies them for readers in other languages.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from . import schema
from .errors import ManifestError
from .text import NORMALIZERS
from .vocabulary import EOS, SOS, UNK

FORMAT_VERSION = 1
"""The format that this release writes, and the newest that it reads."""
MANIFEST_FILE = "manifest.json"
SOURCE_VOCABULARY_FILE = "source.vocab"
TARGET_VOCABULARY_FILE = "target.vocab"
RETURNED_PREFIX = "next_"
"""A graph cannot give an output the name of an input, so the output that replaces the state tensor
``hidden`` is called ``next_hidden``."""

_PLAIN_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_MOST_TOKENS = 1_000_000


@dataclass(frozen=True)
class TensorSpec:
    """An input or output of a graph.

    Attributes:
        name: its name in the graph.
        dtype: numpy's name of the element type: ``int64`` or ``float32``.
        shape: sizes; a string names a dynamic axis (``"T"`` tokens, ``"B"`` batch).
    """

    name: str
    dtype: str
    shape: tuple[int | str, ...]


@dataclass(frozen=True)
class GraphSpec:
    """One ONNX graph: an encoder step or a decoder step.

    Attributes:
        file: its file in the folder.
        opset: version of the standard operator set.
        ir_version: version of the ONNX file format.
        inputs: the tokens first, then the state.
        outputs: for a decoder step ``log_probs`` first; the others are state, each named as the
            state tensor that it replaces, with ``next_`` before.
    """

    file: str
    opset: int
    ir_version: int
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    @property
    def state(self) -> tuple[TensorSpec, ...]:
        """The inputs that are state."""
        return self.inputs[1:]


@dataclass(frozen=True)
class Graphs:
    """The two graphs."""

    encoder: GraphSpec
    decoder: GraphSpec


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
    """The TorchScript files, or the reason why there are none."""

    encoder: TorchScriptRecord | None
    decoder: TorchScriptRecord | None
    missing_because: str | None


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
        largest_difference: the largest absolute difference of any output.
        tolerance: the largest that was allowed.
        tie_margin: the log-probability margin below which two tokens count as tied.
        smallest_margin: smallest difference between the best and the second-best log-probability.
    """

    sentences: int
    identical: int
    ties: int
    largest_difference: float
    tolerance: float
    tie_margin: float
    smallest_margin: float


@dataclass(frozen=True)
class Golden:
    """A sentence and its translation by eager PyTorch, with the token ids (EOS included)."""

    source: str
    source_ids: tuple[int, ...]
    target: str
    target_ids: tuple[int, ...]


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
        torchscript: the TorchScript files.
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
    torchscript: TorchScript
    tools: Mapping[str, str]
    training: Training
    parity: Mapping[str, ParityRecord]
    golden: tuple[Golden, ...]

    @classmethod
    def from_bytes(cls, content: bytes) -> "Manifest":
        """Read ``manifest.json``.

        Raises:
            ManifestError: it is not valid, or newer than this release reads.
        """
        value = schema.parse(content, MANIFEST_FILE)
        version = value.get("format_version")
        if type(version) is int and version > FORMAT_VERSION:
            raise ManifestError(
                f"{MANIFEST_FILE}: format version {version} was made by a newer release of "
                f"s2s-export, this release reads up to {FORMAT_VERSION}: upgrade s2s-export"
            )
        manifest = schema.build(cls, value, MANIFEST_FILE)
        manifest._validate()
        return manifest

    def to_bytes(self) -> bytes:
        """Write ``manifest.json``; the same manifest gives the same bytes."""
        return schema.dumps(self)

    def _validate(self) -> None:
        """Check what the types alone do not say."""
        _require(self.format_version == FORMAT_VERSION, "format_version", f"{FORMAT_VERSION}")
        _require(self.normalizer in NORMALIZERS, "normalizer", f"one of {sorted(NORMALIZERS)}")
        ids = self.special_ids
        _require(
            (ids.sos, ids.eos) == (SOS, EOS) and ids.unk in (UNK, None),
            "special_ids",
            f"{SOS}, {EOS} and {UNK} or null",
        )
        for name, length in (
            ("source", self.max_length.source),
            ("target", self.max_length.target),
        ):
            _require(1 <= length <= _MOST_TOKENS, f"max_length.{name}", f"1 to {_MOST_TOKENS}")
        for name in self.files:
            _require(_PLAIN_FILE_NAME.fullmatch(name) is not None, "files", "plain file names")
        needed = {SOURCE_VOCABULARY_FILE, TARGET_VOCABULARY_FILE}
        needed |= {self.graphs.encoder.file, self.graphs.decoder.file}
        _require(needed <= self.files.keys(), "files", f"records of {sorted(needed)}")
        _validate_graph(self.graphs.encoder, "graphs.encoder", ())
        _validate_graph(self.graphs.decoder, "graphs.decoder", ("log_probs",))
        encoder_state = {spec.name for spec in self.graphs.encoder.state}
        decoder_state = {spec.name for spec in self.graphs.decoder.state}
        _require(
            decoder_state <= encoder_state, "graphs.decoder.inputs", "the encoder's state tensors"
        )


def _validate_graph(graph: GraphSpec, where: str, first_outputs: tuple[str, ...]) -> None:
    _require(len(graph.inputs) >= 2, f"{where}.inputs", "tokens and at least one state tensor")
    for spec in graph.state:
        shape = spec.shape
        fits = len(shape) == 3 and shape[1] == "B" and spec.dtype == "float32"
        _require(fits, f"{where}.inputs: {spec.name}", "float32[n, B, n]")
        _require(
            all(type(n) is int for n in (shape[0], shape[2])), f"{where}.inputs", "fixed sizes"
        )
    names = tuple(spec.name for spec in graph.outputs)
    returned = {RETURNED_PREFIX + spec.name for spec in graph.state}
    _require(
        names[: len(first_outputs)] == first_outputs
        and set(names[len(first_outputs) :]) <= returned,
        f"{where}.outputs",
        ", ".join([*first_outputs, *sorted(returned)]),
    )


def _require(holds: bool, where: str, expected: str) -> None:
    if not holds:
        raise ManifestError(f"{MANIFEST_FILE}: {where}: expected {expected}; export again")
