"""The rules that the specifications of two steps keep, so that the loop can run them.

The manifest's reader applies them to files, the exporter to modules. Standard library only, beside
the specifications.
"""

import math
from collections.abc import Iterable

from ..errors import SpecError
from .steps import LARGEST_SIZE, NEXT, DecoderSpec, EncoderSpec, StepSpec, TensorSpec


def check_specs(encoder: EncoderSpec, decoder: DecoderSpec) -> None:
    """Check two specifications, and that the one supplies the state of the other.

    Raises:
        SpecError: a rule is broken; the message names the tensor and the expected form.
    """
    _require(encoder.reads in ("tokens", "sentence"), "encoder.reads", "tokens or sentence")
    _check_inputs(encoder, "encoder", tokens=("T", "B"), varying=None)
    _check_outputs(encoder, "encoder", encoder.outputs, varying="T")
    _check_inputs(decoder, "decoder", tokens=("B",), varying="S")
    _require(
        len(decoder.outputs) > 0 and _is_log_probs(decoder.outputs[0]),
        "decoder.outputs",
        "log_probs float32[B, V] first",
    )
    _check_outputs(decoder, "decoder", decoder.outputs[1:], varying="S")
    supplied = encoder.supplies()
    for spec in decoder.state:
        where = f"decoder.inputs: {spec.name}"
        if spec.name in supplied:
            shape = supplied[spec.name]
            _require(spec.shape == shape, where, f"float32[{_listed(shape)}], as the encoder's")
        else:
            _require("S" not in spec.shape, where, "an output of the encoder, float32[T, B, …]")


def listed(specs: Iterable[TensorSpec]) -> str:
    """Return specifications in a line, for messages."""
    return ", ".join(map(str, specs))


def _check_inputs(spec: StepSpec, step: str, tokens: tuple[str, ...], varying: str | None) -> None:
    where = f"{step}.inputs"
    _require(len(spec.inputs) > 0, where, "token ids first")
    first = spec.inputs[0]
    _require(
        (first.dtype, first.shape) == ("int64", tokens),
        f"{where}: {first.name}",
        f"int64[{_listed(tokens)}]",
    )
    for tensor in spec.state:
        _require(_is_state(tensor, varying), f"{where}: {tensor.name}", _form("n", varying))
    names = [tensor.name for tensor in (*spec.inputs, *spec.outputs)]
    _require(len(set(names)) == len(names), step, "each name once")


def _check_outputs(
    spec: StepSpec, step: str, outputs: tuple[TensorSpec, ...], varying: str
) -> None:
    replacing = {f"{NEXT}{tensor.name}": tensor for tensor in spec.state}
    for output in outputs:
        where = f"{step}.outputs: {output.name}"
        replaced = replacing.get(output.name)
        if replaced is not None:
            same = (output.dtype, output.shape) == (replaced.dtype, replaced.shape)
            _require(same, where, f"{replaced.dtype}[{_listed(replaced.shape)}]")
        else:
            _require(not output.name.startswith(NEXT), where, "a state tensor of that name")
            _require(_is_state(output, varying), where, _form("n", varying))


def _is_log_probs(spec: TensorSpec) -> bool:
    return (spec.name, spec.dtype, spec.shape[:1]) == ("log_probs", "float32", ("B",)) and (
        len(spec.shape) == 2 and isinstance(spec.shape[1], int) and spec.shape[1] >= 1
    )


def _is_state(spec: TensorSpec, varying: str | None) -> bool:
    """Tell whether it is ``float32[n, B, …]``, of which the first may be the axis ``varying``."""
    if spec.dtype != "float32" or len(spec.shape) < 2 or spec.shape[1] != "B":
        return False
    first, _, *rest = spec.shape
    sizes = [1 if varying is not None and first == varying else first, *rest]
    return (
        all(isinstance(size, int) and size >= 1 for size in sizes)
        and math.prod(map(int, sizes)) <= LARGEST_SIZE
    )


def _form(first: str, varying: str | None) -> str:
    other = f" or float32[{varying}, B, …]" if varying else ""
    return f"float32[{first}, B, …]{other} of fixed sizes"


def _listed(shape: Iterable[int | str]) -> str:
    return ", ".join(map(str, shape))


def _require(holds: bool, where: str, expected: str) -> None:
    if not holds:
        raise SpecError(f"{where}: expected {expected}")
