"""What a manifest may say: the rules that the types of its fields alone do not express.

``manifest_file`` applies them to whatever it reads. Standard library only.
"""

import math
import re
from dataclasses import replace

from .contract import RETURNED_PREFIX, GraphSpec, TensorSpec, listed
from .errors import ManifestError
from .manifest import (
    FORMAT_VERSION,
    MANIFEST_FILE,
    SOURCE_VOCABULARY_FILE,
    TARGET_VOCABULARY_FILE,
    Golden,
    Int8,
    Manifest,
)
from .text import NORMALIZERS
from .vocabulary import EOS, SOS, UNK

LARGEST_FILE = 2**31 - 1
"""Bytes; what protobuf, and so an ONNX file with its weights inside, can hold."""
MOST_TOKENS = 1_000_000
"""Of a sentence. A limit far above any model's, so that a damaged number cannot ask for hours."""
LARGEST_SIZE = 10_000_000
"""Of an axis of a tensor, or a vocabulary: a damaged number cannot ask for all the memory."""

_FIRST_WITH_MEMORY = 2
"""The first format version in which a step may return more than state: a memory of each token."""
_PLAIN_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,3}")


def check(manifest: Manifest) -> None:
    """Check a manifest whose fields have the right types.

    Raises:
        ManifestError: a rule is broken; the message names the field and what was expected.
    """
    _require(
        1 <= manifest.format_version <= FORMAT_VERSION, "format_version", f"1 to {FORMAT_VERSION}"
    )
    _require(manifest.normalizer in NORMALIZERS, "normalizer", f"one of {sorted(NORMALIZERS)}")
    ids = manifest.special_ids
    _require(
        (ids.sos, ids.eos) == (SOS, EOS) and ids.unk in (UNK, None),
        "special_ids",
        f"{SOS}, {EOS} and {UNK} or null",
    )
    for name, length in vars(manifest.max_length).items():
        _require(1 <= length <= MOST_TOKENS, f"max_length.{name}", f"1 to {MOST_TOKENS}")
    for name, size in vars(manifest.sizes).items():
        _require(1 <= size <= LARGEST_SIZE, f"sizes.{name}", f"1 to {LARGEST_SIZE}")
    for package, version in manifest.requires.items():
        _require(_VERSION.fullmatch(version) is not None, f"requires.{package}", "a version")
    _check_files(manifest)
    _check_graphs(manifest)
    if manifest.int8 is not None:
        _check_int8(manifest.int8, manifest)
    for index, golden in enumerate(manifest.golden):
        _check_golden(golden, manifest, f"golden[{index}]")


def _check_files(manifest: Manifest) -> None:
    files = manifest.files
    for name, record in files.items():
        _require(_PLAIN_FILE_NAME.fullmatch(name) is not None, "files", "plain file names")
        _require(0 <= record.size <= LARGEST_FILE, f"files.{name}.size", f"0 to {LARGEST_FILE}")
        _require(
            _SHA256.fullmatch(record.sha256) is not None,
            f"files.{name}.sha256",
            "64 hexadecimal digits",
        )
    needed = {SOURCE_VOCABULARY_FILE, TARGET_VOCABULARY_FILE}
    for graphs in (manifest.graphs, *([manifest.int8.graphs] if manifest.int8 else [])):
        needed |= {graphs.encoder.file, graphs.decoder.file}
    _require(needed <= files.keys(), "files", f"records of {sorted(needed)}")


def _check_graphs(manifest: Manifest) -> None:
    encoder, decoder, sizes = manifest.graphs.encoder, manifest.graphs.decoder, manifest.sizes
    log_probs = TensorSpec("log_probs", "float32", ("B", sizes.target_vocabulary))
    collected = _check_graph(encoder, "graphs.encoder", tokens=("T", "B"), first=(), others="T")
    recorded = _check_graph(
        decoder, "graphs.decoder", tokens=("B",), first=(log_probs,), others="S"
    )
    for spec in encoder.state:
        _require(
            isinstance(spec.shape[0], int),
            f"graphs.encoder.inputs: {spec.name}",
            "sizes of numbers, but for B",
        )
    known = {*encoder.state, *(replace(spec, shape=("S", *spec.shape[1:])) for spec in collected)}
    _require(
        set(decoder.state) <= known,
        "graphs.decoder.inputs",
        "the encoder's state tensors, and what it returns for each token",
    )
    _require(
        encoder.state[0].shape[2] == sizes.hidden,
        "graphs.encoder.inputs",
        f"state of sizes.hidden = {sizes.hidden} units",
    )
    _require(
        manifest.format_version >= _FIRST_WITH_MEMORY or not (collected or recorded),
        "format_version",
        f"{_FIRST_WITH_MEMORY} for graphs that return more than state",
    )


def _check_int8(int8: Int8, manifest: Manifest) -> None:
    for name, quantized, graph in (
        ("encoder", int8.graphs.encoder, manifest.graphs.encoder),
        ("decoder", int8.graphs.decoder, manifest.graphs.decoder),
    ):
        _require(
            (quantized.inputs, quantized.outputs) == (graph.inputs, graph.outputs),
            f"int8.graphs.{name}",
            f"the inputs and outputs of graphs.{name}",
        )
    _require(
        len(int8.golden_target_ids) == len(manifest.golden),
        "int8.golden_target_ids",
        "one for each of golden",
    )


def _check_graph(
    graph: GraphSpec,
    where: str,
    *,
    tokens: tuple[str, ...],
    first: tuple[TensorSpec, ...],
    others: str,
) -> tuple[TensorSpec, ...]:
    """Check a graph's inputs and outputs.

    Args:
        graph: the encoder step or the decoder step.
        where: its field.
        tokens: shape of its first input.
        first: the outputs that it must begin with.
        others: axis 0 of the outputs that are neither these nor state.

    Returns:
        Those other outputs.
    """
    _require(len(graph.inputs) >= 2, f"{where}.inputs", "tokens and at least one state tensor")
    given = graph.inputs[0]
    _require(
        (given.dtype, given.shape) == ("int64", tokens),
        f"{where}.inputs: {given.name}",
        f"int64[{', '.join(tokens)}]",
    )
    for spec in graph.state:
        _require(_is_state(spec, "S"), f"{where}.inputs: {spec.name}", "float32[n, B, n]")
    names = [spec.name for spec in (*graph.inputs, *graph.outputs)]
    _require(len(set(names)) == len(names), where, "each name once")
    returned = {
        TensorSpec(RETURNED_PREFIX + spec.name, spec.dtype, spec.shape) for spec in graph.state
    }
    replacing = len(first) + len(graph.replaced)
    _require(
        graph.outputs[: len(first)] == first
        and set(graph.outputs[len(first) : replacing]) <= returned,
        f"{where}.outputs",
        listed((*first, *sorted(returned, key=str))),
    )
    for spec in graph.outputs[replacing:]:
        _require(
            spec.shape[:1] == (others,) and _is_state(spec, others),
            f"{where}.outputs: {spec.name}",
            f"float32[{others}, B, n]",
        )
    return graph.outputs[replacing:]


def _is_state(spec: TensorSpec, varying: str) -> bool:
    """Tell whether it is ``float32[n, B, n]``, of which the first may be the axis ``varying``."""
    if spec.dtype != "float32" or len(spec.shape) != 3 or spec.shape[1] != "B":
        return False
    first, _, last = spec.shape
    sizes = (1 if first == varying else first, last)
    return (
        all(isinstance(size, int) and size >= 1 for size in sizes)
        and math.prod(int(size) for size in sizes) <= LARGEST_SIZE
    )


def _check_golden(golden: Golden, manifest: Manifest, where: str) -> None:
    sizes, longest = manifest.sizes, manifest.max_length
    for field, ids, size, limit in (
        ("source_ids", golden.source_ids, sizes.source_vocabulary, longest.source),
        ("target_ids", golden.target_ids, sizes.target_vocabulary, longest.target),
    ):
        _require(1 <= len(ids) <= limit, f"{where}.{field}", f"1 to {limit} tokens")
        _require(all(0 <= token < size for token in ids), f"{where}.{field}", f"ids below {size}")
    _require(
        len(golden.log_probs) == len(golden.target_ids),
        f"{where}.log_probs",
        "one for each of target_ids",
    )


def _require(holds: bool, where: str, expected: str) -> None:
    if not holds:
        raise ManifestError(f"{MANIFEST_FILE}: {where}: expected {expected}; export again")
