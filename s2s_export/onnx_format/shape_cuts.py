"""Shape rules of operators that cut, reduce or choose along axes; ``shape_rules`` has the others.

Standard library only.
"""

from collections.abc import Sequence

from .model import Node
from .scopes import given
from .sizes import Clash, Known, Rule, Size, Sizes, axes_of, axis_of, written

_ENDLESS = 2**31 - 1
"""An end of a slice from here on means the end of the axis."""


def _reduction(node: Node, known: Known) -> Sequence[Sizes | None] | None:
    data = known.shape(given(node, 0))
    if data is None:
        return None
    is_given = node.integers("axes") is not None or given(node, 1)
    reduced = axes_of(node, known) if is_given else ()
    if reduced is None:
        return None
    if not reduced and not node.integer("noop_with_empty_axes", 0):
        reduced = tuple(range(len(data)))
    return [_without(data, {axis_of(axis, len(data)) for axis in reduced}, node)]


def _arg_max(node: Node, known: Known) -> Sequence[Sizes | None] | None:
    data = known.shape(given(node, 0))
    if data is None:
        return None
    return [_without(data, {axis_of(node.integer("axis", 0), len(data))}, node)]


def _without(data: Sizes, reduced: set[int], node: Node) -> Sizes:
    if node.integer("keepdims", 1):
        return tuple(1 if axis in reduced else size for axis, size in enumerate(data))
    return tuple(size for axis, size in enumerate(data) if axis not in reduced)


def _top_k(node: Node, known: Known) -> Sequence[Sizes | None] | None:
    data, count = known.shape(given(node, 0)), known.content(given(node, 1))
    if data is None:
        return None
    axis = axis_of(node.integer("axis", -1), len(data))
    kept = count[0] if count is not None and len(count) == 1 else None
    return [(*data[:axis], kept, *data[axis + 1 :])] * 2


def _slice(node: Node, known: Known) -> Sequence[Sizes | None] | None:
    data, starts = known.shape(given(node, 0)), known.content(given(node, 1))
    ends = known.content(given(node, 2))
    if data is None or starts is None or ends is None:
        cut = axes_of(node, known, index=3)
        if data is None or cut is None:
            return None
        gone = {axis_of(axis, len(data)) for axis in cut}
        return [tuple(None if axis in gone else size for axis, size in enumerate(data))]
    of_axes = known.content(given(node, 3)) if given(node, 3) else tuple(range(len(starts)))
    steps = known.content(given(node, 4)) if given(node, 4) else (1,) * len(starts)
    if of_axes is None or steps is None:
        return None
    result = list(data)
    for start, end, axis, step in zip(starts, ends, of_axes, steps, strict=True):
        if not isinstance(axis, int):
            return None
        at = axis_of(axis, len(data))
        result[at] = _sliced(result[at], start, end, step)
    return [tuple(result)]


def _sliced(size: Size, start: Size, end: Size, step: Size) -> Size:
    """Return the size of a slice of an axis; of one that varies only where it is sure."""
    if not (isinstance(start, int) and isinstance(step, int)):
        return None
    if isinstance(size, int) and isinstance(end, int):
        return len(range(size)[start:end:step])
    whole = end == size or (isinstance(end, int) and end >= _ENDLESS)
    if start == 0 and step == 1 and whole:
        return size
    first, last = start == 0 and end == 1, start == -1 and whole
    return 1 if step == 1 and (first or last) else None


def _split(node: Node, known: Known) -> Sequence[Sizes | None] | None:
    data = known.shape(given(node, 0))
    if data is None:
        return None
    axis, count = axis_of(node.integer("axis", 0), len(data)), len(node.outputs)
    size, parts = data[axis], node.integers("split") or known.content(given(node, 1))
    if parts is None:
        is_even = isinstance(size, int) and size % count == 0 and not given(node, 1)
        parts = (size // count if isinstance(size, int) and is_even else None,) * count
    elif isinstance(size, str):
        numbers = [part for part in parts if isinstance(part, int)]
        if len(numbers) == len(parts):
            found = f"{written(data)} is cut into pieces of {written(numbers)} along {size!r}"
            known.clash(Clash(node, "size", found, sum(numbers)))
    return [(*data[:axis], part, *data[axis + 1 :]) for part in parts]


_REDUCTIONS = ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL2")

CUTS: dict[str, Rule] = {
    **dict.fromkeys(_REDUCTIONS, _reduction),
    **{"ArgMax": _arg_max, "ArgMin": _arg_max, "TopK": _top_k, "Slice": _slice, "Split": _split},
}
"""By operator of ONNX's own set."""
