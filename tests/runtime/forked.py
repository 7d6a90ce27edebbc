"""A forked child that translates; the tests of forks share it."""

import os
import signal
from collections.abc import Callable


def in_child(action: Callable[[], str]) -> str:
    """Return the result of an action in a forked child, or its error's text; killed if it hangs."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        try:
            result = action()
        except Exception as error:  # else the child would go on as a second pytest
            result = f"{type(error).__name__}: {error}"
        os.write(writer, result.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        found = file.read()
    _, status = os.waitpid(child, 0)
    assert status == 0
    return found
