"""Damaged graphs: any bytes give a report or an error of ours, in bounded time."""

import random
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import onnx
import pytest

from s2s_export.check.report import report_of
from s2s_export.check.table import table
from s2s_export.errors import GraphError

from .graphs import RUNTIME, decoder_step, encoder_step
from .test_loops import CELL, scan, unrolled
from .test_reading import everything

FIXTURES = Path(__file__).parents[2] / "fixtures"
SECONDS = 5
"""Of CPU time for one graph: a sound one takes some milliseconds."""

SMALL = [0, 1, 2, 7, 8, 10, 18, 26, 34, 42, 64, 127, 128, 255]
"""Bytes that mean something to protobuf: tags, lengths, ends of integers."""


@cache
def contents() -> list[bytes]:
    made = [encoder_step(), decoder_step("LSTM"), scan(*CELL), unrolled(5), everything()]
    committed = [
        FIXTURES / "tiny-conditional" / "encoder.onnx",
        FIXTURES / "tiny-3/encoder.int8.onnx",
    ]
    return [*(m.SerializeToString() for m in made), *(path.read_bytes() for path in committed)]


def flip_bits(content: bytearray, rng: random.Random) -> None:
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)


def set_byte(content: bytearray, rng: random.Random) -> None:
    content[rng.randrange(len(content))] = rng.choice(SMALL)


def cut_out(content: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(content))
    del content[at : at + rng.randrange(1, 40)]


def repeat(content: bytearray, rng: random.Random) -> None:
    at, start = rng.randrange(len(content)), rng.randrange(len(content))
    content[at:at] = content[start : start + rng.randrange(200)]


def overwrite(content: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(content))
    content[at : at + 8] = rng.randbytes(8)


def cut_short(content: bytearray, rng: random.Random) -> None:
    del content[rng.randrange(len(content)) :]


DAMAGES = (flip_bits, set_byte, cut_out, repeat, overwrite, cut_short)


def judged(content: bytes) -> str:
    """Return the outcome of a check: "report" or "error"; any other exception is raised."""
    started, message = time.process_time(), ""
    try:
        report = report_of(content, "x.onnx", None, RUNTIME)
        assert table(report, RUNTIME, 80).startswith("x.onnx\n")
    except GraphError as error:
        message = str(error)
    assert message.startswith("x.onnx: not a valid ONNX file (" if message else "")
    assert time.process_time() - started < SECONDS
    return "error" if message else "report"


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_bytes(damage: Callable[[bytearray, random.Random], None]) -> None:
    outcomes = set()
    for seed in range(250):
        rng = random.Random(seed)
        content = bytearray(rng.choice(contents()))
        for _ in range(rng.choice([1, 1, 2, 5, 20])):
            if content:
                damage(content, rng)
        outcomes.add(judged(bytes(content)))
    assert "error" in outcomes
    assert "report" in outcomes or damage in (cut_out, repeat, cut_short)


@pytest.mark.slow
def test_damaged_bytes_again_and_again() -> None:
    for seed in range(20_000):
        rng = random.Random(seed)
        content = bytearray(rng.choice(contents()))
        for _ in range(rng.choice([1, 1, 2, 5, 20])):
            if content:
                rng.choice(DAMAGES)(content, rng)
        judged(bytes(content))


NUMBERS = [-(2**63), -3, -1, 0, 1, 2, 3, 64, 65, 2**31, 2**62]


def messages(message: Any) -> list[Any]:
    """Return a protobuf message and all inside of it."""
    found = [message]
    for field, value in message.ListFields():
        if field.message_type is not None:
            for inner in value if field.is_repeated else [value]:
                found += messages(inner)
    return found


def change(made: onnx.ModelProto, rng: random.Random) -> None:
    """Give a field of some message another value of its type; the file stays well-formed."""
    message = rng.choice(messages(made))
    fields = [field for field, _ in message.ListFields()]
    if not fields:
        return
    field = rng.choice(fields)
    values = getattr(message, field.name)
    kind = rng.randrange(4)
    if not field.is_repeated:
        if kind == 0:
            message.ClearField(field.name)
        elif isinstance(values, int) and not field.enum_type:
            with suppress(ValueError):  # it is too large for an int32
                setattr(message, field.name, rng.choice(NUMBERS))
        elif isinstance(values, str):
            setattr(message, field.name, rng.choice(["", "x", "y", "GRU", "Loop", "Reshape"]))
        elif isinstance(values, bytes):
            setattr(message, field.name, values[: rng.randrange(len(values) + 1)])
    elif len(values) > 0:
        at = rng.randrange(len(values))
        if kind == 0:
            del values[at]
        elif kind == 1 and field.message_type is not None:
            values.add().CopyFrom(values[at])
        elif isinstance(values[at], int):
            with suppress(ValueError):
                values[at] = rng.choice(NUMBERS)
        elif isinstance(values[at], str):
            values[at] = rng.choice(["", "x", "y", "hidden", "nowhere"])


@pytest.mark.parametrize("seeds", [600, pytest.param(10_000, marks=pytest.mark.slow)])
def test_well_formed_graphs_with_other_values(seeds: int) -> None:
    """Damage that bytes seldom give: axes, sizes, names and operators that do not fit."""
    originals = [onnx.load_from_string(content) for content in contents()]
    for seed in range(seeds):
        rng = random.Random(seed)
        made = onnx.ModelProto()
        made.CopyFrom(rng.choice(originals))
        for _ in range(rng.choice([1, 2, 5, 20])):
            change(made, rng)
        judged(made.SerializeToString())


def test_a_long_chain_of_nodes_takes_no_more_than_seconds() -> None:
    """Ten thousand recurrent nodes, each from the state of the one before."""
    made = unrolled(10_000)
    assert len(made.graph.node) > 20_000
    assert judged(made.SerializeToString()) == "report"


def test_names_that_a_terminal_must_not_see_are_escaped() -> None:
    made = encoder_step()
    made.producer_name = "a\x1b[31mb\u202ec\n" + "long" * 1000
    made.graph.input[0].name = "to\x9bkens"
    shown = table(report_of(made.SerializeToString(), "x\x07.onnx", None, RUNTIME), RUNTIME, 80)
    assert all(line.isprintable() for line in shown.split("\n"))
    assert r"a\x1b[31mb\u202ec\n" in shown
    assert max(map(len, shown.split("\n"))) <= 400
