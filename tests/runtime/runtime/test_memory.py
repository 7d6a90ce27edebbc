"""Memory: the graphs get no batch that is larger than pays, so little is left of it."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from s2s_export import Translator
from s2s_export.decoding.steps import FloatArray, TokenIds

TEXTS = ["Je suis en retard.", "J'ai froid.", "Ils sont en train de préparer le dîner.", "", "Oui."]


def rows_of_calls(translator: Translator) -> list[int]:
    """Record how many sentences each call of the encoder step gets."""
    rows: list[int] = []
    step = translator.pipeline.steps.encoder
    run = step.run

    def recorded(tokens: TokenIds, state: Sequence[FloatArray]) -> Sequence[FloatArray]:
        rows.append(tokens.shape[1])
        return run(tokens, state)

    step.run = recorded
    return rows


@pytest.mark.parametrize(("threads", "largest"), [(1, 128), (2, 256)])
def test_the_steps_get_at_most_128_sentences_a_thread(
    tiny_3: Path, threads: int, largest: int
) -> None:
    translator = Translator(tiny_3, threads=threads)
    rows = rows_of_calls(translator)
    texts = ["J'ai froid."] * (2 * largest + 1)
    assert len(translator.translate_batch(texts, batch_size=4096)) == len(texts)
    assert rows == [largest, largest, 1]
    rows.clear()
    assert len(list(translator.translate_iter(texts, batch_size=4096))) == len(texts)
    assert rows == [largest, largest, 1]
    rows.clear()
    translator.translate_batch(texts[:10], batch_size=4)
    assert rows == [4, 4, 2], "a smaller batch size is kept"


def test_session_options_of_the_app_leave_batches_whole(tiny_3: Path) -> None:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    translator = Translator(tiny_3, session_options=options)
    rows = rows_of_calls(translator)
    translator.translate_batch(["J'ai froid."] * 300, batch_size=300)
    assert rows == [300]


@pytest.mark.parametrize("largest", [1, 2, 7, None])
def test_a_batch_has_the_same_translations_in_order_however_it_is_cut(
    tiny_3: Path, largest: int | None
) -> None:
    translator = Translator(tiny_3)
    alone = [translator.translate_batch([text], attention=True)[0] for text in TEXTS]
    translator.pipeline.largest_batch = largest
    found = translator.translate_batch(TEXTS * 3, batch_size=64, attention=True)
    for one, expected in zip(found, alone * 3, strict=True):
        without = {"log_probs": (), "attention": None}
        assert asdict(one) | without == asdict(expected) | without
        # float32 products of another size, summed in another order
        np.testing.assert_allclose(one.log_probs, expected.log_probs, rtol=0, atol=1e-5)
    assert len({one.text for one in found}) > 2


def test_a_stream_is_read_ahead_by_windows_of_the_bounded_batch(tiny_3: Path) -> None:
    translator = Translator(tiny_3)
    translator.pipeline.largest_batch = 2
    texts = iter(TEXTS * 100)
    next(translator.translate_iter(texts, batch_size=4096))
    assert len(list(texts)) > 400


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/self/status is Linux's")
def test_a_batch_of_4096_leaves_less_than_15_mb(tiny_3: Path) -> None:
    """Uncut, it leaves 25 MB even with this model of 16 units; cut, 5."""
    program = """
import sys
from s2s_export import Translator

def resident():
    with open("/proc/self/status") as file:
        [line] = [line for line in file if line.startswith("VmRSS")]
    return int(line.split()[1]) * 1024

translator = Translator(sys.argv[1])
translator.translate(sys.argv[2])
before = resident()
translator.translate_batch(sys.argv[2:] * 1024, batch_size=4096)
print(resident() - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tiny_3), *TEXTS[:3], "Elle est prête."],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) < 15e6
