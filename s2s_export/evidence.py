"""What is proven and measured of the graphs before a folder is published.

Part of the torch side: ``bundle`` asks for it and writes the answers into the manifest;
``benchmarks`` uses the same back ends.
"""

import itertools
from collections.abc import Mapping, Sequence

from training.checkpoint import Checkpoint
from training.model import Seq2Seq
from training.scores import score
from training.steps import TorchDecoderStep, TorchEncoderStep, greedy_options

from . import graphs, parity
from .contract import Graphs
from .greedy import GreedyOptions
from .manifest import Agreement, Golden, Int8, ParityRecord
from .parity import TIE_MARGIN, Backend, MarginRecorder
from .sessions import SessionSettings
from .steps import OnnxDecoderStep, OnnxEncoderStep
from .text import detokenize, tokenize
from .vocabulary import EOS

_BATCH_SIZES = (1, 2, 3, 7)
_GOLDEN_SENTENCES = 8
_MEASURED_BATCH = 128


def eager_backend(model: Seq2Seq) -> Backend:
    """Return a model's modules as PyTorch runs them."""
    encoder, decoder = model.encoder, model.decoder
    return Backend(
        "eager PyTorch",
        TorchEncoderStep(encoder, encoder.tensors()),
        TorchDecoderStep(decoder, decoder.tensors()),
    )


def torchscript_backend(encoder: bytes, decoder: bytes, model: Seq2Seq) -> Backend:
    """Return TorchScript files that were made of a model as a back end."""
    return Backend(
        "TorchScript",
        TorchEncoderStep(graphs.load_torchscript(encoder), model.encoder.tensors()),
        TorchDecoderStep(graphs.load_torchscript(decoder), model.decoder.tensors()),
    )


def onnx_backend(encoder: bytes, decoder: bytes, specs: Graphs, device: str = "cpu") -> Backend:
    """Return ONNX files as ONNX Runtime runs them on a device."""
    settings = SessionSettings(device)
    return Backend(
        f"ONNX Runtime ({device})",
        OnnxEncoderStep(encoder, specs.encoder, settings),
        OnnxDecoderStep(decoder, specs.decoder, settings),
    )


def prove(
    checkpoint: Checkpoint,
    specs: Graphs,
    files: Mapping[str, bytes],
    scripts: tuple[bytes, bytes] | None,
) -> dict[str, ParityRecord]:
    """Compare both kinds of graph with eager PyTorch.

    Args:
        checkpoint: the model, and the sentences to compare on.
        specs: of the ONNX graphs.
        files: their contents, by the file's name.
        scripts: the two TorchScript files, if there are any.

    Returns:
        What was found, by back end.

    Raises:
        ParityError: a difference that is no tie.
    """
    vocabularies = checkpoint.vocabularies
    sources = [vocabularies.source.encode(tokenize(pair.source)) for pair in checkpoint.samples]
    candidates = [onnx_backend(files[specs.encoder.file], files[specs.decoder.file], specs)]
    if scripts is not None:
        candidates.append(torchscript_backend(*scripts, checkpoint.model))
    return parity.compare(
        eager_backend(checkpoint.model),
        candidates,
        sources,
        _greedy_options(checkpoint),
        vocabularies=(vocabularies.source, vocabularies.target),
        batch_sizes=_BATCH_SIZES,
    )


def golden(checkpoint: Checkpoint) -> tuple[Golden, ...]:
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
    eager = eager_backend(checkpoint.model)
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


def measure_int8(
    checkpoint: Checkpoint,
    specs: Graphs,
    quantized_specs: Graphs,
    files: Mapping[str, bytes],
    replayed: Sequence[Golden],
) -> Int8:
    """Measure how far the quantized graphs say what the others say.

    Args:
        checkpoint: the sentences, with their references.
        specs: of the float32 graphs.
        quantized_specs: of the quantized ones.
        files: the contents of all four, by the file's name.
        replayed: the golden sentences.
    """
    vocabularies = checkpoint.vocabularies
    options = _greedy_options(checkpoint)
    encoder, decoder = quantized_specs.encoder.file, quantized_specs.decoder.file
    fp32 = onnx_backend(files[specs.encoder.file], files[specs.decoder.file], specs)
    int8 = onnx_backend(files[encoder], files[decoder], quantized_specs)
    sources = [vocabularies.source.encode(tokenize(pair.source)) for pair in checkpoint.samples]
    references = [pair.target for pair in checkpoint.samples]
    batches = (_MEASURED_BATCH,)
    both = [list(backend.decode(sources, options, batches)) for backend in (fp32, int8)]
    texts = [[detokenize(vocabularies.target.decode(h.ids)) for h in found] for found in both]
    bleu_fp32, bleu = (None if s is None else s.bleu for s in (score(t, references) for t in texts))
    goldens = int8.decode([list(entry.source_ids) for entry in replayed], options)
    return Int8(
        graphs=quantized_specs,
        agreement=Agreement(
            sentences=len(sources),
            identical=sum(one.ids == other.ids for one, other in zip(*both, strict=True)),
            bleu=bleu,
            bleu_fp32=bleu_fp32,
        ),
        golden_target_ids=tuple(
            (*found.ids, EOS) if found.finished else found.ids for found in goldens
        ),
    )


def _greedy_options(checkpoint: Checkpoint) -> GreedyOptions:
    return greedy_options(checkpoint.recipe.hidden_size, checkpoint.report.max_target_length)
