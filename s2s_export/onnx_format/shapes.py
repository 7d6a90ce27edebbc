"""Shapes of the values of a graph, as far as they follow from its inputs without running it.

A rule for each operator (``shape_rules``) tells the shapes of its outputs, ``shape_contents`` the
integers of the small tensors that shapes are made of. The rules of ``check`` ask which axes vary
and where a number is met that fits one size alone. Standard library only.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from .model import Node
from .scopes import STANDARD_DOMAINS, Scope
from .shape_contents import CONTENTS
from .shape_rules import RULES
from .sizes import Clash, Known, Size, Sizes

_MOST_AXES = 32
"""Axes of a tensor that are followed; a damaged graph may add axes on and on."""

T = TypeVar("T")


@dataclass(frozen=True)
class Shapes:
    """The shapes of a graph's values.

    Attributes:
        of: sizes by the value's name; a value whose number of axes is unknown is missing. A text
            names an axis that varies; ``None`` is a size that is not known.
        clashes: places where an axis that varies meets a fixed size.
    """

    of: dict[str, Sizes]
    clashes: tuple[Clash, ...]


def infer_shapes(scope: Scope) -> Shapes:
    """Follow the shapes of a graph's inputs through its nodes, in the order of the file."""
    inference = _Inference(scope)
    for node in scope.graph.nodes:
        inference.add(node)
    return Shapes(inference.shapes, tuple(inference.clashes))


def _attempt(rule: Callable[[Node, Known], T | None], node: Node, known: Known) -> T | None:
    """Apply a rule; of a damaged node, whose axes or inputs are not there, nothing is known."""
    try:
        return rule(node, known)
    except (IndexError, ValueError):
        return None


class _Inference:
    """The shapes and contents that are known so far; the ``Known`` of the rules."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.shapes: dict[str, Sizes] = {}
        self.contents: dict[str, Sizes] = {}
        self.clashes: list[Clash] = []
        for value in scope.inputs:
            if value.shape is not None:
                self.shapes[value.name] = value.shape
        self._varying = {
            size for shape in self.shapes.values() for size in shape if isinstance(size, str)
        }
        self._declared = {value.name: value.shape for value in scope.graph.declared}

    def shape(self, name: str) -> Sizes | None:
        if name in self.shapes:
            return self.shapes[name]
        tensor = self.scope.weight(name)
        return tensor.shape if tensor is not None else None

    def content(self, name: str) -> Sizes | None:
        return self.contents[name] if name in self.contents else self.scope.integers(name)

    def clash(self, clash: Clash) -> None:
        self.clashes.append(clash)

    def add(self, node: Node) -> None:
        for name, shape in zip(node.outputs, self._outputs(node), strict=False):
            known = shape if shape is not None else self._declared_shape(name)
            if known is not None and len(known) <= _MOST_AXES:
                self.shapes[name] = known
        rule = CONTENTS.get(node.operator)
        if rule is not None and node.outputs and node.domain in STANDARD_DOMAINS:
            content = _attempt(rule, node, self)
            if content is not None:
                self.contents[node.outputs[0]] = content

    def _outputs(self, node: Node) -> Iterable[Sizes | None]:
        rule = RULES.get(node.operator) if node.domain in STANDARD_DOMAINS else None
        shapes = None if rule is None else _attempt(rule, node, self)
        return shapes if shapes is not None else [None] * len(node.outputs)

    def _declared_shape(self, name: str) -> Sizes | None:
        """Return the shape that the file declares.

        An exporter names any axis that it does not know; only an input's name is known to vary.
        """
        shape = self._declared.get(name)
        return None if shape is None else tuple(self._known(size) for size in shape)

    def _known(self, size: Size) -> Size:
        return size if isinstance(size, int) or size in self._varying else None
