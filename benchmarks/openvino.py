"""OpenVINO beside ONNX Runtime on the same graphs: ``python -m benchmarks.openvino exported``.

OpenVINO runs an exported folder's two graphs on the CPU, in the loop of this package. Texts are
decoded greedily by both engines; then both are fed the tokens of ONNX Runtime, and all their
log-probabilities are compared, V of them in each step. Needs no PyTorch: numpy, onnxruntime and
openvino.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from s2s_export import Translator, command
from s2s_export.decoding.batches import decode_batches
from s2s_export.decoding.loop import forced_scores
from s2s_export.decoding.options import DecodingOptions, SearchOptions
from s2s_export.decoding.steps import (
    DecoderStep,
    EncoderStep,
    FloatArray,
    StepPair,
    Steps,
    StepSpec,
    TokenIds,
)
from s2s_export.errors import RuntimeMissingError, TextError
from s2s_export.folder.reader import Precision, read_folder
from s2s_export.folder.sources.location import files_at
from s2s_export.text.vocabulary import EOS, SOS
from s2s_export.verify import TOLERANCE
from training.data.phrasebook import phrasebook

TIE_MARGIN = 2 * TOLERANCE
"""Tokens whose log-probabilities are closer than this are tied; the gate's margin, in nats."""


class OpenVinoRun:
    """An ONNX graph in OpenVINO on the CPU, on one thread, as ``steps.RunStep``."""

    def __init__(self, content: bytes, spec: StepSpec) -> None:
        """Compile a graph for any sizes of its dynamic axes.

        Args:
            content: the ONNX file's bytes.
            spec: of the step.

        Raises:
            RuntimeMissingError: openvino is not installed.
        """
        try:
            import openvino
        except ImportError as error:
            raise RuntimeMissingError(f"this needs pip install openvino ({error})") from error
        core = openvino.Core()
        # Without the first, some processors compute in bfloat16.
        options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
        compiled = core.compile_model(core.read_model(content), "CPU", options)
        self._request = compiled.create_infer_request()
        self._input_names = [tensor.name for tensor in spec.inputs]
        self._output_names = [tensor.name for tensor in spec.outputs]

    def __call__(self, tokens: TokenIds, state: Sequence[FloatArray]) -> Sequence[FloatArray]:
        """Run the graph once."""
        outputs = self._request.infer(dict(zip(self._input_names, (tokens, *state), strict=True)))
        return [outputs[name] for name in self._output_names]


@dataclass
class Agreement:
    """Two engines beside each other, over some texts.

    Attributes:
        texts: texts that were decoded.
        identical: those with the same tokens.
        ties: those whose tokens part at two that are within ``TIE_MARGIN`` in the reference.
        chosen: the largest absolute difference of a chosen token's log-probability, in nats.
        log_probs: the number of all log-probabilities that were compared, V in each step.
        largest: the largest absolute difference of any two of them, in nats.
    """

    texts: int = 0
    identical: int = 0
    ties: int = 0
    chosen: float = 0.0
    log_probs: int = 0
    largest: float = 0.0

    def note_tokens(
        self, expected: Sequence[int], found: Sequence[int], scores: Sequence[FloatArray]
    ) -> None:
        """Note the tokens of a text, EOS included, with the reference's log-probabilities."""
        self.texts += 1
        parted = next(
            (step for step, (a, b) in enumerate(zip(expected, found, strict=False)) if a != b), None
        )
        if parted is not None:
            margin = scores[parted][expected[parted]] - scores[parted][found[parted]]
            self.ties += bool(margin <= TIE_MARGIN)
        elif len(expected) == len(found):
            self.identical += 1

    def note_scores(
        self, expected: Sequence[FloatArray], found: Sequence[FloatArray], tokens: Sequence[int]
    ) -> None:
        """Note the log-probabilities ``float32[V]`` of each step, and the token chosen in it."""
        for one, other, token in zip(expected, found, tokens, strict=True):
            difference = np.abs(one - other)
            self.chosen = max(self.chosen, float(difference[token]))
            self.largest = max(self.largest, float(difference.max()))
            self.log_probs += difference.size


def openvino_steps(folder: Path, precision: Precision) -> StepPair:
    """Return the two steps of an exported folder as OpenVINO runs them."""
    content = read_folder(files_at(folder), precision)
    encoder, decoder = content.manifest.steps.encoder, content.manifest.steps.decoder
    return StepPair(
        EncoderStep(encoder, OpenVinoRun(content.encoder, encoder)),
        DecoderStep(decoder, OpenVinoRun(content.decoder, decoder)),
    )


def compare(
    reference: Steps,
    candidate: Steps,
    sources: Sequence[Sequence[int]],
    options: DecodingOptions,
    batch_size: int,
) -> Agreement:
    """Compare two pairs of steps.

    Args:
        reference: whose tokens both are fed in the end.
        candidate: the other pair.
        sources: token ids of each text, EOS included.
        options: of the loop.
        batch_size: texts that are decoded side by side; the log-probabilities of given tokens are
            compared one text at a time.
    """
    agreement = Agreement()
    decoded = (
        decode_batches(steps, sources, options, SearchOptions(), batch_size=batch_size)
        for steps in (reference, candidate)
    )
    for source, [one], [other] in zip(sources, *decoded, strict=True):
        tokens = one.with_eos(options.eos)
        fed = (options.sos, *tokens[:-1])
        scores, others = ([*forced_scores(s, source, fed)] for s in (reference, candidate))
        agreement.note_tokens(tokens, other.with_eos(options.eos), scores)
        agreement.note_scores(scores, others, tokens)
    return agreement


def readable(translator: Translator, texts: Sequence[str], count: int) -> list[tuple[int, ...]]:
    """Return the ids of texts that the model takes, at most so many, spread over all of them."""
    ids = []
    for text in dict.fromkeys(texts):
        try:
            encoded = translator.source.encode(text).ids
        except TextError:
            continue
        if encoded:
            ids.append(encoded)
    return ids[:: -(-len(ids) // count)] if ids else []


def random_ids(translator: Translator, count: int) -> list[tuple[int, ...]]:
    """Return sequences of random ids, EOS last, as long as the model's texts may be."""
    side, generator = translator.manifest.source, np.random.default_rng(0)
    lengths = generator.integers(1, side.max_length + 1, count)
    return [
        (*generator.integers(EOS + 1, side.vocabulary_size, length - 1).tolist(), EOS)
        for length in lengths
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each folder and kind of texts."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.openvino", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="+", help="exported folders, or zips of them")
    parser.add_argument("--count", type=int, default=1000, help="texts of a kind (default: 1000)")
    parser.add_argument("--batch-size", type=int, default=1, help="decoded side by side")
    parser.add_argument("--precision", choices=get_args(Precision), default="fp32")
    command.add_debug_option(parser)
    options = parser.parse_args(arguments)
    return command.run(lambda: _print_rows(options), debug=options.debug)


def _print_rows(options: argparse.Namespace) -> int:
    print(
        f"{'texts':32} {'count':>6} {'same':>6} {'ties':>5} {'chosen tokens':>14} {'all':>8}   of"
    )
    for folder in options.folder:
        translator = Translator(folder, precision=options.precision)
        golden = [entry.source for entry in translator.manifest.golden]
        kinds = {
            "golden": readable(translator, golden, options.count),
            "phrasebook": readable(translator, [f for _, f in phrasebook()], options.count),
            "random ids": random_ids(translator, options.count),
        }
        candidate = openvino_steps(folder, options.precision)
        decoding = DecodingOptions(SOS, EOS, translator.manifest.target.max_length)
        for kind, sources in kinds.items():
            steps = translator.pipeline.steps
            found = compare(steps, candidate, sources, decoding, options.batch_size)
            print(
                f"{f'{folder.name}, {kind}':32} {found.texts:6} {found.identical:6} "
                f"{found.ties:5} {found.chosen:14.1e} {found.largest:8.1e}   {found.log_probs:,}",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
