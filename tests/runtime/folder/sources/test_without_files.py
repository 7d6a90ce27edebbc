"""Translators with their files in memory, in processes that cannot read them from a disk."""

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from s2s_export import Translator

from ...forked import in_child
from .kinds import KEPT, Make, contents, zipped

BLOCKED = """
import io, os, pickle, sys
from pathlib import Path
import encodings.cp437  # of names in a zip
import onnxruntime
import s2s_export.folder.sources.archive
from s2s_export import Translator

folder, how, wall = sys.argv[1:]
if how == "zip":
    content = Path(folder).read_bytes()
elif how == "files":
    content = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
else:
    translator = Translator.from_resources(Path(folder))

def refuse(event, arguments):
    if event in ("open", "os.listdir", "os.scandir", "os.mkdir", "glob.glob"):
        raise PermissionError(13, f"{event} {arguments}")

if wall == "hook":
    sys.addaudithook(refuse)
else:
    os.chroot(wall)
    os.chdir("/")

attempts = [lambda: open(folder), lambda: os.open(folder, 0), lambda: Path(folder).read_bytes()]
for attempt in attempts:
    try:
        attempt()
    except OSError:
        continue
    raise SystemExit("the file system is not blocked")

if how == "zip":
    translator = Translator.from_zip(io.BytesIO(content))
elif how == "files":
    translator = Translator.from_files(content)
for one in (translator, pickle.loads(pickle.dumps(translator))):
    print(one.translate("J'ai froid."), one.translate_batch(["Je suis en retard."])[0].text)
"""


@pytest.mark.parametrize("how", ["files", "zip", "resources"])
@pytest.mark.parametrize("wall", ["hook", "chroot"])
def test_translates_with_the_file_system_blocked(
    tiny: Path, tmp_path: Path, how: str, wall: str
) -> None:
    """By an audit hook, which Python obeys; and by an empty root, which native code obeys too.

    Resources are loaded before; their pickle is loaded behind the wall.
    """
    given = tiny
    if how == "zip":
        given = tmp_path / "model.zip"
        given.write_bytes(zipped(contents(tiny)))
    if wall == "chroot":
        if os.geteuid() != 0:
            pytest.skip("only root may change the root")
        wall = str(tmp_path / "empty")
        Path(wall).mkdir()
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, str(given), how, wall],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("i m cold . i m late .\n" * 2, "")


WITHOUT_POSIX = """
import os, sys
sys.modules["fcntl"] = sys.modules["resource"] = sys.modules["pwd"] = sys.modules["grp"] = None
for name in ("fchmod", "fchown", "fork", "chroot", "geteuid"):
    delattr(os, name)
from s2s_export import Translator
for path in sys.argv[1:]:
    print(Translator(path).translate("J'ai froid."), Translator.from_zip(sys.argv[2]).device)
"""


def test_no_function_of_posix_alone_is_needed(tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.zip"
    path.write_bytes(zipped(contents(tiny)))
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_POSIX, str(tiny), str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("i m cold . cpu\n" * 2, "")


WORKER = """
import pickle, sys
translator = pickle.load(sys.stdin.buffer)
print(translator.translate("Je suis glop en retard."))
"""


@pytest.mark.parametrize("make", KEPT)
def test_a_pickle_works_in_a_process_that_cannot_see_the_files(
    make: Make, tiny_unk: Path, tmp_path: Path
) -> None:
    """Another process, in another folder, and the files are deleted."""
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    pickled = pickle.dumps(make(tiny_unk, home, unknown_words="skip"))
    shutil.rmtree(home)
    done = subprocess.run(
        [sys.executable, "-c", WORKER],
        input=pickled,
        cwd=elsewhere,
        capture_output=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == (b"i'm late .\n", b"")


SPAWNING = """
import shutil, sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from s2s_export import Translator

if __name__ == "__main__":
    translator = Translator.from_zip(sys.argv[1])
    shutil.rmtree(sys.argv[2])
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        print(pool.submit(translator.translate, "Je suis en retard.").result())
"""


def test_a_pool_of_spawned_processes(tiny_unk: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "model.zip").write_bytes(zipped(contents(tiny_unk)))
    program = tmp_path / "spawning.py"
    program.write_text(SPAWNING)
    done = subprocess.run(
        [sys.executable, str(program), str(folder / "model.zip"), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("i'm late .\n", "")


# Python 3.12 warns of any fork in a process with threads; that is what is tested.
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("make", KEPT)
def test_a_forked_child_translates_without_the_files(
    make: Make, tiny_unk: Path, tmp_path: Path, threads: int
) -> None:
    """With threads of its own the session is opened anew, from memory."""
    work = tmp_path / "work"
    work.mkdir()
    translator = make(tiny_unk, work, threads=threads)
    shutil.rmtree(work)
    assert in_child(lambda: translator.translate("J'ai froid.")) == "i'm cold ."
    assert translator.translate("J'ai froid.") == "i'm cold ."


def test_files_are_read_once(tiny: Path) -> None:
    """A mapping may fetch each file when it is asked for."""

    class Fetched(dict[str, bytes]):
        def __getitem__(self, name: str) -> bytes:
            fetched.append(name)
            return super().__getitem__(name)

    fetched: list[str] = []
    translator = Translator.from_files(Fetched(contents(tiny)))
    assert translator.translate("J'ai froid.") == "i m cold ."
    used = ["decoder.onnx", "encoder.onnx", "manifest.json", "source.vocab", "target.vocab"]
    assert sorted(fetched) == used
