"""Reports of a training on stdout: data, losses, metrics and some translations."""

import random
import sys
import time

from tqdm import tqdm

from s2s_export.text.modes import TextMode
from s2s_export.text.vocabulary import Vocabulary

from .data.corpus import Corpus
from .data.encoding import token_counts
from .evaluation import translatable, translate_pairs
from .recipes.selection import SIDES, SideName
from .run.checkpoint import Checkpoint
from .run.history import TUTORIAL_SCALE
from .run.progress import Tally
from .start.word_vectors import WordVectors
from .validation import Validation

_EXAMPLES = 10


class Clock:
    """Time and sentences since an epoch began or was resumed."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self.sentences = 0

    @property
    def rate(self) -> float:
        """Sentences a second."""
        return self.sentences / (time.perf_counter() - self._started)

    def __str__(self) -> str:
        minutes, seconds = divmod(round(time.perf_counter() - self._started), 60)
        return f"{minutes}m {seconds:02}s"


def say(line: str) -> None:
    """Print a line on stdout at once, without a break in the progress bar on stderr."""
    tqdm.write(line, file=sys.stdout)
    sys.stdout.flush()


def print_corpus(corpus: Corpus) -> None:
    """Print the numbers of pairs and of different tokens."""
    for reason, count in corpus.dropped.items():
        print(f"{count} pairs dropped: {reason}")
    repeated = f" ({corpus.duplicates} of them repeated)" if corpus.duplicates else ""
    counts = ", ".join(_tokens_of(corpus, side) for side in SIDES)
    print(f"{corpus.selected} pairs{repeated}; SOS and EOS counted: {counts}")
    why = "a rare word in the target"
    if corpus.new_tokens is not None:
        new, why = corpus.new_tokens, "a token that the model lacks"
        print(
            f"new tokens, which the model lacks: source {new.source} in {new.source_pairs} pairs "
            f"({_fate_of_unknown(corpus)}), target {new.target} in {new.target_pairs} pairs "
            "(not trained on)"
        )
    rare = f" ({corpus.rare} left out for {why})" if corpus.rare else ""
    held_out = "none held out"
    if corpus.held_out:
        vocabulary = corpus.vocabularies.source
        unknown = sum(bool(vocabulary.unknown(pair.source)) for pair in corpus.held_out)
        held_out = (
            f"held out: {len(corpus.validation)} for validation, {len(corpus.test)} for the test, "
            f"{unknown} of them with words that training does not see"
        )
    print(f"training on {len(corpus.training)} pairs{rare}; {held_out}")


_TOKENS = {
    "natural": "subwords",
    "characters": "characters",
    "decomposed": "characters",
    "spaces": "tokens",
}
"""What the tokens of a text mode are called, where they are not words."""


def _tokens_of(corpus: Corpus, side: SideName) -> str:
    mode: TextMode = getattr(corpus.modes, side)
    count = corpus.words[SIDES.index(side)]
    if mode.merges is not None:  # learned after the words were counted
        vocabulary: Vocabulary = getattr(corpus.vocabularies, side)
        count = len(vocabulary) - (vocabulary.unk is not None)
    return f"{side} {count} {_TOKENS.get(mode.name, 'words')}"


def _fate_of_unknown(corpus: Corpus) -> str:
    has_unk = corpus.vocabularies.source.unk is not None
    return "read as unknown words" if has_unk else "not trained on"


def print_vectors(corpus: Corpus, side: SideName, name: str, vectors: WordVectors) -> None:
    """Print how many tokens of a side have a word vector."""
    vocabulary = getattr(corpus.vocabularies, side)
    counts = token_counts(getattr(pair, side) for pair in corpus.training)
    running = sum(counts[token] for token in vocabulary.decode(vectors.ids))
    print(
        f"{side} vectors of {name}: {len(vectors.ids)} of {len(vocabulary.words)} tokens found, "
        f"{running / counts.total():.1%} of the running tokens"
    )


def print_running_loss(tally: Tally, clock: Clock, sentences: int, share: float) -> None:
    """Print the tutorial's line of progress."""
    assert tally.sentence_loss is not None
    say(f"{clock} ({sentences} {share:.0%}) {tally.sentence_loss / TUTORIAL_SCALE:.4f}")


def print_epoch(epoch: int, tally: Tally, clock: Clock, validation: Validation) -> None:
    """Print the losses and metrics of an epoch."""
    line = (
        f"epoch {epoch}: mean loss of a sentence {tally.sentence_loss:.2f}, "
        f"of a token {tally.token_loss:.3f}; {clock}, {clock.rate:.0f} pairs/s"
    )
    if validation.loss is not None:
        line += f"; validation loss {validation.loss:.3f}"
    for kind, metrics in validation.metrics.items():
        line += f"; {metrics.in_short()} ({kind})"
    say(line)


def print_result(result: Checkpoint) -> None:
    """Print the metrics, and random translations as the tutorial's ``evaluateRandomly`` does."""
    report = result.report
    for kind, metrics in report.metrics.items():
        print(f"epoch {report.epoch}, test, {kind}: {metrics}")
    if report.metric_signature:
        print(report.metric_signature)
    pipeline, count = result.pipeline, min(_EXAMPLES, len(result.samples))
    chosen = random.Random(result.recipe.seed).sample(result.samples, count)
    print("source | reference | hypothesis")
    for example in translate_pairs(pipeline, translatable(pipeline.source, chosen)):
        print(f"  {example}")
