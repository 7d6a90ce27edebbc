"""Scopes of an ONNX file: each graph with its values linked to the nodes and weights behind them.

``shapes`` and the rules of ``check`` walk along these links. Standard library only.
"""

from collections.abc import Iterator

from .model import Graph, Model, Node, Value
from .tensors import Tensor

STANDARD_DOMAINS = ("", "ai.onnx")
"""Names of ONNX's own operator set."""

_INTEGER_CONSTANTS = ("value_int", "value_ints")


class Scope:
    """A graph, a body inside of a node, or the body of a function.

    Attributes:
        graph: its nodes and weights.
        outer: the scope around a body, whose values the body sees.
        place: a phrase for messages, such as `` in the body of Loop 'x'``; empty for the graph.
        makers: the node that makes a value, by the value's name; the first if there are several.
        weights: tensors by name: those that the graph holds, and those of ``Constant`` nodes.
        inputs: of the graph, without the weights that old files list among them.
    """

    def __init__(self, graph: Graph, outer: "Scope | None" = None, place: str = "") -> None:
        self.graph, self.outer, self.place = graph, outer, place
        self.makers: dict[str, Node] = {}
        self.weights: dict[str, Tensor] = {tensor.name: tensor for tensor in graph.weights}
        for node in graph.nodes:
            for name in filter(None, node.outputs):
                self.makers.setdefault(name, node)
            if node.operator == "Constant" and node.outputs:
                for tensor in node.tensors.get("value", ()):
                    self.weights[node.outputs[0]] = tensor
        self.inputs: tuple[Value, ...] = tuple(
            value for value in graph.inputs if value.name not in self.weights
        )

    def original(self, name: str) -> str:
        """Return the value that ``Identity`` nodes copy, or the value itself."""
        seen: set[str] = set()
        while (node := self.makers.get(name)) and node.operator == "Identity" and node.inputs:
            if name in seen:
                return name
            seen.add(name)
            name = node.inputs[0]
        return name

    def weight(self, name: str) -> Tensor | None:
        """Return the tensor that a value always is, or ``None`` if it is calculated."""
        name = self.original(name)
        if name in self.weights:
            return self.weights[name]
        is_own = name in self.makers or any(value.name == name for value in self.inputs)
        return None if is_own or self.outer is None else self.outer.weight(name)

    def integers(self, name: str) -> tuple[int, ...] | None:
        """Return the integers that a value always is, if they are few; else ``None``."""
        tensor = self.weight(name)
        if tensor is not None:
            return tensor.integers
        maker = self.makers.get(self.original(name))
        if maker is None or maker.operator != "Constant":
            return None
        for attribute in _INTEGER_CONSTANTS:
            value = maker.attributes.get(attribute)
            if isinstance(value, int):
                return (value,)
            if value is not None:
                return maker.integers(attribute)
        return None


def given(node: Node, index: int) -> str:
    """Return the name of a node's input; ``""`` where it is not given."""
    return node.inputs[index] if index < len(node.inputs) else ""


def named(node: Node) -> str:
    """Return a node's operator and name, for messages; a nameless one goes by its output."""
    if node.name:
        return f"{node.operator} {node.name!r}"
    output = next(filter(None, node.outputs), "")
    return f"{node.operator} of {output!r}" if output else f"a nameless {node.operator}"


def scopes(model: Model) -> list[Scope]:
    """Return all scopes of a file: the graph first, then bodies, then functions."""
    main = Scope(model.graph)
    found = [main, *_bodies(main)]
    for function in model.functions:
        body = Scope(function.body, place=f" in the function {function.name!r}")
        found += [body, *_bodies(body)]
    return found


def _bodies(outer: Scope) -> Iterator[Scope]:
    for node in outer.graph.nodes:
        for graphs in node.graphs.values():
            for graph in graphs:
                body = Scope(graph, outer, f" in the body of {named(node)}")
                yield body
                yield from _bodies(body)
