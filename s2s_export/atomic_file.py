"""Writing a file all at once: whoever opens it, at any instant, finds the old content or the new.

The translating command, training and export write through it. Standard library only.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from .errors import OutputError, S2SError


@contextmanager
def replacing_file(path: Path, *, keep_as: Path | None = None) -> Iterator[IO[bytes]]:
    """Give a file to write; when the block ends well, it takes the place of ``path``.

    The block writes a temporary file beside ``path``, which is on the disk before it takes the
    name. One writer at a time: two would write the same temporary file.

    Args:
        path: the file to replace.
        keep_as: a name for the old file; an older one of that name is deleted once the new file
            has its own. Between two renames there is an instant in which the old file has only this
            name.

    Raises:
        OutputError: the file cannot be written; where that shows early, the block does not run.
            ``path`` is the old file, or the new one if the failure came after the rename.
    """
    temporary = path.with_name(f".{path.name}.part")
    there_is_an_old_file = False
    try:
        there_is_an_old_file = path.exists()
        try:
            with temporary.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _rename(temporary, path, keep_as if path.exists() else None)
            sync_folder(path.parent)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except S2SError:  # of the block; some are OSErrors too
        raise
    except OSError as error:
        state = "; it is the old file or the new one" if there_is_an_old_file else ""
        raise OutputError(f"{path}: cannot be written: {error.strerror}{state}") from error


def replace_file(path: Path, content: bytes, *, keep_as: Path | None = None) -> None:
    """Write a file in one go, all or nothing; arguments and errors are ``replacing_file``'s."""
    with replacing_file(path, keep_as=keep_as) as file:
        file.write(content)


def _rename(temporary: Path, path: Path, keep_as: Path | None) -> None:
    """Give the new file its name, and the old one the name that it is kept as, or neither."""
    if keep_as is None:
        temporary.replace(path)
        return
    older = keep_as.with_name(f".{keep_as.name}.old")
    renames = [(path, keep_as), (temporary, path)]
    if keep_as.exists():
        renames.insert(0, (keep_as, older))
    with ExitStack() as undo:
        for present, wanted in renames:
            present.replace(wanted)
            undo.callback(wanted.replace, present)
        undo.pop_all()
    older.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Wait until the folder's entries are on the disk, where the system can wait for them."""
    if not hasattr(os, "O_DIRECTORY"):  # Windows, where opening a folder is an error
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
