"""The subject of a check: a file's tree with all that several rules ask of it.

Standard library only.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..onnx_format.model import Model, Node
from ..onnx_format.scopes import STANDARD_DOMAINS, Scope, scopes
from ..onnx_format.shapes import Shapes, infer_shapes

RECURRENT = ("GRU", "LSTM", "RNN")
"""ONNX's recurrent operators."""


@dataclass(frozen=True)
class Runtime:
    """An installed ONNX Runtime.

    Attributes:
        package: its name on the package registry.
        version: of the package.
    """

    package: str
    version: str


@dataclass(frozen=True)
class Subject:
    """A file to check.

    Attributes:
        model: its tree.
        folder: where its weights may lie beside it; ``None`` for a file in memory.
        runtime: the installed ONNX Runtime, if there is one.
    """

    model: Model
    folder: Path | None
    runtime: Runtime | None

    @cached_property
    def scopes(self) -> list[Scope]:
        """The graph, bodies and functions; the graph first."""
        return scopes(self.model)

    @property
    def main(self) -> Scope:
        """The graph."""
        return self.scopes[0]

    @cached_property
    def shapes(self) -> Shapes:
        """The shapes of the graph's values."""
        return infer_shapes(self.main)

    def nodes(self) -> Iterator[tuple[Scope, Node]]:
        """Yield every node with its scope."""
        for scope in self.scopes:
            for node in scope.graph.nodes:
                yield scope, node

    def standard_nodes(self, *operators: str) -> Iterator[tuple[Scope, Node]]:
        """Yield the nodes of some of ONNX's own operators."""
        for scope, node in self.nodes():
            if node.operator in operators and node.domain in STANDARD_DOMAINS:
                yield scope, node
