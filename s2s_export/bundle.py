"""Building an exported folder from a checkpoint: graphs, proof, manifest, publication.

Part of the torch side: ``export`` calls it. Everything is written beside the target, loaded again
as an app would, compared with eager PyTorch, and swapped in last.
"""

import hashlib
import json
import platform
from dataclasses import asdict, replace
from importlib import metadata, resources
from pathlib import Path

from training.checkpoint import Checkpoint
from training.model import Seq2Seq
from training.step_tensors import StepTensors

from . import __version__, evidence, graphs, manifest_file, quantized, verify
from .contract import RETURNED_PREFIX, Graphs, GraphSpec, TensorSpec
from .errors import ParityError
from .folder import Precision
from .manifest import (
    FORMAT_VERSION,
    MANIFEST_FILE,
    SOURCE_VOCABULARY_FILE,
    TARGET_VOCABULARY_FILE,
    FileRecord,
    Golden,
    Int8,
    Manifest,
    MaxLength,
    ParityRecord,
    Score,
    Sizes,
    SpecialIds,
    TorchScript,
    TorchScriptRecord,
    Training,
)
from .publish import replacing, write_file
from .vocabulary import EOS, SOS

OPSET = 20
IR_VERSION = 10
OLDEST_ONNXRUNTIME = "1.18"
"""The first release that reads this opset and this version of the file format."""

README_FILE = "README.md"
ENCODER_FILE, DECODER_FILE = "encoder.onnx", "decoder.onnx"
ENCODER_INT8_FILE, DECODER_INT8_FILE = "encoder.int8.onnx", "decoder.int8.onnx"
ENCODER_SCRIPT_FILE, DECODER_SCRIPT_FILE = "encoder.pt", "decoder.pt"
OWN_FILES = frozenset(
    {
        MANIFEST_FILE,
        README_FILE,
        ENCODER_FILE,
        DECODER_FILE,
        ENCODER_INT8_FILE,
        DECODER_INT8_FILE,
        ENCODER_SCRIPT_FILE,
        DECODER_SCRIPT_FILE,
        SOURCE_VOCABULARY_FILE,
        TARGET_VOCABULARY_FILE,
    }
)
"""All files that an export may write."""

_TORCHSCRIPT_CHECK = "tensors_sha256 and parity; the bytes are not reproducible"
_TOOLS = ("numpy", "onnx", "onnxruntime", "onnxscript", "torch")


def write(
    checkpoint: Checkpoint, out: Path, *, force: bool, precision: Precision = "fp32"
) -> Manifest:
    """Write an exported folder; see ``export.export``."""
    specs = graph_specs(checkpoint.model)
    with replacing(out, OWN_FILES, force=force) as folder:
        files = _build_files(checkpoint, specs)
        scripts = None
        if ENCODER_SCRIPT_FILE in files:
            scripts = files[ENCODER_SCRIPT_FILE], files[DECODER_SCRIPT_FILE]
        found = evidence.prove(checkpoint, specs, files, scripts)
        golden = evidence.golden(checkpoint)
        int8 = None
        if precision == "int8":
            quantized_specs = int8_specs(specs)
            files |= _build_int8(checkpoint, quantized_specs)
            int8 = evidence.measure_int8(checkpoint, specs, quantized_specs, files, golden)
        manifest = _manifest(checkpoint, specs, files, found, golden, int8)
        for name, content in files.items():
            write_file(folder / name, content)
        write_file(folder / MANIFEST_FILE, manifest_file.to_bytes(manifest))
        _replay(folder)
    return manifest


def graph_specs(model: Seq2Seq) -> Graphs:
    """Return the contract of the two graphs, which names their inputs, outputs and axes."""
    return Graphs(
        encoder=_graph_spec(
            ENCODER_FILE, TensorSpec("tokens", "int64", ("T", "B")), model.encoder.tensors()
        ),
        decoder=_graph_spec(
            DECODER_FILE, TensorSpec("token", "int64", ("B",)), model.decoder.tensors()
        ),
    )


def _graph_spec(file: str, tokens: TensorSpec, tensors: StepTensors) -> GraphSpec:
    return GraphSpec(
        file=file,
        opset=OPSET,
        ir_version=IR_VERSION,
        inputs=(
            tokens,
            *(TensorSpec(name, "float32", shape) for name, shape in tensors.given.items()),
        ),
        outputs=tuple(
            TensorSpec(RETURNED_PREFIX * (name in tensors.given) + name, "float32", shape)
            for name, shape in tensors.returned.items()
        ),
    )


def int8_specs(specs: Graphs) -> Graphs:
    """Return the contracts of the quantized graphs: the same, in other files."""
    return Graphs(
        encoder=replace(specs.encoder, file=ENCODER_INT8_FILE),
        decoder=replace(specs.decoder, file=DECODER_INT8_FILE),
    )


def _build_int8(checkpoint: Checkpoint, specs: Graphs) -> dict[str, bytes]:
    contents = quantized.to_int8(checkpoint.model, specs)
    for content, spec in zip(contents, (specs.encoder, specs.decoder), strict=True):
        graphs.check_onnx(content, spec, gru=False)
    return dict(zip((specs.encoder.file, specs.decoder.file), contents, strict=True))


def _build_files(checkpoint: Checkpoint, specs: Graphs) -> dict[str, bytes]:
    """Make the content of every file but the manifest."""
    model, vocabularies = checkpoint.model, checkpoint.vocabularies
    files = {
        ENCODER_FILE: graphs.to_onnx(model.encoder, specs.encoder),
        DECODER_FILE: graphs.to_onnx(model.decoder, specs.decoder),
        SOURCE_VOCABULARY_FILE: vocabularies.source.to_bytes(),
        TARGET_VOCABULARY_FILE: vocabularies.target.to_bytes(),
        README_FILE: readme(),
    }
    graphs.check_onnx(files[ENCODER_FILE], specs.encoder)
    graphs.check_onnx(files[DECODER_FILE], specs.decoder)
    if graphs.no_torchscript_because() is None:
        files[ENCODER_SCRIPT_FILE] = graphs.save_torchscript(graphs.script(model.encoder))
        files[DECODER_SCRIPT_FILE] = graphs.save_torchscript(graphs.script(model.decoder))
    return files


def readme() -> bytes:
    """Return the README that travels with each export: the specification of the format."""
    return resources.files(__package__).joinpath("format.md").read_bytes()


def _manifest(
    checkpoint: Checkpoint,
    specs: Graphs,
    files: dict[str, bytes],
    found: dict[str, ParityRecord],
    golden: tuple[Golden, ...],
    int8: Int8 | None,
) -> Manifest:
    selection, report = checkpoint.recipe.selection, checkpoint.report
    model, vocabularies = checkpoint.model, checkpoint.vocabularies
    return Manifest(
        format_version=FORMAT_VERSION,
        source_language=selection.source_language,
        target_language=selection.target_language,
        normalizer=selection.normalizer,
        sizes=Sizes(len(vocabularies.source), len(vocabularies.target), model.hidden_size),
        special_ids=SpecialIds(sos=SOS, eos=EOS, unk=vocabularies.source.unk),
        max_length=MaxLength(report.max_source_length, report.max_target_length),
        files={
            name: FileRecord(size=len(content), sha256=hashlib.sha256(content).hexdigest())
            for name, content in files.items()
            if name.endswith((".onnx", ".vocab"))
        },
        graphs=specs,
        int8=int8,
        torchscript=_torchscript_record(checkpoint),
        requires={"onnxruntime": OLDEST_ONNXRUNTIME},
        tools={
            "python": platform.python_version(),
            "s2s-export": __version__,
            **{name: metadata.version(name) for name in _TOOLS},
        },
        training=Training(
            fingerprint=fingerprint(checkpoint),
            recipe=report.recipe_name,
            data=report.data,
            data_sha256=report.data_sha256,
            seed=checkpoint.recipe.seed,
            epochs=report.epoch,
            training_pairs=report.training_pairs,
            held_out_pairs=report.held_out_pairs,
            held_out_loss=report.held_out_loss,
            scores={kind: Score(**asdict(score)) for kind, score in report.scores.items()},
            score_signature=report.score_signature,
        ),
        parity=found,
        golden=golden,
    )


def _torchscript_record(checkpoint: Checkpoint) -> TorchScript:
    reason = graphs.no_torchscript_because()
    if reason is not None:
        return TorchScript(None, None, reason, _TORCHSCRIPT_CHECK)
    model = checkpoint.model
    return TorchScript(
        encoder=TorchScriptRecord(ENCODER_SCRIPT_FILE, graphs.tensors_sha256(model.encoder)),
        decoder=TorchScriptRecord(DECODER_SCRIPT_FILE, graphs.tensors_sha256(model.decoder)),
        missing_because=None,
        checked_by=_TORCHSCRIPT_CHECK,
    )


def fingerprint(checkpoint: Checkpoint) -> str:
    """Return a sha256 that changes with the recipe, the vocabularies and each weight."""
    digest = hashlib.sha256(json.dumps(asdict(checkpoint.recipe), sort_keys=True).encode())
    digest.update(checkpoint.vocabularies.source.to_bytes())
    digest.update(checkpoint.vocabularies.target.to_bytes())
    digest.update(graphs.tensors_sha256(checkpoint.model).encode())
    return digest.hexdigest()


def _replay(folder: Path) -> None:
    """Verify the finished folder as anybody else can, before anybody else has it.

    Raises:
        ParityError: a check fails.
    """
    report = verify.verify(folder)
    for check in report.checks:
        if not check.passed:
            raise ParityError(f"the finished folder: {check.name}: {check.found}; not published")
