"""A fault that a comparison must see: gates in a wrong order."""

import torch
from torch import nn


def swap_gates(module: nn.Module) -> None:
    """Exchange the first two gates of the weights of each recurrence's state."""
    for part in module.modules():
        if isinstance(part, nn.RNNBase | nn.RNNCellBase):
            for name, weight in part.named_parameters():
                if name.startswith("weight_hh"):
                    gates = weight.detach().chunk(len(weight) // part.hidden_size)
                    weight.data = torch.cat([gates[1], gates[0], *gates[2:]])
