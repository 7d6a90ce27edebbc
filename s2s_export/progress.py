"""A line on stderr that tells how far a long translation is, for people at a terminal."""

import sys
import time

_SECONDS_BETWEEN = 0.2


class Progress:
    """Shows a count, a rate, and a percentage where the end is known."""

    def __init__(self, *, shown: bool) -> None:
        """Start the clock.

        Args:
            shown: whether anybody can see it; if not, nothing is ever printed.
        """
        self._shown = shown
        self._started = self._printed = time.monotonic()
        self._count = 0

    def advance(self, fraction: float | None) -> None:
        """Count one more sentence.

        Args:
            fraction: how much of the input is read, 0 to 1; ``None`` if that is not known.
        """
        self._count += 1
        now = time.monotonic()
        if self._shown and now - self._printed >= _SECONDS_BETWEEN:
            self._printed = now
            self._print(fraction, now)

    def _print(self, fraction: float | None, now: float) -> None:
        part = "" if fraction is None else f"{fraction:4.0%}  "
        rate = self._count / (now - self._started)
        line = f"{part}{self._count:,} sentences, {rate:,.0f} a second"
        sys.stderr.write(f"\r{line:<60}")
        sys.stderr.flush()

    def close(self) -> None:
        """Make room for what is printed next."""
        if self._shown and self._printed > self._started:
            sys.stderr.write("\r" + " " * 60 + "\r")
            sys.stderr.flush()
