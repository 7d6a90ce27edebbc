"""What decides a run, beside the data. Without torch, so that ``--help`` answers at once."""

from dataclasses import dataclass

from .dataset import TUTORIAL_MAX_LENGTH, TUTORIAL_PREFIXES


@dataclass(frozen=True)
class Settings:
    """What decides a run, beside the data.

    Attributes:
        seed: of the weights, the held-out part and the order of sentences.
        epochs: passes over the training pairs.
        batch_size: pairs of an optimizer step.
        learning_rate: of Adam. The tutorial has 1e-3 for single sentences; after eight epochs of
            batches on the phrasebook, 2e-3 leaves a third of the held-out loss (0.15, not 0.51).
        hidden_size: units of the embeddings and GRUs.
        n_layers: applications of the decoder's GRU in a step.
        held_out: fraction of the source sentences that is held out.
        max_length: see ``dataset.PairFilter``.
        prefixes: see ``dataset.PairFilter``.
        normalizer: name of the normalizer.
        source_language: a name for the manifest.
        target_language: a name for the manifest.
    """

    seed: int = 0
    epochs: int = 8
    batch_size: int = 64
    learning_rate: float = 2e-3
    hidden_size: int = 256
    n_layers: int = 2
    held_out: float = 0.1
    max_length: int | None = TUTORIAL_MAX_LENGTH
    prefixes: tuple[str, ...] = TUTORIAL_PREFIXES
    normalizer: str = "tutorial"
    source_language: str = "fra"
    target_language: str = "eng"
