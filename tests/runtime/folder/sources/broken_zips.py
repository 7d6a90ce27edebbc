"""Zips with a defect, for the tests of zips."""

import io
import struct
import zipfile
from collections.abc import Mapping
from typing import Any

import pytest

from s2s_export import Translator
from s2s_export.errors import ArtefactError


def refused(content: bytes) -> str:
    """Return the message of the error for a zip."""
    with pytest.raises(ArtefactError) as error:
        Translator.from_zip(io.BytesIO(content))
    return str(error.value)


def with_info(files: Mapping[str, bytes], name: str, **attributes: Any) -> bytes:
    """Return a zip in which the record of one file has other attributes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file, content in files.items():
            record = zipfile.ZipInfo(file)
            for attribute, value in attributes.items() if file == name else ():
                setattr(record, attribute, value)
            archive.writestr(record, content)
    return buffer.getvalue()


def patched(content: bytes, name: str, at: int, form: str, value: int) -> bytes:
    """Return a zip with another value in a file's record of the list at the zip's end."""
    record = content.rindex(b"PK\x01\x02", 0, content.rindex(name.encode()))
    changed = bytearray(content)
    struct.pack_into(form, changed, record + at, value)
    return bytes(changed)


FLAGS, METHOD, SIZE, OFFSET = (8, "<H"), (10, "<H"), (24, "<I"), (42, "<I")
"""Places and forms of fields of a record."""
