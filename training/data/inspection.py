"""Inspection of pairs: their texts, and what each text mode would make of them.

``training.inspect`` prints it; ``fit`` warns with parts of it. Without torch.
"""

import random
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from s2s_export.text.modes import TARGET_MODES, TEXT_MODES, TextMode, text_mode
from s2s_export.text.normalizers import clean, lower_case

from ..recipes.selection import SIDES, SideName
from .pairs_file import TextPair
from .subwords import learn_merges

_SAMPLE = 10_000
"""Pairs that modes are tried on: enough for shares, and quick."""
_HELD_OUT = 0.1
_EXAMPLES = 3
_FEW_TOKENS = 20
"""Sightings of a token, on average, from which on a side is a small closed vocabulary."""
_ONE_WORD = 1.5
"""Words of a text, on average, below which a side is single words."""
_MOSTLY = 0.5
_DIGITS = 0.2
"""Share of digits from which on texts are dates and numbers, which are spelt, not read."""


@dataclass(frozen=True)
class Lost:
    """Characters that a mode does not keep.

    Attributes:
        characters: how many, by the character.
        examples: a text that loses some, and what is left of it.
        upper_case: capital letters that become small ones.
    """

    characters: dict[str, int]
    examples: list[tuple[str, str]]
    upper_case: int

    @property
    def letters(self) -> int:
        """Number of lost letters and marks."""
        return sum(n for c, n in self.characters.items() if unicodedata.category(c)[0] in "LM")


@dataclass(frozen=True)
class ModeReport:
    """A text mode tried on one side.

    Attributes:
        tokens: different tokens of the training part.
        tokens_seen_once: those of them that are seen once.
        tokens_per_text: mean.
        unknown_texts: share of the held-out texts with a token that the training part lacks.
        lost: what is not kept.
    """

    tokens: int
    tokens_seen_once: int
    tokens_per_text: float
    unknown_texts: float
    lost: Lost


@dataclass(frozen=True)
class SideReport:
    """The texts of one side.

    Attributes:
        texts: how many.
        distinct: different texts.
        words: mean and largest number of words between white space.
        characters: mean and largest number of characters.
        digits: share of the characters.
        scripts: share of the letters, by script.
        modes: by name.
    """

    texts: int
    distinct: int
    words: tuple[float, int]
    characters: tuple[float, int]
    digits: float
    scripts: dict[str, float]
    modes: dict[str, ModeReport]


@dataclass(frozen=True)
class Inspection:
    """A data set.

    Attributes:
        pairs: how many.
        duplicates: pairs that stand there more than once, beyond the first.
        conflicts: source texts with several different targets.
        sampled: pairs that the modes were tried on.
        source: the source texts.
        target: the target texts.
        recommended: the text mode of each side.
        reasons: why, by the side.
    """

    pairs: int
    duplicates: int
    conflicts: int
    sampled: int
    source: SideReport
    target: SideReport
    recommended: dict[SideName, str]
    reasons: dict[SideName, str]

    @property
    def recommended_tokens(self) -> int:
        """Tokens of all pairs in the recommended modes, both sides, as the sample has them."""
        modes = self.source.modes, self.target.modes
        names = self.recommended["source"], self.recommended["target"]
        per_text = sum(of[name].tokens_per_text for of, name in zip(modes, names, strict=True))
        return round(self.pairs * per_text)


def inspect_pairs(pairs: Sequence[TextPair]) -> Inspection:
    """Inspect pairs.

    Args:
        pairs: at least one; a seeded sample of them is tokenized.
    """
    targets: dict[str, set[str]] = {}
    for pair in pairs:
        targets.setdefault(pair.source, set()).add(pair.target)
    sample = random.Random(0).sample(pairs, min(_SAMPLE, len(pairs)))
    reports = {side: _side([getattr(p, side) for p in pairs], sample, side) for side in SIDES}
    chosen = {side: recommended_mode(reports[side], side) for side in SIDES}
    return Inspection(
        pairs=len(pairs),
        duplicates=len(pairs) - len(set(pairs)),
        conflicts=sum(len(several) > 1 for several in targets.values()),
        sampled=len(sample),
        source=reports["source"],
        target=reports["target"],
        recommended={side: mode for side, (mode, _) in chosen.items()},
        reasons={side: reason for side, (_, reason) in chosen.items()},
    )


def _side(texts: Sequence[str], sample: Sequence[TextPair], side: SideName) -> SideReport:
    words, characters = [len(t.split()) for t in texts], [len(t) for t in texts]
    sampled = [getattr(pair, side) for pair in sample]
    return SideReport(
        texts=len(texts),
        distinct=len(set(texts)),
        words=(sum(words) / len(words), max(words)),
        characters=(sum(characters) / len(characters), max(characters)),
        digits=sum(map(str.isdecimal, "".join(sampled))) / max(sum(map(len, sampled)), 1),
        scripts=_scripts(sampled),
        modes={
            name: _try_mode(name, side, sampled)
            for name in (TEXT_MODES if side == "source" else TARGET_MODES)
        },
    )


def _scripts(texts: Iterable[str]) -> dict[str, float]:
    """Return the share of the letters by script, as Unicode names them."""
    letters = Counter(c for text in texts for c in text if c.isalpha())
    scripts: Counter[str] = Counter()
    for letter, count in letters.items():
        scripts[unicodedata.name(letter, "UNKNOWN").split()[0].capitalize()] += count
    total = sum(scripts.values())
    return {name: count / total for name, count in scripts.most_common() if count > total / 1000}


def _try_mode(name: str, side: SideName, texts: Sequence[str]) -> ModeReport:
    held_out = int(len(texts) * _HELD_OUT)
    training = texts[held_out:]
    mode = text_mode(name)
    if name == "natural":
        mode = text_mode(name, merges=learn_merges(side, mode, training, 0))
    tokens = [mode.tokens(text) for text in texts]
    counts = Counter(token for several in tokens[held_out:] for token in several)
    unknown = sum(any(t not in counts for t in several) for several in tokens[:held_out])
    return ModeReport(
        tokens=len(counts),
        tokens_seen_once=sum(count == 1 for count in counts.values()),
        tokens_per_text=sum(counts.values()) / max(len(training), 1),
        unknown_texts=unknown / held_out if held_out else 0.0,
        lost=lost_by(mode, texts),
    )


def lost_by(mode: TextMode, texts: Sequence[str]) -> Lost:
    """Count the characters of texts that a mode does not keep, white space aside."""
    lost: Counter[str] = Counter()
    examples: list[tuple[str, str]] = []
    upper_case = 0
    for text in texts:
        given, kept = clean(text), mode.text(mode.tokens(text))
        if given == kept:
            continue
        upper_case += max(_capitals(given) - _capitals(kept), 0)
        missing = Counter(lower_case(given).replace(" ", ""))
        missing.subtract(lower_case(kept))
        missing = +missing
        lost.update(missing)
        if len(examples) < _EXAMPLES and any(unicodedata.category(c)[0] in "LMN" for c in missing):
            examples.append((given, kept))
    return Lost(dict(lost.most_common()), examples, upper_case)


def _capitals(text: str) -> int:
    return sum(map(str.isupper, text))


def recommended_mode(report: SideReport, side: SideName) -> tuple[str, str]:
    """Return the text mode that fits a side, and the reason."""
    spaces, unicode = report.modes["spaces"], report.modes["unicode"]
    digits = report.digits
    if report.words[0] < _ONE_WORD:
        if side == "source" and report.scripts.get("Hangul", 0) > _MOSTLY:
            return (
                "decomposed",
                "most texts are one word of Hangul, which is spelt letter by letter",
            )
        return "characters", "most texts are one word, which is spelt"
    if digits > _DIGITS:
        return "characters", f"{digits:.0%} of the characters are digits, which are spelt"
    sightings = spaces.tokens_per_text * report.texts / max(spaces.tokens, 1)
    if sightings >= _FEW_TOKENS and spaces.unknown_texts < 0.01:
        if side == "source" and not unicode.lost.characters and unicode.tokens <= spaces.tokens:
            return "unicode", f"{spaces.tokens} different words, nothing is lost but case"
        return "spaces", f"{spaces.tokens} different tokens between white space, kept verbatim"
    return "natural", (
        f"sentences: {unicode.tokens_seen_once / max(unicode.tokens, 1):.0%} of the words are seen "
        "once, and subwords have no unknown ones"
    )
