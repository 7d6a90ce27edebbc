"""Reading raw sentence pairs from a file: ``English<TAB>French``, one pair a line.

A ``.txt`` or ``.tsv`` file, or a ``.zip`` that holds one, as manythings.org/anki publishes them.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from s2s_export.errors import DataError, DataFormatError, DataNotFoundError

RawPair = tuple[str, str]
"""The first and the second column of a line, as written."""

_TEXT_SUFFIXES = (".txt", ".tsv")


def read_pairs(path: Path) -> list[RawPair]:
    """Read the pairs of a file; a third column (attribution) is accepted, blank lines are skipped.

    Args:
        path: a ``.txt`` or ``.tsv`` file in UTF-8 (BOM and CRLF are fine), or a ``.zip`` with one.

    Raises:
        DataNotFoundError: there is no such file.
        DataError: it cannot be read, or holds no pairs.
        DataFormatError: a line has no tab, or is not UTF-8; the message names it.
    """
    name, content = _read_bytes(path)
    pairs = []
    for number, line in _lines(name, content):
        columns = line.split("\t")
        if len(columns) < 2:
            raise DataFormatError(
                f"{name}, line {number}: expected English<TAB>French, found no tab"
            )
        pairs.append((columns[0], columns[1]))
    if not pairs:
        raise DataError(f"{name}: no pairs in it; expected lines of English<TAB>French")
    return pairs


def _lines(name: str, content: bytes) -> Iterator[tuple[int, str]]:
    """Yield each line that is not blank, with its number."""
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        try:
            text = line.decode("utf-8").removesuffix("\r")
        except UnicodeDecodeError as error:
            raise DataFormatError(
                f"{name}, line {number}: not UTF-8 at byte {error.start} of the line; "
                "save the file as UTF-8"
            ) from None
        if text.strip():
            yield number, text


def _read_bytes(path: Path) -> tuple[str, bytes]:
    """Return what messages call the file, and its content."""
    try:
        if zipfile.is_zipfile(path):
            return _read_zip(path)
        return str(path), path.read_bytes()
    except FileNotFoundError:
        raise DataNotFoundError(f"{path}: no such data file") from None
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error


def _read_zip(path: Path) -> tuple[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        # manythings.org's archives carry an _about.txt beside the pairs.
        names = [
            name
            for name in archive.namelist()
            if name.endswith(_TEXT_SUFFIXES) and not Path(name).name.startswith(("_", "."))
        ]
        if len(names) != 1:
            raise DataError(
                f"{path}: expected one .txt or .tsv file in it, found {', '.join(names) or 'none'}"
            )
        return f"{path}:{names[0]}", archive.read(names[0])
