"""Evidence for an exported folder: parity of the graphs, golden sentences, agreement of int8.

Part of the exporter: ``build`` asks for it and writes it into the manifest.
"""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ..decoding.hypotheses import Hypothesis
from ..decoding.options import DecodingOptions, SearchOptions
from ..decoding.steps import Steps
from ..folder.evidence_records import Golden, GoldenBeam, GoldenHypothesis, ParityRecord
from ..folder.manifest import Agreement, Graphs, Int8
from ..pipeline import Pipeline
from ..quantization import calibration
from ..quantization.calibration import Feeds
from ..text.vocabulary import EOS, SOS
from . import beam_parity, beam_record, parity
from .backends import TwoFiles, eager_backend, exact_backend, onnx_backend, torchscript_backend
from .source import ExportSource, Sample
from .ties import TIE_MARGIN, MarginRecorder

_BATCH_SIZES = (1, 2, 3, 7)
_GOLDEN_SENTENCES = 8
_MEASURED_BATCH = 128
_BEAM_SENTENCES = 64
_BEAM = SearchOptions(beam_size=4, n_best=4)
"""The beam that is compared and replayed: the whole of it, as an app may ask for."""


Ids = tuple[int, ...]


def encoded_samples(source: ExportSource) -> list[tuple[Sample, Ids]]:
    """Return the samples with their token ids, those without a known word left out.

    Raises:
        TextError: a sample is no text for this model.
    """
    encoded = ((sample, source.source.encode(sample.source).ids) for sample in source.samples)
    return [(sample, ids) for sample, ids in encoded if ids]


def check_parity(
    source: ExportSource, graphs: TwoFiles, scripts: TwoFiles | None
) -> dict[str, ParityRecord]:
    """Compare both kinds of graph with eager PyTorch: greedily, and some sentences with a beam.

    Args:
        source: the model, and the texts to compare on.
        graphs: the ONNX files.
        scripts: the TorchScript files, if there are any.

    Returns:
        The comparisons, by back end.

    Raises:
        ParityError: a difference that is no tie.
    """
    candidates = [onnx_backend(graphs, source)]
    if scripts is not None:
        candidates.append(torchscript_backend(scripts, source))
    reference, options = eager_backend(source), _options(source)
    vocabularies = (source.source.vocabulary, source.target.vocabulary)
    sources = [ids for _, ids in encoded_samples(source)]
    records = parity.compare(
        reference,
        candidates,
        sources,
        options,
        vocabularies=vocabularies,
        batch_sizes=_BATCH_SIZES,
        exact=partial(exact_backend, source),
    )
    beams = beam_parity.compare_beams(
        reference,
        candidates,
        _spread(sources, _BEAM_SENTENCES),
        options,
        _BEAM,
        vocabularies=vocabularies,
        batch_sizes=_BATCH_SIZES,
    )
    return {name: replace(record, beam=beams[name]) for name, record in records.items()}


def _spread(sources: Sequence[Ids], count: int) -> Sequence[Ids]:
    """Return so many sentences, spread over all of them."""
    return sources[:: max(1, len(sources) // count)][:count]


def _options(source: ExportSource) -> DecodingOptions:
    return DecodingOptions(SOS, EOS, source.max_target_length)


def golden(source: ExportSource) -> tuple[Golden, ...]:
    """Translate some samples with eager PyTorch, for whoever wants to check a copy.

    Those with a tied token are passed over: elsewhere they might come out otherwise without a
    fault.
    """
    texts = list(dict.fromkeys(sample.source for sample in source.samples))
    stride = max(1, len(texts) // _GOLDEN_SENTENCES)
    # Spread over all samples; then the others, should some of these be tied.
    candidates = [*texts[::stride], *(t for i, t in enumerate(texts) if i % stride)]
    untied = filter(None, (_golden(text, source) for text in candidates))
    return tuple(itertools.islice(untied, _GOLDEN_SENTENCES))


def _golden(text: str, source: ExportSource) -> Golden | None:
    ids = source.source.encode(text).ids
    if not ids:
        return None
    recorder = MarginRecorder(source.steps)
    [hypothesis] = _pipeline(recorder.steps, source).decode([ids])
    if recorder.smallest < TIE_MARGIN:
        return None
    return Golden(
        source=text,
        source_ids=ids,
        target=source.target.decode(hypothesis.ids),
        target_ids=hypothesis.with_eos(EOS),
        log_probs=hypothesis.log_probs,
        beam=_golden_beam(ids, source),
    )


def _golden_beam(ids: Ids, source: ExportSource) -> GoldenBeam | None:
    """Decode a sentence with a beam; ``None`` if two hypotheses are tied."""
    recorded = beam_record.record(source.steps, ids, _options(source), _BEAM)
    if recorded.is_tied:
        return None
    hypotheses = (
        GoldenHypothesis(source.target.decode(h.ids), h.with_eos(EOS), h.log_probs)
        for h in recorded.n_best
    )
    return GoldenBeam(_BEAM.beam_size, _BEAM.length_penalty, tuple(hypotheses))


def sample_feeds(source: ExportSource, graphs: TwoFiles) -> tuple[list[Feeds], list[Feeds]]:
    """Return the inputs of the two float32 graphs while they translate some of the samples.

    Args:
        source: the model, and the texts.
        graphs: the float32 ONNX files.
    """
    sources = [ids for _, ids in encoded_samples(source)]
    sources = list(_spread(sources, _MEASURED_BATCH))
    return calibration.record(onnx_backend(graphs, source), sources, _options(source))


def measure_int8(
    source: ExportSource,
    records: Graphs,
    graphs: TwoFiles,
    quantized: TwoFiles,
    replayed: Sequence[Golden],
) -> Int8:
    """Measure the agreement of the quantized graphs with the others.

    Args:
        source: the model, and the texts with their references.
        records: of the quantized graphs.
        graphs: the float32 ONNX files.
        quantized: the quantized ones.
        replayed: the golden sentences.
    """
    fp32, int8 = (_pipeline(onnx_backend(files, source), source) for files in (graphs, quantized))
    samples = encoded_samples(source)
    of_fp32, of_int8 = (
        pipeline.decode([ids for _, ids in samples], batch_size=_MEASURED_BATCH)
        for pipeline in (fp32, int8)
    )
    references = [sample.target for sample, _ in samples]
    pairs = list(zip(of_fp32, of_int8, strict=True))
    return Int8(
        graphs=records,
        agreement=Agreement(
            sentences=len(pairs),
            identical=sum(one.ids == other.ids for one, other in pairs),
            bleu=_bleu(of_int8, references, source),
            bleu_fp32=_bleu(of_fp32, references, source),
        ),
        golden_target_ids=tuple(
            hypothesis.with_eos(EOS)
            for hypothesis in int8.decode([entry.source_ids for entry in replayed])
        ),
    )


def _bleu(
    hypotheses: Sequence[Hypothesis], references: Sequence[str | None], source: ExportSource
) -> float | None:
    """Return the BLEU of the samples' translations; ``None`` where a reference is missing."""
    target = source.target
    known = [target.text(target.tokens(text)) for text in references if text is not None]
    if source.bleu is None or len(known) < len(references):
        return None
    return source.bleu([target.decode(h.ids) for h in hypotheses], known)


def _pipeline(steps: Steps, source: ExportSource) -> Pipeline:
    return Pipeline(steps, source.source, source.target, max_length=source.max_target_length)
