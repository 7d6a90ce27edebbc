"""The recurrence differentiated by hand, against PyTorch's GRU and its autograd."""

import pytest
import torch
from torch import Tensor, nn

from training.models.recurrence import unroll

EXACT = 1e-12  # float64: some hundred roundings of 1e-16


def step_by_step(gru: nn.GRU, inputs: Tensor, hidden: Tensor, applications: int) -> Tensor:
    """The tutorial's decoder loop, its first ReLU left to the caller."""
    outputs = []
    for step in range(len(inputs)):
        output = inputs[step : step + 1]
        for application in range(applications):
            output, hidden = gru(output.relu() if application else output, hidden)
        outputs.append(output)
    return torch.cat(outputs)


@pytest.mark.parametrize("applications", [1, 2, 3])
@pytest.mark.parametrize("batch_size", [1, 4])
def test_recurrence_has_the_values_and_gradients_of_autograd(
    applications: int, batch_size: int
) -> None:
    torch.manual_seed(applications)
    gru = nn.GRU(5, 5).double()
    inputs = torch.randn(6, batch_size, 5, dtype=torch.float64, requires_grad=True)
    hidden = torch.randn(1, batch_size, 5, dtype=torch.float64, requires_grad=True)
    found = unroll(gru, inputs, hidden, applications)
    expected = step_by_step(gru, inputs, hidden, applications)
    torch.testing.assert_close(found, expected, rtol=0, atol=EXACT)
    weights = torch.randn_like(found)
    variables = [inputs, hidden, *gru.parameters()]
    for one, other in zip(
        torch.autograd.grad((found * weights).sum(), variables),
        torch.autograd.grad((expected * weights).sum(), variables),
        strict=True,
    ):
        assert other.abs().max() > 0
        torch.testing.assert_close(one, other, rtol=0, atol=EXACT)
