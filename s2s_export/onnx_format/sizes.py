"""Sizes of axes: numbers, names of those that vary, and what follows where two meet.

``shapes`` and its rules are made of them. Standard library only.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from .model import Node
from .scopes import given

Size = int | str | None
"""A number, the name of an axis that varies, or ``None`` where neither is known."""

Sizes = tuple[Size, ...]

ClashKind = Literal["size", "state", "lengths"]


@dataclass(frozen=True)
class Clash:
    """A place where an axis that varies meets a size that fits one number alone.

    Attributes:
        node: where.
        kind: ``state``: of a recurrence's first state; ``lengths``: of its lengths; or any other
            ``size``.
        found: what meets what.
        only: the number of the axis that works, where it is a single one.
    """

    node: Node
    kind: ClashKind
    found: str
    only: int | None = None


class Known(Protocol):
    """What is known of the values before a node."""

    def shape(self, name: str) -> Sizes | None:
        """Return a value's sizes, or ``None``."""

    def content(self, name: str) -> Sizes | None:
        """Return the elements of a small tensor of integers, or ``None``."""

    def clash(self, clash: Clash) -> None:
        """Note a clash."""


Rule = Callable[[Node, Known], Sequence[Sizes | None] | None]
"""What an operator makes: the sizes of its outputs, ``None`` where they are not known. It may raise
``IndexError`` or ``ValueError`` for a damaged node."""


def written(sizes: Sequence[Size]) -> str:
    """Return sizes as people write them."""
    return f"[{', '.join('?' if size is None else str(size) for size in sizes)}]"


def axis_of(axis: int, rank: int) -> int:
    """Return an axis counted from the front.

    Raises:
        IndexError: there is no such axis.
    """
    if not -rank <= axis < rank:
        raise IndexError(axis)
    return axis % rank


def axes_of(node: Node, known: Known, index: int = 1) -> tuple[int, ...] | None:
    """Return the axes of a node, of its attribute or its input, if they are known."""
    of_attribute = node.integers("axes")
    if of_attribute is not None:
        return of_attribute
    content = known.content(given(node, index))
    found = tuple(axis for axis in content or () if isinstance(axis, int))
    return found if content is not None and len(found) == len(content) else None


def broadcast(one: Sizes, other: Sizes, node: Node, known: Known) -> Sizes:
    """Return the sizes of what an elementwise operator makes of two tensors."""
    rank = max(len(one), len(other))
    padded = ((1,) * (rank - len(sizes)) + sizes for sizes in (one, other))
    return tuple(
        _met(a, b, f"{written(one)} meets {written(other)}", node, known)
        for a, b in zip(*padded, strict=True)
    )


def _met(a: Size, b: Size, found: str, node: Node, known: Known) -> Size:
    if a == 1 or b == 1:
        return b if a == 1 else a
    if isinstance(a, str) or isinstance(b, str):
        varying, fixed = (a, b) if isinstance(a, str) else (b, a)
        if isinstance(fixed, int):
            known.clash(Clash(node, "size", found, fixed))
        return varying
    return b if a is None else a


def same(one: Size, other: Size, found: str, node: Node, known: Known) -> Size:
    """Return the size of an axis that two tensors must share, 1 included."""
    for varying, fixed in ((one, other), (other, one)):
        if isinstance(varying, str) and isinstance(fixed, int):
            known.clash(Clash(node, "size", found, fixed))
            return varying
    return other if one is None else one


def product(sizes: Sequence[Size]) -> Size:
    """Return the number of elements, or the axis it is; ``None`` where that is not known."""
    names = [size for size in sizes if isinstance(size, str)]
    fixed = math.prod(size for size in sizes if isinstance(size, int))
    if None in sizes or len(names) > 1:
        return None
    if names:
        return names[0] if fixed == 1 else None
    return fixed


def reshaped(before: Sizes, wanted: Sizes, node: Node, known: Known) -> Sizes:
    """Return the sizes after a reshape, and note a clash if it fits one size of an axis alone.

    Args:
        before: the sizes before.
        wanted: the sizes after; -1 is the rest.
        node: the node that reshapes.
        known: notes the clash.
    """
    others = [size for size in wanted if size != -1]
    if None in before or None in others:
        return tuple(None if size == -1 else size for size in wanted)
    gone = Counter(size for size in before if isinstance(size, str))
    gone.subtract(size for size in others if isinstance(size, str))
    left = [name for name, count in gone.items() for _ in range(count)]
    elements = math.prod(size for size in before if isinstance(size, int))
    fixed = math.prod(size for size in others if isinstance(size, int))
    fits = fixed > 0 and elements % fixed == 0
    if left and not (fits and len(others) < len(wanted)):
        known.clash(Clash(node, "size", f"{written(before)} becomes {written(wanted)}"))
    whole = fits and all(count >= 0 for count in gone.values())
    rest = product([*left, elements // fixed]) if whole else None
    return tuple(rest if size == -1 else size for size in wanted)
