"""The command ``python -m training.phrasebook``: the pairs as TSV, English first, on stdout."""

import os
import sys

from . import phrasebook


def main() -> int:
    """Write the pairs in UTF-8 whatever the locale; stop quietly when the reader does."""
    text = "".join(f"{english}\t{french}\n" for english, french in phrasebook())
    try:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # What is still buffered would fail again when the interpreter closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
