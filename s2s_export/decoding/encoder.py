"""Running an encoder step over a batch of sentences of any lengths: the first half of decoding.

The batch needs no padding and no mask: a row takes part in the calls that its tokens need, so its
result is that of the sentence alone, up to the rounding of the matrix products.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from ..errors import NonFiniteError
from .steps import EncoderOutputs, EncoderStep, FloatArray, Reads, State


def run_encoder(step: EncoderStep, sources: Sequence[Sequence[int]]) -> State:
    """Run the encoder over a batch.

    Args:
        step: the encoder step.
        sources: token ids of each sentence, EOS included; at least one sentence, none empty.

    Returns:
        The state that is left for the decoder, by name: replaced state and final outputs after the
        last token of each sentence, and outputs collected along axis 0, with zeros behind the end
        of a shorter sentence. Rows are in the order of the sources.

    Raises:
        NonFiniteError: the step returned NaN or infinity.
    """
    lengths = [len(source) for source in sources]
    longest = max(lengths)
    state = step.spec.initial_state(len(sources))
    if min(lengths) == longest:  # a single sentence, mostly: one call, and nothing to assemble
        outputs = _call(step, sources, state, 0)
        return {**state, **outputs.replaced, **outputs.collected, **outputs.final}
    others: dict[str, FloatArray] = {}
    for rows, start, stop in _calls(lengths, step.spec.reads):
        stretch = [sources[row][start:stop] for row in rows]
        before = {name: array[:, rows] for name, array in state.items()}
        outputs = _call(step, stretch, before, start)
        for name, array in outputs.replaced.items():
            state[name][:, rows] = array
        for name, array in outputs.final.items():
            _allocated(others, name, array, array.shape[0], len(sources))[:, rows] = array
        for name, array in outputs.collected.items():
            _allocated(others, name, array, longest, len(sources))[start:stop, rows] = array
    return {**state, **others}


def _calls(lengths: Sequence[int], reads: Reads) -> Iterator[tuple[list[int], int, int]]:
    """Yield the rows of each call, and the positions from which and up to which they are read.

    Sentences that may be cut go together as far as the shortest of them reaches, and so on; those
    that may not, with the others of their length.
    """
    start = 0
    for stop in sorted(set(lengths)):
        if reads == "sentence":
            yield [row for row, length in enumerate(lengths) if length == stop], 0, stop
        else:
            yield [row for row, length in enumerate(lengths) if length >= stop], start, stop
            start = stop


def _call(
    step: EncoderStep, sources: Sequence[Sequence[int]], state: State, start: int
) -> EncoderOutputs:
    """Run the step on tokens that begin at position ``start``."""
    tokens = np.array(sources, dtype=np.int64).T  # [B, T] -> [T, B]
    outputs = step(np.ascontiguousarray(tokens), state)
    for named in outputs:
        for name, array in named.items():
            if not np.isfinite(array).all():
                raise NonFiniteError(
                    f"encoder step, tokens {start} to {start + len(tokens) - 1}: {name} is not "
                    "finite: the graph or its weights are damaged"
                )
    return outputs


def _allocated(
    arrays: dict[str, FloatArray], name: str, part: FloatArray, length: int, rows: int
) -> FloatArray:
    """Return the array of a name, made at its first part: zeros ``[length, rows, …]``."""
    if name not in arrays:
        arrays[name] = np.zeros((length, rows, *part.shape[2:]), part.dtype)
    return arrays[name]
