"""Start: the options that say what the first weights are. No torch, so that ``--help`` is quick."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..recipes.selection import SideName


@dataclass(frozen=True)
class Start:
    """What a training begins with, beside chance.

    Attributes:
        init_from: a run folder: begin with the weights, vocabularies and text modes of its best
            model, to train on more pairs of the same kind. Sizes of the model, text options and
            languages are those of that run. Its vocabularies do not grow: a pair with an unknown
            target token is left out of training, and so is one with an unknown source token where
            the vocabulary has no UNK. The optimizer begins anew.
        source_vectors: word vectors for the source's embedding: text of word2vec, GloVe or fastText
            (.vec), plain, .gz or .zip. A token is looked up as it stands, then in lower case. The
            vectors are as long as the embeddings; the model ``conditional`` takes that size from
            the file unless --embedding-size is given. The whole file is multiplied by one number,
            which gives it the scale of the embedding's own initial values.
        target_vectors: the same for the target's embedding.
        freeze_vectors: training leaves the found vectors as they are. In the model ``conditional``
            the target's embedding is also the decoder's output matrix: its rows are frozen with it.
    """

    init_from: Path | None = None
    source_vectors: Path | None = None
    target_vectors: Path | None = None
    freeze_vectors: bool = False

    def __post_init__(self) -> None:
        vectors = [f"--{side}-vectors" for side, _ in self.vectors]
        if self.init_from is not None and vectors:
            raise ValueError(f"--init-from and {vectors[0]}: expected one of them, found both")
        if self.freeze_vectors and not vectors:
            raise ValueError("--freeze-vectors: expected --source-vectors or --target-vectors too")

    @property
    def vectors(self) -> Iterator[tuple[SideName, Path]]:
        """The given files of word vectors, each with its side."""
        if self.source_vectors is not None:
            yield "source", self.source_vectors
        if self.target_vectors is not None:
            yield "target", self.target_vectors

    def facts(self) -> dict[str, str | bool | None]:
        """Return the options by name, for the check on ``--resume``: of a path its last part."""
        return {
            name: value.name if isinstance(value, Path) else value
            for name, value in vars(self).items()
        }


NO_START = Start()
"""The first weights are all chance."""
