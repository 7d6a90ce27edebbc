"""The sentences of SECURITY.md, each with the test that it rests on."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s2s_export import Translator
from s2s_export.errors import ArtefactError, IntegrityError, ManifestError

Vouch = Callable[[Path], None]
EditManifest = Callable[[Path, Callable[[Any], object]], None]

ELSEWHERE = {
    1: "runtime/folder/test_corruption.py::test_every_corruption_is_an_error_that_names_the_file",
    6: "runtime/folder/test_reader.py::test_the_bytes_behind_a_link_are_those_of_the_manifest",
    8: "runtime/test_isolation.py",
    9: "runtime/folder/test_vouched.py::test_vouched_damage_is_refused_or_translates_as_before",
    10: "torch_side/training/run/test_checkpoint.py::test_code_in_a_checkpoint_is_not_run",
    11: "runtime/folder/sources/test_archive_damage.py::"
    "test_zip_bombs_are_refused_before_they_grow",
    12: "runtime/hub/test_from_pretrained.py::test_a_push_between_two_requests_never_mixes",
}
"""Sentences of the threat model that other tests hold, by number."""


def test_each_sentence_has_a_test() -> None:
    tests = Path(__file__).parents[1]
    named = {int(name.split("_")[2]) for name in globals() if name.startswith("test_sentence_")}
    assert named | ELSEWHERE.keys() == set(range(1, 13))
    for place in ELSEWHERE.values():
        file, _, function = place.partition("::")
        assert f"def {function}(" in (tests / file).read_text(encoding="utf-8") or not function


def test_sentence_2_the_bytes_that_were_compared_are_those_that_are_used(
    tiny_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file is exchanged as soon as it is opened; nothing looks at it a second time."""
    original = Path.open

    def exchanging(path: Path, *arguments: Any, **options: Any) -> Any:
        file = original(path, *arguments, **options)
        if path.parent == tiny_copy:
            path.unlink()
            exchanged.add(path.name)
        return file

    exchanged: set[str] = set()
    monkeypatch.setattr(Path, "open", exchanging)
    assert Translator(tiny_copy).translate("J'ai froid.") == "i m cold ."
    assert {"decoder.onnx", "encoder.onnx", "target.vocab"} <= exchanged


def test_sentence_3_checksums_show_accidents_not_forgery(tiny_copy: Path, vouch: Vouch) -> None:
    path = tiny_copy / "target.vocab"
    path.write_bytes(path.read_bytes().replace(b"\ncold\n", b"\nhot\n"))
    with pytest.raises(IntegrityError):
        Translator(tiny_copy)
    vouch(tiny_copy)
    assert Translator(tiny_copy).translate("J'ai froid.") == "i m hot ."


AUDITED = """
import sys
from pathlib import Path

folder = Path(sys.argv[1]).resolve()
opened = set()

def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        path = Path(arguments[0]).resolve()
        if folder in path.parents:
            opened.add(path.name)
    if event in ("exec", "compile") and "pickle" in str(arguments[:1]):
        raise SystemExit("a pickle was run")
    if event.startswith("pickle."):
        raise SystemExit("a pickle was loaded")

from s2s_export import Translator
sys.addaudithook(watch)
assert Translator(folder).translate("J'ai froid.") == "i m cold ."
print(*sorted(opened))
"""


def test_sentence_4_loading_runs_no_code_of_the_folder(tiny_copy: Path) -> None:
    """And sentence 5: the TorchScript files, which are code, are not opened."""
    for name in ("encoder.pt", "decoder.pt"):
        (tiny_copy / name).write_bytes(b"cos\nsystem\n(S'echo owned'\ntR.")
    done = subprocess.run(
        [sys.executable, "-c", AUDITED, str(tiny_copy)], capture_output=True, text=True, check=True
    )
    opened = {*done.stdout.split()}
    assert {"decoder.onnx", "encoder.onnx"} <= opened, "the program watches"
    assert not [name for name in opened if name.endswith(".pt")]


test_sentence_5_torchscript_is_never_opened = test_sentence_4_loading_runs_no_code_of_the_folder


def test_sentence_7_sizes_are_bounded_before_reading(
    tiny_copy: Path, edit_manifest: EditManifest
) -> None:
    """A sparse file of 4 GB costs neither time nor memory."""
    shutil.copytree(tiny_copy, tiny_copy.with_name("other"))
    size = (tiny_copy / "encoder.onnx").stat().st_size
    os.truncate(tiny_copy / "encoder.onnx", 2**32)
    with pytest.raises(IntegrityError, match=f"expected at most {size} bytes, found 4294967296"):
        Translator(tiny_copy)
    other = tiny_copy.with_name("other")
    edit_manifest(other, lambda m: m["files"]["encoder.onnx"].update(size=2**32))
    with pytest.raises(ManifestError, match="size: expected 0 to 2147483647"):
        Translator(other)
    os.truncate(other / "manifest.json", 2**30)
    with pytest.raises(ArtefactError, match=r"expected at most 16777216 bytes, found 1073741824"):
        Translator(other)
