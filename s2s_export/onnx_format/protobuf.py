"""Protobuf's wire format: the fields of a message by number, and their values.

``model`` and ``tensors`` read ONNX files with it. Standard library only.

Source:
    protobuf.dev/programming-guides/encoding.
"""

import struct
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

FieldValue = int | memoryview
"""An integer of variable length, or the bytes of anything else."""

Message = Mapping[str, list[FieldValue]]
"""The fields of a message by name, each with all its values in order; a missing one is empty."""


def read_message(content: memoryview, names: Mapping[int, str]) -> Message:
    """Read the named fields of a message and skip the others.

    Args:
        content: the message's bytes.
        names: names of the fields that are read, by number.

    Raises:
        ValueError: this is not protobuf, or cut short.
    """
    message: dict[str, list[FieldValue]] = defaultdict(list)
    for number, value in _fields(content):
        if number in names:
            message[names[number]].append(value)
    return message


def integer(values: Sequence[FieldValue]) -> int:
    """Return the last value of a field, as protobuf's readers do; 0 where it is missing."""
    value = values[-1] if values else 0
    if not isinstance(value, int):
        raise ValueError("bytes where a number is expected")
    return value


def signed(value: int) -> int:
    """Return an int64 from its 64 bits."""
    return value - 2**64 if value >= 2**63 else value


def integers(values: Sequence[FieldValue]) -> Iterator[int]:
    """Yield the int64 of a repeated field, one by one or packed together."""
    for value in values:
        if isinstance(value, int):
            yield signed(value)
            continue
        position = 0
        while position < len(value):
            number, position = _varint(value, position)
            yield signed(number)


def floats(values: Sequence[FieldValue]) -> Iterator[float]:
    """Yield the float32 of a repeated field, one by one or packed together."""
    for value in values:
        content = as_bytes(value)
        if len(content) % 4:
            raise ValueError("half a number")
        yield from (number for (number,) in struct.iter_unpack("<f", content))


def as_bytes(value: FieldValue) -> memoryview:
    """Return the bytes of a field that is no integer."""
    if isinstance(value, int):
        raise ValueError("a number where bytes are expected")
    return value


def text(values: Sequence[FieldValue]) -> str:
    """Return the last value of a field as text; ``""`` where it is missing."""
    return str(as_bytes(values[-1]), "utf-8") if values else ""


def texts(values: Sequence[FieldValue]) -> tuple[str, ...]:
    """Return all values of a field as texts."""
    return tuple(str(as_bytes(value), "utf-8") for value in values)


def _fields(content: memoryview) -> Iterator[tuple[int, FieldValue]]:
    """Yield a message's fields: the number, and an integer or the bytes."""
    position = 0
    while position < len(content):
        tag, position = _varint(content, position)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, position = _varint(content, position)
            yield number, value
            continue
        if kind == _BYTES:
            length, position = _varint(content, position)
        elif kind in (_FIXED64, _FIXED32):
            length = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"wire type {kind}")
        if length > len(content) - position:
            raise ValueError("cut short")
        yield number, content[position : position + length]
        position += length


def _varint(content: memoryview, position: int) -> tuple[int, int]:
    """Return an integer of variable length, and the position after it."""
    result = 0
    for shift in range(0, 64, 7):
        if position >= len(content):
            raise ValueError("cut short")
        byte = content[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
    raise ValueError("an integer of more than 64 bits")
