"""Writing files of a run folder so that no instant leaves a broken one."""

import os
from pathlib import Path

from s2s_export.errors import OutputError


def replace_file(path: Path, content: bytes, *, keep_as: Path | None = None) -> None:
    """Write a file: whoever opens it, at any instant, finds the old content or the new.

    The content goes to a temporary file beside it, which is on the disk before it takes the name.

    Args:
        path: the file.
        content: what it is to hold.
        keep_as: a name for the old file. Between the two renamings there is an instant in which
            the old file has only this name.

    Raises:
        OutputError: it cannot be written; the old file stays.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if keep_as is not None and path.exists():
            os.replace(path, keep_as)  # noqa: PTH105  (all steps alike: a test records them)
        os.replace(temporary, path)  # noqa: PTH105
        _sync_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OutputError(
            f"{path}: cannot be written: {error.strerror}; it is as it was"
        ) from error


def _sync_folder(folder: Path) -> None:
    """Wait until the folder's entries are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
