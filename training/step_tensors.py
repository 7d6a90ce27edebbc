"""What the two modules of a model are given and return: names and shapes.

The greedy loop hands state from step to step by these names, and export makes them those of the
graphs' inputs and outputs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Shapes = Mapping[str, tuple[int | str, ...]]
"""Shapes by name, in order. A string is a size that varies: ``"T"`` tokens read at once, ``"S"``
tokens of the source, ``"B"`` sentences side by side."""


@dataclass(frozen=True)
class StepTensors:
    """The tensors of a step, all ``float32``.

    Attributes:
        given: the arguments of ``forward`` after the tokens, which are the state.
        returned: what ``forward`` returns. What has the name of a given tensor replaces it in the
            state.
    """

    given: Shapes
    returned: Shapes
