"""Rules for operators: where they are defined, and whether the graph hangs together.

Standard library only.
"""

from collections.abc import Iterator

from ...onnx_format.scopes import STANDARD_DOMAINS, Scope, named
from ..finding import Finding, Rule, Severity
from ..subject import Subject

OPSET_MISSING = Rule(
    "opset-missing",
    "The file does not say which version of the operator set its nodes are of, so no reader can "
    "tell what they calculate.",
    "Export again; a tool that edits graphs must add the opset_import of each domain that it uses.",
)
CUSTOM_DOMAIN = Rule(
    "custom-domain",
    "The operator is not one of ONNX's: other runtimes do not have it, nor has ONNX Runtime unless "
    "it is its own (com.microsoft) or a library is registered for it.",
    "Export again with standard operators alone; save the graph before ONNX Runtime optimizes it.",
)
BROKEN_LINK = Rule(
    "broken-link",
    "A value that a node reads or the graph returns is made by nobody, or by two: the file is "
    "damaged, and ONNX Runtime refuses it.",
    "Copy or download the file again, or export again.",
)
ORDER = Rule(
    "order",
    "A node stands before the one that makes its input. ONNX Runtime sorts them; the ONNX checker "
    "and other readers refuse the file.",
    "Sort the nodes, or export again.",
)
RULES = (OPSET_MISSING, CUSTOM_DOMAIN, BROKEN_LINK, ORDER)

_OF_ONNX_RUNTIME = ("com.microsoft", "com.microsoft.nchwc", "com.microsoft.experimental")
_OF_ONNX = ("ai.onnx.ml", "ai.onnx.preview.training", "ai.onnx.training")
"""The last two are ``training``'s business."""


def find(subject: Subject) -> Iterator[Finding]:
    """Yield the findings for the domains of all nodes, and the links of every graph."""
    yield from _domains(subject)
    for scope in subject.scopes:
        yield from _links(scope)


def _domains(subject: Subject) -> Iterator[Finding]:
    opsets = {*subject.model.opsets}
    for function in subject.model.functions:
        opsets |= {*function.opsets}
    own = {(function.domain, function.name) for function in subject.model.functions}
    seen: set[tuple[str, str]] = set()
    for scope, node in subject.nodes():
        domain = "" if node.domain in STANDARD_DOMAINS else node.domain
        is_imported = domain in opsets or (domain == "" and "ai.onnx" in opsets)
        if (domain, node.operator) in seen or (domain, node.operator) in own:
            continue
        seen.add((domain, node.operator))
        place, found = named(node) + scope.place, f"domain {domain or 'ai.onnx'!r}"
        if not is_imported:
            severity: Severity = "warning" if domain in _OF_ONNX_RUNTIME else "error"
            yield OPSET_MISSING.finding(severity, place, found)
        if domain in _OF_ONNX_RUNTIME:
            yield CUSTOM_DOMAIN.finding("warning", place, f"{found}, ONNX Runtime's own")
        elif domain and domain not in _OF_ONNX:
            yield CUSTOM_DOMAIN.finding("error", place, f"{found}, which the file does not define")


def _links(scope: Scope) -> Iterator[Finding]:
    known = {"", *scope.weights, *(value.name for value in scope.graph.inputs)}
    around = scope.outer
    while around is not None:
        known |= {*around.weights, *around.makers, *(v.name for v in around.graph.inputs)}
        around = around.outer
    for node in scope.graph.nodes:
        place = named(node) + scope.place
        for name in node.inputs:
            if name not in known and name in scope.makers:
                yield ORDER.finding("warning", place, f"{name!r} is made further down")
            elif name not in known:
                yield BROKEN_LINK.finding("error", place, f"{name!r} is made by nobody")
        for name in filter(None, node.outputs):
            if scope.makers[name] is not node:
                yield BROKEN_LINK.finding("error", place, f"{name!r} is made twice")
        known |= {*node.outputs}
    for value in scope.graph.outputs:
        if value.name not in known:
            place = f"output {value.name!r}{scope.place}"
            yield BROKEN_LINK.finding("error", place, "it is made by nobody")
