"""An ONNX file as a tree: model, graphs, nodes, attributes, values.

``reading`` makes it of a file's bytes. ``folder`` checks its own graphs with it, ``check`` those
of others. Standard library only.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from .notes import Note
from .tensors import Tensor


@dataclass(frozen=True)
class Value:
    """An input or output of a graph, or a value whose type the file declares.

    Attributes:
        name: of the value.
        dtype: numpy's name of the element type; ``unknown`` for what is no tensor.
        shape: sizes, a name for an axis that varies, ``None`` for one that is left open; ``None``
            where the number of axes is not declared.
        notes: texts beside it.
    """

    name: str
    dtype: str
    shape: tuple[int | str | None, ...] | None
    notes: tuple[Note, ...] = ()


AttributeValue = int | float | str | tuple[int, ...] | tuple[float, ...] | tuple[str, ...] | None


@dataclass(frozen=True)
class Node:
    """One operator of a graph.

    Attributes:
        name: of the node; often empty.
        operator: its type, such as ``GRU``.
        domain: of the operator; ``""`` is ONNX's own.
        inputs: names of the values it takes; ``""`` for an optional one that is not given.
        outputs: names of the values it makes.
        attributes: by name; ``None`` for those that are tensors, graphs or anything else.
        tensors: attributes that are tensors.
        graphs: attributes that are graphs.
        sparse: number of sparse tensors in attributes.
        notes: texts beside it and its attributes.
    """

    name: str
    operator: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, AttributeValue]
    tensors: Mapping[str, tuple[Tensor, ...]]
    graphs: Mapping[str, "tuple[Graph, ...]"]
    sparse: int
    notes: tuple[Note, ...]

    def integer(self, name: str, default: int) -> int:
        """Return an attribute that is an integer."""
        value = self.attributes.get(name)
        return value if isinstance(value, int) else default

    def text(self, name: str, default: str) -> str:
        """Return an attribute that is a text."""
        value = self.attributes.get(name)
        return value if isinstance(value, str) else default

    def integers(self, name: str) -> tuple[int, ...] | None:
        """Return an attribute that is a list of integers, or ``None``."""
        value = self.attributes.get(name)
        if not isinstance(value, tuple):
            return None
        numbers = tuple(number for number in value if isinstance(number, int))
        return numbers if len(numbers) == len(value) else None


@dataclass(frozen=True)
class Graph:
    """A graph, or the body of a function.

    Attributes:
        nodes: in the order of the file.
        weights: tensors that the graph holds.
        inputs: with their types; a file of IR version 3 lists the weights too.
        outputs: as ``inputs``.
        declared: types of values in between, where the file has them.
        sparse: number of sparse weights.
        notes: texts beside it.
    """

    nodes: tuple[Node, ...]
    weights: tuple[Tensor, ...] = ()
    inputs: tuple[Value, ...] = ()
    outputs: tuple[Value, ...] = ()
    declared: tuple[Value, ...] = ()
    sparse: int = 0
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Function:
    """An operator that the file defines by others.

    Attributes:
        domain: of the operator.
        name: its type.
        opsets: versions of the operator sets that its nodes are of, by domain.
        body: its nodes; inputs and outputs have no types.
    """

    domain: str
    name: str
    opsets: Mapping[str, int]
    body: Graph


@dataclass(frozen=True)
class Model:
    """An ONNX file.

    Attributes:
        ir_version: version of the file format.
        producer: name and version of the tool that wrote it.
        opsets: version of each operator set, by its domain.
        graph: the graph.
        functions: operators that the file defines.
        training: number of training graphs.
        notes: texts beside the graph.
    """

    ir_version: int
    producer: str
    opsets: Mapping[str, int]
    graph: Graph
    functions: tuple[Function, ...]
    training: int
    notes: tuple[Note, ...]
