"""PyTorch modules, eager or TorchScript, as the steps of the greedy loop.

Evaluation decodes through it, and export compares the exported graphs with it.
"""

import numpy as np
import torch
from torch import Tensor, nn

from s2s_export.greedy import FloatArray, GreedyOptions, State, TokenIds
from s2s_export.vocabulary import EOS, SOS

from .step_tensors import StepTensors


class TorchEncoderStep:
    """An encoder module as ``greedy.EncoderStep``: numpy in, numpy out."""

    def __init__(self, module: nn.Module, tensors: StepTensors) -> None:
        """Take a module, eager or TorchScript, and what its ``forward`` is given and returns."""
        self._step = _Step(module, tensors)

    def __call__(self, tokens: TokenIds, state: State) -> tuple[State, State]:
        """Run the module once; see ``greedy.EncoderStep``."""
        found = self._step.run(tokens, state)
        changed = {name: found.pop(name) for name in self._step.given if name in found}
        return changed, found


class TorchDecoderStep:
    """A decoder module as ``greedy.DecoderStep``: numpy in, numpy out."""

    def __init__(self, module: nn.Module, tensors: StepTensors) -> None:
        """Take a module, eager or TorchScript, and what its ``forward`` is given and returns."""
        self._step = _Step(module, tensors)

    def __call__(self, token: TokenIds, state: State) -> tuple[FloatArray, State]:
        """Run the module once; see ``greedy.DecoderStep``."""
        found = self._step.run(token, state)
        return found.pop("log_probs"), found


class _Step:
    """A module whose arguments and results have names."""

    def __init__(self, module: nn.Module, tensors: StepTensors) -> None:
        self.given = tuple(tensors.given)
        self._returned = tuple(tensors.returned)
        self._module = module
        self._device = next(module.parameters()).device

    @torch.inference_mode()
    def run(self, tokens: TokenIds, state: State) -> dict[str, FloatArray]:
        arguments = (torch.tensor(state[name], device=self._device) for name in self.given)
        found = self._module(torch.from_numpy(tokens).to(self._device), *arguments)
        outputs = (found,) if isinstance(found, Tensor) else found
        arrays = (output.cpu().numpy() for output in outputs)
        return dict(zip(self._returned, arrays, strict=True))


def greedy_options(hidden_size: int, max_length: int) -> GreedyOptions:
    """Return what the loop needs to decode with these modules.

    Args:
        hidden_size: units of the hidden state.
        max_length: the most tokens to decode, EOS included.
    """
    zeros = np.zeros((1, 1, hidden_size), dtype=np.float32)
    return GreedyOptions(initial_state={"hidden": zeros}, sos=SOS, eos=EOS, max_length=max_length)
