"""The learning rate, from the share of the training that is done."""

import math

from .recipes import Recipe


def learning_rate(recipe: Recipe, done: float) -> float:
    """Return Adam's learning rate for the next step.

    Args:
        recipe: of the run.
        done: share of all steps that are taken, 0 to 1.
    """
    rate = recipe.learning_rate
    if done < recipe.warmup:
        # The first step has a rate above zero, the step after the warm-up has all of it.
        return rate * max(done / recipe.warmup, 0.05)
    if recipe.schedule == "constant":
        return rate
    rest = (done - recipe.warmup) / (1 - recipe.warmup)
    return rate * 0.5 * (1 + math.cos(math.pi * rest))
