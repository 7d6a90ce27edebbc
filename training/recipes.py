"""The recipes: every choice that decides a run beside its data, with its defaults.

A recipe is a frozen dataclass; ``DEFAULT``, ``ATTENTION`` and ``TUTORIAL`` are trained by the same
loop. The command line of ``training.fit`` is generated from the fields below and their
descriptions. No torch, so that ``--help`` answers at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

TextModeName = Literal["tutorial", "unicode", "natural", "characters", "spaces"]

ModelName = Literal["tutorial", "attention", "conditional"]

TUTORIAL_PREFIXES = (
    *("i am ", "i m "),
    *("he is", "he s "),
    *("she is", "she s"),  # no space after "she s", as in the tutorial
    *("you are", "you re "),
    *("we are", "we re "),
    *("they are", "they re "),
)
"""Beginnings of the English sides that the tutorial keeps."""

TUTORIAL_MAX_LENGTH = 10
"""The tutorial keeps pairs with fewer tokens than this on both sides."""


def _require(holds: bool, name: str, expected: str, value: object) -> None:
    if not holds:
        raise ValueError(f"--{name.replace('_', '-')}: expected {expected}, found {value}")


@dataclass(frozen=True)
class Selection:
    """The choice of the pairs, and their text mode.

    Attributes:
        max_length: keep pairs with fewer words and punctuation marks than this on both sides (with
            ``characters`` fewer characters); 0 keeps any.
        prefix_filter: keep only pairs whose first column begins with one of the prefixes.
        prefixes: beginnings for the prefix filter, as the tutorial normalizes them.
        source_text: how the source is split into tokens: ``tutorial`` keeps a-z and .!? alone;
            ``unicode`` lower-case words and punctuation of every script; ``natural`` subwords of
            the text as people write it; ``characters`` each character; ``spaces`` the stretches
            between white space, verbatim.
        target_text: the same for the target, whose text comes out as the mode keeps it.
        fold_case: lower-case the source, for users who type as they like.
        source_subwords: merges learned for a ``natural`` source; 0 chooses by the amount of text.
        target_subwords: merges learned for a ``natural`` target; 0 chooses by the amount of text.
        min_count: words seen less often are rare: in the source they count as unknown, and pairs
            with a rare word in the target are left out.
        held_out: fraction of the source sentences that is held out: half of them choose the best
            epoch (validation), the other half is measured (test); 0 trains on everything.
        reverse: translate from the first column to the second, not from the second to the first.
        languages: names of the two columns' languages.
    """

    max_length: int = TUTORIAL_MAX_LENGTH
    prefix_filter: bool = True
    prefixes: tuple[str, ...] = TUTORIAL_PREFIXES
    source_text: TextModeName = "tutorial"
    target_text: TextModeName = "tutorial"
    fold_case: bool = False
    source_subwords: int = 0
    target_subwords: int = 0
    min_count: int = 1
    held_out: float = 0.1
    reverse: bool = False
    languages: tuple[str, str] = ("eng", "fra")

    def __post_init__(self) -> None:
        _require(self.max_length >= 0, "max_length", "0 or more", self.max_length)
        for name in ("source_subwords", "target_subwords"):
            _require(getattr(self, name) >= 0, name, "0 or more", getattr(self, name))
        _require(self.min_count >= 1, "min_count", "1 or more", self.min_count)
        _require(0 <= self.held_out < 1, "held_out", "at least 0, less than 1", self.held_out)

    @property
    def source_language(self) -> str:
        """Name of the source's language."""
        return self.languages[0 if self.reverse else 1]

    @property
    def target_language(self) -> str:
        """Name of the target's language."""
        return self.languages[1 if self.reverse else 0]


@dataclass(frozen=True)
class Recipe:
    """The model and its training.

    Attributes:
        seed: of the weights, the held-out part, the order of the pairs and all that is random.
        epochs: passes over the training pairs.
        batch_size: the most pairs of a step; all have equally many source tokens.
        batch_tokens: the most target tokens of a step, padding counted; this bounds the memory.
        loss: a step's loss is the mean over ``token``s, or over ``sentence``s of their sums.
        teacher_forcing_ratio: fraction of the steps in which the decoder is fed the reference; in
            the others it is fed its own predictions, and a sentence ends where it predicts EOS.
        init: first values of the GRUs: ``pytorch``, or ``orthogonal``, with which a high learning
            rate pays.
        learning_rate: of Adam, at its highest.
        schedule: ``constant``, or ``cosine``: down to zero along a half cosine.
        warmup: fraction of all steps over which the learning rate rises.
        clip_norm: gradients are scaled down to this norm; 0 leaves them as they are.
        dropout: fraction of the embeddings and of the decoder's outputs that training drops.
        label_smoothing: share of the loss that asks for every word alike.
        word_prediction: weight of a second loss in training: from the encoder's last hidden state
            alone, a linear layer of its own must tell which words the target has, in any order.
            The layer is not part of the model.
        word_dropout: training takes a source word that it has seen n times for unknown, with
            probability word_dropout / (word_dropout + n): it reads another form of the word, or
            UNK. With 0 it learns no UNK from them.
        subword_dropout: share of the merges that training leaves out of a ``natural`` source, anew
            in each epoch, so that it reads words in several spellings.
        typing_noise: share of the source texts that training reads without accents, without the
            final full stop, with the other apostrophe, in capitals, or in lower case: each of these
            with this probability, anew in each epoch.
        validate_every: epochs from one validation to the next.
        patience: validations without fewer errors after which training stops.
        report_every: print the running loss after so many sentences, as the tutorial does; 0 never.
        curve_every: sentences from one point of the loss curve to the next.
        model: ``tutorial``; ``attention``, whose decoder looks back at all tokens of the source; or
            ``conditional``, which also reads the source in both directions.
        hidden_size: units of the GRUs.
        embedding_size: units of the embeddings; 0 takes the hidden size, and only the model
            ``conditional`` takes another.
        n_layers: applications of the decoder's GRU in a step; 2 but for the model ``tutorial``.
        encoder_layers: GRUs on top of each other in the encoder; 1 but for ``conditional``.
        selection: which pairs are trained on.
    """

    seed: int = 0
    epochs: int = 18
    batch_size: int = 64
    batch_tokens: int = 1280
    loss: Literal["token", "sentence"] = "token"
    teacher_forcing_ratio: float = 1.0
    init: Literal["pytorch", "orthogonal"] = "orthogonal"
    learning_rate: float = 5e-3
    schedule: Literal["constant", "cosine"] = "cosine"
    warmup: float = 0.02
    clip_norm: float = 5.0
    dropout: float = 0.0
    label_smoothing: float = 0.1
    word_prediction: float = 1.0
    word_dropout: float = 0.25
    subword_dropout: float = 0.0
    typing_noise: float = 0.0
    validate_every: int = 1
    patience: int = 10
    report_every: int = 0
    curve_every: int = 2000
    model: ModelName = "tutorial"
    hidden_size: int = 256
    embedding_size: int = 0
    n_layers: int = 2
    encoder_layers: int = 1
    selection: Selection = field(default_factory=Selection)

    def __post_init__(self) -> None:
        for name in (
            *("epochs", "batch_size", "batch_tokens", "validate_every", "patience", "curve_every"),
            *("hidden_size", "n_layers", "encoder_layers"),
        ):
            _require(getattr(self, name) >= 1, name, "1 or more", getattr(self, name))
        for name in (
            *("seed", "clip_norm", "word_prediction", "word_dropout", "report_every"),
            "embedding_size",
        ):
            _require(getattr(self, name) >= 0, name, "0 or more", getattr(self, name))
        for name in ("warmup", "dropout", "label_smoothing", "subword_dropout", "typing_noise"):
            value = getattr(self, name)
            _require(0 <= value < 1, name, "at least 0, less than 1", value)
        self._check_sizes()
        ratio, rate = self.teacher_forcing_ratio, self.learning_rate
        _require(0 <= ratio <= 1, "teacher_forcing_ratio", "0 to 1", ratio)
        _require(rate > 0, "learning_rate", "more than 0", rate)

    def _check_sizes(self) -> None:
        model, hidden, embedding = self.model, self.hidden_size, self.embedding_size
        if model != "tutorial":
            _require(self.n_layers == 2, "n_layers", f"2 with --model {model}", self.n_layers)
        if model != "conditional":
            layers, expected = self.encoder_layers, f"1 with --model {model}"
            _require(layers == 1, "encoder_layers", expected, layers)
            expected = f"0 or the hidden size, {hidden}, with --model {model}"
            _require(embedding in (0, hidden), "embedding_size", expected, embedding)

    @property
    def units_of_embeddings(self) -> int:
        """Units of the embeddings."""
        return self.embedding_size or self.hidden_size

    @property
    def learns_unk(self) -> bool:
        """Whether the source vocabulary has a token for unknown words."""
        return self.word_dropout > 0 or self.selection.min_count > 1


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
    report_every=500,
    curve_every=100,
    selection=Selection(held_out=0.0),
)
"""The tutorial's training: one pair at a time, the decoder fed its own predictions."""

ATTENTION = Recipe(
    model="attention", epochs=24, learning_rate=3e-3, dropout=0.1, label_smoothing=0.2
)
"""For the model with attention, which overfits sooner; docs/attention.md has its metrics."""

RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {"default": DEFAULT, "attention": ATTENTION, "tutorial": TUTORIAL}
)
"""Recipes by the name that ``--recipe`` takes."""
