"""Notes in an ONNX file: texts beside the mathematics, such as stack traces.

``model`` and ``tensors`` read them. Standard library only.
"""

from collections.abc import Sequence
from typing import NamedTuple

from .protobuf import FieldValue, Message, as_bytes, read_message, text

_ENTRY = {1: "key", 2: "value"}


class Note(NamedTuple):
    """A text that is not part of the mathematics.

    Attributes:
        key: of a property; ``doc_string`` for a description.
        text: the text.
    """

    key: str
    text: str


def read_notes(message: Message) -> tuple[Note, ...]:
    """Return the notes of a message whose fields ``doc`` and ``properties`` have been read."""
    described = [Note("doc_string", text(message["doc"]))] if message["doc"] else []
    return (*described, *(Note(*entry) for entry in read_entries(message["properties"])))


def read_entries(values: Sequence[FieldValue]) -> list[tuple[str, str]]:
    """Return keys and values of a field of entries."""
    entries = (read_message(as_bytes(value), _ENTRY) for value in values)
    return [(text(entry["key"]), text(entry["value"])) for entry in entries]
