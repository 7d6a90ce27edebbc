"""Rules for control flow: a recurrence as a loop of its parts, or unrolled.

Standard library only.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ...onnx_format.model import Graph, Node
from ...onnx_format.scopes import Scope, given, named
from ..finding import Finding, Rule
from ..subject import RECURRENT, Subject

LOOP = Rule(
    "loop",
    "A recurrence as a loop of its parts takes about twice the time of a GRU node for a single "
    "sentence, and hides from this check. An int8 recurrence has to be one: ONNX Runtime has no "
    "quantized GRU.",
    "Use nn.GRU or nn.LSTM in the module instead of a loop over cells; for a decoder, export one "
    "step and leave the loop to the app.",
)
BRANCH = Rule(
    "branch",
    "Which branch runs depends on the input; nobody compared both with the original model unless "
    "the samples took both.",
    "Compare on inputs that take each branch, or write the step without a condition.",
)
UNROLLED = Rule(
    "unrolled",
    "A Python loop over tokens or layers was traced: the graph holds its body once for each pass, "
    "so it reads or writes exactly as many tokens as the export's example.",
    "Use nn.GRU or nn.LSTM on the whole sequence; for a decoder, export one step and leave the "
    "loop to the app. If a layer is meant to be applied several times, all is well.",
)
NO_RECURRENCE = Rule(
    "no-recurrence",
    "There is neither a GRU, LSTM or RNN nor a loop, so nothing could be said about a recurrence.",
    "Nothing, if the step is written out by hand or is no recurrent one.",
)
RULES = (LOOP, BRANCH, UNROLLED, NO_RECURRENCE)

_LOOPS = ("Loop", "Scan")
_QUANTIZED = ("MatMulInteger", "QLinearMatMul", "DequantizeLinear", "DynamicQuantizeLinear")
_GATES = ("Sigmoid", "Tanh", *RECURRENT)
_PRODUCTS = ("MatMul", "Gemm", "MatMulInteger")
_PASSES = 3
"""Applications of a weight, each to what follows from the one before, that look like a traced loop.
Two are common: the tutorial's decoder applies its GRU twice."""
_MOST_WEIGHTS = 16
"""Weights that are followed, those with the most applications first."""


def find(subject: Subject) -> Iterator[Finding]:
    """Yield the findings for loops, branches and traced loops."""
    any_loop = False
    for scope, node in subject.standard_nodes(*_LOOPS):
        any_loop = True
        operators = {inner.operator for inner in _inner(node)}
        if operators & {*_GATES}:
            is_quantized = bool(operators & {*_QUANTIZED})
            found = f"a recurrence inside: {', '.join(sorted(operators & {*_GATES, *_PRODUCTS}))}"
            yield LOOP.finding(
                "note" if is_quantized else "warning",
                named(node) + scope.place,
                f"{found}, quantized" if is_quantized else found,
            )
    for scope, node in subject.standard_nodes("If"):
        yield BRANCH.finding("note", named(node) + scope.place, "two branches")
    unrolled = _unrolled(subject.main)
    if unrolled is not None:
        yield unrolled
    # A suffix: quantizers write operators such as DynamicQuantizeLSTM.
    is_recurrent = any(node.operator.endswith(RECURRENT) for _, node in subject.nodes())
    if not any_loop and unrolled is None and not is_recurrent:
        yield NO_RECURRENCE.finding("note", "graph", "no recurrence")


def _inner(node: Node) -> Iterator[Node]:
    """Yield the nodes inside of a node's graphs, at any depth."""
    waiting: list[Graph] = [graph for graphs in node.graphs.values() for graph in graphs]
    while waiting:
        for inner in waiting.pop().nodes:
            yield inner
            waiting += [graph for graphs in inner.graphs.values() for graph in graphs]


def _unrolled(scope: Scope) -> Finding | None:
    """Return a finding if some weight is applied again and again to its own results."""
    users: dict[str, list[Node]] = defaultdict(list)
    for node in scope.graph.nodes:
        for name in {scope.original(name) for name in _weight_inputs(node)}:
            if scope.weight(name) is not None:
                users[name].append(node)
    often = sorted(users.items(), key=lambda item: -len(item[1]))[:_MOST_WEIGHTS]
    for name, nodes in often:
        passes = _longest_chain(scope, nodes) if len(nodes) >= _PASSES else 0
        if passes >= _PASSES:
            found = f"applied {passes} times, each time to what follows from the time before"
            return UNROLLED.finding("warning", f"weight {name!r}", found)
    return None


def _weight_inputs(node: Node) -> Sequence[str]:
    """Return the inputs that are weights where a node applies some: a recurrence's is the third."""
    if node.operator in RECURRENT:
        return [given(node, 2)]
    return node.inputs[:2] if node.operator in _PRODUCTS else []


def _longest_chain(scope: Scope, nodes: Sequence[Node]) -> int:
    """Return how many of these nodes follow from each other, one after the other."""
    members = {id(node) for node in nodes}
    passes: dict[str, int] = {}
    for node in scope.graph.nodes:
        before = max((passes.get(name, 0) for name in node.inputs), default=0)
        for name in node.outputs:
            passes[name] = before + (id(node) in members)
    return max(passes.values(), default=0)
