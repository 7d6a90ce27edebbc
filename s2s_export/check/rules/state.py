"""Rules for initial states: a decoder step must get its state as an input.

Standard library only.
"""

from collections.abc import Iterator

from ...onnx_format.model import Node
from ...onnx_format.scopes import Scope, given, named
from ..finding import Finding, Rule, Severity
from ..subject import RECURRENT, Subject

STATE_INSIDE = Rule(
    "state-inside",
    "Each call begins with this state: a decoder step forgets all that it has read, and an encoder "
    "step cannot go on in the middle of a sentence. It is right for an encoder that reads whole "
    "sentences.",
    "Make the state an input of forward and return the new one; the loop feeds it back, and begins "
    "with zeros.",
)
FROZEN_STATE = Rule(
    "frozen-state",
    "The state has the batch of the export's example, so other batches are refused.",
    "Make the state an input of forward, or of zeros in the size of the batch "
    "(torch.zeros(1, tokens.shape[1], size)), and export again.",
)
RULES = (STATE_INSIDE, FROZEN_STATE)

_STATES = {"GRU": ("initial_h",), "LSTM": ("initial_h", "initial_c"), "RNN": ("initial_h",)}
_FIRST_STATE = 5
"""Index of ``initial_h`` among a recurrence's inputs; ``initial_c`` follows."""

_ONLY_SIZES = ("Shape", "Size")
"""Operators whose outputs know nothing of their input but its sizes."""


def find(subject: Subject) -> Iterator[Finding]:
    """Yield the findings for the recurrent nodes of the graph; a body gets state of its own."""
    frozen = {id(clash.node): clash for clash in subject.shapes.clashes if clash.kind == "state"}
    main = subject.main
    for scope, node in subject.standard_nodes(*RECURRENT):
        if scope is not main:
            continue
        if id(node) in frozen:
            clash = frozen[id(node)]
            severity: Severity = "warning" if clash.only == 1 else "error"
            yield FROZEN_STATE.finding(severity, named(node), clash.found)
        made = [_made(node, i, main) for i in range(len(_STATES[node.operator]))]
        inside = [
            f"{name} {how}"
            for name, how in zip(_STATES[node.operator], made, strict=True)
            if how is not None
        ]
        if inside:
            length = (subject.shapes.of.get(given(node, 0)) or (None,))[0]
            severity = "error" if length == 1 else "warning"
            single = ", and the node reads one token a call" if length == 1 else ""
            yield STATE_INSIDE.finding(severity, named(node), ", ".join(inside) + single)


def _made(node: Node, index: int, scope: Scope) -> str | None:
    """Return how a state is made inside the graph; ``None`` if it comes from an input."""
    name = given(node, _FIRST_STATE + index)
    if not name:
        return "is missing, so zeros"
    if scope.weight(name) is not None:
        return f"is the constant {scope.original(name)!r}"
    maker = scope.makers.get(scope.original(name))
    if maker is None or _comes_from_input(name, scope):
        return None
    return f"is made by {named(maker)}"


def _comes_from_input(name: str, scope: Scope) -> bool:
    """Tell whether a value depends on the numbers of an input, and not on its sizes alone."""
    inputs = {value.name for value in scope.inputs}
    seen, waiting = {name}, [name]
    while waiting:
        value = waiting.pop()
        maker = scope.makers.get(value)
        if value in inputs or (maker is not None and maker.graphs):
            return True
        if maker is not None and maker.operator not in _ONLY_SIZES:
            new = {source for source in maker.inputs if source} - seen
            seen |= new
            waiting += new
    return False
