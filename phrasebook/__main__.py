"""The command ``python -m phrasebook``: the pairs as TSV, English first.

It prints them, or writes them gzipped to the file of ``--write``.
"""

import argparse
import gzip
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from . import phrasebook


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pairs in UTF-8 whatever the locale; stop quietly when the reader does."""
    parser = argparse.ArgumentParser(prog="python -m phrasebook", description=__doc__)
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="write the pairs gzipped to FILE, print nothing"
    )
    options = parser.parse_args(arguments)
    text = "".join(f"{english}\t{french}\n" for english, french in phrasebook()).encode()
    if options.write:
        try:
            options.write.write_bytes(gzipped(text))
        except OSError as error:
            parser.exit(3, f"error: {error}\n")
        return 0
    try:
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # What is still buffered would fail again when the interpreter closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def gzipped(text: bytes) -> bytes:
    """Compress bytes; the header holds neither a time nor a file name."""
    # Not gzip.compress: before Python 3.13 its header names the operating system.
    file = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as compressor:
        compressor.write(text)
    return file.getvalue()


if __name__ == "__main__":
    sys.exit(main())
