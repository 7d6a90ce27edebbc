"""Publishing a folder: the old one or the new one is there after any failure or kill."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from s2s_export import Translator
from s2s_export.errors import ArtefactNotFoundError, OutputError
from s2s_export.exporter import build, evidence
from s2s_export.exporter.publishing.atomic_folder import replacing_folder
from s2s_export.exporter.publishing.beside import write_file
from s2s_export.exporter.source import ExportSource

from ...failing_disk import failing_disk

BESIDE = ["exported", "run-of-checkpoint"]


@pytest.mark.parametrize("name", ["exported", "model.zip"])
@pytest.mark.parametrize("kills", [40, pytest.param(240, marks=pytest.mark.slow)])
def test_exports_killed_at_random_instants(tmp_path: Path, kills: int, name: str) -> None:
    """Two exports to one folder or zip at once, both killed, again and again."""
    target = tmp_path / name
    program = Path(__file__).with_name("killed_publishing.py")
    command = [sys.executable, str(program), str(target), str(kills)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    found = json.loads(done.stdout)
    assert found["left"] == [name], "the next export leaves nothing behind"
    assert found["leftovers"] > 0, "some were killed while they built"
    assert found["generations"] > kills // 8, "some were killed after they had published"


@pytest.fixture
def built_once(source: ExportSource, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make and prove the graphs once: the test is about their way to the disk."""
    graphs, scripts = build.build_graphs(source), build.build_torchscript(source)
    proven = evidence.check_parity(source, graphs, scripts)
    monkeypatch.setattr(build, "build_graphs", lambda *_: graphs)
    monkeypatch.setattr(build, "build_torchscript", lambda *_: scripts)
    monkeypatch.setattr(evidence, "check_parity", lambda *_: proven)


EACH_SWAP = pytest.mark.parametrize("renameat2", [True, False], ids=["renameat2", "two renames"])
"""For tests of the swap: once with the exchange of two folders, once without."""


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def publish(target: Path) -> None:
    with replacing_folder(target, ("a", "b"), force=False) as folder:
        write_file(folder / "a", b"new")
        write_file(folder / "b", b"new")


@EACH_SWAP
def test_old_or_new_folder_is_there_at_every_instant(tmp_path: Path, renameat2: bool) -> None:
    """With two renames, the old folder has another name for an instant."""
    target = tmp_path / "exported"
    target.mkdir()
    old, new = {"a": b"old"}, {"a": b"new", "b": b"new"}
    (target / "a").write_bytes(b"old")

    def look() -> None:
        if renameat2 or target.exists():
            assert contents(target) in (old, new)
        else:
            assert old in [contents(path) for path in tmp_path.iterdir()]

    with failing_disk(before_call=look, renameat2=renameat2) as disk:
        publish(target)
    assert disk.is_synced(), "files, entries and names are on the disk before the export ends"
    assert contents(target) == new


@EACH_SWAP
@pytest.mark.parametrize("old", [{"a": b"old"}, None])
def test_a_failed_call_leaves_the_old_folder_or_the_new_one(
    tmp_path: Path, renameat2: bool, old: dict[str, bytes] | None
) -> None:
    """The k-th mkdir, open, write, fsync, chmod or rename fails, for every k."""
    for k in count(1):
        target = tmp_path / str(k) / "exported"
        target.parent.mkdir()
        if old is not None:
            target.mkdir()
            (target / "a").write_bytes(old["a"])
        with failing_disk(k, renameat2=renameat2) as disk:
            message = error_of(lambda target=target: publish(target))  # type: ignore[misc]
        content = contents(target) if target.exists() else None
        assert content in (old, {"a": b"new", "b": b"new"}), k
        assert message is not None or content != old, k
        assert message is None or "cannot be written: " in message
        assert {*target.parent.iterdir()} <= {target}
        if not disk.has_failed():
            break
    assert message is None
    assert k > 10, "two files of three calls each, and the swap"


def test_ctrl_c_at_any_call_leaves_the_old_folder_or_the_new_one(tmp_path: Path) -> None:
    for k in count(1):
        target = tmp_path / str(k) / "exported"
        target.mkdir(parents=True)
        (target / "a").write_bytes(b"old")
        with failing_disk(k, error=KeyboardInterrupt()) as disk, suppress(KeyboardInterrupt):
            publish(target)
        assert contents(target) in ({"a": b"old"}, {"a": b"new", "b": b"new"}), k
        assert [*target.parent.iterdir()] == [target], k
        if not disk.has_failed():
            break


@pytest.mark.parametrize("is_old", [False, True], ids=["no old folder", "an old folder"])
def test_a_failed_write_names_the_target(tmp_path: Path, is_old: bool) -> None:
    """The system's error names a file of the folder that is being built."""
    target = tmp_path / "exported"
    if is_old:
        target.mkdir()

    def publish_over_a_folder() -> None:
        with replacing_folder(target, (), force=False) as folder:
            (folder / "a").mkdir()
            write_file(folder / "a", b"new")

    state = "; it is the old folder or the new one" if is_old else ""
    assert error_of(publish_over_a_folder) == f"{target}: cannot be written: Is a directory{state}"
    assert [*tmp_path.iterdir()] == ([target] if is_old else [])


def test_an_error_of_the_block_keeps_its_message(tmp_path: Path) -> None:
    """It is an OSError, too, and not taken for one of the disk."""
    with (
        pytest.raises(ArtefactNotFoundError, match=r"^lost$"),
        replacing_folder(tmp_path / "exported", (), force=False),
    ):
        raise ArtefactNotFoundError("lost")
    assert [*tmp_path.iterdir()] == []


@pytest.mark.usefixtures("built_once")
@EACH_SWAP
def test_a_failed_call_of_an_export_leaves_a_whole_folder(
    source: ExportSource, tiny: Path, tiny_copy: Path, renameat2: bool
) -> None:
    """The k-th mkdir, open, write, fsync, chmod or rename of an export fails, for every k."""
    old = contents(tiny)
    refused = 0
    for k in count(1):
        shutil.rmtree(tiny_copy)
        shutil.copytree(tiny, tiny_copy)
        with failing_disk(k, renameat2=renameat2) as disk:
            message = error_of(lambda: build.build(source, tiny_copy, force=False))
        assert sorted(path.name for path in tiny_copy.parent.iterdir()) == BESIDE, k
        if contents(tiny_copy) != old:
            Translator(tiny_copy)  # it compares each file with the manifest
        elif message is None:
            raise AssertionError(f"call {k} failed, and the export did not say so")
        if not disk.has_failed():
            break
        if message is not None:
            refused += 1
            assert "No space left on device" in message
            assert str(tiny_copy.parent) in message
            assert ".building-" not in message, "the folder that was asked for is named"
    assert message is None
    # A failure that does no harm: the parent folder is there, or renameat2 is not needed.
    assert refused >= k - 3


def error_of(action: Callable[[], object]) -> str | None:
    """Return the message of an OutputError; ``None`` if there is none."""
    try:
        action()
    except OutputError as error:
        return str(error)
    return None


def test_two_exports_at_once_both_finish_and_one_stays(tmp_path: Path) -> None:
    target = tmp_path / "exported"
    both_build = threading.Barrier(2)

    def publish_one(name: bytes) -> None:
        with replacing_folder(target, ("file",), force=False) as folder:
            both_build.wait(timeout=30)
            write_file(folder / "file", name)

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
        write_file(folder / "file", b"old")
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
            write_file(folder / "file", b"new")
            (target / "holiday.jpg").write_bytes(b"mine")

    with pytest.raises(OutputError, match=r"holds what no export wrote \(holiday\.jpg\)"):
        publish_late()
    assert [path.name for path in target.iterdir()] == ["holiday.jpg"]
    assert [path.name for path in tmp_path.iterdir()] == ["exported"]
