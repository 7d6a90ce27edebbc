"""Publishing a zip: its bytes, what it may replace, and failures that leave the old one."""

import io
import shutil
import threading
import zipfile
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from s2s_export.errors import OutputError
from s2s_export.exporter.build import OWN_FILES
from s2s_export.exporter.publishing.atomic_zip import replacing_zip, zip_of
from s2s_export.exporter.publishing.beside import write_file
from s2s_export.exporter.publishing.publication import publishing

from ...failing_disk import failing_disk

NEW = {"manifest.json": b"new", "encoder.onnx": b"x"}
OLD = zip_of({"manifest.json": b"old"})


def publish(target: Path, *, force: bool = False) -> None:
    with publishing(target, OWN_FILES, force=force) as write:
        write(NEW)


def refused(target: Path) -> str:
    """Return the message of the refusal to replace a zip, before anything is built."""

    def build() -> None:
        with publishing(target, OWN_FILES, force=False):
            raise AssertionError("said before the work starts")

    with pytest.raises(OutputError) as error:
        build()
    return str(error.value)


def test_a_zip_names_no_time_no_machine_and_has_a_fixed_order() -> None:
    content = zip_of({"b": b"22", "manifest.json": b"333", "a": b"1"})
    assert content == zip_of({"a": b"1", "b": b"22", "manifest.json": b"333"})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        assert archive.comment == b""
    assert [entry.filename for entry in entries] == ["manifest.json", "a", "b"]
    for entry in entries:
        assert entry.date_time == (1980, 1, 1, 0, 0, 0)
        assert entry.compress_type == zipfile.ZIP_STORED
        assert (entry.create_system, entry.external_attr >> 16) == (3, 0o100644)
        assert (entry.extra, entry.comment) == (b"", b"")


@pytest.mark.parametrize(
    "content",
    [
        b"mine",
        b"",
        OLD[:-30],
        zip_of({}),
        zip_of({"holiday.jpg": b"mine"}),
        zip_of({"manifest.json": b"", "holiday.jpg": b"mine"}),
        zip_of({"exported/manifest.json": b""}),
    ],
)
def test_a_file_that_no_export_wrote_is_replaced_only_with_force(
    tmp_path: Path, content: bytes
) -> None:
    target = tmp_path / "model.zip"
    target.write_bytes(content)
    assert refused(target) == (
        f"{target}: it is no zip that an export wrote; choose another --out, or --force to "
        "replace it"
    )
    assert target.read_bytes() == content
    publish(target, force=True)
    assert target.read_bytes() == zip_of(NEW)


def test_an_earlier_zip_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / "Model.ZIP"
    for _ in range(2):
        publish(target)
        assert target.read_bytes() == zip_of(NEW)
    assert target.stat().st_mode & 0o444 == 0o444, "others may read it"
    assert [*tmp_path.iterdir()] == [target]


def test_a_folder_is_never_replaced_by_a_zip(tmp_path: Path) -> None:
    target = tmp_path / "model.zip"
    target.mkdir()
    for force in (False, True):
        with pytest.raises(OutputError, match=r"model\.zip: expected a file, found a folder"):
            publish(target, force=force)
    assert target.is_dir()


def test_a_foreign_file_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "model.zip"

    def publish_late() -> None:
        with publishing(target, OWN_FILES, force=False) as write:
            write(NEW)
            target.write_bytes(b"mine")

    with pytest.raises(OutputError, match="it is no zip that an export wrote"):
        publish_late()
    assert target.read_bytes() == b"mine"
    assert [*tmp_path.iterdir()] == [target]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "v1.zip", tmp_path / "model.zip"
    target.write_bytes(OLD)
    link.symlink_to(target)
    publish(link)
    assert link.is_symlink()
    assert target.read_bytes() == zip_of(NEW)


def test_a_block_that_fails_leaves_the_old_zip(tmp_path: Path) -> None:
    target = tmp_path / "model.zip"
    target.write_bytes(OLD)

    def interrupted() -> None:
        with publishing(target, OWN_FILES, force=False) as write:
            write(NEW)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert target.read_bytes() == OLD
    assert [*tmp_path.iterdir()] == [target]


@pytest.mark.parametrize("is_old", [False, True], ids=["no old zip", "an old zip"])
def test_a_failed_call_leaves_the_old_zip_or_the_new_one(tmp_path: Path, is_old: bool) -> None:
    """The k-th mkdir, open, write, fsync or rename fails, for every k."""
    for k in count(1):
        target = tmp_path / str(k) / "model.zip"
        target.parent.mkdir()
        if is_old:
            target.write_bytes(OLD)
        message = None
        with failing_disk(k) as disk:
            try:
                publish(target)
            except OutputError as error:
                message = str(error)
        content = target.read_bytes() if target.exists() else None
        assert content in (OLD if is_old else None, zip_of(NEW)), k
        assert {*target.parent.iterdir()} <= {target}, k
        if not disk.has_failed():
            assert (message, content) == (None, zip_of(NEW))
            assert disk.is_synced(target, target.parent), "on the disk before the export ends"
            break
        if message is not None:
            assert "cannot be written: No space left on device" in message
            assert ".building-" not in message, "the zip that was asked for is named"
        else:
            assert content == zip_of(NEW), k
    assert k > 5, "mkdir, open, write, fsync, rename and fsync of the folder"


def test_ctrl_c_at_any_call_leaves_the_old_zip_or_the_new_one(tmp_path: Path) -> None:
    for k in count(1):
        target = tmp_path / str(k) / "model.zip"
        target.parent.mkdir()
        target.write_bytes(OLD)
        with failing_disk(k, error=KeyboardInterrupt()) as disk, suppress(KeyboardInterrupt):
            publish(target)
        assert target.read_bytes() in (OLD, zip_of(NEW)), k
        assert [*target.parent.iterdir()] == [target], k
        if not disk.has_failed():
            break


def test_two_exports_at_once_both_finish_and_one_stays(tmp_path: Path) -> None:
    target = tmp_path / "model.zip"
    both_build = threading.Barrier(2)

    def publish_one(content: bytes) -> None:
        with replacing_zip(target, OWN_FILES, force=False) as path:
            both_build.wait(timeout=30)
            write_file(path, zip_of({"manifest.json": content}))

    threads = [threading.Thread(target=publish_one, args=(name,)) for name in (b"one", b"two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    both = [zip_of({"manifest.json": content}) for content in (b"one", b"two")]
    assert target.read_bytes() in both
    assert [*tmp_path.iterdir()] == [target]


def test_a_zip_in_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    publish(tmp_path / "new" / "model.zip")
    assert (tmp_path / "new" / "model.zip").is_file()
    shutil.rmtree(tmp_path / "new")
    (tmp_path / "new").write_bytes(b"")
    message = f"{tmp_path / 'new'}: cannot be written: "
    with pytest.raises(OutputError, match=message):
        publish(tmp_path / "new" / "model.zip")
