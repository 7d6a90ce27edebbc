"""Tensors of an ONNX file: name, type and shape at once, the numbers only when asked for.

Standard library only; ``model`` reads them.

Source:
    Field and type numbers: onnx.proto of ONNX 1.23.
"""

import hashlib
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from .notes import Note, read_entries, read_notes
from .protobuf import FieldValue, as_bytes, integer, integers, read_message, text

_TENSOR = {
    **{1: "dims", 2: "type", 8: "name", 9: "raw", 12: "doc", 16: "properties"},
    **{4: "typed", 5: "typed", 6: "typed", 7: "typed", 10: "typed", 11: "typed"},
    **{13: "external", 14: "location"},
}
"""Names of the fields that are read, by number."""

_EXTERNAL = 1  # TensorProto.DataLocation

DTYPES = {
    **{1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64"},
    **{8: "string", 9: "bool", 10: "float16", 11: "float64", 12: "uint32", 13: "uint64"},
    **{14: "complex64", 15: "complex128", 16: "bfloat16", 17: "float8e4m3fn"},
    **{18: "float8e4m3fnuz", 19: "float8e5m2", 20: "float8e5m2fnuz", 21: "uint4", 22: "int4"},
    **{23: "float4e2m1", 24: "float8e8m0", 25: "uint2", 26: "int2"},
}
"""Names of element types by ONNX's number: numpy's where numpy has the type."""

_SIZES = {
    **{"float32": 4, "uint8": 1, "int8": 1, "uint16": 2, "int16": 2, "int32": 4, "int64": 8},
    **{"bool": 1, "float16": 2, "float64": 8, "uint32": 4, "uint64": 8, "complex64": 8},
    **{"complex128": 16, "bfloat16": 2},
}
"""Bytes of an element, for the types that fill whole bytes and are not rare."""

_INTEGERS = {"int64": "q", "int32": "i", "bool": "?", "uint8": "B", "int8": "b"}
MOST_INTEGERS = 64
"""Elements of a tensor whose integers are read: those of shapes, axes and lengths are few."""


@dataclass(frozen=True)
class Tensor:
    """A weight or constant.

    Attributes:
        name: in the graph; that of a constant in an attribute is often empty.
        dtype: numpy's name of the element type.
        shape: sizes.
        raw: the numbers as bytes; ``None`` where they stand in ``typed`` or outside the file.
        typed: the numbers in a field of their type, as protobuf stores them.
        external: keys and values that tell the file in which the numbers lie; ``None`` where they
            are in this one.
        notes: texts beside the numbers.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    raw: memoryview | None
    typed: tuple[FieldValue, ...]
    external: Mapping[str, str] | None
    notes: tuple[Note, ...]

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @cached_property
    def stored_bytes(self) -> int:
        """Bytes that the numbers take in this file; an integer of variable length counts as one."""
        raw = 0 if self.raw is None else len(self.raw)
        return raw + sum(1 if isinstance(v, int) else len(v) for v in self.typed)

    @property
    def expected_bytes(self) -> int | None:
        """Bytes of ``raw`` by type and shape; ``None`` for types that are packed or rare."""
        element = _SIZES.get(self.dtype)
        return None if element is None else element * self.size

    @cached_property
    def digest(self) -> bytes:
        """A sha256 of the numbers as they are stored."""
        digest = hashlib.sha256()
        for value in (*([] if self.raw is None else [self.raw]), *self.typed):
            digest.update(str(value).encode() if isinstance(value, int) else value)
        return digest.digest()

    @cached_property
    def integers(self) -> tuple[int, ...] | None:
        """The elements of a small tensor of integers or truth values; ``None`` for any other."""
        if self.dtype not in _INTEGERS or self.size > MOST_INTEGERS or self.external is not None:
            return None
        if self.raw is None:
            found = tuple(integers(self.typed))
        elif len(self.raw) == self.expected_bytes:
            form = f"<{self.size}{_INTEGERS[self.dtype]}"
            found = tuple(int(number) for number in struct.unpack(form, self.raw))
        else:
            return None
        return found if len(found) == self.size else None

    @cached_property
    def is_zero(self) -> bool:
        """Whether every number is zero; one of an external or empty tensor is not known to be."""
        stored = self.typed if self.raw is None else (self.raw,)
        return self.stored_bytes > 0 and not any(
            value if isinstance(value, int) else bytes(value).strip(b"\0") for value in stored
        )


def read_tensor(content: memoryview) -> Tensor:
    """Read a tensor.

    Raises:
        ValueError: it is no tensor; a negative size is one reason.
    """
    message = read_message(content, _TENSOR)
    shape = tuple(integers(message["dims"]))
    if any(size < 0 for size in shape):
        raise ValueError("a negative size")
    is_outside = bool(message["external"]) or integer(message["location"]) == _EXTERNAL
    return Tensor(
        name=text(message["name"]),
        dtype=DTYPES.get(integer(message["type"]), "unknown"),
        shape=shape,
        raw=as_bytes(message["raw"][-1]) if message["raw"] else None,
        typed=tuple(message["typed"]),
        external=dict(read_entries(message["external"])) if is_outside else None,
        notes=read_notes(message),
    )
