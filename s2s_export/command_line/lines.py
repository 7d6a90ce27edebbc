"""Lines of the command ``python -m s2s_export``: texts in, translations out, progress beside.

Standard library only: nothing heavy is imported before the options are read.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar

from ..atomic_file import replacing_file
from ..errors import DataNotFoundError

_SECONDS_BETWEEN = 0.2  # two progress lines

T = TypeVar("T")


class Lines:
    """The lines of a file, numbered from 1; those that are not UTF-8 are noted and empty.

    Attributes:
        faults: by the line's number, why it cannot be translated.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.faults: dict[int, str] = {}
        self._file = file

    def __iter__(self) -> Iterator[str]:
        for number, line in enumerate(self._file, 1):
            try:
                yield line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                self.faults[number] = f"not UTF-8 at byte {error.start}"
                yield ""


def with_progress(translations: Iterator[T]) -> Iterator[T]:
    """Pass translations on, and show their count and rate on stderr."""
    started = shown = time.monotonic()
    for count, translation in enumerate(translations, 1):
        yield translation
        now = time.monotonic()
        if now - shown >= _SECONDS_BETWEEN:
            shown = now
            line = f"{count:,} sentences, {count / (now - started):,.0f} a second"
            print(f"\r{line:<60}", end="", file=sys.stderr, flush=True)
    print(f"\r{'':60}\r", end="", file=sys.stderr, flush=True)


@contextmanager
def opened(path: Path | None) -> Iterator[IO[bytes]]:
    """Give a file to read, or stdin.

    Raises:
        DataNotFoundError: the file is not there, or cannot be read.
    """
    if path is None:
        yield sys.stdin.buffer
        return
    try:
        file = path.open("rb")
    except OSError as error:
        raise DataNotFoundError(f"{path}: cannot be read: {error.strerror}") from error
    with file:
        yield file


@contextmanager
def writer(path: Path | None, *, at_once: bool) -> Iterator[Callable[[str], None]]:
    """Give a function that writes a line, in UTF-8 and with a newline whatever the system's custom.

    Args:
        path: the file; it is replaced when the block ends well, and until then as it was.
        at_once: each line is to be seen as soon as it is written.

    Raises:
        OutputError: the file cannot be written. Said before the block runs.
    """
    if path is None:
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
        yield lambda line: print(line, flush=at_once)
        return
    with replacing_file(path) as file:

        def write(line: str) -> None:
            file.write(f"{line}\n".encode())
            if at_once:
                file.flush()

        yield write
