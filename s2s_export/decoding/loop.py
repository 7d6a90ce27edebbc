"""The loop: it runs the decoder step with any chooser of tokens, for every pair of steps.

Eager PyTorch, TorchScript and ONNX Runtime are three pairs of steps for this loop. Evaluation in
training, the Translator and the parity gate all use it, so a difference in the tokens is a
difference in the steps. It alone knows the state; a chooser (``greedy``, ``beam``) sees
log-probabilities, the books (``hypotheses``) see what was chosen. Both worlds; numpy only.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ..errors import NonFiniteError
from .encoder import run_encoder
from .hypotheses import Books, Choice, DecodedStep, Hypothesis, Indices
from .options import DecodingOptions
from .steps import DecoderStep, FloatArray, State, Steps

Chooser = Callable[[FloatArray, Indices], Choice]
"""The choice of a step: log-probabilities ``float32[R, V]`` and the sentence ``int64[R]`` of each
row, in ascending order → the continuations to take. Those that say EOS leave; the others are the
rows of the next step, in their order."""


def decode(
    steps: Steps, sources: Sequence[Sequence[int]], options: DecodingOptions, choose: Chooser
) -> list[list[Hypothesis]]:
    """Decode a batch of sentences.

    Args:
        steps: the encoder step and the decoder step.
        sources: token ids of each sentence, EOS included; none is empty, lengths may differ.
        options: see ``DecodingOptions``.
        choose: the chooser, made for this batch.

    Returns:
        The hypotheses of each source, in the order in which they ended.

    Raises:
        NonFiniteError: a step returned NaN or infinity.
    """
    books = Books(len(sources))
    if sources:
        encoded = run_encoder(steps.encoder, sources)
        for step in run_decoder(steps.decoder, encoded, len(sources), options, choose):
            books.note(step)
    return books.hypotheses()


def run_decoder(
    step: DecoderStep, encoded: State, sentences: int, options: DecodingOptions, choose: Chooser
) -> Iterator[DecodedStep]:
    """Run the decoder until no row goes on, or until the maximal length.

    State that the step replaces follows the chosen rows in each step. Constant state (a memory and
    its mask) is the same for all rows of a sentence, so it is copied only where the sentences of
    the rows change.

    Args:
        step: the decoder step.
        encoded: the result of ``run_encoder``, a row for each sentence.
        sentences: their number.
        options: see ``DecodingOptions``.
        choose: the chooser, made for this batch.

    Yields:
        Each step.

    Raises:
        NonFiniteError: the step returned NaN or infinity.
    """
    state: State = step.spec.first_state(encoded, sentences)
    constant = {name: a for name, a in state.items() if name not in step.spec.replaced}
    positions = rows = np.arange(sentences)  # row by row: its number, its sentence
    tokens = np.full(sentences, options.sos, dtype=np.int64)
    for number in range(options.max_length):
        outputs = step(tokens, state)
        if not np.isfinite(outputs.log_probs).all():
            raise NonFiniteError(
                f"decoder step {number}: log_probs is not finite: the graph or its weights are "
                "damaged"
            )
        # Masks and forced prefixes are a chooser around another, see ``control``.
        choice = choose(outputs.log_probs, rows)
        live = (choice.tokens != options.eos).nonzero()[0]
        extra = {name: outputs.extra[name] for name in options.extra_outputs}
        yield DecodedStep(rows, choice, live, extra)
        if len(live) == 0:
            break
        parents, tokens = choice.parents[live], choice.tokens[live]
        replaced = outputs.replaced
        if len(parents) != len(rows) or (len(rows) > 1 and (parents != positions).any()):
            replaced = _taken(replaced, parents)
            before, rows = rows, rows[parents]
            if len(rows) != len(before) or (rows != before).any():
                constant = _taken(constant, parents)
                positions = np.arange(len(rows))
        state = {**constant, **replaced}


def forced_scores(steps: Steps, source: Sequence[int], fed: Sequence[int]) -> Iterator[FloatArray]:
    """Yield the log-probabilities ``float32[V]`` of each step of a decoder fed given tokens.

    Args:
        steps: the encoder step and the decoder step.
        source: token ids of the sentence, EOS included.
        fed: the tokens, SOS first.
    """
    state: State = steps.decoder.spec.first_state(run_encoder(steps.encoder, [source]), 1)
    for token in fed:
        outputs = steps.decoder(np.array([token], dtype=np.int64), state)
        state = {**state, **outputs.replaced}
        yield outputs.log_probs[0]


def _taken(state: State, rows: Indices) -> dict[str, FloatArray]:
    return {name: array.take(rows, axis=1) for name, array in state.items()}
