"""Training on shared cores: ``python -m benchmarks.threads``.

Pairs a second of the default recipe for two OpenMP threads that spin, sleep, or spin for a moment
and then sleep, and for one, with both cores free and with another process on one of them.
``s2s_export.command.share_cores`` draws the conclusion.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence

from s2s_export.command import IDLE_THREADS

from .training import rate_in_a_process

_VARIANTS = {
    "two threads, spinning": {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "ACTIVE"},
    "two threads, sleeping": {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "PASSIVE"},
    "two threads, as in training.fit": {"OMP_NUM_THREADS": "2", **IDLE_THREADS},
    "one thread": {"OMP_NUM_THREADS": "1"},
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each setting of the threads; each figure is a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.threads", description=__doc__)
    parser.parse_args(arguments)
    print(f"{'':32} {'both cores free':>16} {'one core taken':>16}")
    for name, variables in _VARIANTS.items():
        free = rate_in_a_process("recipe default", variables)
        with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as other:
            taken = rate_in_a_process("recipe default", variables)
            other.kill()
        print(f"{name:32} {free:16.0f} {taken:16.0f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
