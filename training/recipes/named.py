"""The recipes by name: tried values of all choices, trained by the same loop."""

from collections.abc import Mapping
from types import MappingProxyType

from .recipe import Recipe
from .selection import Selection

DEFAULT = Recipe()
"""For a model worth shipping; docs/training.md has the effect of each part."""

TUTORIAL = Recipe(
    epochs=1,
    batch_size=1,
    loss="sentence",
    teacher_forcing_ratio=0.0,
    init="pytorch",
    learning_rate=1e-3,
    schedule="constant",
    warmup=0.0,
    clip_norm=0.0,
    dropout=0.0,
    label_smoothing=0.0,
    word_prediction=0.0,
    word_dropout=0.0,
    mixed_precision="off",
    report_every=500,
    curve_every=100,
    selection=Selection(held_out=0.0),
)
"""The tutorial's training: one pair at a time, the decoder fed its own predictions."""

ATTENTION = Recipe(
    model="attention", epochs=24, learning_rate=3e-3, dropout=0.1, label_smoothing=0.2
)
"""For the model with attention, which overfits sooner; docs/attention.md has its metrics."""

SENTENCES = Recipe(
    model="conditional",
    epochs=0,
    batch_size=0,
    learning_rate=0.0,
    dropout=0.2,
    label_smoothing=0.2,
    word_prediction=0.0,
    typing_noise=0.1,
    number_noise=0.5,
    hidden_size=240,
    embedding_size=192,
    selection=Selection(
        max_length=0,
        prefix_filter=False,
        source_text="natural",
        target_text="natural",
        fold_case=True,
    ),
)
"""For sentences as people write them: subwords, and a source that may be typed in many ways."""

WORDS = Recipe(
    model="conditional",
    epochs=0,
    batch_size=0,
    batch_tokens=0,
    learning_rate=0.0,
    dropout=0.3,
    word_prediction=0.0,
    consistency=None,
    perfect_validations=3,
    hidden_size=0,
    selection=Selection(
        max_length=0, prefix_filter=False, source_text="characters", target_text="characters"
    ),
)
"""For words, names, dates, numbers: what is spelt. ``--target-text spaces`` for phones, and both
sides ``spaces`` for commands."""

RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        "default": DEFAULT,
        "attention": ATTENTION,
        "tutorial": TUTORIAL,
        "sentences": SENTENCES,
        "words": WORDS,
    }
)
"""Recipes by the name that ``--recipe`` takes."""
