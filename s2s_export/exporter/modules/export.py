"""``export_modules``: any recurrent encoder and decoder in PyTorch, exported, proven, published.

The exporter's door for models that this project did not train. Part of the torch side.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

from torch import nn

from ...decoding.contract import check_specs
from ...decoding.steps import DecoderSpec, EncoderSpec
from ...errors import OptionError, SpecError, TextError
from ...folder.manifest import Fact, Manifest
from ...folder.reader import Precision
from ...text.tokenizer import Tokenizer
from ...text.vocabulary import Vocabulary
from ..build import build
from ..source import ExportSource, Sample
from .check import check_modules
from .composed import composed_decoder, composed_encoder
from .own_vocabulary import OwnVocabulary
from .probe import require_module

Scores = Literal["log_probs", "logits"]
"""The decoder's first output: natural logarithms of probabilities, or any numbers, of which the
export takes the log-softmax."""


def export_modules(
    encoder: nn.Module,
    decoder: nn.Module,
    out: str | Path,
    *,
    encoder_spec: EncoderSpec,
    decoder_spec: DecoderSpec,
    source: Tokenizer,
    target: Tokenizer,
    samples: Sequence[str | Sample],
    max_source_length: int,
    max_target_length: int,
    source_language: str = "source",
    target_language: str = "target",
    scores: Scores = "log_probs",
    precision: Precision = "fp32",
    with_torchscript: bool = True,
    training: Mapping[str, Fact] | None = None,
    force: bool = False,
) -> Manifest:
    """Export an encoder step and a decoder step, prove them, and publish the folder.

    The modules are checked first, on small inputs in eager PyTorch; then the ONNX and TorchScript
    graphs are made, and must give their numbers and, for all samples, their tokens. Until all is
    proven, an older folder stays as it is. The modules are on the CPU and in float32. They are in
    evaluation mode during the export alone; afterwards each part is in the mode that it had.

    Args:
        encoder: the encoder step: ``tokens int64[T, B]``, then its state.
        decoder: the decoder step: ``token int64[B]``, then its state; returns a tuple, the scores
            ``float32[B, V]`` first.
        out: the folder to write; an earlier export in it is replaced as a whole.
        encoder_spec: of the encoder's ``forward``.
        decoder_spec: of the decoder's ``forward``.
        source: tokenizer of the source. With an ``OwnVocabulary``, the encoder takes the model's
            own ids.
        target: tokenizer of the target; likewise for the decoder.
        samples: texts to compare on, some hundreds if you can; the first eight or so become the
            golden sentences of the folder. ``Sample`` has a reference too.
        max_source_length: the most tokens of a text, EOS included.
        max_target_length: the most tokens of a translation, EOS included.
        source_language: name of the source's language, for the manifest.
        target_language: name of the target's language.
        scores: what the decoder's first output is.
        precision: ``"int8"`` adds quantized graphs; the others are always there.
        with_torchscript: whether TorchScript files are written too. Where TorchScript refuses a
            module, the folder has none, and ``manifest.torchscript.missing_because`` says why.
        training: facts about the weights' origin, for the manifest.
        force: replace ``out`` even if it holds other files, which are deleted.

    Returns:
        The manifest that was written; ``parity`` has the evidence.

    Raises:
        SpecError: the specifications break the contract, or do not fit the vocabularies.
        ModuleError: a module does not do what its specification says, or torch cannot export it.
        TextError: a sample is no text for this model.
        OptionError: an argument has a wrong value.
        GraphError: an exported graph breaks its contract, or cannot be quantized.
        ParityError: an exported graph does not decode as eager PyTorch does.
        OutputError: ``out`` may not be replaced, or cannot be written.
    """
    if scores not in get_args(Scores):
        names = ", ".join(map(repr, get_args(Scores)))
        raise OptionError(f"scores: expected one of {names}, found {scores!r}")
    check_specs(encoder_spec, decoder_spec)
    source_ids, target_ids = map(_own_ids, (source, target))
    _require_vocabulary(decoder_spec, len(set(target_ids or range(len(target.vocabulary)))))
    for name, module in (("encoder", encoder), ("decoder", decoder)):
        require_module(name, module)
    with _evaluation(encoder, decoder):
        check_modules(
            encoder,
            encoder_spec,
            decoder,
            decoder_spec,
            source_ids=source_ids or range(len(source.vocabulary)),
            target_ids=target_ids or range(len(target.vocabulary)),
            logits=scores == "logits",
        )
        if source_ids is not None:
            encoder = composed_encoder(encoder, encoder_spec, source_ids)
        if target_ids is not None or scores == "logits":
            decoder, decoder_spec = composed_decoder(
                decoder, decoder_spec, log_softmax=scores == "logits", own_ids=target_ids
            )
        source = _as_apps_read(source, max_source_length)
        model = ExportSource(
            encoder=encoder,
            encoder_spec=encoder_spec,
            decoder=decoder,
            decoder_spec=decoder_spec,
            source=source,
            target=_as_apps_read(target, None),
            source_language=source_language,
            target_language=target_language,
            max_source_length=max_source_length,
            max_target_length=max_target_length,
            samples=_samples(samples, source),
            training=training or {},
        )
        return build(
            model, Path(out), force=force, precision=precision, with_torchscript=with_torchscript
        )


@contextmanager
def _evaluation(*modules: nn.Module) -> Iterator[None]:
    """Put modules in evaluation mode, and every part of them back into its own afterwards."""
    whole = [(module, module.training) for module in modules]
    parts = [(part, part.training) for module in modules for part in module.modules()]
    try:
        for module in modules:
            module.eval()
        yield
    finally:
        for module, flag in whole:
            module.train(flag)
        for part, flag in parts:  # some may have been frozen by themselves
            part.training = flag


def _own_ids(tokenizer: Tokenizer) -> Sequence[int] | None:
    """Return the model's own ids where they are not the folder's."""
    vocabulary = tokenizer.vocabulary
    return vocabulary.own_ids if isinstance(vocabulary, OwnVocabulary) else None


def _require_vocabulary(spec: DecoderSpec, tokens: int) -> None:
    size = spec.outputs[0].shape[1]
    if size != tokens:
        raise SpecError(
            f"decoder.outputs: log_probs: expected float32[B, {tokens}], for the {tokens} tokens "
            f"of the target vocabulary (control tokens included), found {spec.outputs[0]}; take "
            "the vocabulary that the model was trained with"
        )


def _as_apps_read(tokenizer: Tokenizer, max_length: int | None) -> Tokenizer:
    """Return a tokenizer as a reader of the folder makes it: the mode tells about word forms."""
    mode, given = tokenizer.mode, tokenizer.vocabulary
    vocabulary = Vocabulary(given.words, unk=given.unk is not None, word_forms=mode.has_word_forms)
    return Tokenizer(mode, vocabulary, unknown_words=tokenizer.unknown_words, max_length=max_length)


def _samples(samples: Sequence[str | Sample], source: Tokenizer) -> tuple[Sample, ...]:
    """Return the samples, each readable, at least one with something to decode.

    Raises:
        OptionError: there is none.
        TextError: one is no text for this model; ``index`` tells which.
    """
    if isinstance(samples, str):
        raise OptionError("samples: expected a list of texts, found a str; put it into a list")
    texts = tuple(s if isinstance(s, Sample) else Sample(s) for s in samples)
    known = 0
    for index, sample in enumerate(texts):
        try:
            known += len(source.encode(sample.source).ids) > 0
        except TextError as error:
            error.index = index
            raise
    if not known:
        raise OptionError(
            f"samples: expected texts to compare the graphs on, found {len(texts)}, none with a "
            "word that the source vocabulary knows"
        )
    return texts
