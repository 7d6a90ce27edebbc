"""A disk that fails: each call that changes the disk or waits for it can be made to fail.

The tests of atomic files and folders use it. It needs neither torch nor numpy.
"""

import ctypes
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

Inode = tuple[int, int]

RENAMEAT2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)


class FailingDisk:
    """Calls that reach the disk, of which the k-th fails as a full disk would.

    It also notes what is not yet on the disk, and refuses to give a name to it.

    Attributes:
        calls: number of calls so far.
    """

    def __init__(
        self, fails_at: int, error: BaseException, before_call: Callable[[], None]
    ) -> None:
        self.calls = 0
        self._fails_at, self._error, self._before_call = fails_at, error, before_call
        self._unsynced: set[Inode] = set()

    def has_failed(self) -> bool:
        """Tell whether there were enough calls for the k-th to fail."""
        return self.calls >= self._fails_at

    def is_synced(self, *paths: Path) -> bool:
        """Tell whether all that was written or renamed is on the disk; of some paths, if given."""
        return not self._unsynced & ({inode(path) for path in paths} or self._unsynced)

    def count(self) -> None:
        """Let the code under test make one more call, if it is not the failing one."""
        self._before_call()
        self.calls += 1
        if self.calls == self._fails_at:
            raise self._error

    def written(self, path: Path) -> None:
        """Note that a file or folder was made or written."""
        self._unsynced |= {inode(path), inode(path.parent)}

    def fsync(self, descriptor: int) -> None:
        self.count()
        os_fsync(descriptor)
        status = os.fstat(descriptor)
        self._unsynced.discard((status.st_dev, status.st_ino))

    def mkdir(self, path: Any, *arguments: Any, **options: Any) -> None:
        self.count()
        os_mkdir(path, *arguments, **options)
        self.written(Path(path))

    def chmod(self, *arguments: Any, **options: Any) -> None:
        self.count()
        os_chmod(*arguments, **options)

    def rename(self, source: Any, target: Any) -> None:
        self.count()
        self._require_synced(Path(source))
        os_replace(source, target)
        self._unsynced |= {inode(Path(source).parent), inode(Path(target).parent)}

    def renameat2(self, _: int, source: bytes, __: int, target: bytes, flags: int) -> int:
        assert RENAMEAT2 is not None
        try:
            self.count()
        except OSError:
            return -1
        self._require_synced(Path(os.fsdecode(source)))
        result: int = RENAMEAT2(_, source, __, target, flags)
        if result == 0:
            self._unsynced |= {inode(Path(os.fsdecode(path)).parent) for path in (source, target)}
        return result

    def open(self, path: Path, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if not set(mode) & set("wxa+"):
            return path_open(path, mode, *arguments, **options)
        self.count()
        file = path_open(path, mode, *arguments, **options)
        self.written(path)
        return FailingFile(file, self)

    def _require_synced(self, path: Path) -> None:
        tree = {path, *path.rglob("*")} if path.is_dir() else {path}
        assert not self._unsynced & {inode(one) for one in tree}, f"{path.name} is not on the disk"


class FailingFile:
    """A file whose write may fail half way."""

    def __init__(self, file: Any, disk: FailingDisk) -> None:
        self._file, self._disk = file, disk

    def write(self, content: bytes) -> None:
        half = len(content) // 2
        self._file.write(content[:half])
        self._disk.count()
        self._file.write(content[half:])

    def __enter__(self) -> "FailingFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


os_fsync, os_mkdir, os_chmod, os_replace, path_open = (
    *(os.fsync, os.mkdir, os.chmod, os.replace),
    Path.open,
)


def inode(path: Path) -> Inode:
    """Return the identity of a file or folder, which a rename does not change."""
    status = path.stat()
    return status.st_dev, status.st_ino


@contextmanager
def failing_disk(
    fails_at: int = 0,
    *,
    error: BaseException | None = None,
    before_call: Callable[[], None] = lambda: None,
    renameat2: bool = True,
) -> Iterator[FailingDisk]:
    """Let the k-th call that reaches the disk fail.

    Args:
        fails_at: k, from 1; with 0 none fails.
        error: the failure; by default that of a full disk.
        before_call: called before each.
        renameat2: whether the system has ``renameat2``, which lets two folders change places.
    """
    full = OSError(errno.ENOSPC, "No space left on device")
    disk = FailingDisk(fails_at, error or full, before_call)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("fsync", "mkdir", "chmod"):
            patch.setattr(os, name, getattr(disk, name))
        for name in ("rename", "replace"):
            patch.setattr(os, name, disk.rename)
        patch.setattr(Path, "open", lambda path, *a, **o: disk.open(path, *a, **o))
        library = SimpleNamespace(**({"renameat2": disk.renameat2} if renameat2 else {}))
        patch.setattr(ctypes, "CDLL", lambda *_, **__: library)
        yield disk
