"""Shape rules: the shapes of an operator's outputs from the shapes of its inputs.

``shapes`` applies them. A rule returns ``None`` where nothing is known, and may raise
``IndexError`` or ``ValueError`` for a damaged node. Standard library only.

Source:
    onnx.ai/onnx/operators, opsets 7 to 28.
"""

from collections.abc import Sequence

from .model import Node
from .scopes import given
from .shape_cuts import CUTS
from .sizes import (
    Clash,
    Known,
    Rule,
    Size,
    Sizes,
    axes_of,
    axis_of,
    broadcast,
    reshaped,
    same,
    written,
)

_GATES = {"GRU": 3, "LSTM": 4, "RNN": 1}


def _same_as_input(node: Node, known: Known) -> Sequence[Sizes | None]:
    shape = known.shape(given(node, 0))
    return [shape] * len(node.outputs)


def _first_as_input(node: Node, known: Known) -> Sequence[Sizes | None]:
    return [known.shape(given(node, 0)), *[None] * (len(node.outputs) - 1)]


def _elementwise(node: Node, known: Known) -> Sequence[Sizes | None] | None:
    shape: Sizes = ()
    for name in node.inputs:
        other = known.shape(name)
        if other is None:
            return None
        shape = broadcast(shape, other, node, known)
    return [shape]


def _gather(node: Node, known: Known) -> Sequence[Sizes | None] | None:
    data, indices = known.shape(given(node, 0)), known.shape(given(node, 1))
    if data is None or indices is None:
        return None
    axis = axis_of(node.integer("axis", 0), len(data))
    return [(*data[:axis], *indices, *data[axis + 1 :])]


def _shape(node: Node, known: Known) -> Sequence[Sizes | None] | None:
    data = known.shape(given(node, 0))
    if data is None:
        return None
    return [(len(data[node.integer("start", 0) : node.integer("end", len(data))]),)]


def _unsqueeze(node: Node, known: Known) -> Sequence[Sizes | None] | None:
    data, added = known.shape(given(node, 0)), axes_of(node, known)
    if data is None or added is None:
        return None
    rank = len(data) + len(added)
    new, rest = {axis_of(axis, rank) for axis in added}, iter(data)
    return [tuple(1 if axis in new else next(rest, None) for axis in range(rank))]


def _squeeze(node: Node, known: Known) -> Sequence[Sizes | None] | None:
    data, gone = known.shape(given(node, 0)), axes_of(node, known)
    if data is None or gone is None:
        return None
    left = {axis_of(axis, len(data)) for axis in gone}
    return [tuple(size for axis, size in enumerate(data) if axis not in left)]


def _concat(node: Node, known: Known) -> Sequence[Sizes | None] | None:
    shapes = [known.shape(name) for name in node.inputs]
    present = [shape for shape in shapes if shape is not None]
    if not present or len(present) < len(shapes) or len(set(map(len, present))) > 1:
        return None
    first, *others = present
    joined = axis_of(node.integer("axis", 0), len(first))
    result, total = list(first), [shape[joined] for shape in present]
    for other in others:
        found = f"{written(first)} is joined with {written(other)}"
        for axis, size in enumerate(other):
            if axis != joined:
                result[axis] = same(result[axis], size, found, node, known)
    numbers = [size for size in total if isinstance(size, int)]
    result[joined] = sum(numbers) if len(numbers) == len(total) else None
    if len(total) == 1:
        result[joined] = total[0]
    return [tuple(result)]


def _transpose(node: Node, known: Known) -> Sequence[Sizes | None] | None:
    data, order = known.shape(given(node, 0)), node.integers("perm")
    if data is None:
        return None
    return [tuple(data[axis] for axis in (order if order is not None else range(len(data))[::-1]))]


def _matmul(node: Node, known: Known) -> Sequence[Sizes | None] | None:
    a, b = known.shape(given(node, 0)), known.shape(given(node, 1))
    if not a or not b:
        return None
    found = f"{written(a)} is multiplied with {written(b)}"
    same(a[-1], b[-2] if len(b) > 1 else b[-1], found, node, known)
    batch = broadcast(a[:-2], b[:-2], node, known)
    return [(*batch, *a[-2:-1], *(b[-1:] if len(b) > 1 else ()))]


def _gemm(node: Node, known: Known) -> Sequence[Sizes | None] | None:
    a, b = known.shape(given(node, 0)), known.shape(given(node, 1))
    if a is None or b is None:
        return None
    (m, k), (l, n) = a[:: -1 if node.integer("transA", 0) else 1], b  # noqa: E741
    if node.integer("transB", 0):
        l, n = n, l  # noqa: E741
    same(k, l, f"{written(a)} is multiplied with {written(b)}", node, known)
    return [(m, n)]


def _recurrence(node: Node, known: Known) -> Sequence[Sizes | None] | None:
    data, weight = known.shape(given(node, 0)), known.shape(given(node, 1))
    if data is None or len(data) != 3 or node.integer("layout", 0) != 0:
        return None
    length, batch, _ = data
    rows = weight[1] if weight is not None and len(weight) == 3 else None
    units: Size = rows // _GATES[node.operator] if isinstance(rows, int) else None
    hidden = node.integer("hidden_size", 0) or units
    directions = 2 if node.text("direction", "forward") == "bidirectional" else 1
    for index, axis in ((4, 0), (5, 1), (6, 1)):
        other = known.shape(given(node, index))
        if isinstance(batch, str) and other is not None and len(other) == (3 if axis else 1):
            size = other[axis]
            if isinstance(size, int):
                found = f"{written(other)} for a batch of {batch!r}"
                known.clash(Clash(node, "state" if axis else "lengths", found, size))
    last = (directions, batch, hidden)
    return [(length, directions, batch, hidden), last, last][: len(node.outputs)]


def _reshape(node: Node, known: Known) -> Sequence[Sizes | None] | None:
    data, wanted = known.shape(given(node, 0)), known.content(given(node, 1))
    if wanted is None:
        shape = known.shape(given(node, 1))
        rank = shape[0] if shape is not None and len(shape) == 1 else None
        return [(None,) * rank] if isinstance(rank, int) and rank < 16 else None
    if data is None:
        return [tuple(None if size in (-1, 0) else size for size in wanted)]
    if not node.integer("allowzero", 0):
        copied = (*data, *(None,) * len(wanted))
        wanted = tuple(copied[i] if size == 0 else size for i, size in enumerate(wanted))
    return [reshaped(data, wanted, node, known)]


def _expand(node: Node, known: Known) -> Sequence[Sizes | None] | None:
    data, wanted = known.shape(given(node, 0)), known.content(given(node, 1))
    if data is None or wanted is None:
        return None
    return [broadcast(data, wanted, node, known)]


def _constant_of_shape(node: Node, known: Known) -> Sequence[Sizes | None]:
    return [known.content(given(node, 0))]


_UNARY = (
    *("Abs", "Cast", "Clip", "Dropout", "Elu", "Erf", "Exp", "Floor"),
    *("Gelu", "HardSigmoid", "Identity", "LeakyRelu", "Log", "LogSoftmax"),
    *("Neg", "Not", "Reciprocal", "Relu", "Selu", "Sigmoid", "Softmax", "Softplus", "Sqrt"),
    *("Tanh", "CumSum", "ScatterElements", "QuantizeLinear", "DequantizeLinear"),
)
_BINARY = (
    *("Add", "Sub", "Mul", "Div", "Pow", "Mod", "Equal", "Less", "LessOrEqual", "Greater"),
    *("GreaterOrEqual", "And", "Or", "Xor", "Where", "Max", "Min", "Mean", "Sum", "PRelu"),
)

RULES: dict[str, Rule] = {
    **CUTS,
    **dict.fromkeys(_UNARY, _same_as_input),
    **dict.fromkeys(("BatchNormalization", "LayerNormalization"), _first_as_input),
    **dict.fromkeys(_BINARY, _elementwise),
    **dict.fromkeys(_GATES, _recurrence),
    **{"Gather": _gather, "Shape": _shape, "Unsqueeze": _unsqueeze, "Squeeze": _squeeze},
    **{"Concat": _concat, "Transpose": _transpose, "MatMul": _matmul, "Gemm": _gemm},
    **{"Reshape": _reshape, "Expand": _expand, "ConstantOfShape": _constant_of_shape},
    "MatMulInteger": _matmul,
}
"""By operator of ONNX's own set."""
