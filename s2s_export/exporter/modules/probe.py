"""Probe: a user's module, run on small inputs, whose outputs are held to the specification.

Part of the torch side: ``check`` runs the rules of a step with it. Messages speak of the module's
``forward``, before any tool has seen it.
"""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ...decoding.contract import listed
from ...decoding.steps import NEXT, Shape, StepSpec, TensorSpec
from ...errors import ModuleError
from . import tool_failures

Named = Mapping[str, Tensor]
"""Tensors by the names of the specification."""


@dataclass(frozen=True)
class Probe:
    """A module and what is needed to run it.

    Attributes:
        name: ``encoder`` or ``decoder``.
        module: in evaluation mode.
        spec: of its ``forward``.
        ids: ``int64[V]``, the token ids that it must take.
    """

    name: str
    module: nn.Module
    spec: StepSpec
    ids: Tensor

    def tokens(self, *shape: int) -> Tensor:
        """Return ``int64[shape]``: the largest id, then random ones, the same for each shape."""
        generator = torch.Generator().manual_seed(0)
        places = torch.randint(0, len(self.ids), shape, generator=generator)
        tokens = self.ids[places]
        tokens.view(-1)[0] = self.ids.max()
        return tokens

    def zeros(self, specs: Sequence[TensorSpec], rows: int) -> Named:
        """Return state tensors for so many rows."""
        return {spec.name: torch.zeros(_sizes(spec.shape, {"B": rows})) for spec in specs}

    def require_usable(self) -> None:
        """Check what can be seen without a run: the weights, and the inputs of ``forward``.

        Raises:
            ModuleError: a weight is not float32 on the CPU, or ``forward`` has other inputs.
        """
        for name, tensor in (*self.module.named_parameters(), *self.module.named_buffers()):
            if tensor.device.type != "cpu":
                raise ModuleError(
                    f"{self.name}: the weight {name} is on the device {tensor.device}; call "
                    ".cpu() on the module first"
                )
            if tensor.is_floating_point() and tensor.dtype != torch.float32:
                raise ModuleError(
                    f"{self.name}: the weight {name} is {_dtype(tensor)}, expected float32; call "
                    ".float() on the module first"
                )
        self._require_inputs()

    def _require_inputs(self) -> None:
        parameters = inspect.signature(self.module.forward).parameters.values()
        given = listed(self.spec.inputs)
        if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
            raise ModuleError(
                f"{self.name}: forward takes any number of inputs (*…), which the tools refuse; "
                f"write them out: {given}"
            )
        taken = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        needed = [p for p in taken if p.default is p.empty]
        if not len(needed) <= len(self.spec.inputs) <= len(taken):
            raise ModuleError(
                f"{self.name}: forward takes ({', '.join(p.name for p in taken)}), the "
                f"specification gives it {len(self.spec.inputs)}: {given}"
            )

    def run(self, tokens: Tensor, state: Named) -> Named:
        """Run the module once and hold its outputs to the specification.

        Raises:
            ModuleError: ``forward`` fails, or an output is not as specified; the message names it.
        """
        inputs = (tokens, *(state[spec.name] for spec in self.spec.state))
        try:
            returned = self.module(*inputs)
        except Exception as error:
            raise ModuleError(
                f"{self.name}: forward fails for {self._described(inputs)}: "
                f"{tool_failures.sentence(error)}{self._reason(error, inputs)}"
            ) from error
        outputs = self._as_tuple(returned)
        sizes = {
            axis: size
            for spec, tensor in zip(self.spec.inputs, inputs, strict=True)
            for axis, size in zip(spec.shape, tensor.shape, strict=True)
            if isinstance(axis, str)
        }
        for spec, output in zip(self.spec.outputs, outputs, strict=True):
            self._require_output(spec, output, _sizes(spec.shape, sizes))
        return {spec.name: output for spec, output in zip(self.spec.outputs, outputs, strict=True)}

    def as_state(self, outputs: Named) -> Named:
        """Return outputs under the names of the state that they become."""
        return dict(zip(self.spec.output_names, outputs.values(), strict=True))

    def _as_tuple(self, returned: object) -> tuple[Tensor, ...]:
        outputs = (returned,) if isinstance(returned, Tensor) else returned
        expected = f"a tuple of {len(self.spec.outputs)} tensors: {listed(self.spec.outputs)}"
        if not isinstance(outputs, tuple):
            raise ModuleError(
                f"{self.name}: forward returns a {type(returned).__name__}, expected {expected}"
            )
        for index, output in enumerate(outputs):
            if not isinstance(output, Tensor):
                raise ModuleError(
                    f"{self.name}: output {index} of forward is a {type(output).__name__}, "
                    f"expected {expected}; return hidden and cell side by side, not as a pair"
                )
        if len(outputs) != len(self.spec.outputs):
            missing = [t.name for t in self.spec.outputs[len(outputs) :]]
            promised = [name for name in missing if name.startswith(NEXT)]
            remedy = f"; return the new state as {', '.join(promised)}" if promised else ""
            raise ModuleError(
                f"{self.name}: forward returns {len(outputs)}, expected {expected}{remedy}"
            )
        return outputs

    def _require_output(self, spec: TensorSpec, output: Tensor, shape: list[int]) -> None:
        if output.dtype != torch.float32:
            raise ModuleError(
                f"{self.name}: {spec.name} is {_dtype(output)}, expected {spec}; return it with "
                ".float()"
            )
        found = [*output.shape]
        if found != shape:
            raise ModuleError(
                f"{self.name}: {spec.name} has the shape {found}, expected {shape} ({spec})"
                f"{_remedy(found, shape)}"
            )
        if not output.isfinite().all():
            raise ModuleError(
                f"{self.name}: {spec.name} holds NaN or infinity; for a token that must never be "
                "chosen, -1e4 will do"
            )

    def _reason(self, error: Exception, inputs: Sequence[Tensor]) -> str:
        """Return what else tells why ``forward`` fails, as an end of the sentence."""
        tokens, *state = inputs
        largest = int(self.ids.max())
        if isinstance(error, IndexError) and self._runs(torch.zeros_like(tokens), *state):
            sizes = [
                f"{name or 'the module'} has {part.num_embeddings} rows"
                for name, part in self.module.named_modules()
                if isinstance(part, nn.Embedding) and part.num_embeddings <= largest
            ]
            return (
                f"; the vocabulary has ids up to {largest}, but {', '.join(sizes) or 'no row'}: "
                "give the vocabulary that the model was trained with"
            )
        batch = self.spec.inputs[0].shape.index("B")
        first = [tokens.narrow(batch, 0, 1), *(tensor[:, :1] for tensor in state)]
        if tokens.shape[batch] > 1 and self._runs(*first):
            return "; it takes one sentence alone: write -1 for the batch in view and reshape"
        twice = [torch.cat([first[0]] * 2, batch), *(torch.cat([t] * 2, 1) for t in first[1:])]
        if tokens.shape[batch] == 1 and self._runs(*twice):
            return "; it takes several sentences alone: compute nothing over the batch"
        return ""

    def _runs(self, *inputs: Tensor) -> bool:
        try:
            self.module(*inputs)
        except Exception:
            return False
        return True

    def _described(self, inputs: Sequence[Tensor]) -> str:
        pairs = zip(self.spec.inputs, inputs, strict=True)
        return ", ".join(f"{spec.name} {spec.dtype}{[*tensor.shape]}" for spec, tensor in pairs)


def require_module(name: str, module: object) -> None:
    """Check that an object is a module in Python.

    Raises:
        ModuleError: it is a function, or compiled.
    """
    if not isinstance(module, nn.Module) or isinstance(module, torch.jit.ScriptModule):
        raise ModuleError(
            f"{name}: expected an nn.Module in Python, found {type(module).__name__}; give the "
            "module itself, neither a function nor compiled"
        )


def _remedy(found: list[int], shape: list[int]) -> str:
    """Return what to do about a shape that people often have, as an end of the sentence."""
    if found == [*shape[1::-1], *shape[2:]]:
        return "; its batch is on axis 0: return it with .transpose(0, 1)"
    if [1, *found] == shape:
        return "; a state has an axis of layers before the batch: return it with .unsqueeze(0)"
    if found == [1, *shape] or found == [shape[0], 1, *shape[1:]]:
        return f"; take the axis of one token off with .squeeze({found.index(1)})"
    return ""


def _sizes(shape: Shape, sizes: Mapping[str, int]) -> list[int]:
    return [sizes[axis] if isinstance(axis, str) else axis for axis in shape]


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
