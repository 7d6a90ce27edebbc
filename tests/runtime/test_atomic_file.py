"""Writing a file all at once: old content or new, at every instant and whichever call fails."""

from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from s2s_export.atomic_file import replace_file, replacing_file
from s2s_export.errors import OutputError

from ..failing_disk import failing_disk

KEEP = pytest.mark.parametrize("keep", [False, True], ids=["", "keep_as"])
"""For tests that replace a file: once with ``keep_as``, once without."""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@KEEP
def test_old_or_new_content_is_there_at_every_instant(tmp_path: Path, keep: bool) -> None:
    """With ``keep_as``, the old file has only that name for an instant."""
    path, previous = tmp_path / "last.pt", tmp_path / "previous.pt"
    path.write_bytes(b"old")

    def look() -> None:
        contents = {file.read_bytes() for file in (path, previous) if file.exists()}
        assert contents
        assert contents <= {b"old", b"new"}
        assert keep or path.exists()

    with failing_disk(before_call=look) as disk:
        replace_file(path, b"new", keep_as=previous if keep else None)
    assert disk.calls > 0
    assert disk.is_synced(), "content and names are on the disk before the call returns"
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == (["last.pt", "previous.pt"] if keep else ["last.pt"])
    assert not keep or previous.read_bytes() == b"old"


@KEEP
@pytest.mark.parametrize("old", [b"old", None])
def test_a_failed_call_leaves_the_old_file_or_the_new_one(
    tmp_path: Path, keep: bool, old: bytes | None
) -> None:
    """The k-th open, write, fsync or rename fails, for every k."""
    for k in count(1):
        folder = tmp_path / str(k)
        folder.mkdir()
        path, previous = folder / "last.pt", folder / "previous.pt"
        if old is not None:
            path.write_bytes(old)
        error = None
        with failing_disk(k) as disk:
            try:
                replace_file(path, b"new", keep_as=previous if keep else None)
            except OutputError as failure:
                error = str(failure)
        content = path.read_bytes() if path.exists() else None
        assert set(names(folder)) <= {"last.pt", "previous.pt"}
        assert not previous.exists() or previous.read_bytes() == b"old"
        if not disk.has_failed():
            assert (error, content) == (None, b"new")
            break
        assert content in (old, b"new"), k
        assert error is not None
        assert error.startswith(f"{path}: cannot be written: No space left on device")
        assert error.endswith("; it is the old file or the new one") is (old is not None)
    assert k > 3, "open, write, fsync and rename at least"


@pytest.mark.parametrize("error", [None, KeyboardInterrupt()], ids=["full disk", "Ctrl-C"])
def test_a_failed_call_keeps_the_older_kept_file(
    tmp_path: Path, error: BaseException | None
) -> None:
    """The k-th open, write, fsync or rename fails, for every k."""
    before = {"last.pt": b"old", "previous.pt": b"older"}
    after = {"last.pt": b"new", "previous.pt": b"old"}
    for k in count(1):
        folder = tmp_path / str(k)
        folder.mkdir()
        for name, content in before.items():
            (folder / name).write_bytes(content)
        path, previous = folder / "last.pt", folder / "previous.pt"
        with (
            failing_disk(k, error=error) as disk,
            suppress(OutputError, KeyboardInterrupt),
        ):
            replace_file(path, b"new", keep_as=previous)
        assert {file.name: file.read_bytes() for file in folder.iterdir()} in (before, after), k
        if not disk.has_failed():
            break
    assert k > 6, "open, write, fsync, three renames and fsync of the folder"


def test_a_leftover_of_a_killed_call_is_removed(tmp_path: Path) -> None:
    """Killed when the older kept file had been moved aside."""
    path, previous = tmp_path / "last.pt", tmp_path / "previous.pt"
    path.write_bytes(b"old")
    (tmp_path / ".previous.pt.old").write_bytes(b"older")
    replace_file(path, b"new", keep_as=previous)
    assert names(tmp_path) == ["last.pt", "previous.pt"]
    assert previous.read_bytes() == b"old"


def test_a_block_that_fails_keeps_the_old_file(tmp_path: Path) -> None:
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
