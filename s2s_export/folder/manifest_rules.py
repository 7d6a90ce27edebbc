"""The rules of a manifest that the types of its fields alone do not express.

``manifest_file`` applies them to whatever it reads. Standard library only, beside the
specifications.
"""

import re

from ..decoding.contract import check_specs
from ..decoding.options import LARGEST_BEAM, LARGEST_PENALTY, MOST_TOKENS
from ..decoding.steps import LARGEST_SIZE
from ..errors import ManifestError, SpecError
from ..text.modes import TARGET_MODES, TEXT_MODES
from ..text.vocabulary import EOS, SOS, UNK
from .evidence_records import Golden, GoldenBeam, GoldenHypothesis
from .manifest import (
    FORMAT_VERSION,
    MANIFEST_FILE,
    SOURCE_MERGES_FILE,
    SOURCE_VOCABULARY_FILE,
    TARGET_MERGES_FILE,
    TARGET_VOCABULARY_FILE,
    Manifest,
    Side,
)

LARGEST_FILE = 2**31 - 1
"""Bytes; protobuf, and so an ONNX file with its weights inside, holds no more."""

_PLAIN_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,3}")


def check(manifest: Manifest) -> None:
    """Check a manifest whose fields have the right types.

    Raises:
        ManifestError: a rule is broken; the message names the field and the expected value.
    """
    _require(
        1 <= manifest.format_version <= FORMAT_VERSION, "format_version", f"1 to {FORMAT_VERSION}"
    )
    ids = manifest.special_ids
    _require(
        (ids.sos, ids.eos) == (SOS, EOS) and ids.unk in (UNK, None),
        "special_ids",
        f"{SOS}, {EOS} and {UNK} or null",
    )
    for name, side, modes in (
        ("source", manifest.source, TEXT_MODES),
        ("target", manifest.target, TARGET_MODES),
    ):
        _require(side.text in modes, f"{name}.text", f"one of {[*modes]}")
        _require(1 <= side.max_length <= MOST_TOKENS, f"{name}.max_length", f"1 to {MOST_TOKENS}")
        _require(
            1 <= side.vocabulary_size <= LARGEST_SIZE,
            f"{name}.vocabulary_size",
            f"1 to {LARGEST_SIZE}",
        )
    for package, version in manifest.requires.items():
        _require(_VERSION.fullmatch(version) is not None, f"requires.{package}", "a version")
    _check_files(manifest)
    _check_steps(manifest)
    _require(
        manifest.int8 is None or len(manifest.int8.golden_target_ids) == len(manifest.golden),
        "int8.golden_target_ids",
        "one for each of golden",
    )
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
    for side, merges in (
        (manifest.source, SOURCE_MERGES_FILE),
        (manifest.target, TARGET_MERGES_FILE),
    ):
        needed |= {merges} if side.text == "natural" else set()
    for graphs in (manifest.graphs, *([manifest.int8.graphs] if manifest.int8 else [])):
        needed |= {graphs.encoder.file, graphs.decoder.file}
    _require(needed <= files.keys(), "files", f"records of {sorted(needed)}")


def _check_steps(manifest: Manifest) -> None:
    steps, size = manifest.steps, manifest.target.vocabulary_size
    try:
        check_specs(steps.encoder, steps.decoder)
    except SpecError as error:
        raise ManifestError(f"{MANIFEST_FILE}: steps.{error}; export again") from None
    _require(
        steps.decoder.outputs[0].shape == ("B", size),
        "steps.decoder.outputs: log_probs",
        f"float32[B, {size}], for target.vocabulary_size tokens",
    )


def _check_golden(golden: Golden, manifest: Manifest, where: str) -> None:
    _check_ids(golden.source_ids, manifest.source, f"{where}.source_ids")
    _check_target(golden, manifest.target, where)
    if golden.beam is not None:
        _check_beam(golden.beam, manifest.target, f"{where}.beam")


def _check_beam(beam: GoldenBeam, target: Side, where: str) -> None:
    _require(1 <= beam.beam_size <= LARGEST_BEAM, f"{where}.beam_size", f"1 to {LARGEST_BEAM}")
    _require(
        0 <= beam.length_penalty <= LARGEST_PENALTY,
        f"{where}.length_penalty",
        f"0 to {LARGEST_PENALTY:g}",
    )
    _require(
        1 <= len(beam.hypotheses) <= beam.beam_size, f"{where}.hypotheses", "1 to beam_size of them"
    )
    for index, hypothesis in enumerate(beam.hypotheses):
        _check_target(hypothesis, target, f"{where}.hypotheses[{index}]")


def _check_target(golden: Golden | GoldenHypothesis, target: Side, where: str) -> None:
    _check_ids(golden.target_ids, target, f"{where}.target_ids")
    _require(
        len(golden.log_probs) == len(golden.target_ids),
        f"{where}.log_probs",
        "one for each of target_ids",
    )


def _check_ids(ids: tuple[int, ...], side: Side, where: str) -> None:
    size, limit = side.vocabulary_size, side.max_length
    _require(1 <= len(ids) <= limit, where, f"1 to {limit} tokens")
    _require(all(0 <= token < size for token in ids), where, f"ids below {size}")


def _require(holds: bool, where: str, expected: str) -> None:
    if not holds:
        raise ManifestError(f"{MANIFEST_FILE}: {where}: expected {expected}; export again")
