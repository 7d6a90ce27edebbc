"""Decoding any number of sentences in batches, those of like length side by side.

The pipeline calls it, and so do all who use the pipeline. Both worlds; numpy only.
"""

from collections.abc import Sequence
from functools import partial

from .beam import decode_n_best
from .control import Controlled
from .greedy import most_probable
from .hypotheses import Hypothesis
from .loop import decode
from .masks import masks
from .options import DecodingOptions, MaskOptions, SearchOptions
from .steps import Steps

GREEDY = SearchOptions()
"""Greedy decoding, the default."""
UNMASKED = MaskOptions()
"""No masks, the default."""


def decode_batches(
    steps: Steps,
    sources: Sequence[Sequence[int]],
    options: DecodingOptions,
    search: SearchOptions,
    *,
    batch_size: int,
    prefixes: Sequence[Sequence[int]] = (),
    mask_options: MaskOptions = UNMASKED,
) -> list[list[Hypothesis]]:
    """Decode sentences.

    Args:
        steps: the encoder step and the decoder step.
        sources: token ids of each sentence, EOS included; none is empty.
        options: see ``DecodingOptions``.
        search: width of the beam, and the number of hypotheses.
        batch_size: sentences that the steps get at a time.
        prefixes: of each source, the token ids that its hypotheses begin with; ``()`` for none.
        mask_options: what may not be said.

    Returns:
        The best hypotheses for each source, best first, in the order of the sources.

    Raises:
        NonFiniteError: a step returned NaN or infinity.
    """
    order = sorted(range(len(sources)), key=lambda index: len(sources[index]))
    chosen_masks = masks(mask_options, options.eos)
    found: dict[int, list[Hypothesis]] = {}
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        begun = [prefixes[index] if prefixes else () for index in batch]
        control = None
        if chosen_masks or any(begun):
            control = partial(Controlled, masks=chosen_masks, prefixes=begun, eos=options.eos)
        decoded = decode_n_best(steps, [sources[i] for i in batch], options, search, control)
        found.update(zip(batch, decoded, strict=True))
    return [found[index] for index in range(len(sources))]


def force_batches(
    steps: Steps,
    sources: Sequence[Sequence[int]],
    targets: Sequence[Sequence[int]],
    options: DecodingOptions,
    *,
    batch_size: int,
) -> list[Hypothesis]:
    """Decode sentences to given targets: teacher forcing through the loop.

    Args:
        steps: the encoder step and the decoder step.
        sources: token ids of each sentence, EOS included; none is empty.
        targets: token ids of each sentence's target, EOS included, ``max_length`` at most.
        options: see ``DecodingOptions``.
        batch_size: sentences that the steps get at a time.

    Returns:
        A hypothesis for each source, whose tokens are the target's.

    Raises:
        NonFiniteError: a step returned NaN or infinity.
    """
    order = sorted(range(len(sources)), key=lambda i: (len(sources[i]), len(targets[i])))
    found: dict[int, Hypothesis] = {}
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        forced = Controlled(most_probable, (), [targets[index] for index in batch], options.eos)
        decoded = decode(steps, [sources[index] for index in batch], options, forced)
        found.update((index, one) for index, [one] in zip(batch, decoded, strict=True))
    return [found[index] for index in range(len(sources))]
