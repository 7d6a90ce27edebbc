"""Building an exported folder from a checkpoint: graphs, proof, manifest, publication.

Part of the torch side: ``export`` calls it. Everything is written beside the target, loaded again
as an app would, compared with eager PyTorch, and swapped in last.
"""

import hashlib
import itertools
import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib import metadata, resources
from pathlib import Path

from training.checkpoint import Checkpoint
from training.scores import score
from training.steps import TorchDecoderStep, TorchEncoderStep, greedy_options

from . import __version__, graphs, manifest_file, parity, quantized, verify
from .errors import ParityError
from .folder import Precision
from .greedy import GreedyOptions
from .manifest import (
    FORMAT_VERSION,
    MANIFEST_FILE,
    RETURNED_PREFIX,
    SOURCE_VOCABULARY_FILE,
    TARGET_VOCABULARY_FILE,
    Agreement,
    FileRecord,
    Golden,
    Graphs,
    GraphSpec,
    Int8,
    Manifest,
    MaxLength,
    ParityRecord,
    Score,
    Sizes,
    SpecialIds,
    TensorSpec,
    TorchScript,
    TorchScriptRecord,
    Training,
)
from .parity import TIE_MARGIN, Backend, MarginRecorder
from .publish import replacing, write_file
from .sessions import SessionSettings
from .steps import OnnxDecoderStep, OnnxEncoderStep
from .text import detokenize, tokenize
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

_BATCH_SIZES = (1, 2, 3, 7)
_GOLDEN_SENTENCES = 8
_MEASURED_BATCH = 128
_TORCHSCRIPT_CHECK = "tensors_sha256 and parity; the bytes are not reproducible"
_TOOLS = ("numpy", "onnx", "onnxruntime", "onnxscript", "torch")


def write(
    checkpoint: Checkpoint, out: Path, *, force: bool, precision: Precision = "fp32"
) -> Manifest:
    """Write an exported folder; see ``export.export``."""
    specs = graph_specs(
        checkpoint.recipe.hidden_size, target_vocabulary=len(checkpoint.vocabularies.target)
    )
    with replacing(out, OWN_FILES, force=force) as folder:
        files = _build_files(checkpoint, specs)
        evidence = _prove(checkpoint, specs, files)
        golden = _golden(checkpoint)
        int8 = None
        if precision == "int8":
            quantized_specs = int8_specs(specs)
            files |= _build_int8(checkpoint, quantized_specs)
            int8 = _measure_int8(checkpoint, specs, quantized_specs, files, golden)
        manifest = _manifest(checkpoint, specs, files, evidence, golden, int8)
        for name, content in files.items():
            write_file(folder / name, content)
        write_file(folder / MANIFEST_FILE, manifest_file.to_bytes(manifest))
        _replay(folder)
    return manifest


def graph_specs(hidden_size: int, target_vocabulary: int) -> Graphs:
    """Return the contract of the two graphs, which names their inputs, outputs and axes.

    Args:
        hidden_size: units of the hidden state.
        target_vocabulary: tokens of the target vocabulary.
    """
    hidden = TensorSpec("hidden", "float32", (1, "B", hidden_size))
    returned = TensorSpec(RETURNED_PREFIX + hidden.name, hidden.dtype, hidden.shape)
    log_probs = TensorSpec("log_probs", "float32", ("B", target_vocabulary))
    return Graphs(
        encoder=GraphSpec(
            file=ENCODER_FILE,
            opset=OPSET,
            ir_version=IR_VERSION,
            inputs=(TensorSpec("tokens", "int64", ("T", "B")), hidden),
            outputs=(returned,),
        ),
        decoder=GraphSpec(
            file=DECODER_FILE,
            opset=OPSET,
            ir_version=IR_VERSION,
            inputs=(TensorSpec("token", "int64", ("B",)), hidden),
            outputs=(log_probs, returned),
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


def _measure_int8(
    checkpoint: Checkpoint,
    specs: Graphs,
    quantized_specs: Graphs,
    files: dict[str, bytes],
    golden: Sequence[Golden],
) -> Int8:
    """Measure how far the quantized graphs say what the others say."""
    vocabularies = checkpoint.vocabularies
    options = _greedy_options(checkpoint)
    encoder, decoder = quantized_specs.encoder.file, quantized_specs.decoder.file
    fp32 = onnx_backend(files[ENCODER_FILE], files[DECODER_FILE], specs)
    int8 = onnx_backend(files[encoder], files[decoder], quantized_specs)
    sources = [vocabularies.source.encode(tokenize(pair.source)) for pair in checkpoint.samples]
    references = [pair.target for pair in checkpoint.samples]
    batches = (_MEASURED_BATCH,)
    both = [list(backend.decode(sources, options, batches)) for backend in (fp32, int8)]
    texts = [[detokenize(vocabularies.target.decode(h.ids)) for h in found] for found in both]
    bleu_fp32, bleu = (None if s is None else s.bleu for s in (score(t, references) for t in texts))
    replayed = int8.decode([list(entry.source_ids) for entry in golden], options)
    return Int8(
        graphs=quantized_specs,
        agreement=Agreement(
            sentences=len(sources),
            identical=sum(one.ids == other.ids for one, other in zip(*both, strict=True)),
            bleu=bleu,
            bleu_fp32=bleu_fp32,
        ),
        golden_target_ids=tuple(
            (*found.ids, EOS) if found.finished else found.ids for found in replayed
        ),
    )


def _greedy_options(checkpoint: Checkpoint) -> GreedyOptions:
    return greedy_options(checkpoint.recipe.hidden_size, checkpoint.report.max_target_length)


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


def eager_backend(checkpoint: Checkpoint) -> Backend:
    """Return the checkpoint's modules as PyTorch runs them."""
    model = checkpoint.model
    return Backend(
        "eager PyTorch", TorchEncoderStep(model.encoder), TorchDecoderStep(model.decoder)
    )


def torchscript_backend(encoder: bytes, decoder: bytes) -> Backend:
    """Return TorchScript files of our own making as a back end."""
    return Backend(
        "TorchScript",
        TorchEncoderStep(graphs.load_torchscript(encoder)),
        TorchDecoderStep(graphs.load_torchscript(decoder)),
    )


def onnx_backend(encoder: bytes, decoder: bytes, specs: Graphs, device: str = "cpu") -> Backend:
    """Return ONNX files as ONNX Runtime runs them on a device."""
    settings = SessionSettings(device)
    return Backend(
        f"ONNX Runtime ({device})",
        OnnxEncoderStep(encoder, specs.encoder, settings),
        OnnxDecoderStep(decoder, specs.decoder, settings),
    )


def _prove(
    checkpoint: Checkpoint, specs: Graphs, files: dict[str, bytes]
) -> dict[str, ParityRecord]:
    """Compare both kinds of graph with eager PyTorch.

    Raises:
        ParityError: a difference that is no tie.
    """
    vocabularies = checkpoint.vocabularies
    sources = [vocabularies.source.encode(tokenize(pair.source)) for pair in checkpoint.samples]
    candidates = [onnx_backend(files[ENCODER_FILE], files[DECODER_FILE], specs)]
    if ENCODER_SCRIPT_FILE in files:
        candidates.append(
            torchscript_backend(files[ENCODER_SCRIPT_FILE], files[DECODER_SCRIPT_FILE])
        )
    return parity.compare(
        eager_backend(checkpoint),
        candidates,
        sources,
        _greedy_options(checkpoint),
        vocabularies=(vocabularies.source, vocabularies.target),
        batch_sizes=_BATCH_SIZES,
    )


def _manifest(
    checkpoint: Checkpoint,
    specs: Graphs,
    files: dict[str, bytes],
    evidence: dict[str, ParityRecord],
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
        parity=evidence,
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


def _golden(checkpoint: Checkpoint) -> tuple[Golden, ...]:
    """Translate some samples with eager PyTorch, for whoever wants to check a copy.

    Those in which some token is tied are passed over: elsewhere they might come out otherwise
    without a fault.
    """
    texts = list(dict.fromkeys(pair.source for pair in checkpoint.samples))
    stride = max(1, len(texts) // _GOLDEN_SENTENCES)
    # Spread over all samples; then the others, should some of these be tied.
    candidates = [*texts[::stride], *(t for i, t in enumerate(texts) if i % stride)]
    found = (_golden_of(text, checkpoint) for text in candidates)
    return tuple(itertools.islice(filter(None, found), _GOLDEN_SENTENCES))


def _golden_of(text: str, checkpoint: Checkpoint) -> Golden | None:
    vocabularies = checkpoint.vocabularies
    eager = eager_backend(checkpoint)
    recorder = MarginRecorder(eager.decoder_step)
    source = vocabularies.source.encode(tokenize(text))
    [hypothesis] = Backend(eager.name, eager.encoder_step, recorder).decode(
        [source], _greedy_options(checkpoint)
    )
    if recorder.smallest < TIE_MARGIN:
        return None
    return Golden(
        source=text,
        source_ids=tuple(source),
        target=detokenize(vocabularies.target.decode(hypothesis.ids)),
        target_ids=(*hypothesis.ids, EOS) if hypothesis.finished else hypothesis.ids,
        log_probs=hypothesis.log_probs,
    )


def _replay(folder: Path) -> None:
    """Verify the finished folder as anybody else can, before anybody else has it.

    Raises:
        ParityError: a check fails.
    """
    report = verify.verify(folder)
    for check in report.checks:
        if not check.passed:
            raise ParityError(f"the finished folder: {check.name}: {check.found}; not published")
