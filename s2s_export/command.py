"""The shared part of every command: errors in one line, exit codes, quiet interrupts.

``python -m s2s_export``, the exporter and the training commands call ``run``. Standard library
only.
"""

import argparse
import errno
import io
import os
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType

from .errors import S2SError

INTERRUPTED = 130

IDLE_THREADS: Mapping[str, str] = MappingProxyType(
    {
        "OMP_WAIT_POLICY": "PASSIVE",
        # Libgomp's own: rounds of its loop, some 0.3 ms. Others sleep, as the policy says.
        "GOMP_SPINCOUNT": "10000",
    }
)
"""Variables of the environment that OpenMP reads; ``share_cores`` sets them."""


def add_debug_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--debug``, for ``run``."""
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def run(command: Callable[[], int], *, debug: bool) -> int:
    """Run a command and turn an error into one line on stderr and an exit code.

    Args:
        command: does the work and returns an exit code.
        debug: let errors through, with their traceback.

    Returns:
        The command's exit code; for an ``S2SError`` its own; 130 after Ctrl-C; 0 where the reader
        of stdout went away.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name or a text may hold what the terminal's encoding lacks, a code page of Windows say.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = command()
        sys.stdout.flush()
    except S2SError as error:
        if debug:
            raise
        complain(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        if debug:
            raise
        complain("interrupted")
        return INTERRUPTED
    except OSError as error:
        if not _reader_went_away(error):
            raise
        # The interpreter flushes stdout once more at exit; give it something that can be flushed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _reader_went_away(error: OSError) -> bool:
    """Tell whether an error is that of a stdout whose reader has closed it.

    Windows reports it as an invalid argument, as it does much else; but then stdout fails again.
    """
    if isinstance(error, BrokenPipeError):
        return True
    if error.errno != errno.EINVAL:
        return False
    try:
        sys.stdout.flush()
    except OSError:
        return True
    return False


def share_cores() -> None:
    """Let idle OpenMP threads spin for a moment, then sleep; call it before torch is imported.

    They spin for long by default, which costs other processes the cores. Without any spinning, two
    threads are hardly faster than one. docs/benchmarks.md has the figures. A policy that the user
    has set is respected.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        for name, value in IDLE_THREADS.items():
            os.environ.setdefault(name, value)


def complain(message: str) -> None:
    """Print one line on stderr."""
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
