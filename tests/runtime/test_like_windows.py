"""The run time without what Windows lacks: in fresh processes that ``like_windows`` prepares.

It is no Windows: docs/where-it-runs.md tells what was tried where.
"""

import errno
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s2s_export import Translator, command

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/fd").is_dir(), reason="like_windows looks for open files in /proc"
)

LIKE_WINDOWS = Path(__file__).with_name("like_windows.py")

PREPARED = """
import runpy, sys
runpy.run_path({prepare!r})
"""
COMMAND = """
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def run_python(
    program: str, *arguments: str | Path, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run a program on a Python like that of Windows, where a text opened without an encoding is
    an error: its encoding would be the code page."""
    flags = ("-X", "warn_default_encoding", "-W", "error")
    code = PREPARED.format(prepare=str(LIKE_WINDOWS)) + program
    return subprocess.run(
        [sys.executable, *flags, "-c", code, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        check=False,
    )


def run(module: str, *arguments: str | Path, stdin: bytes = b"") -> tuple[int, bytes, str]:
    """Run a command; return its exit code, stdout and stderr."""
    done = run_python(COMMAND, module, *arguments, stdin=stdin)
    return done.returncode, done.stdout, done.stderr.decode("cp1252").replace("\r\n", "\n")


def test_what_windows_lacks_is_taken_away(tmp_path: Path) -> None:
    """Else the other tests would show nothing."""
    program = """
import os, pathlib
found = []
for attempt in (
    lambda: __import__("fcntl"),
    lambda: os.fchmod,
    lambda: os.fork(),
    lambda: os.open(sys.argv[1], os.O_RDONLY),
    lambda: pathlib.Path(sys.argv[1]).open("rb"),
    lambda: pathlib.Path(sys.argv[2]).replace(sys.argv[3]),
    lambda: pathlib.Path(sys.argv[3]).unlink(),
    lambda: pathlib.Path(sys.argv[2]).open(),
    lambda: print("\\u65e5"),
):
    with open(sys.argv[3], "rb"):
        try:
            attempt()
        except Exception as error:
            found.append(type(error).__name__)
        else:
            found.append("nothing")
print(*found)
"""
    for name in ("new", "old"):
        (tmp_path / name).write_bytes(b"")
    done = run_python(program, tmp_path, tmp_path / "new", tmp_path / "old")
    assert done.stdout.endswith(b"\r\n")
    missing, forbidden = (
        ("ModuleNotFoundError", "AttributeError", "AttributeError"),
        "PermissionError",
    )
    encodings = ("EncodingWarning", "UnicodeEncodeError")
    assert tuple(done.stdout.decode().split()) == (*missing, *[forbidden] * 4, *encodings)


def test_library(tiny_3: Path, tmp_path: Path) -> None:
    """A folder, a zip, an open zip and files in memory; pickled; a lexicon; several threads."""
    program = """
import pickle, zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from s2s_export import Translator

folder, zipped = map(Path, sys.argv[1:3])
with zipfile.ZipFile(zipped, "w") as archive:
    for path in folder.iterdir():
        archive.write(path, path.name)
text = sys.argv[3]
makers = [
    lambda: Translator(folder),
    lambda: Translator(zipped),
    lambda: Translator.from_zip(zipped),
    lambda: Translator.from_files({path.name: path.read_bytes() for path in folder.iterdir()}),
    lambda: pickle.loads(pickle.dumps(Translator(folder, threads=2))),
]
found = {make().translate(text) for make in makers}
zipped.unlink()  # no Translator holds it open
lexicon = zipped.with_suffix(".tsv")
lexicon.write_bytes(f"{text}\\tPrêt ✓\\r\\n".encode())
assert Translator(folder, lexicon=lexicon).translate(text) == "Prêt ✓"
with ThreadPoolExecutor(2) as pool:
    found |= {*pool.map(Translator(folder).translate, [text] * 4)}
print(*found)
"""
    text = "Il est prêt."
    done = run_python(program, tiny_3, tmp_path / "model.zip", text)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode("cp1252") == f"{Translator(tiny_3).translate(text)}\r\n"


def test_translations_on_stdout_are_utf_8_with_plain_newlines(tiny_unk: Path) -> None:
    """As in a file that ``--output`` writes, whatever the code page."""
    code, out, err = run(
        "s2s_export", "--model", tiny_unk, "--json", stdin="Je suis ξένος.\r\n".encode()
    )
    assert (code, err) == (0, "")
    assert out.count(b"\n") == 1
    assert b"\r" not in out
    assert "ξένος".encode() in out


def test_output_file_is_replaced(tiny: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "in.txt", tmp_path / "out.txt"
    source.write_bytes("\ufeffJ'ai froid.\r\nJ'ai faim.".encode())
    arguments = ("--model", tiny, "--input", source, "--output", target)
    for old in (None, b"old"):
        if old is not None:
            target.write_bytes(old)
        assert run("s2s_export", *arguments) == (0, b"", "")
        assert target.read_bytes() == b"i m cold .\ni m hungry .\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.txt", "out.txt"]


def test_output_file_that_is_open_elsewhere_stays_and_the_error_is_one_line(
    tiny: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out.txt"
    target.write_bytes(b"old")
    held = f"import os; os.open({str(target)!r}, os.O_RDONLY)\n"
    arguments = ("s2s_export", "--model", tiny, "--output", target, "J'ai froid.")
    done = run_python(held + COMMAND, *arguments)
    assert done.returncode == 3
    expected = f"error: {target}: cannot be written: Permission denied; it is the old file or the "
    assert done.stderr.decode() == expected + "new one\r\n"
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]


@pytest.mark.parametrize("module", ["verify", "info", "check"])
@pytest.mark.parametrize("json_option", [(), ("--json",)], ids=["", "json"])
def test_reports_are_those_of_other_systems(
    tiny_conditional: Path, module: str, json_option: tuple[str, ...]
) -> None:
    given = tiny_conditional / "decoder.onnx" if module == "check" else tiny_conditional
    name = f"s2s_export.{module}"
    code, out, err = run(name, *json_option, given)
    assert (code, err) == (0, "")
    here = subprocess.run(
        [sys.executable, "-m", name, *json_option, str(given)], capture_output=True, check=True
    )
    assert out.replace(b"\r\n", b"\n") == here.stdout
    assert out.count(b"\r\n") == out.count(b"\n") > 2


@pytest.mark.parametrize("json_option", [(), ("--json",)], ids=["", "json"])
def test_characters_outside_the_code_page_are_escaped_in_reports(
    tiny_3_copy: Path,
    edit_manifest: Callable[[Path, Callable[[Any], object]], None],
    json_option: tuple[str, ...],
) -> None:
    edit_manifest(tiny_3_copy, lambda manifest: manifest["training"].update(data="日本語 é"))
    code, out, err = run("s2s_export.info", *json_option, tiny_3_copy)
    assert (code, err) == (0, "")
    if json_option:
        assert "日本語 é" in json.loads(out)[str(tiny_3_copy)]["training"]
    else:
        assert "\\u65e5\\u672c\\u8a9e é" in out.decode("cp1252")


class Stdout(io.RawIOBase):
    """A stdout of Windows, whose reader may be gone."""

    def __init__(self, descriptor: int, *, closed: bool) -> None:
        self._descriptor, self._reader_is_gone = descriptor, closed

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def write(self, content: Any) -> int:
        # As for the system: a descriptor that was pointed elsewhere can be written again.
        if self._reader_is_gone and not is_null_device(self._descriptor):
            raise OSError(errno.EINVAL, "Invalid argument")
        return len(content)


def is_null_device(descriptor: int) -> bool:
    return os.path.samestat(os.fstat(descriptor), os.stat(os.devnull))  # noqa: PTH116


@pytest.mark.parametrize("closed", [True, False])
def test_invalid_argument_is_a_closed_pipe_only_if_stdout_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: bool
) -> None:
    descriptor = os.open(tmp_path / "stdout", os.O_WRONLY | os.O_CREAT)
    stdout = io.TextIOWrapper(io.BufferedWriter(Stdout(descriptor, closed=closed)))
    monkeypatch.setattr(sys, "stdout", stdout)

    def translate() -> int:
        print("i m cold .", flush=closed)
        raise OSError(errno.EINVAL, "Invalid argument")

    if closed:
        assert command.run(translate, debug=False) == 0
    else:
        with pytest.raises(OSError, match="Invalid argument"):
            command.run(translate, debug=False)
    assert is_null_device(descriptor) is closed
    stdout.flush()  # as the interpreter does at its end
    os.close(descriptor)
