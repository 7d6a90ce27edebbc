"""The place where an export is published: a folder, or a zip where the name ends in ``.zip``.

``build`` writes through it. Part of the exporter.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .atomic_folder import replacing_folder
from .atomic_zip import replacing_zip, zip_of
from .beside import write_file

Write = Callable[[Mapping[str, bytes]], Path]
"""Writes files beside the target; returns where they lie, so that they are proven first."""


def is_zip(out: Path) -> bool:
    """Tell whether an export goes into a zip and not into a folder."""
    return out.suffix.lower() == ".zip"


@contextmanager
def publishing(out: Path, own_files: Collection[str], *, force: bool) -> Iterator[Write]:
    """Give a function that writes the files; when the block ends well, they are published.

    Args:
        out: the folder or the zip to write; an earlier export there is replaced as a whole.
        own_files: the file names that an export may write. What holds any other is not replaced.
        force: replace what is there, whatever it holds, but no folder by a zip and no file by a
            folder.

    Raises:
        OutputError: ``out`` may not be replaced, or cannot be written. Said before the block runs.
    """
    if is_zip(out):
        with replacing_zip(out, own_files, force=force) as path:
            yield lambda files: _write_zip(path, files)
    else:
        with replacing_folder(out, own_files, force=force) as folder:
            yield lambda files: _write_folder(folder, files)


def _write_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    write_file(path, zip_of(files))
    return path


def _write_folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        write_file(folder / name, content)
    return folder
