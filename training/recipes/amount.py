"""Choices that follow the amount of data: rules, each by the tokens of the training pairs.

Tokens are those of both sides. docs/training.md has what was tried.
"""

from dataclasses import dataclass

FEWEST_EPOCHS, MOST_EPOCHS = 10, 50
_ENOUGH_EPOCHS = 20
_LEAST_READ, _MOST_READ = 4_000_000, 35_000_000
_FEW, _MANY = 200_000, 1_000_000


def epochs_for(tokens: int) -> int:
    """Return how many epochs pay.

    Small data is read until four million tokens are, and at least twenty times; large data until
    35 million are, and at least ten times.
    """
    tokens = max(tokens, 1)
    epochs = max(_LEAST_READ // tokens, min(_ENOUGH_EPOCHS, _MOST_READ // tokens))
    return min(max(epochs, FEWEST_EPOCHS), MOST_EPOCHS)


def consistency_for(tokens: int) -> float:
    """Return the weight of the consistency loss: 1 up to 200,000 tokens, else 0.

    It doubles the time of an epoch, and pays where few pairs are read often.
    """
    return 1.0 if tokens <= _FEW else 0.0


@dataclass(frozen=True)
class Size:
    """The size of a model.

    Attributes:
        hidden: units of the GRUs.
        embedding: units of the embeddings.
    """

    hidden: int
    embedding: int


def size_for(tokens: int) -> Size:
    """Return the size of a model for words: a larger one from a million tokens on."""
    return Size(192, 128) if tokens < _MANY else Size(512, 256)


@dataclass(frozen=True)
class Steps:
    """The steps of a training.

    Attributes:
        batch: the most pairs of a step.
        learning_rate: of Adam, at its highest.
    """

    batch: int
    learning_rate: float


def steps_for(tokens: int, *, spelt: bool) -> Steps:
    """Return the steps.

    Args:
        tokens: of the training pairs.
        spelt: whether the target is spelt, in characters or phones, as the recipe ``words`` has it,
            whose model grows with the amount of data (``size_for``); else it is sentences, where
            few pairs pay for more and smaller steps.
    """
    if spelt:
        return Steps(64, 2e-3) if tokens < _MANY else Steps(128, 1e-3)
    return Steps(32, 3e-3) if tokens <= _FEW else Steps(64, 4e-3)
