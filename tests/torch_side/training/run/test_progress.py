"""Progress: which validation is the best, and after which of them training stops."""

from dataclasses import asdict

from training.recipes.recipe import Recipe
from training.run.progress import Progress

WRONG = (0.2, 0.5, 1.0)
PERFECT = (0.0, 0.0, 1.0)


def test_training_stops_after_its_patience() -> None:
    progress, recipe = Progress(), Recipe(patience=2)
    assert progress.improves(WRONG, recipe)
    assert not progress.improves(WRONG, recipe)
    assert not progress.stopped_early
    assert not progress.improves((0.3, 0.5, 1.0), recipe)
    assert progress.stopped_early


def test_training_stops_after_perfect_validations_in_a_row() -> None:
    progress, recipe = Progress(), Recipe(perfect_validations=2)
    for errors in (PERFECT, WRONG, PERFECT):
        progress.improves(errors, recipe)
        assert not progress.stopped_early
    progress = Progress.from_state(asdict(progress))
    assert progress.improves((0.0, 0.0, 0.5), recipe)  # the loss still falls
    assert progress.stopped_early


def test_training_goes_on_after_perfect_validations_without_the_option() -> None:
    progress = Progress()
    for loss in range(20, 0, -1):
        assert progress.improves((0.0, 0.0, float(loss)), Recipe())
    assert not progress.stopped_early
