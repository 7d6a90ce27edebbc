"""Rules for GRU, LSTM and RNN nodes: do they calculate what PyTorch's modules do?

Standard library only.

Source:
    onnx.ai/onnx/operators: GRU, LSTM, RNN. What ONNX Runtime does with each was tried with 1.31.1;
    tests/torch_side/check tries it again.
"""

from collections.abc import Iterator

from ...onnx_format.model import Node
from ...onnx_format.scopes import Scope, given, named
from ..finding import Finding, Rule, Severity
from ..subject import RECURRENT, Subject

GRU_VARIANT = Rule(
    "gru-variant",
    "PyTorch's GRU multiplies the reset gate in after the linear map, ONNX's default before it. "
    "The file is valid and its outputs are off by about 0.1; onnxscript 0.5.7 to 0.7.0 wrote such "
    "files (pytorch#189225).",
    "Export again with onnxscript 0.7.1 or newer, or set linear_before_reset to 1. It is right "
    "only for a model that was trained so: Keras with reset_after=False, Cho 2014.",
)
ACTIVATIONS = Rule(
    "activations",
    "PyTorch's modules have Sigmoid and Tanh (RNN also Relu); with others the numbers differ.",
    "Compare the outputs with the original model's, or export again.",
)
CLIP = Rule(
    "clip",
    "Numbers inside the cell are cut off at this value; PyTorch's modules cut nothing off.",
    "Compare the outputs with the original model's, or export again.",
)
INPUT_FORGET = Rule(
    "input-forget",
    "The input gate is calculated from the forget gate; PyTorch's LSTM has two gates.",
    "Compare the outputs with the original model's, or export again.",
)
PEEPHOLES = Rule(
    "peepholes",
    "The gates look at the cell state; those of PyTorch's LSTM do not.",
    "Compare the outputs with the original model's, or export again.",
)
LAYOUT = Rule(
    "layout",
    "ONNX Runtime refuses layout 1 (batch first) on the CPU.",
    "Export again with layout 0 and a Transpose before and after the node, as PyTorch does.",
)
DIRECTION = Rule(
    "direction",
    "A recurrence that reads backwards begins with the last token: a sentence that is cut into "
    "stretches gives other numbers, and so does padding that is not masked.",
    "Run it on whole sentences, those of one length together (reads='sentence' in an EncoderSpec).",
)
LENGTHS = Rule(
    "sequence-lengths",
    "The recurrence stops at each sentence's length, as after pack_padded_sequence; outputs behind "
    "the end are zeros. Constant lengths are those of the example of the export.",
    "Give the true lengths with each batch; if they are constants, export again with lengths as an "
    "input. Sentences of one length in a batch need none.",
)
RULES = (GRU_VARIANT, ACTIVATIONS, CLIP, INPUT_FORGET, PEEPHOLES, LAYOUT, DIRECTION, LENGTHS)

_BOTH_VARIANTS = ("tf2onnx", "keras2onnx")
"""Converters from Keras, whose GRU comes in both variants."""

_ACTIVATIONS = {
    "GRU": (("sigmoid", "tanh"),),
    "LSTM": (("sigmoid", "tanh", "tanh"),),
    "RNN": (("tanh",), ("relu",)),
}
"""Those of PyTorch's modules, for one direction. ONNX Runtime does not mind upper or lower case."""


def find(subject: Subject) -> Iterator[Finding]:
    """Yield the findings for recurrent nodes, those in bodies and functions included."""
    for scope, node in subject.standard_nodes(*RECURRENT):
        place = named(node) + scope.place
        if node.operator == "GRU":
            yield from _gru_variant(node, place, subject.model.producer)
        yield from _activations(node, place)
        yield from _attributes(node, place)
        yield from _inputs(node, scope, place)


def _gru_variant(node: Node, place: str, producer: str) -> Iterator[Finding]:
    is_missing = "linear_before_reset" not in node.attributes
    if is_missing or node.attributes["linear_before_reset"] == 0:
        severity: Severity = "warning" if producer.startswith(_BOTH_VARIANTS) else "error"
        found = "missing, so 0" if is_missing else "0"
        yield GRU_VARIANT.finding(severity, place, f"linear_before_reset is {found}")


def _activations(node: Node, place: str) -> Iterator[Finding]:
    directions = 2 if node.text("direction", "forward") == "bidirectional" else 1
    usual = [one * directions for one in _ACTIVATIONS[node.operator]]
    activations = node.attributes.get("activations")
    names = tuple(map(str, activations)) if isinstance(activations, tuple) else ()
    if names and tuple(map(str.lower, names)) not in usual:
        yield ACTIVATIONS.finding("warning", place, f"activations are {', '.join(names)}")
        return
    for name in ("activation_alpha", "activation_beta"):
        if node.attributes.get(name):
            found = f"{name} is {node.attributes[name]}, without effect on these activations"
            yield ACTIVATIONS.finding("note", place, found)


def _attributes(node: Node, place: str) -> Iterator[Finding]:
    clip = node.attributes.get("clip")
    if isinstance(clip, int | float):
        refused = "" if clip > 0 else ", which ONNX Runtime refuses"
        severity: Severity = "error" if refused else "warning"
        yield CLIP.finding(severity, place, f"clip is {clip:g}{refused}")
    if node.operator == "LSTM" and node.integer("input_forget", 0):
        yield INPUT_FORGET.finding("warning", place, "input_forget is 1")
    if node.integer("layout", 0):
        yield LAYOUT.finding("error", place, f"layout is {node.integer('layout', 0)}")
    direction = node.text("direction", "forward")
    if direction != "forward":
        yield DIRECTION.finding("note", place, f"direction is {direction}")


def _inputs(node: Node, scope: Scope, place: str) -> Iterator[Finding]:
    peepholes = given(node, 7) if node.operator == "LSTM" else ""
    if peepholes:
        weight = scope.weight(peepholes)
        if weight is None or not weight.is_zero:
            yield PEEPHOLES.finding("warning", place, f"peephole weights {peepholes!r}")
    lengths = given(node, 4)
    if lengths:
        constant = scope.integers(lengths)
        if constant is None:
            yield LENGTHS.finding("note", place, f"lengths are given as {lengths!r}")
        else:
            yield LENGTHS.finding("error", place, f"lengths are always {list(constant)}")
