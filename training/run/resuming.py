"""Resuming: the checks that a saved training and this command are the same run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from s2s_export.errors import CheckpointError, DataError

from ..data.corpus import Corpus
from ..precision import mixed_precision
from ..recipes.recipe import Recipe
from ..start.options import Start
from .checkpoint import recipe_from


def environment(device: torch.device, recipe: Recipe) -> dict[str, str]:
    """Return the conditions of bit-exact resuming, apart from what the command says."""
    return {
        "torch": str(torch.__version__),  # a subclass of str, which weights_only refuses
        "device": device.type,
        "threads": str(torch.get_num_threads()),
        "products": "bfloat16" if mixed_precision(recipe, device) else "float32",
    }


def require_same_run(
    state: Mapping[str, Any], start: Start, recipe: Recipe, corpus: Corpus, run: Path
) -> None:
    """Check that a saved training had the start, the recipe and the pairs of this command.

    Raises:
        CheckpointError: another start or recipe; the message names the first option that differs.
        DataError: other pairs.
    """
    begun = {**Start().facts(), **state.get("start", {}), **_options(recipe_from(state["recipe"]))}
    now = {**start.facts(), **_options(recipe)}
    for name, value in begun.items():
        if value != now[name]:
            raise CheckpointError(
                f"{run}: begun with --{name.replace('_', '-')} {value}, this command has "
                f"{now[name]}; resume with the same options, or train anew in another --run"
            )
    if state["data_sha256"] != corpus.sha256:
        raise DataError(
            f"{corpus.name}: its pairs are not those that {run} was begun with (sha256 "
            f"{state['data_sha256'][:12]}…, now {corpus.sha256[:12]}…); train anew in another --run"
        )


def _options(recipe: Recipe) -> dict[str, Any]:
    options = {**vars(recipe), **vars(recipe.selection)}
    del options["selection"]
    return options


def inexactness(begun: Mapping[str, str], now: Mapping[str, str]) -> str | None:
    """Return the reason why resuming will not be bit-exact; ``None`` if it will be."""
    if begun == now:
        return None
    one, other = (
        ", ".join(f"{name} {value}" for name, value in values.items()) for values in (begun, now)
    )
    return f"begun with {one}, resumed with {other}: not bit-exact from here on"
