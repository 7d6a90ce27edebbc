"""Locks on files and folders, which the system lets go of when a process ends, however it ends.

Export locks the folder that it builds in, training its run folder. Standard library only. Windows
has no such locks: the module can be imported there, and its functions raise.
"""

from types import ModuleType

from ...errors import RuntimeMissingError


def require_locks() -> None:
    """Make sure that this system has such locks; to be called before anything is written.

    Raises:
        RuntimeMissingError: it has none.
    """
    _fcntl()


def lock(descriptor: int, *, wait: bool = True) -> None:
    """Lock an open file or folder, until it is closed.

    Args:
        descriptor: of the file or folder.
        wait: for the process that has the lock.

    Raises:
        BlockingIOError: another process has the lock, and this one is not to wait.
        RuntimeMissingError: this system has no such locks.
    """
    fcntl = _fcntl()
    fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


def _fcntl() -> ModuleType:
    try:
        import fcntl
    except ImportError:
        raise RuntimeMissingError(
            "training and export need Linux or macOS: they lock folders with fcntl, which this "
            "Python lacks; train and export there, and copy the exported folder here to run it"
        ) from None
    return fcntl
