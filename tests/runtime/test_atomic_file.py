"""Writing a file all at once: old content or new, at every instant and whichever call fails."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s2s_export.atomic_file import replace_file, replacing_file
from s2s_export.errors import OutputError


def recorded(
    monkeypatch: pytest.MonkeyPatch,
    fail_at: int | None = None,
    before: Callable[[], None] = lambda: None,
) -> list[str]:
    """Note every call that reaches the disk, in order; let one of them fail."""
    calls: list[str] = []

    def wrap(name: str, function: Callable[..., Any], describe: Callable[..., str]) -> None:
        def call(*arguments: Any, **options: Any) -> Any:
            before()
            calls.append(describe(name, *arguments))
            if len(calls) - 1 == fail_at:
                raise OSError(28, "No space left on device")
            return function(*arguments, **options)

        monkeypatch.setattr(f"os.{name}", call)

    def of_descriptor(name: str, descriptor: int) -> str:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        return f"{name} {'folder' if path.is_dir() else path.name}"

    def of_paths(name: str, source: Path, target: Path) -> str:
        return f"{name} {source.name} {target.name}"

    wrap("fsync", os.fsync, of_descriptor)
    wrap("replace", os.replace, of_paths)
    return calls


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_content_is_whole_before_every_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks between two calls finds the old content or the new, under one of the names."""
    path, previous = tmp_path / "last.pt", tmp_path / "previous.pt"
    path.write_bytes(b"old")
    seen: list[set[bytes]] = []

    def look() -> None:
        seen.append({file.read_bytes() for file in (path, previous) if file.exists()})

    calls = recorded(monkeypatch, before=look)
    replace_file(path, b"new", keep_as=previous)
    look()
    assert all(contents and contents <= {b"old", b"new"} for contents in seen)
    assert seen[0] == {b"old"}
    # The content is on the disk before it has the name, the name before the call returns.
    assert calls.index("fsync .last.pt.part") < calls.index("replace .last.pt.part last.pt")
    assert calls[-1] == "fsync folder"
    assert (path.read_bytes(), previous.read_bytes()) == (b"new", b"old")
    assert names(tmp_path) == ["last.pt", "previous.pt"]


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


@pytest.mark.parametrize("fail_at", range(4))
@pytest.mark.parametrize("keep", [False, True])
def test_a_failed_fsync_or_rename_leaves_a_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fail_at: int, keep: bool
) -> None:
    """The message names the file; the temporary file is removed."""
    path, previous = tmp_path / "last.pt", tmp_path / "previous.pt"
    path.write_bytes(b"old")
    calls = recorded(monkeypatch, fail_at)
    if fail_at == 3 and not keep:  # there are only three
        replace_file(path, b"new")
        assert len(calls) == 3
        return
    with pytest.raises(OutputError, match=r"last\.pt: cannot be written: No space left"):
        replace_file(path, b"new", keep_as=previous if keep else None)
    whole = [file.read_bytes() for file in (path, previous) if file.exists()]
    assert whole
    assert set(whole) <= {b"old", b"new"}
    assert not (tmp_path / ".last.pt.part").exists()


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
