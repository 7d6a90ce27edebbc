"""The recurrence of the models' GRUs over whole sentences, differentiated by hand.

Only training uses it. It computes the same as ``EncoderRNN`` and ``DecoderRNN`` called step by
step, which a test checks. Its gain is in the backward pass: autograd adds a gradient of the full
weight matrices in each step; here one matrix product at the end makes it (docs/training.md has the
speed). With attention there is more than a product between two applications: that decoder uses
``gru_cell`` and autograd.

Source:
    The GRU's equations as in the documentation of ``torch.nn.GRU``, gates in its order
    (reset, update, new).
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


def unroll(gru: nn.GRU, inputs: Tensor, hidden: Tensor, applications: int = 1) -> Tensor:
    """Apply a GRU over a sequence, ``applications`` times in a row at each step.

    As in the tutorial's decoder, the first application of a step reads the step's input, and each
    further one the ReLU of the hidden state before it.

    Args:
        gru: one layer, one direction, with biases.
        inputs: ``float32[T, B, I]``.
        hidden: ``float32[1, B, H]``; I = H if there is more than one application.
        applications: at least 1.

    Returns:
        ``float32[T, B, H]``, the hidden state after each step.
    """
    w_ih, w_hh, b_ih, b_hh = (
        gru.get_parameter(name)
        for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    )
    from_inputs = nn.functional.linear(inputs, w_ih, b_ih)  # [T, B, I] -> [T, B, 3H]
    states: Tensor = _Unroll.apply(  # type: ignore[no-untyped-call]
        from_inputs, hidden[0], w_ih, w_hh, b_ih, b_hh, applications
    )
    return states


def gru_cell(gru: nn.GRU, of_input: Tensor, hidden: Tensor) -> Tensor:
    """Apply a GRU once, differentiated by autograd.

    Args:
        gru: as for ``unroll``.
        of_input: ``float32[B, 3H]``, the products of the input, biases included.
        hidden: ``float32[1, B, H]``.

    Returns:
        ``float32[1, B, H]``, the next hidden state.
    """
    weight, bias = gru.get_parameter("weight_hh_l0"), gru.get_parameter("bias_hh_l0")
    return _cell(of_input, torch.addmm(bias, hidden[0], weight.T), hidden[0])[0].unsqueeze(0)


_Gates = tuple[Tensor, Tensor, Tensor, Tensor]


def _cell(gi: Tensor, gh: Tensor, before: Tensor) -> tuple[Tensor, _Gates]:
    """Return the next state ``float32[B, H]``, and the gates.

    Args:
        gi: ``float32[B, 3H]``, the products of the input.
        gh: ``float32[B, 3H]``, the products of the hidden state.
        before: ``float32[B, H]``, the hidden state.
    """
    units = before.shape[1]
    i_rz, i_n = torch.split(gi, [2 * units, units], dim=1)
    h_rz, h_n = torch.split(gh, [2 * units, units], dim=1)
    reset, update = (i_rz + h_rz).sigmoid_().chunk(2, dim=1)
    new = torch.addcmul(i_n, reset, h_n).tanh_()
    return torch.lerp(new, before, update), (reset, update, new, h_n)


class _Unroll(torch.autograd.Function):
    """The steps of ``unroll``."""

    @staticmethod
    def forward(
        ctx: Any,
        from_inputs: Tensor,
        hidden: Tensor,
        w_ih: Tensor,
        w_hh: Tensor,
        b_ih: Tensor,
        b_hh: Tensor,
        applications: int,
    ) -> Tensor:
        # One entry for each application of each step; the first state is the initial one.
        states = [hidden]
        gates: list[_Gates] = []
        for of_step in from_inputs.unbind():
            for application in range(applications):
                before = states[-1]
                gi = torch.addmm(b_ih, before.relu(), w_ih.T) if application else of_step
                gh = torch.addmm(b_hh, before, w_hh.T)
                after, of_application = _cell(gi, gh, before)
                states.append(after)
                gates.append(of_application)
        ctx.save_for_backward(w_ih, w_hh)
        ctx.states, ctx.gates, ctx.applications = states, gates, applications
        return torch.stack(states[applications::applications])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        [d_states] = grad_outputs
        w_ih, w_hh = ctx.saved_tensors
        states, gates, applications = ctx.states, ctx.gates, ctx.applications
        d_hidden = torch.zeros_like(states[0])
        d_gi = states[0].new_empty((len(gates), len(states[0]), len(w_hh)))
        d_gh = torch.empty_like(d_gi)
        for index in reversed(range(len(gates))):
            step, application = divmod(index, applications)
            if application == applications - 1:
                d_hidden = d_hidden + d_states[step]
            reset, update, new, h_n = gates[index]
            before = states[index]
            gi_r, gi_z, gi_n = d_gi[index].chunk(3, dim=1)
            # h = (1 - z) n + z h', with n = tanh(i_n + r h_n)
            torch.mul(d_hidden * (1 - update), 1 - new * new, out=gi_n)
            torch.mul(d_hidden * (before - new), update * (1 - update), out=gi_z)
            torch.mul(gi_n * h_n, reset * (1 - reset), out=gi_r)
            d_gh[index] = d_gi[index]
            d_gh[index].chunk(3, dim=1)[2].mul_(reset)
            d_hidden = torch.addmm(d_hidden * update, d_gh[index], w_hh)
            if application:
                d_hidden += (d_gi[index] @ w_ih) * (before > 0)
        previous = torch.stack(states[:-1])  # [T * applications, B, H]
        d_w_hh = d_gh.flatten(0, 1).T @ previous.flatten(0, 1)
        d_w_ih = d_b_ih = None
        if applications > 1:  # autograd has those of the first ones from d_gi[::applications]
            again = torch.arange(len(gates), device=d_gi.device) % applications > 0
            inner = d_gi[again].flatten(0, 1)
            d_w_ih = inner.T @ previous[again].flatten(0, 1).relu()
            d_b_ih = inner.sum(0)
        return d_gi[::applications], d_hidden, d_w_ih, d_w_hh, d_b_ih, d_gh.sum((0, 1)), None
