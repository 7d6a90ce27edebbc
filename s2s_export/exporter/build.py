"""Building an exported folder: graphs, proof, manifest, publication.

Part of the exporter: ``export`` calls it. Everything is written beside the target, loaded again as
an app would, compared with eager PyTorch, and swapped in last.
"""

import hashlib
import json
import platform
from importlib import metadata, resources
from pathlib import Path

from .. import __version__
from ..decoding.contract import check_specs
from ..errors import GraphError, ModuleError, ParityError
from ..folder import manifest_file
from ..folder.evidence_records import Golden, ParityRecord
from ..folder.manifest import (
    FORMAT_VERSION,
    MANIFEST_FILE,
    SOURCE_MERGES_FILE,
    SOURCE_VOCABULARY_FILE,
    TARGET_MERGES_FILE,
    TARGET_VOCABULARY_FILE,
    FileRecord,
    GraphRecord,
    Graphs,
    Int8,
    Manifest,
    Side,
    SpecialIds,
    StepSpecs,
    TorchScript,
)
from ..folder.reader import Precision
from ..folder.text_side import TextSide, text_files
from ..quantization import quantize
from ..text.tokenizer import Tokenizer
from ..text.vocabulary import EOS, SOS
from ..verify import verify
from . import evidence, onnx_export, torchscript
from .backends import TwoFiles
from .publishing.publication import is_zip, publishing
from .source import ExportSource

OPSET = 20
IR_VERSION = 10
OLDEST_ONNXRUNTIME = "1.18"
"""The first release that reads this opset and this version of the file format."""

GRAPHS = Graphs(
    GraphRecord("encoder.onnx", OPSET, IR_VERSION), GraphRecord("decoder.onnx", OPSET, IR_VERSION)
)
INT8_GRAPHS = Graphs(
    GraphRecord("encoder.int8.onnx", OPSET, IR_VERSION),
    GraphRecord("decoder.int8.onnx", OPSET, IR_VERSION),
)
README_FILE = "README.md"
OWN_FILES = frozenset(
    {
        *(MANIFEST_FILE, README_FILE, SOURCE_VOCABULARY_FILE, TARGET_VOCABULARY_FILE),
        *(SOURCE_MERGES_FILE, TARGET_MERGES_FILE),
        *torchscript.FILES,
        *(graph.file for graphs in (GRAPHS, INT8_GRAPHS) for graph in vars(graphs).values()),
    }
)
"""All files that an export may write."""

_TOOLS = ("numpy", "onnx", "onnxruntime", "onnxscript", "torch")


def build(
    source: ExportSource,
    out: Path,
    *,
    force: bool,
    precision: Precision = "fp32",
    with_torchscript: bool = True,
) -> Manifest:
    """Write an exported folder, or a zip of one.

    Args:
        source: the model.
        out: the folder to write, or the zip if its name ends in ``.zip``; an earlier export there
            is replaced as a whole.
        force: replace ``out`` even if it holds other files, which are deleted.
        precision: ``"int8"`` adds quantized graphs; the others are always there.
        with_torchscript: whether the TorchScript files are written, where they can be made. A zip
            has none: it is for apps, and its bytes are the same each time, which theirs are not.

    Returns:
        The manifest that was written.

    Raises:
        SpecError: the specifications of the two steps break the contract.
        ModuleError: torch cannot export a module to ONNX.
        GraphError: an exported graph breaks its contract.
        ParityError: an exported graph does not decode as eager PyTorch does.
        OutputError: ``out`` may not be replaced, or cannot be written.
    """
    check_specs(source.encoder_spec, source.decoder_spec)
    with_torchscript = with_torchscript and not is_zip(out)
    with publishing(out, OWN_FILES, force=force) as write:
        graphs = build_graphs(source)
        scripts, reason = _scripts(source, with_torchscript)
        files = _files(source, graphs, scripts)
        parity = evidence.check_parity(source, graphs, scripts)
        golden = evidence.golden(source)
        int8 = None
        if precision == "int8":
            int8_graphs = build_int8(source, graphs)
            files |= _by_file(INT8_GRAPHS, int8_graphs)
            int8 = evidence.measure_int8(source, INT8_GRAPHS, graphs, int8_graphs, golden)
        record = torchscript.record(source.encoder, source.decoder, reason)
        manifest = _manifest(source, files, record, parity, golden, int8)
        _replay(write({**files, MANIFEST_FILE: manifest_file.to_bytes(manifest)}))
    return manifest


def build_graphs(source: ExportSource) -> TwoFiles:
    """Return the float32 ONNX files of the encoder step and the decoder step."""
    return (
        onnx_export.to_onnx(source.encoder, source.encoder_spec, GRAPHS.encoder),
        onnx_export.to_onnx(source.decoder, source.decoder_spec, GRAPHS.decoder),
    )


def build_int8(source: ExportSource, graphs: TwoFiles) -> TwoFiles:
    """Return the int8 ONNX files of the encoder step and the decoder step.

    Args:
        source: the model, with at least one sample to measure ranges on.
        graphs: its float32 ONNX files, which are rewritten.

    Raises:
        GraphError: a graph cannot be quantized; the message says why.
    """
    feeds = evidence.sample_feeds(source, graphs)
    if not feeds[0]:
        raise GraphError("int8: ranges are measured on samples, and there are none; give some")
    encoder = quantize.to_int8(graphs[0], feeds[0], INT8_GRAPHS.encoder.file)
    decoder = quantize.to_int8(graphs[1], feeds[1], INT8_GRAPHS.decoder.file)
    onnx_export.check_onnx(encoder, source.encoder_spec, INT8_GRAPHS.encoder)
    onnx_export.check_onnx(decoder, source.decoder_spec, INT8_GRAPHS.decoder)
    return encoder, decoder


def build_torchscript(source: ExportSource) -> TwoFiles:
    """Return the TorchScript files of the encoder step and the decoder step.

    Raises:
        ModuleError: TorchScript cannot compile one of them, or not run it.
    """
    return (
        torchscript.to_torchscript(source.encoder, source.encoder_spec, "encoder"),
        torchscript.to_torchscript(source.decoder, source.decoder_spec, "decoder"),
    )


def _scripts(source: ExportSource, wanted: bool) -> tuple[TwoFiles | None, str | None]:
    """Return the TorchScript files, or the reason why there are none."""
    reason = torchscript.unsupported_because() if wanted else "left out at the export"
    try:
        return (None, reason) if reason else (build_torchscript(source), None)
    except ModuleError as error:  # torch has deprecated it; apps need the ONNX files alone
        return None, str(error)


def _files(source: ExportSource, graphs: TwoFiles, scripts: TwoFiles | None) -> dict[str, bytes]:
    """Return the content of every file but the manifest and the int8 graphs, by name."""
    files = {
        **_by_file(GRAPHS, graphs),
        **text_files("source", TextSide(source.source.mode, source.source.vocabulary)),
        **text_files("target", TextSide(source.target.mode, source.target.vocabulary)),
        README_FILE: readme(),
    }
    if scripts is not None:
        files |= dict(zip(torchscript.FILES, scripts, strict=True))
    return files


def _by_file(graphs: Graphs, contents: TwoFiles) -> dict[str, bytes]:
    return dict(zip((graphs.encoder.file, graphs.decoder.file), contents, strict=True))


def readme() -> bytes:
    """Return the README that travels with each export: the specification of the format."""
    return resources.files("s2s_export.folder").joinpath("format.md").read_bytes()


def _manifest(
    source: ExportSource,
    files: dict[str, bytes],
    scripts: TorchScript,
    parity: dict[str, ParityRecord],
    golden: tuple[Golden, ...],
    int8: Int8 | None,
) -> Manifest:
    return Manifest(
        format_version=FORMAT_VERSION,
        source=_side(source.source, source.source_language, source.max_source_length),
        target=_side(source.target, source.target_language, source.max_target_length),
        special_ids=SpecialIds(sos=SOS, eos=EOS, unk=source.source.vocabulary.unk),
        files={
            name: FileRecord(size=len(content), sha256=hashlib.sha256(content).hexdigest())
            for name, content in files.items()
            if name.endswith((".onnx", ".vocab", ".merges"))
        },
        steps=StepSpecs(source.encoder_spec, source.decoder_spec),
        graphs=GRAPHS,
        int8=int8,
        torchscript=scripts,
        requires={"onnxruntime": OLDEST_ONNXRUNTIME},
        tools={
            "python": platform.python_version(),
            "s2s-export": __version__,
            **{name: metadata.version(name) for name in _TOOLS},
        },
        training={**source.training, "fingerprint": fingerprint(source)},
        metrics=source.metrics,
        parity=parity,
        golden=golden,
    )


def _side(tokenizer: Tokenizer, language: str, max_length: int) -> Side:
    mode = tokenizer.mode
    return Side(language, mode.name, mode.folds_case, len(tokenizer.vocabulary), max_length)


def fingerprint(source: ExportSource) -> str:
    """Return a sha256 that changes with the facts of training, a vocabulary or a weight."""
    digest = hashlib.sha256(json.dumps(dict(source.training), sort_keys=True).encode())
    for tokenizer in (source.source, source.target):
        digest.update(tokenizer.vocabulary.to_bytes())
        digest.update(tokenizer.mode.merges.to_bytes() if tokenizer.mode.merges else b"")
    for module in (source.encoder, source.decoder):
        digest.update(torchscript.tensors_sha256(module).encode())
    return digest.hexdigest()


def _replay(folder: Path) -> None:
    """Verify the finished folder or zip as anybody else can, before anybody else has it.

    Raises:
        ParityError: a check fails.
    """
    for check in verify(folder).checks:
        if not check.passed:
            raise ParityError(f"the finished export: {check.name}: {check.found}; not published")
