"""The recurrence of the model's GRUs over whole sentences, for training.

It computes the same as ``EncoderRNN`` and ``DecoderRNN`` called step by step, with fewer calls: the
inputs' half of the products is one product for all steps. A test holds it against them.

Source:
    The GRU's equations as in the documentation of ``torch.nn.GRU``, gates in its order
    (reset, update, new).
"""

import torch
from torch import Tensor, nn


def unroll(gru: nn.GRU, inputs: Tensor, hidden: Tensor, applications: int = 1) -> Tensor:
    """Apply a GRU over a sequence, ``applications`` times in a row at each step.

    As in the tutorial's decoder, the first application of a step reads the step's input, each
    further one reads the ReLU of the hidden state that the one before left.

    Args:
        gru: one layer, one direction, with biases.
        inputs: ``float32[T, B, I]``.
        hidden: ``float32[1, B, H]``; I = H if there is more than one application.
        applications: at least 1.

    Returns:
        ``float32[T, B, H]``, the hidden state after each step.
    """
    if applications == 1:
        states: Tensor = gru(inputs, hidden)[0]
        return states
    weight, bias = gru.get_parameter("weight_ih_l0"), gru.get_parameter("bias_ih_l0")
    after = []
    for of_step in nn.functional.linear(inputs, weight, bias):  # [T, B, I] -> [T, B, 3H]
        hidden = gru_cell(gru, of_step, hidden)
        for _ in range(applications - 1):
            of_state = torch.addmm(bias, hidden[0].relu(), weight.T)
            hidden = gru_cell(gru, of_state, hidden)
        after.append(hidden)
    return torch.cat(after)


def gru_cell(gru: nn.GRU, of_input: Tensor, hidden: Tensor) -> Tensor:
    """Apply a GRU once.

    Args:
        gru: as for ``unroll``.
        of_input: ``float32[B, 3H]``, the input's half of the products, biases included.
        hidden: ``float32[1, B, H]``.

    Returns:
        ``float32[1, B, H]``, the next hidden state.
    """
    weight, bias = gru.get_parameter("weight_hh_l0"), gru.get_parameter("bias_hh_l0")
    [before] = hidden
    of_state = torch.addmm(bias, before, weight.T)
    sizes = [2 * before.shape[1], before.shape[1]]
    i_rz, i_n = torch.split(of_input, sizes, dim=1)
    h_rz, h_n = torch.split(of_state, sizes, dim=1)
    reset, update = (i_rz + h_rz).sigmoid_().chunk(2, dim=1)
    new = torch.addcmul(i_n, reset, h_n).tanh_()
    return torch.lerp(new, before, update).unsqueeze(0)
