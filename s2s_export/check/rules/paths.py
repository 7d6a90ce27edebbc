"""The rule for local paths: what a file says about the machine that made it.

Standard library only.
"""

import re
from collections.abc import Iterator

from ...onnx_format.notes import Note
from ...onnx_format.scopes import named
from ..finding import Finding, Rule
from ..subject import Subject

LOCAL_PATH = Rule(
    "local-path",
    "A published file tells the folders, and often the name of the user, of the machine that made "
    "it; torch's dynamo exporter writes a stack trace beside each node.",
    "Clear metadata_props and doc_string of the model, the graph and its nodes before publishing.",
)
RULES = (LOCAL_PATH,)

_IN_TEXT = re.compile(
    r"""(?: (?<![\w./:~-]) (?: / [\w.+@-]{1,64} ){2,64} | \b[A-Za-z]:[\\/] [\w.+@\\/-]{2,256} )""",
    re.VERBOSE,
)
"""An absolute path of two parts or more; not the tail of an address or of a relative path."""
_HOMES = re.compile(r"(?:^|(?<=[\s'\"(]))/(?:home|Users|root|tmp|private|mnt|opt|var)/[\w.+@-]+/")
_DRIVES = re.compile(r"^[A-Za-z]:[\\/][\w.+@-]")
"""Names are judged by known folders alone: exporters name nodes ``/encoder/gru/GRU``."""

_STACK_TRACES = ("stack_trace", "traceback")


def find(subject: Subject) -> Iterator[Finding]:
    """Yield one finding for all notes that hold paths, one for names, one for other traces."""
    notes = [(place, note.key, note.text) for place, note in _notes(subject)]
    with_paths = [(place, key, m[0]) for place, key, text in notes if (m := _IN_TEXT.search(text))]
    if with_paths:
        place, key, path = with_paths[0]
        count = len(with_paths)
        more = f" and {count - 1:,} more" if count > 1 else ""
        yield LOCAL_PATH.finding("warning", place + more, f"{path!r} in {key}")
    traces = [(place, key) for place, key, _ in notes if any(t in key for t in _STACK_TRACES)]
    if traces and not with_paths:
        place, key = traces[0]
        yield LOCAL_PATH.finding("note", place, f"{key}, without an absolute path")
    for name in _names(subject):
        if _HOMES.search(name) or _DRIVES.search(name):
            yield LOCAL_PATH.finding("warning", "names", repr(name))
            return


def _notes(subject: Subject) -> Iterator[tuple[str, Note]]:
    for note in subject.model.notes:
        yield "model", note
    for scope in subject.scopes:
        graph = scope.graph
        yield from ((f"graph{scope.place}", note) for note in graph.notes)
        for value in (*graph.inputs, *graph.outputs, *graph.declared):
            yield from ((f"value {value.name!r}{scope.place}", note) for note in value.notes)
        for tensor in graph.weights:
            yield from ((f"weight {tensor.name!r}{scope.place}", note) for note in tensor.notes)
        for node in graph.nodes:
            yield from ((named(node) + scope.place, note) for note in node.notes)


def _names(subject: Subject) -> Iterator[str]:
    for scope in subject.scopes:
        for node in scope.graph.nodes:
            yield from (node.name, *node.outputs)
        yield from (tensor.name for tensor in scope.graph.weights)
        yield from (value.name for value in scope.inputs)
