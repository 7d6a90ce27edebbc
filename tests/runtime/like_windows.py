"""A Python like that of Windows, as far as one on Linux can be: what Windows lacks is taken away.

``test_like_windows`` lets fresh processes run this file first. It removes the modules, functions
and signals that Python has on POSIX systems alone, forbids what Windows forbids of open files, and
gives stdout the code page and the line ends that it has there when it is no console. What it cannot
give: paths with backslashes and drives, and names without regard to case.
"""

import io
import os
import pathlib
import signal
import sys
from collections.abc import Callable
from typing import Any

MODULES = ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog", "readline")

FUNCTIONS = (
    *("O_DIRECTORY", "O_NOFOLLOW", "O_CLOEXEC", "O_NONBLOCK", "O_SYNC", "register_at_fork"),
    *("fork", "forkpty", "wait", "waitid", "killpg", "setsid", "getpgid", "getuid", "geteuid"),
    *("getgid", "getegid", "sysconf", "confstr", "nice", "getloadavg", "sched_yield"),
    *("fchmod", "fchown", "chown", "lchown", "fchdir", "fdatasync", "sync", "sendfile", "statvfs"),
    *("pread", "pwrite", "preadv", "pwritev", "readv", "writev", "mkfifo", "mknod", "lockf"),
    *("posix_fadvise", "posix_fallocate", "sched_getaffinity", "posix_spawn", "openpty"),
)
"""All but ``os.uname``, which numpy calls where ``sys.platform`` is ``linux``."""

SIGNALS = ("SIGPIPE", "SIGHUP", "SIGALRM", "SIGKILL", "SIGUSR1", "alarm", "pthread_sigmask")


def open_in_this_process(path: Any) -> bool:
    """Tell whether this process has a file open."""
    wanted = os.path.realpath(path)
    return any(os.path.realpath(link) == wanted for link in pathlib.Path("/proc/self/fd").iterdir())


def refused(path: Any) -> PermissionError:
    return PermissionError(13, "Permission denied", os.fspath(path))


def not_of_folders(opens: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse to open a folder."""

    def opened(path: Any, *arguments: Any, **options: Any) -> Any:
        if not isinstance(path, int) and os.path.isdir(path):  # noqa: PTH112
            raise refused(path)
        return opens(path, *arguments, **options)

    return opened


def not_of_open_files(moves: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse to rename, replace or delete a file that is open."""

    def moved(*arguments: Any, **options: Any) -> Any:
        for path in arguments:
            if open_in_this_process(path):
                raise refused(path)
        return moves(*arguments, **options)

    return moved


for name in MODULES:
    sys.modules[name] = None  # type: ignore[assignment]
for module, names in ((os, FUNCTIONS), (signal, SIGNALS)):
    for name in names:
        if hasattr(module, name):
            delattr(module, name)

os.open = not_of_folders(os.open)
io.open = not_of_folders(io.open)  # pathlib's
for name in ("rename", "replace", "unlink", "remove"):
    setattr(os, name, not_of_open_files(getattr(os, name)))

for stream, errors in ((sys.stdout, "strict"), (sys.stderr, "backslashreplace")):
    assert isinstance(stream, io.TextIOWrapper)
    stream.reconfigure(encoding="cp1252", errors=errors, newline="\r\n")
