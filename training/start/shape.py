"""Shape: the choices of a recipe that follow from what a training begins with. No torch."""

from dataclasses import replace

from s2s_export.errors import OptionError

from ..recipes.recipe import Recipe
from .options import Start
from .word_vectors import vector_size

_OF_MODEL = ("model", "hidden_size", "embedding_size", "n_layers", "encoder_layers")
_OF_TEXT = (
    *("source_text", "target_text", "fold_case", "source_subwords", "target_subwords"),
    *("min_count", "reverse", "languages"),
)


def inherited(recipe: Recipe, begun: Recipe) -> Recipe:
    """Return a recipe with the sizes, the text options and the languages of another run."""
    text = {name: getattr(begun.selection, name) for name in _OF_TEXT}
    model = {name: getattr(begun, name) for name in _OF_MODEL}
    return replace(recipe, **model, selection=replace(recipe.selection, **text))


def require_inherited(recipe: Recipe, begun: Recipe, run: str) -> None:
    """Check that no option contradicts the run that a training begins with.

    Args:
        recipe: made with ``inherited`` as the default, so what differs was given.
        begun: of that run.
        run: its folder.

    Raises:
        OptionError: one does; the message names it.
    """
    pairs = [(name, recipe, begun) for name in _OF_MODEL]
    pairs += [(name, recipe.selection, begun.selection) for name in _OF_TEXT]  # type: ignore[misc]
    for name, now, then in pairs:
        found, expected = getattr(now, name), getattr(then, name)
        if found != expected:
            raise OptionError(
                f"--{name.replace('_', '-')}: expected {expected} as in --init-from {run}, found "
                f"{found}; leave it out, the model keeps what it has learned"
            )


def sized_by_vectors(recipe: Recipe, start: Start, *, embedding_size_given: bool) -> Recipe:
    """Return the recipe with embeddings as long as the word vectors.

    Args:
        recipe: of the command line.
        start: names the files.
        embedding_size_given: whether the command line has the size; it then stays.

    Raises:
        OptionError: the size cannot be that of the vectors; the message has both.
        DataError: a file is not one of word vectors.
    """
    for side, path in start.vectors:
        size = vector_size(path)
        if recipe.model == "conditional" and not embedding_size_given:
            recipe, embedding_size_given = replace(recipe, embedding_size=size), True
        if size != recipe.units_of_embeddings:
            option = "embedding" if recipe.model == "conditional" else "hidden"
            raise OptionError(
                f"--{side}-vectors {path}: its vectors have {size} numbers, the embeddings "
                f"{recipe.units_of_embeddings}; expected --{option}-size {size}, or vectors of "
                f"{recipe.units_of_embeddings}"
            )
    return recipe
