"""Failures of torch's tools in one sentence: where in the module, the tool's reason, the remedy.

Part of the torch side: ``onnx_export`` and ``torchscript`` turn a tool's exception into it.
"""

import contextlib
import io
import itertools
import linecache
import logging
import re
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

import torch

_TORCH = Path(torch.__file__).parent
_PACKAGE = Path(__file__).parents[2]
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_FILE = re.compile(r'File "([^"]+)", line (\d+)')
_PATH = re.compile(r"(?:[A-Za-z]:)?[/\\][^\s'\"]*[/\\]([^\s/\\'\"]+)")
_REMEDIES = {
    "GuardOnDataDependentSymNode": "it depends on the values of a tensor: choose with torch.where "
    "in place of if and .item(), and leave out pack_padded_sequence, since the rows of a call "
    "have the same length",
    "DispatchError": "ONNX has no such operator: write it with others",
}
"""What to change, by the class of the exception."""


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the tools' graphs and hints from stderr; what they raise says it in a sentence."""
    level = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(level)


def sentence(error: BaseException) -> str:
    """Return where and why a tool failed, without colours and local paths.

    Args:
        error: the tool's exception; the one that caused it first of all is described.
    """
    place = _place(error)
    while error.__cause__ is not None:
        error = error.__cause__
    kind = type(error).__name__
    text = _COLOUR.sub("", str(error)).strip().partition("\n")[0].rstrip(" :.")
    reason = _PATH.sub(r"\1", text) or "it gives no reason"
    remedy = f"; {_REMEDIES[kind]}" if kind in _REMEDIES else ""
    return f"{place}{kind}: {reason}{remedy}"


def _place(error: BaseException) -> str:
    """Return the last line of the user's code that an exception, or its cause, names."""
    places = [*_lines_of_others(_FILE.findall(str(error)))]  # TorchScript writes it in the text
    cause: BaseException | None = error
    while cause is not None:
        places += _lines_of_others(_frames(cause.__traceback__))
        cause = cause.__cause__
    return places[-1] if places else ""


def _frames(trace: TracebackType | None) -> Iterator[tuple[str, int]]:
    """Yield files and lines from the first call of torch on; before it stands the caller's."""
    calls = ((frame.f_code.co_filename, number) for frame, number in traceback.walk_tb(trace))
    return itertools.dropwhile(lambda call: not Path(call[0]).is_relative_to(_TORCH), calls)


def _lines_of_others(places: Iterable[tuple[str, str | int]]) -> Iterator[str]:
    """Yield the lines that are neither torch's nor this package's."""
    for name, number in places:
        file = Path(name)
        ours = file.is_relative_to(_TORCH) or file.is_relative_to(_PACKAGE)
        if file.is_file() and not ours:
            line = linecache.getline(name, int(number)).strip()
            yield f"at {line!r} ({file.name}, line {number}): "
