"""Publishing a folder: the old one or the new one is there after any failure or kill."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s2s_export import Translator
from s2s_export.atomic_file import replace_file
from s2s_export.errors import OutputError
from s2s_export.exporter import atomic_folder, build, evidence
from s2s_export.exporter.atomic_folder import replacing_folder
from s2s_export.exporter.source import ExportSource

KILLS = 240
BESIDE = ["exported", "run-of-checkpoint"]


def test_exports_killed_at_random_instants(tmp_path: Path) -> None:
    """Two exports to one folder at once, both killed, again and again."""
    target = tmp_path / "exported"
    program = Path(__file__).with_name("killed_publishing.py")
    command = [sys.executable, str(program), str(target), str(KILLS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    found = json.loads(done.stdout)
    assert found["left"] == ["exported"], "the next export leaves nothing behind"
    assert found["leftovers"] > 0, "some were killed while they built"
    assert found["generations"] > KILLS // 8, "some were killed after they had published"


class Failing:
    """Lets the k-th write, fsync, rename or other change on disk fail, as a full disk would."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.fails_at = 0
        self.calls: list[str] = []
        for where, name in (
            (os, "fsync"),
            (os, "mkdir"),
            (os, "chmod"),
            (os, "rename"),
            (os, "replace"),
            (atomic_folder, "_exchange"),
        ):
            self._wrap(patch, where, name)
        opened = Path.open

        def opening(path: Path, *arguments: Any, **options: Any) -> Any:
            if arguments and "w" in arguments[0]:
                self._count(f"open {path.name}")
                return Writing(opened(path, *arguments, **options), self._count)
            return opened(path, *arguments, **options)

        patch.setattr(Path, "open", opening)

    def _wrap(self, patch: pytest.MonkeyPatch, where: Any, name: str) -> None:
        original = getattr(where, name)

        def counted(*arguments: Any, **options: Any) -> Any:
            self._count(name)
            return original(*arguments, **options)

        patch.setattr(where, name, counted)

    def _count(self, what: str) -> None:
        self.calls.append(what)
        if len(self.calls) == self.fails_at:
            raise OSError(28, "No space left on device")


class Writing:
    """A file whose write may fail half way."""

    def __init__(self, file: Any, count: Callable[[str], None]) -> None:
        self._file, self._count = file, count

    def write(self, content: bytes) -> None:
        self._file.write(content[: len(content) // 2])
        self._count("write")
        self._file.write(content[len(content) // 2 :])

    def __enter__(self) -> "Writing":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@pytest.fixture
def built_once(source: ExportSource, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make and prove the graphs once: the test is about their way to the disk."""
    graphs, scripts = build.build_graphs(source), build.build_torchscript(source)
    proven = evidence.check_parity(source, graphs, scripts)
    monkeypatch.setattr(build, "build_graphs", lambda *_: graphs)
    monkeypatch.setattr(build, "build_torchscript", lambda *_: scripts)
    monkeypatch.setattr(evidence, "check_parity", lambda *_: proven)


def outcome(action: Callable[[], object]) -> str | None:
    """Return the message of an OutputError; ``None`` if there is none."""
    try:
        action()
    except OutputError as error:
        return str(error)
    return None


@pytest.mark.usefixtures("built_once")
def test_every_write_fsync_and_rename_fails_in_turn(
    source: ExportSource, tiny: Path, tiny_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in tiny_copy.iterdir()}
    refused: list[bool] = []
    for k in range(1, 1000):
        shutil.rmtree(tiny_copy)
        shutil.copytree(tiny, tiny_copy)
        with monkeypatch.context() as patch:
            failing = Failing(patch)
            failing.fails_at = k
            message = outcome(lambda: build.build(source, tiny_copy, force=False))
        if len(failing.calls) < k:
            break
        refused.append(message is not None)
        assert message is None or "No space left on device" in message
        assert message is None or str(tiny_copy.parent) in message
        after = {path.name: path.read_bytes() for path in tiny_copy.iterdir()}
        assert sorted(path.name for path in tiny_copy.parent.iterdir()) == BESIDE, k
        if message is not None and after != before:  # the very last step failed, after the swap
            assert failing.calls[-2:] == ["_exchange", "fsync"]
            Translator(tiny_copy)
    assert message is None
    # One failure does no harm: that to make the parent folder, which is there.
    assert refused == [False, *[True] * (len(failing.calls) - 1)]
    assert {"write", "fsync", "_exchange", "mkdir", "open .manifest.json.part"} <= {*failing.calls}
    assert failing.calls.count("write") == 8
    # The manifest last, and onto the disk; the folder's entries; the swap; the parent's entries.
    assert failing.calls[-8:] == [
        *("open .manifest.json.part", "write", "fsync", "replace", "fsync"),
        *("fsync", "_exchange", "fsync"),
    ]
    Translator(tiny_copy)


def test_two_exports_at_once_both_finish_and_one_stays(tmp_path: Path) -> None:
    target = tmp_path / "exported"
    both_build = threading.Barrier(2)

    def publish_one(name: bytes) -> None:
        with replacing_folder(target, ("file",), force=False) as folder:
            both_build.wait(timeout=30)
            replace_file(folder / "file", name)

    threads = [threading.Thread(target=publish_one, args=(name,)) for name in (b"one", b"two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (target / "file").read_bytes() in (b"one", b"two")
    assert [path.name for path in tmp_path.iterdir()] == ["exported"]


@pytest.fixture
def no_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a system without renameat2."""
    monkeypatch.setattr("ctypes.CDLL", lambda *_, **__: object())


@pytest.mark.usefixtures("no_exchange")
def test_the_next_export_restores_a_folder_lost_between_two_renames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "exported"
    with replacing_folder(target, ("file",), force=False) as folder:
        replace_file(folder / "file", b"old")
    left = tmp_path / ".exported.building-abc.old"
    target.rename(left)
    half_built = tmp_path / ".exported.building-abc"
    half_built.mkdir()
    another = tmp_path / ".exported2.building-abc"
    another.mkdir()
    with (
        pytest.raises(KeyboardInterrupt),
        replacing_folder(target, ("file",), force=False) as folder,
    ):
        raise KeyboardInterrupt
    assert (target / "file").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == [another.name, "exported"]


def test_a_folder_with_a_new_foreign_file_is_not_replaced(tmp_path: Path) -> None:
    """The file appears while the export is being written."""
    target = tmp_path / "exported"
    target.mkdir()

    def publish_late() -> None:
        with replacing_folder(target, ("file",), force=False) as folder:
            replace_file(folder / "file", b"new")
            (target / "holiday.jpg").write_bytes(b"mine")

    with pytest.raises(OutputError, match=r"holds what no export wrote \(holiday\.jpg\)"):
        publish_late()
    assert [path.name for path in target.iterdir()] == ["holiday.jpg"]
    assert [path.name for path in tmp_path.iterdir()] == ["exported"]
