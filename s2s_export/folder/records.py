"""Strict JSON for frozen dataclasses: a field of the file has exactly the annotated type.

``manifest_file`` reads and writes through it. Standard library only. It knows the annotations of
the manifest's records: ``str``, ``int``, ``float``, ``Literal``, ``X | None``, ``tuple[X, ...]``,
``Mapping[str, X]`` and nested dataclasses.
"""

import dataclasses
import json
import math
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from ..errors import ManifestError

T = TypeVar("T")


def dumps(value: object, more: Mapping[str, str]) -> bytes:
    """Write a dataclass as UTF-8 JSON: sorted keys, two spaces, a final line feed.

    The same value gives the same bytes. Fields that may be missing are left out where they are
    ``None``.

    Args:
        value: a dataclass.
        more: fields of the file that the dataclass does not have.
    """
    assert dataclasses.is_dataclass(value)
    assert not isinstance(value, type)
    text = json.dumps(
        {**_plain(value), **more},
        sort_keys=True,
        indent=2,
        ensure_ascii=False,
        allow_nan=False,
    )
    return f"{text}\n".encode()


def _plain(value: Any) -> Any:
    """Return dataclasses, mappings and tuples as dictionaries and lists."""
    if dataclasses.is_dataclass(value):
        fields = {field: getattr(value, field.name) for field in dataclasses.fields(value)}
        return {f.name: _plain(v) for f, v in fields.items() if v is not None or not _optional(f)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _optional(field: "dataclasses.Field[Any]") -> bool:
    """Tell whether a field may be missing in the file: its default is ``None``."""
    return field.default is None


def parse(content: bytes, name: str) -> dict[str, Any]:
    """Parse a JSON object, more strictly than JSON parsers do.

    Args:
        content: the file's bytes.
        name: of the file in messages.

    Raises:
        ManifestError: not UTF-8, not JSON, not an object, a key that stands twice, or NaN.
    """
    try:
        value = json.loads(
            content.decode("utf-8"), object_pairs_hook=_unique_keys, parse_constant=_refuse_constant
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # escaped, half a character gets in
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{name}: not valid JSON ({error}); export again") from None
    if not isinstance(value, dict):
        raise ManifestError(f"{name}: expected a JSON object, found {_kind(value)}; export again")
    return value


def build(cls: type[T], value: object, where: str) -> T:
    """Build a dataclass from parsed JSON.

    Args:
        cls: the dataclass.
        value: the result of ``parse``, or a part of it.
        where: path of the value in the file, for messages.

    Raises:
        ManifestError: a field is missing or of another type; the message gives its path, the
            expected type and the value. Fields that the dataclass does not have are ignored, so
            that a later release may add some; one with the default ``None`` may be missing, since
            an earlier release did not write it.
    """
    if not isinstance(value, dict):
        raise _mismatch(where, "an object", value)
    hints = typing.get_type_hints(cls)
    arguments = {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        path = f"{where}.{field.name}"
        if field.name not in value and _optional(field):
            continue
        if field.name not in value:
            raise ManifestError(f"{path}: missing; export again")
        arguments[field.name] = _convert(hints[field.name], value[field.name], path)
    return cls(**arguments)


def _convert(hint: Any, value: object, where: str) -> Any:
    """Check one JSON value against one annotation and return it as that type."""
    origin, parameters = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in parameters:
            return None
        matching = [p for p in parameters if p is not type(None)]
        if len(matching) > 1:  # scalars: the value itself tells which one is meant
            expected = " or ".join(p.__name__ for p in matching)
            matching = [p for p in matching if type(value) is p]
            if not matching:
                raise _mismatch(where, f"of type {expected}", value)
        return _convert(matching[0], value, where)
    if origin is typing.Literal:
        if value not in parameters:
            raise _mismatch(where, f"one of {', '.join(map(repr, parameters))}", value)
        return value
    if origin is tuple:
        if not isinstance(value, list):
            raise _mismatch(where, "a list", value)
        return tuple(_convert(parameters[0], v, f"{where}[{i}]") for i, v in enumerate(value))
    if origin in (Mapping, dict):
        if not isinstance(value, dict):
            raise _mismatch(where, "an object", value)
        return {k: _convert(parameters[1], v, f"{where}.{k}") for k, v in value.items()}
    if dataclasses.is_dataclass(hint):
        return build(typing.cast(type[Any], hint), value, where)
    if hint is float and type(value) in (int, float):
        return _finite(value, where)
    if type(value) is not hint:  # not isinstance: True is an int to Python, not to a reader
        raise _mismatch(where, f"of type {hint.__name__}", value)
    if hint is int:
        _finite(value, where)
    return value


def _finite(value: Any, where: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ManifestError(f"{where}: expected a finite number; export again")
    return number


def _mismatch(where: str, expected: str, found: object) -> ManifestError:
    return ManifestError(f"{where}: expected {expected}, found {_kind(found)}; export again")


def _kind(value: object) -> str:
    if isinstance(value, str | int | float) and len(repr(value)) <= 60:
        return repr(value)
    return type(value).__name__


def _unique_keys(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(k for k in keys if keys.count(k) > 1)!r} stands twice")
    return result


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
