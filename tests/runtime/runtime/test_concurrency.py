"""Threads, processes and interruptions: one Translator for all of an app."""

import asyncio
import pickle
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from s2s_export import Translator

from ..forked import in_child

THREADS, SENTENCES = 8, 500
TEXTS = [
    *("Je suis en retard.", "J'ai froid.", "Ils sont en train de préparer le dîner.", ""),
    *("Elle est prête.", "Nous sommes très heureux !", "Vous avez tort.", "J'ai glop faim."),
]


@pytest.fixture(scope="module")
def translator(tiny_unk: Path) -> Translator:
    return Translator(tiny_unk)


def test_eight_threads_translate_the_same_as_one(translator: Translator) -> None:
    texts = [TEXTS[index % len(TEXTS)] for index in range(SENTENCES)]
    expected = [translator.translate(text) for text in texts]
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda _: [translator.translate(t) for t in texts], range(THREADS)))
    assert found == [expected] * THREADS


# Python 3.12 warns of any fork in a process with threads; the sessions here have none to lose.
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.parametrize("threads", [1, 2])
def test_a_forked_child_translates(tiny_unk: Path, threads: int) -> None:
    """A session with threads of its own is opened anew in the child."""
    translator = Translator(tiny_unk, threads=threads)
    expected = [translator.translate(text) for text in TEXTS]
    assert in_child(lambda: "\n".join(translate_all(translator))).split("\n") == expected
    assert [translator.translate(text) for text in TEXTS] == expected


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_does_not_mix_two_exports(tiny_copy: Path, tiny_unk: Path) -> None:
    translator = Translator(tiny_copy, threads=2)
    for path in tiny_unk.iterdir():
        (tiny_copy / path.name).write_bytes(path.read_bytes())
    assert translator.translate("J'ai froid.") == "i m cold ."
    message = in_child(lambda: translator.translate("J'ai froid."))
    assert message.startswith("ArtefactError: ")
    assert "another export since it was loaded" in message


def translate_all(translator: Translator) -> list[str]:
    return [translator.translate(text) for text in TEXTS]


SPAWNING = """
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from s2s_export import Translator

if __name__ == "__main__":
    translator = Translator(sys.argv[1], unknown_words="skip", max_length=3)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        print(pool.submit(translator.translate, "Je suis glop en retard.").result())
"""


def test_spawn_and_pickle_keep_the_options(
    tiny_unk: Path, tmp_path: Path, translator: Translator
) -> None:
    """The sessions are opened anew."""
    copy = pickle.loads(pickle.dumps(translator))
    assert translate_all(copy) == translate_all(translator)
    program = tmp_path / "spawning.py"
    program.write_text(SPAWNING)
    done = subprocess.run(
        [sys.executable, str(program), str(tiny_unk)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "i'm late .\n"


def test_pickled_from_a_relative_path(
    tiny_unk: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tiny_unk.parent)
    pickled = pickle.dumps(Translator(tiny_unk.name))
    monkeypatch.chdir(tmp_path)
    assert pickle.loads(pickled).translate("J'ai froid.") == "i'm cold ."


def test_session_options_of_the_app(tiny_unk: Path) -> None:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    translator = Translator(tiny_unk, session_options=options)
    assert translator.translate("J'ai froid.") == "i'm cold ."
    with pytest.raises(TypeError, match="with session_options of your own cannot be pickled"):
        pickle.dumps(translator)


def test_asyncio_to_thread_does_not_block_the_loop(translator: Translator) -> None:

    async def run() -> tuple[list[str], int]:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        ticking = asyncio.create_task(tick())
        found = [await asyncio.to_thread(translator.translate, text) for text in TEXTS * 20]
        ticking.cancel()
        return found, ticks

    found, ticks = asyncio.run(run())
    assert found == translate_all(translator) * 20
    assert ticks > len(found), "the loop turned while threads translated"


def test_ctrl_c_leaves_the_translator_usable(translator: Translator) -> None:
    before = translate_all(translator)
    # As Python does by itself, unless it was started deaf to Ctrl-C, as a background job is.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main = threading.get_ident()
    threading.Timer(0.2, lambda: signal.pthread_kill(main, signal.SIGINT)).start()
    deadline = time.monotonic() + 30

    def translate_until_interrupted() -> None:
        while time.monotonic() < deadline:
            translate_all(translator)

    with pytest.raises(KeyboardInterrupt):
        translate_until_interrupted()
    assert translate_all(translator) == before


def test_20_000_translations_grow_memory_by_less_than_5_mb(tiny_unk: Path) -> None:
    program = """
import resource, sys
from s2s_export import Translator
translator = Translator(sys.argv[1])
texts = sys.argv[2:]
def run(count):
    for index in range(count):
        translator.translate(texts[index % len(texts)])
        if index % 100 == 0:
            translator.translate_batch(texts)
run(2000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
run(20000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tiny_unk), *TEXTS],
        capture_output=True,
        text=True,
        check=True,
    )
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes
    assert int(done.stdout) * unit < 5e6
