"""Workers that die or hang on purpose; Python imports this in each process that finds it.

The tests give its folder in PYTHONPATH, and these variables:

    FAULT_TEXT   the text in whose batch a process dies, after its first translation; without it,
                 in each batch
    FAULT        die (by SIGKILL) or hang
    FAULT_LOG    a file to which each such process adds its number
    FAULT_LIMIT  the most of them
"""

import os
import signal
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from s2s_export import Translation, Translator

WORKERS = ("multiprocessing.spawn", "ray/_private/workers/default_worker.py", "pyspark.daemon")
"""What the command lines of workers have: an engine's other processes start as quickly as ever."""


def install() -> None:
    """Put the fault into the Translator of this process."""
    from s2s_export import Translator

    translate_iter = Translator.translate_iter

    def faulty(self: "Translator", texts: Iterable[str], **options: Any) -> Iterator["Translation"]:
        texts = [*texts]
        if os.environ.get("FAULT_TEXT") in (None, *texts) and is_next():
            next(translate_iter(self, texts, **options), None)
            if os.environ["FAULT"] == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            signal.pause()
        return translate_iter(self, texts, **options)

    Translator.translate_iter = faulty  # type: ignore[method-assign]


def is_next() -> bool:
    """Tell whether there may be one more faulty process, and note it."""
    log = Path(os.environ["FAULT_LOG"])
    numbers = log.read_text().split() if log.exists() else []
    if len(numbers) >= int(os.environ["FAULT_LIMIT"]):
        return False
    with log.open("a") as file:
        file.write(f"{os.getpid()}\n")
    return True


if "FAULT" in os.environ and any(name in " ".join(sys.orig_argv) for name in WORKERS):
    install()
