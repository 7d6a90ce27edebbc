"""Mixed precision: whether the matrix products of a training are computed in bfloat16.

Weights, their updates, the layers behind the recurrence and the loss stay float32: bfloat16 has
eight binary digits, too few for the small differences that they work with. Validation, evaluation
and export never use it. The learner asks.
"""

import torch

from .recipes.recipe import Recipe

_FEWEST_UNITS = 384
"""Of smaller models, copying and casting takes what the faster products save."""


def mixed_precision(recipe: Recipe, device: torch.device) -> bool:
    """Tell whether a recipe trains in mixed precision on a device.

    Args:
        recipe: of the run, with all its sizes.
        device: where it trains.
    """
    if recipe.mixed_precision != "auto":
        return recipe.mixed_precision == "on"
    large = recipe.model == "conditional" and recipe.hidden_size >= _FEWEST_UNITS
    return large and device.type == "cpu" and bool(torch.cpu.get_capabilities().get("amx_bf16"))
