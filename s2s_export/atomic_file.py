"""Writing a file all at once: whoever opens it, at any instant, finds the old content or the new.

The translating command, training and export write through it. Standard library only.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .errors import OutputError, S2SError


@contextmanager
def replacing_file(path: Path, *, keep_as: Path | None = None) -> Iterator[IO[bytes]]:
    """Give a file to write; when the block ends well, it takes the place of ``path``.

    The file is a temporary one beside ``path``, on the disk before it takes the name. One writer at
    a time: another one would write the same temporary file.

    Args:
        path: the file to replace.
        keep_as: a name for the old file. Between the two renamings there is an instant in which
            the old file has only this name.

    Raises:
        OutputError: it cannot be written, said before the block runs if it shows by then; the old
            file stays, unless only the last step failed, to get the new name onto the disk.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        try:
            with temporary.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _rename(temporary, path, keep_as)
            sync_folder(path.parent)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except S2SError:  # of the block; some are OSErrors too
        raise
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written: {error.strerror}; it is the old file or the new one"
        ) from error


def _rename(temporary: Path, path: Path, keep_as: Path | None) -> None:
    """Let the temporary file take the name, and the old file the other name."""
    if keep_as is None or not path.exists():
        temporary.replace(path)
        return
    path.replace(keep_as)
    try:
        temporary.replace(path)
    except OSError:
        keep_as.replace(path)
        raise


def replace_file(path: Path, content: bytes, *, keep_as: Path | None = None) -> None:
    """Write a file in one go, as ``replacing_file`` does."""
    with replacing_file(path, keep_as=keep_as) as file:
        file.write(content)


def sync_folder(folder: Path) -> None:
    """Wait until the folder's entries are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
