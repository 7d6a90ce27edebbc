"""The contract of a step graph: what goes in and what comes out, by name, type and shape.

The manifest records it, ``structure`` holds a file against it, ``steps`` opens sessions by it,
export makes graphs after it. Standard library only.
"""

from collections.abc import Iterable
from dataclasses import dataclass

RETURNED_PREFIX = "next_"
"""A graph cannot give an output the name of an input, so the output that replaces the state tensor
``hidden`` is called ``next_hidden``."""


@dataclass(frozen=True)
class TensorSpec:
    """An input or output of a graph.

    Attributes:
        name: its name in the graph.
        dtype: numpy's name of the element type: ``int64`` or ``float32``.
        shape: sizes; a string names a dynamic axis (``"T"`` tokens read at once, ``"S"`` tokens of
            the whole source, ``"B"`` batch).
    """

    name: str
    dtype: str
    shape: tuple[int | str, ...]

    def __str__(self) -> str:
        return f"{self.name} {self.dtype}[{', '.join(map(str, self.shape))}]"


def listed(specs: Iterable[TensorSpec]) -> str:
    """Return specifications in a line, for messages."""
    return ", ".join(map(str, specs))


@dataclass(frozen=True)
class GraphSpec:
    """One ONNX graph: an encoder step or a decoder step.

    Attributes:
        file: its file in the folder.
        opset: version of the standard operator set.
        ir_version: version of the ONNX file format.
        inputs: the tokens first, then the state.
        outputs: for a decoder step ``log_probs`` first. Then those that replace state, each named
            as the state tensor that it replaces, with ``next_`` before. Then any others: of an
            encoder step what is collected for each token and becomes state of that name, of a
            decoder step what can be recorded.
    """

    file: str
    opset: int
    ir_version: int
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    @property
    def state(self) -> tuple[TensorSpec, ...]:
        """The inputs that are state."""
        return self.inputs[1:]

    @property
    def replaced(self) -> tuple[str, ...]:
        """Names of the state tensors that the step replaces."""
        return tuple(
            spec.name.removeprefix(RETURNED_PREFIX)
            for spec in self.outputs
            if spec.name.startswith(RETURNED_PREFIX)
        )


@dataclass(frozen=True)
class Graphs:
    """The two graphs."""

    encoder: GraphSpec
    decoder: GraphSpec
