"""Reading a file to check, and saying what it is if it is no ONNX file.

Standard library only.
"""

import os
from pathlib import Path

from ..errors import ArtefactError, ArtefactNotFoundError, GraphError
from ..folder.file_kind import kind_of
from .report import Report, report_of
from .rules.versions import installed_runtime

LARGEST_FILE = 2**31 - 1
"""Bytes; protobuf, and so an ONNX file, holds no more."""


def check(path: str | os.PathLike[str]) -> Report:
    """Check an ONNX file.

    Args:
        path: the file.

    Returns:
        The report. What is wrong with the graph stands in it and is not raised.

    Raises:
        ArtefactNotFoundError: the file is not there.
        ArtefactError: it cannot be read.
        GraphError: it is not an ONNX file, or damaged so that it cannot be read.
    """
    file = Path(path)
    content = _read(file)
    kind = kind_of(content)
    if kind is not None:
        raise GraphError(f"{file}: not an ONNX file: it is {kind}")
    return report_of(content, str(file), file.parent, installed_runtime())


def _read(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise ArtefactError(f"{path}: expected a file, such as {path / 'decoder.onnx'}")
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > LARGEST_FILE:
                raise GraphError(
                    f"{path}: expected at most {LARGEST_FILE:,} bytes, found {size:,}: no ONNX "
                    "file is as large; name the graph, not the file of its weights"
                )
            return file.read()
    except FileNotFoundError:
        raise ArtefactNotFoundError(f"{path}: no such file") from None
    except OSError as error:
        raise ArtefactError(f"{path}: cannot be read: {error.strerror}") from error
