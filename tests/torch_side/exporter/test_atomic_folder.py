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
from s2s_export.exporter import build, evidence
from s2s_export.exporter.atomic_folder import replacing_folder
from s2s_export.exporter.source import ExportSource

BESIDE = ["exported", "run-of-checkpoint"]


@pytest.mark.parametrize("kills", [40, pytest.param(400, marks=pytest.mark.slow)])
def test_exports_killed_at_random_instants(tmp_path: Path, kills: int) -> None:
    """Two exports to one folder at once, both killed, again and again."""
    target = tmp_path / "exported"
    program = Path(__file__).with_name("killed_publishing.py")
    command = [sys.executable, str(program), str(target), str(kills)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    result = json.loads(done.stdout)
    assert result["left"] == ["exported"], "the next export leaves nothing behind"
    assert result["leftovers"] > 0, "some were killed while they built"
    assert result["generations"] > kills // 8, "some were killed after they had published"


class Failing:
    """Lets the k-th write, fsync, rename or other change on disk fail, as a full disk would.

    Attributes:
        calls: number of calls.
    """

    def __init__(self, patch: pytest.MonkeyPatch, fails_at: int) -> None:
        self.calls = 0
        self._fails_at = fails_at
        for name in ("fsync", "mkdir", "chmod", "rename", "replace"):
            patch.setattr(os, name, self._counted(getattr(os, name)))
        opened = Path.open

        def opening(path: Path, *arguments: Any, **options: Any) -> Any:
            if arguments and "w" in arguments[0]:
                self._count()
                return Writing(opened(path, *arguments, **options), self._count)
            return opened(path, *arguments, **options)

        patch.setattr(Path, "open", opening)

    def _counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            self._count()
            return function(*arguments, **options)

        return counted

    def _count(self) -> None:
        self.calls += 1
        if self.calls == self._fails_at:
            raise OSError(28, "No space left on device")


class Writing:
    """A file whose write may fail half way."""

    def __init__(self, file: Any, count: Callable[[], None]) -> None:
        self._file, self._count = file, count

    def write(self, content: bytes) -> None:
        self._file.write(content[: len(content) // 2])
        self._count()
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


@pytest.fixture(params=["exchange", "two-renames"])
def way_to_swap(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With renameat2, and as on a system without it."""
    if request.param == "two-renames":
        monkeypatch.setattr("ctypes.CDLL", lambda *_, **__: object())
    return str(request.param)


@pytest.mark.usefixtures("built_once", "way_to_swap")
def test_the_old_export_or_the_new_one_is_there_whichever_call_fails(
    source: ExportSource, tiny: Path, tiny_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in tiny_copy.iterdir()}
    told = changed = 0
    for k in range(1, 1000):
        shutil.rmtree(tiny_copy)
        shutil.copytree(tiny, tiny_copy)
        with monkeypatch.context() as patch:
            failing = Failing(patch, k)
            message = outcome(lambda: build.build(source, tiny_copy, force=False))
        if failing.calls < k:
            break
        after = {path.name: path.read_bytes() for path in tiny_copy.iterdir()}
        assert sorted(path.name for path in tiny_copy.parent.iterdir()) == BESIDE, k
        if message is not None:
            told += 1
            assert "No space left on device" in message
            assert str(tiny_copy.parent) in message
        if after != before:  # the export went through, or its last step failed after the swap
            changed += 1
            Translator(tiny_copy)
        else:
            assert message is not None, k
    assert message is None
    assert told >= k - 2, "one failure does no harm: to make the parent folder, which is there"
    assert changed <= 3, "the old export stays until the swap"
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
