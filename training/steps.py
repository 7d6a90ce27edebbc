"""PyTorch modules, eager or TorchScript, as the steps of the greedy loop.

Evaluation decodes through it, and export compares the exported graphs with it.
"""

import numpy as np
import torch
from torch import Tensor, nn

from s2s_export.greedy import FloatArray, GreedyOptions, State, TokenIds
from s2s_export.vocabulary import EOS, SOS


class TorchEncoderStep:
    """An encoder module as ``greedy.EncoderStep``: numpy in, numpy out."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._device = _device_of(module)

    @torch.inference_mode()
    def __call__(self, tokens: TokenIds, state: State) -> State:
        """Run the module once; see ``greedy.EncoderStep``."""
        hidden = self._module(
            torch.from_numpy(tokens).to(self._device),
            torch.tensor(state["hidden"], device=self._device),
        )
        return {"hidden": _to_numpy(hidden)}


class TorchDecoderStep:
    """A decoder module as ``greedy.DecoderStep``: numpy in, numpy out."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._device = _device_of(module)

    @torch.inference_mode()
    def __call__(self, token: TokenIds, state: State) -> tuple[FloatArray, State]:
        """Run the module once; see ``greedy.DecoderStep``."""
        log_probs, hidden = self._module(
            torch.from_numpy(token).to(self._device),
            torch.tensor(state["hidden"], device=self._device),
        )
        return _to_numpy(log_probs), {"hidden": _to_numpy(hidden)}


def greedy_options(hidden_size: int, max_length: int) -> GreedyOptions:
    """Return what the loop needs to decode with the tutorial's modules.

    Args:
        hidden_size: units of the hidden state.
        max_length: the most tokens to decode, EOS included.
    """
    zeros = np.zeros((1, 1, hidden_size), dtype=np.float32)
    return GreedyOptions(initial_state={"hidden": zeros}, sos=SOS, eos=EOS, max_length=max_length)


def _device_of(module: nn.Module) -> torch.device:
    return next(module.parameters()).device


def _to_numpy(tensor: Tensor) -> FloatArray:
    array: FloatArray = tensor.cpu().numpy()
    return array
