"""Beginning: a learner gets the first weights that the options name. The trainer calls it."""

from .. import reporting
from ..data.corpus import Corpus
from ..learner import Learner
from .earlier import Earlier
from .options import Start
from .word_vectors import read_vectors, words_to_look_up


def begin(learner: Learner, corpus: Corpus, start: Start, earlier: Earlier | None) -> None:
    """Take the weights of an earlier run, or word vectors; of those, report how many are found.

    Raises:
        DataNotFoundError: there is no such file of word vectors.
        DataError: it is not one.
    """
    if earlier is not None and earlier.weights is not None:
        learner.set_weights(earlier.weights)
    for side, path in start.vectors:
        vocabulary, mode = getattr(corpus.vocabularies, side), getattr(corpus.modes, side)
        vectors = read_vectors(path, words_to_look_up(vocabulary, mode))
        learner.set_vectors(side, vectors, freeze=start.freeze_vectors)
        reporting.print_vectors(corpus, side, path.name, vectors)
