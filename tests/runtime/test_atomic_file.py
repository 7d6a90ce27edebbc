"""Writing a file all at once: old content or new, at every instant and whichever call fails."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from s2s_export.atomic_file import replace_file, replacing_file
from s2s_export.errors import OutputError


class Disk:
    """The calls that reach the disk: each is seen before it happens, and the k-th fails.

    Attributes:
        calls: number of calls.
        synced: inodes that were synchronized.
    """

    def __init__(
        self,
        patch: pytest.MonkeyPatch,
        *,
        fails_at: int | None = None,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self.calls = 0
        self.synced: set[int] = set()

        def count() -> None:
            before()
            self.calls += 1
            if self.calls == fails_at:
                raise OSError(28, "No space left on device")

        fsync, replace = os.fsync, os.replace

        def counted_fsync(descriptor: int) -> None:
            count()
            self.synced.add(os.fstat(descriptor).st_ino)
            fsync(descriptor)

        def counted_replace(source: Path, target: Path) -> None:
            count()
            assert not source.name.endswith(".part") or source.stat().st_ino in self.synced
            replace(source, target)

        patch.setattr(os, "fsync", counted_fsync)
        patch.setattr(os, "replace", counted_replace)


def failure(action: Callable[[], object]) -> str:
    """Return the message of an OutputError; ``""`` if there is none."""
    try:
        action()
    except OutputError as error:
        return str(error)
    return ""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("keep", [False, True])
def test_content_is_whole_before_every_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, keep: bool
) -> None:
    """A reader between two calls finds the old content or the new, under one of the names."""
    path, previous = tmp_path / "last.pt", tmp_path / "previous.pt"
    path.write_bytes(b"old")
    seen: list[set[bytes]] = []

    def look() -> None:
        seen.append({file.read_bytes() for file in (path, previous) if file.exists()})

    disk = Disk(monkeypatch, before=look)
    replace_file(path, b"new", keep_as=previous if keep else None)
    assert all(contents and contents <= {b"old", b"new"} for contents in seen)
    assert seen[0] == {b"old"}
    assert tmp_path.stat().st_ino in disk.synced, "the name is on the disk"
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["last.pt", "previous.pt"][: 1 + keep]
    assert not keep or previous.read_bytes() == b"old"


def test_block_that_fails_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_bytes(b"old")

    def interrupted() -> None:
        with replacing_file(path) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["out.txt"]


@pytest.mark.parametrize("keep", [False, True])
def test_the_old_file_or_the_new_one_is_there_whichever_call_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, keep: bool
) -> None:
    path, previous = tmp_path / "last.pt", tmp_path / "previous.pt"
    kept = previous if keep else None
    outcomes = []
    for k in range(1, 100):
        previous.unlink(missing_ok=True)
        path.write_bytes(b"old")
        with monkeypatch.context() as patch:
            disk = Disk(patch, fails_at=k)
            message = failure(lambda: replace_file(path, b"new", keep_as=kept))
        if disk.calls < k:
            break
        assert message.startswith(f"{path}: cannot be written: No space left on device; it is the")
        outcomes.append(path.read_bytes())
        assert not (tmp_path / ".last.pt.part").exists()
    assert message == ""
    # The last call, which brings the name onto the disk, fails after the change.
    assert outcomes == [*[b"old"] * (len(outcomes) - 1), b"new"]
    assert len(outcomes) > 1
    assert path.read_bytes() == b"new"


def test_a_full_disk_keeps_the_old_file(tmp_path: Path) -> None:
    """On ``/dev/full`` the write itself fails."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    path = tmp_path / "last.pt"
    path.write_bytes(b"old")
    (tmp_path / ".last.pt.part").symlink_to(full)
    with pytest.raises(OutputError, match=r"last\.pt: cannot be written: No space left"):
        replace_file(path, b"new" * 10_000)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["last.pt"]
    assert full.exists()
