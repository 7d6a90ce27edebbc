"""Content rules: the integers of small tensors that shapes are made of.

``Shape``, ``Gather``, ``Concat`` and the like calculate the sizes that ``Reshape`` and ``Expand``
take. ``shapes`` applies these rules; an element may be a number, the name of an axis, or unknown.
Standard library only.
"""

import math
from collections.abc import Callable

from .model import Node
from .scopes import given
from .sizes import Known, Size, Sizes
from .tensors import MOST_INTEGERS

Rule = Callable[[Node, Known], Sizes | None]
"""As ``sizes.Rule``, for the elements of the first output."""


def _shape(node: Node, known: Known) -> Sizes | None:
    data = known.shape(given(node, 0))
    if data is None:
        return None
    return data[node.integer("start", 0) : node.integer("end", len(data))]


def _copy(node: Node, known: Known) -> Sizes | None:
    return known.content(given(node, 0))


def _gather(node: Node, known: Known) -> Sizes | None:
    data, indices = known.content(given(node, 0)), known.content(given(node, 1))
    if data is None or indices is None or not all(isinstance(index, int) for index in indices):
        return None
    return tuple(data[index] for index in indices if isinstance(index, int))


def _concat(node: Node, known: Known) -> Sizes | None:
    joined: Sizes = ()
    for name in node.inputs:
        part = known.content(name)
        if part is None:
            shape = known.shape(name)
            size = shape[0] if shape is not None and len(shape) == 1 else None
            if not isinstance(size, int) or size > MOST_INTEGERS:
                return None
            part = (None,) * size
        joined += part
    return joined if len(joined) <= MOST_INTEGERS else None


def _slice(node: Node, known: Known) -> Sizes | None:
    data, *of_slice = (known.content(name) for name in node.inputs)
    bounds = [values[0] for values in of_slice if values is not None and len(values) == 1]
    if data is None or len(bounds) < len(of_slice) or not 2 <= len(bounds) <= 4:
        return None
    start, end, step = bounds[0], bounds[1], bounds[3] if len(bounds) == 4 else 1
    if not (isinstance(start, int) and isinstance(end, int) and isinstance(step, int)):
        return None
    return data[start:end:step]


def _constant_of_shape(node: Node, known: Known) -> Sizes | None:
    count = known.content(given(node, 0))
    [value] = node.tensors.get("value", ())
    if count is None or len(count) != 1 or value.integers is None:
        return None
    [size] = count
    return value.integers * size if isinstance(size, int) and size <= MOST_INTEGERS else None


def _reduce_product(node: Node, known: Known) -> Sizes | None:
    data = known.content(given(node, 0))
    if data is None:
        return None
    numbers = [size for size in data if isinstance(size, int)]
    return (math.prod(numbers) if len(numbers) == len(data) else None,)


def _where(node: Node, known: Known) -> Sizes | None:
    parts = [known.content(name) for name in node.inputs]
    present = [part for part in parts if part is not None]
    count = max(map(len, present), default=0)
    if len(present) != 3 or any(len(part) not in (1, count) for part in present):
        return None
    choices, yes, no = (part * count if len(part) < count else part for part in present)
    return tuple(
        (one if choice else other) if isinstance(choice, int) else None
        for choice, one, other in zip(choices, yes, no, strict=True)
    )


def _pairwise(combine: Callable[[Size, Size], Size]) -> Rule:
    def rule(node: Node, known: Known) -> Sizes | None:
        one, other = known.content(given(node, 0)), known.content(given(node, 1))
        if not one or not other:
            return None
        count = max(len(one), len(other))
        one, other = (part * count if len(part) == 1 else part for part in (one, other))
        return tuple(_bounded(combine(a, b)) for a, b in zip(one, other, strict=True))

    return rule


def _bounded(size: Size) -> Size:
    """Return a number that fits an int64, or ``None``: a damaged graph may multiply on and on."""
    return None if isinstance(size, int) and abs(size) >= 2**63 else size


def _sum(a: Size, b: Size) -> Size:
    if isinstance(a, int) and isinstance(b, int):
        return a + b
    return a if b == 0 else b if a == 0 else None


def _difference(a: Size, b: Size) -> Size:
    if isinstance(a, int) and isinstance(b, int):
        return a - b
    return a if b == 0 else None


def _product(a: Size, b: Size) -> Size:
    if isinstance(a, int) and isinstance(b, int):
        return a * b
    return a if b == 1 else b if a == 1 else None


def _quotient(a: Size, b: Size) -> Size:
    if isinstance(a, int) and isinstance(b, int) and a >= 0 and b > 0:
        return a // b
    return a if b == 1 else None


def _equal(a: Size, b: Size) -> Size:
    if isinstance(a, int) and isinstance(b, int):
        return int(a == b)
    # An axis has a size of 0 or more, so it is never the -1 that means "as before".
    return 0 if -1 in (a, b) and None not in (a, b) else None


CONTENTS: dict[str, Rule] = {
    **dict.fromkeys(("Cast", "Identity", "Unsqueeze", "Squeeze", "Reshape"), _copy),
    **{"Shape": _shape, "Gather": _gather, "Concat": _concat, "Slice": _slice, "Where": _where},
    **{"Add": _pairwise(_sum), "Sub": _pairwise(_difference), "Mul": _pairwise(_product)},
    **{"Div": _pairwise(_quotient), "Equal": _pairwise(_equal)},
    **{"ConstantOfShape": _constant_of_shape, "ReduceProd": _reduce_product},
}
"""By operator of ONNX's own set."""
