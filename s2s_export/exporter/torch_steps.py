"""PyTorch modules, eager or TorchScript, as steps of the decoding loop.

Part of the exporter, which compares the exported graphs with them; training decodes through them.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..decoding.steps import (
    DecoderSpec,
    DecoderStep,
    EncoderSpec,
    EncoderStep,
    FloatArray,
    StepPair,
    StepSpec,
    TokenIds,
)
from ..errors import SpecError


def torch_steps(
    encoder: nn.Module,
    encoder_spec: EncoderSpec,
    decoder: nn.Module,
    decoder_spec: DecoderSpec,
    *,
    dtype: torch.dtype = torch.float32,
) -> StepPair:
    """Return two modules as steps; each ``forward`` follows its specification.

    Args:
        encoder: the encoder step, eager or TorchScript.
        encoder_spec: of its ``forward``.
        decoder: the decoder step, eager or TorchScript.
        decoder_spec: of its ``forward``.
        dtype: of the weights, and so of the state.
    """
    return StepPair(
        EncoderStep(encoder_spec, TorchRun(encoder, encoder_spec, dtype)),
        DecoderStep(decoder_spec, TorchRun(decoder, decoder_spec, dtype)),
    )


class TorchRun:
    """A module as ``steps.RunStep``: numpy in, numpy out."""

    def __init__(
        self, module: nn.Module, spec: StepSpec, dtype: torch.dtype = torch.float32
    ) -> None:
        self._module, self._spec, self._dtype = module, spec, dtype
        weight = next(module.parameters(), None)
        self._device = torch.device("cpu") if weight is None else weight.device

    @torch.inference_mode()
    def __call__(self, tokens: TokenIds, state: Sequence[FloatArray]) -> Sequence[FloatArray]:
        """Run the module once.

        Raises:
            SpecError: it returns another number of tensors than its specification says.
        """
        arguments = (torch.tensor(array, dtype=self._dtype, device=self._device) for array in state)
        outputs = as_tuple(self._module(torch.from_numpy(tokens).to(self._device), *arguments))
        if len(outputs) != len(self._spec.outputs):
            raise SpecError(
                f"forward returned {len(outputs)} tensors, the specification has "
                f"{len(self._spec.outputs)}: {', '.join(t.name for t in self._spec.outputs)}"
            )
        return [output.cpu().numpy() for output in outputs]


def as_tuple(outputs: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Return the outputs of a module as a tuple, also where it returns a single tensor."""
    return (outputs,) if isinstance(outputs, Tensor) else outputs


def dynamic_axes(spec: StepSpec) -> list[str]:
    """Return the names of the axes that vary, sorted."""
    axes = {axis for tensor in spec.inputs for axis in tensor.shape if isinstance(axis, str)}
    return sorted(axes)


def example_inputs(spec: StepSpec) -> tuple[Tensor, ...]:
    """Make inputs of a step, zeros, to trace its module with.

    An axis that varies is at least 2 long, or the exporter takes it for a constant; and no two are
    equally long, or it may take them for one.
    """
    sizes = {name: 2 + i for i, name in enumerate(dynamic_axes(spec))}
    return tuple(
        torch.zeros(
            [sizes[axis] if isinstance(axis, str) else axis for axis in tensor.shape],
            dtype=getattr(torch, tensor.dtype),
        )
        for tensor in spec.inputs
    )
