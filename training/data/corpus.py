"""Corpus: the pairs of a run, tokenized, filtered and split in three: training, validation, test.

``Corpus.prepare`` does all of it; the functions before it are its steps, in their order.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from s2s_export.errors import DataError
from s2s_export.text.normalizers import normalize_tutorial

from ..recipes.recipe import Recipe
from ..recipes.selection import MOST_HELD_OUT, Selection
from .encoding import Modes, Pair, Vocabularies, token_counts
from .known_text import KnownText, NewTokens
from .pairs_file import TextPair

_SIDES = (attrgetter("source"), attrgetter("target"))


def select_pairs(raw: Sequence[TextPair], selection: Selection) -> tuple[list[Pair], Counter[str]]:
    """Tokenize and filter pairs.

    The same pair twice is kept twice, as in the tutorial.

    Args:
        raw: the texts.
        selection: which to keep.

    Returns:
        The pairs that are left, and how many were dropped, by the reason.

    Raises:
        DataError: none is left; the message has the counts.
    """
    modes = Modes.of(selection)
    kept: list[Pair] = []
    dropped: Counter[str] = Counter()
    for texts in raw:
        pair = modes.pair(texts)
        reason = _reason_to_drop(pair, modes, selection)
        if reason:
            dropped[reason] += 1
        else:
            kept.append(pair)
    if not kept:
        counts = "; ".join(f"{count} dropped: {reason}" for reason, count in dropped.items())
        raise DataError(
            f"none of the {len(raw)} pairs passes the filters ({counts}); 'python -m "
            "training.inspect' tells which options fit the data"
        )
    return kept, dropped


def _reason_to_drop(pair: Pair, modes: Modes, selection: Selection) -> str | None:
    texts = pair.texts
    first_column = texts.source if selection.reverse else texts.target
    if not pair.source or not pair.target:
        return "nothing left of a side by the text mode (--source-text, --target-text)"
    if selection.prefix_filter and not normalize_tutorial(first_column).startswith(
        selection.prefixes
    ):
        return "none of the prefixes (--prefixes, --no-prefix-filter)"
    if selection.max_length:
        length = max(modes.source.length(texts.source), modes.target.length(texts.target))
        if length >= selection.max_length:
            return f"{selection.max_length} or more tokens on a side (--max-length)"
    return None


def split_held_out(
    pairs: Sequence[Pair], fraction: float, seed: int
) -> tuple[list[Pair], list[Pair]]:
    """Set a part of the source sentences aside.

    The same source sentence is never on both sides, whatever its translations.

    Args:
        pairs: all pairs.
        fraction: how many of the distinct source sentences to hold out, 0 to 1, and no more than
            ``MOST_HELD_OUT``; at least one stays for training.
        seed: of the choice.

    Returns:
        The pairs to train on and the held-out pairs, each in the order given.
    """
    sources = list(dict.fromkeys(pair.source for pair in pairs))
    count = max(0, min(round(fraction * len(sources)), MOST_HELD_OUT, len(sources) - 1))
    held_out = set(random.Random(seed).sample(sources, count))
    training = [pair for pair in pairs if pair.source not in held_out]
    return training, [pair for pair in pairs if pair.source in held_out]


def sha256_of(pairs: Sequence[Pair]) -> str:
    """Return the sha256 of the pairs, one ``source<TAB>target`` a line, tokens apart by spaces."""
    lines = "".join(f"{' '.join(pair.source)}\t{' '.join(pair.target)}\n" for pair in pairs)
    return hashlib.sha256(lines.encode()).hexdigest()


@dataclass(frozen=True)
class Corpus:
    """The pairs that a run is trained and measured on.

    Attributes:
        name: of the data in the report.
        sha256: of all selected pairs; see ``sha256_of``.
        dropped: how many raw pairs were not selected, by the reason.
        duplicates: selected pairs that stand there more than once; they are kept.
        selected: number of the selected pairs.
        words: words of the selected pairs, source and target, SOS and EOS counted as the tutorial
            does.
        rare: training pairs left out for a rare word in the target; with ``known`` for a token
            that cannot be encoded.
        training: pairs to train on.
        validation: pairs that choose the epoch; half of the held-out source sentences.
        test: pairs that nothing is chosen on, for the metrics; the other half.
        vocabularies: the words of the training pairs.
        modes: the text modes of both sides.
        known: the text of an earlier run, where vocabularies and modes are its.
        new_tokens: tokens of the selected pairs that it lacks; ``None`` without it.
    """

    name: str
    sha256: str
    dropped: Counter[str]
    duplicates: int
    selected: int
    words: tuple[int, int]
    rare: int
    training: tuple[Pair, ...]
    validation: tuple[Pair, ...]
    test: tuple[Pair, ...]
    vocabularies: Vocabularies
    modes: Modes
    known: KnownText | None = None
    new_tokens: NewTokens | None = None

    @classmethod
    def prepare(
        cls, raw: Sequence[TextPair], recipe: Recipe, name: str, known: KnownText | None = None
    ) -> "Corpus":
        """Select, split and count.

        Args:
            raw: the texts.
            recipe: of the run.
            name: of the data in the report.
            known: modes and vocabularies to take over instead of learning and collecting them.

        Raises:
            DataError: nothing is left to train on; the message says by which filter.
        """
        selection = recipe.selection
        pairs, dropped = select_pairs(raw, selection)
        words = [len({token for p in pairs for token in side(p)}) + 2 for side in _SIDES]
        training, held_out = split_held_out(pairs, selection.held_out, recipe.seed)
        modes = Modes.of(selection)
        if "natural" in (modes.source.name, modes.target.name):
            if known is None:
                modes = modes.learned([pair.texts for pair in training], selection)
            else:
                modes = known.modes
            training, held_out = (
                [modes.pair(pair.texts) for pair in part] for part in (training, held_out)
            )
        validation, test = split_held_out(held_out, 0.5, recipe.seed)
        if known is None:
            kept = _without_rare_targets(training, selection.min_count)
            vocabularies = Vocabularies.from_pairs(
                kept, modes, min_count=selection.min_count, unk=recipe.learns_unk
            )
            new_tokens = None
        else:
            vocabularies = known.vocabularies
            kept = [pair for pair in training if vocabularies.encodes(pair)]
            new_tokens = NewTokens.of([*training, *held_out], vocabularies)
        if not kept:
            raise DataError(
                f"each of the {len(training)} training pairs has a target word seen less than "
                f"{selection.min_count} times; see --min-count"
                if known is None
                else f"each of the {len(training)} training pairs has a token that the run of "
                "--init-from lacks; train anew without --init-from"
            )
        return cls(
            name=name,
            sha256=sha256_of(pairs),
            dropped=dropped,
            duplicates=len(pairs) - len(set(pairs)),
            selected=len(pairs),
            words=(words[0], words[1]),
            rare=len(training) - len(kept),
            training=tuple(kept),
            validation=tuple(validation),
            test=tuple(test),
            vocabularies=vocabularies,
            modes=modes,
            known=known,
            new_tokens=new_tokens,
        )

    @property
    def tokens(self) -> int:
        """Number of tokens of the training pairs, both sides together."""
        return sum(len(pair.source) + len(pair.target) for pair in self.training)

    @property
    def held_out(self) -> tuple[Pair, ...]:
        """The pairs that are not trained on: validation and test."""
        return (*self.validation, *self.test)


def to_tsv(pairs: Sequence[Pair]) -> bytes:
    """Write pairs as a pairs file, the source always in the second column."""
    texts = [pair.texts for pair in pairs]
    lines = [[" ".join(text.split()) for text in (t.target, t.source)] for t in texts]
    return "".join("\t".join(line) + "\n" for line in lines).encode()


def _without_rare_targets(pairs: Sequence[Pair], min_count: int) -> list[Pair]:
    """Leave out the pairs that the model could only learn to translate wrongly."""
    counts = token_counts(pair.target for pair in pairs)
    return [pair for pair in pairs if all(counts[w] >= min_count for w in pair.target)]
