"""The contents of an ONNX file as the folder's check looks at them: one list of nodes, and flags.

``graph_check`` judges them; ``onnx_format`` reads the file. Standard library only, beside the
specifications.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain

from ..decoding.steps import TensorSpec
from ..errors import GraphError
from ..onnx_format.model import Graph, Model, Node, Value
from ..onnx_format.notes import Note
from ..onnx_format.reading import read_model
from ..onnx_format.tensors import Tensor


@dataclass
class OnnxFile:
    """The contents of an ONNX file beside the numbers.

    Attributes:
        ir_version: version of the file format.
        opsets: version of each operator set, by its domain.
        inputs: with their types; a size that may vary has a name.
        outputs: as ``inputs``.
        nodes: in the order in which they run, those in the body of a ``Scan`` included.
        outside: names of weights that lie outside the file.
        nested: graphs inside of any other node, functions and sparse weights, by a phrase for
            messages.
        notes: whether there is text that is not part of the mathematics: stack traces, paths.
    """

    ir_version: int = 0
    opsets: dict[str, int] = field(default_factory=dict)
    inputs: tuple[TensorSpec, ...] = ()
    outputs: tuple[TensorSpec, ...] = ()
    nodes: list[Node] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    nested: list[str] = field(default_factory=list)
    notes: bool = False

    @classmethod
    def from_bytes(cls, content: bytes, name: str) -> "OnnxFile":
        """Read an ONNX file.

        Args:
            content: the file's bytes.
            name: of the file in messages.

        Raises:
            GraphError: it is not an ONNX file, or a damaged one.
        """
        try:
            model = read_model(content)
        except (ValueError, IndexError) as error:  # UnicodeDecodeError is a ValueError
            raise GraphError(f"{name}: not a valid ONNX file ({error}); export again") from None
        file = cls(
            ir_version=model.ir_version,
            opsets=dict(model.opsets),
            inputs=tuple(map(_spec, model.graph.inputs)),
            outputs=tuple(map(_spec, model.graph.outputs)),
        )
        file._add_model(model)
        return file

    def _add_model(self, model: Model) -> None:
        if model.training or model.functions:
            self.nested.append("a training graph or a function")
        self._add_graph(model.graph, is_body=False)
        self._add_notes(model.notes)

    def _add_graph(self, graph: Graph, *, is_body: bool) -> None:
        for node in graph.nodes:
            self._add_node(node, in_body=is_body)
        self._add_tensors(graph.weights)
        for value in (*graph.inputs, *graph.outputs, *graph.declared):
            self._add_notes(value.notes)
        self.nested += ["a sparse weight"] * graph.sparse
        self._add_notes(graph.notes)

    def _add_node(self, node: Node, *, in_body: bool) -> None:
        self.nodes.append(node)
        self._add_notes(node.notes)
        self._add_tensors(chain.from_iterable(node.tensors.values()))
        self.nested += ["a sparse weight"] * node.sparse
        for body in chain.from_iterable(node.graphs.values()):
            if node.operator == "Scan" and not in_body:
                self._add_graph(body, is_body=True)
            else:
                self.nested.append(f"a graph inside of {node.operator}")

    def _add_tensors(self, tensors: Iterable[Tensor]) -> None:
        for tensor in tensors:
            if tensor.external is not None:
                self.outside.append(tensor.name)
            self._add_notes(tensor.notes)

    def _add_notes(self, notes: tuple[Note, ...]) -> None:
        self.notes = self.notes or bool(notes)


def _spec(value: Value) -> TensorSpec:
    """Return a value as a specification; an axis that is left open is 0, which no axis is."""
    shape = tuple(0 if size is None else size for size in value.shape or ())
    return TensorSpec(value.name, value.dtype, shape)
