"""Rules for leftovers of training: dropout that drops, batch statistics, optimizers.

Standard library only.
"""

from collections.abc import Iterator

from ...onnx_format.model import Node
from ...onnx_format.scopes import Scope, given, named
from ..finding import Finding, Rule
from ..subject import Subject

DROPOUT = Rule(
    "dropout",
    "With training_mode it sets numbers to zero at random, without it does nothing. ONNX Runtime's "
    "optimizer removes most such nodes, but none beside an input or output: what comes out depends "
    "on the reader and its settings.",
    "Call module.eval() before the export.",
)
BATCH_NORMALIZATION = Rule(
    "batch-normalization",
    "In training mode it takes mean and variance from the batch: a sentence gives other outputs "
    "beside other sentences.",
    "Call module.eval() before the export.",
)
RANDOM = Rule(
    "random",
    "The node draws random numbers: the same input gives other outputs each time.",
    "Call module.eval() before the export; sample in the app, not in the graph.",
)
TRAINING_OPERATOR = Rule(
    "training-operator",
    "Gradients and optimizers belong to training; ONNX Runtime's packages for inference lack them.",
    "Export the module in evaluation mode, not the training step.",
)
TRAINING_GRAPH = Rule(
    "training-graph",
    "The file holds a training graph beside the model: nothing at run time reads it.",
    "Export the module in evaluation mode.",
)
RULES = (DROPOUT, BATCH_NORMALIZATION, RANDOM, TRAINING_OPERATOR, TRAINING_GRAPH)

_RANDOM = (
    *("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"),
    *("Bernoulli", "Multinomial"),
)
_DOMAINS = ("ai.onnx.preview.training", "ai.onnx.training")


def find(subject: Subject) -> Iterator[Finding]:
    """Yield the findings for every node, and for a training graph in the file."""
    for scope, node in subject.nodes():
        place = named(node) + scope.place
        if node.operator == "Dropout":
            yield from _dropout(node, scope, place)
        elif node.operator == "BatchNormalization":
            yield from _batch_normalization(node, place)
        elif node.operator in _RANDOM:
            yield RANDOM.finding("warning", place, "random numbers")
        if node.domain in _DOMAINS or (node.domain and node.operator.endswith("Grad")):
            yield TRAINING_OPERATOR.finding("error", place, f"{node.operator} of {node.domain!r}")
    if subject.model.training:
        yield TRAINING_GRAPH.finding("warning", "model", f"{subject.model.training} of them")


def _dropout(node: Node, scope: Scope, place: str) -> Iterator[Finding]:
    ratio = scope.weight(given(node, 1)) if given(node, 1) else None
    if ratio is not None and ratio.is_zero:
        return
    mode = given(node, 2)
    if not mode:
        yield DROPOUT.finding("note", place, "no training_mode, so without effect")
        return
    value = scope.integers(mode)
    if value is None:
        yield DROPOUT.finding("warning", place, f"training_mode is the value {mode!r}")
    elif any(value):
        yield DROPOUT.finding("error", place, "training_mode is true")


def _batch_normalization(node: Node, place: str) -> Iterator[Finding]:
    if node.integer("training_mode", 0):
        yield BATCH_NORMALIZATION.finding("error", place, "training_mode is 1")
    elif len([name for name in node.outputs if name]) > 1:
        found = "it returns the statistics of the batch, as in training"
        yield BATCH_NORMALIZATION.finding("warning", place, found)
