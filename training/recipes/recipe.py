"""Recipe: every choice that decides a run beside its data.

The command line of ``training.fit`` is generated from the fields and their descriptions. No torch,
so that ``--help`` answers at once.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

from .amount import consistency_for, epochs_for, size_for, steps_for
from .selection import Selection, require

ModelName = Literal["tutorial", "attention", "conditional"]

_TOKENS_OF_A_PAIR = 20


@dataclass(frozen=True)
class Recipe:
    """The model and its training.

    Attributes:
        seed: of the weights, the held-out part, the order of the pairs and all that is random.
        epochs: passes over the training pairs; 0 follows the amount of data (``epochs_for``).
        max_minutes: training ends in about so many minutes, with its schedule: the learning rate
            follows the share of the epochs or of the time, whichever is larger, and falls to its
            end in time. All counts, from sorting the pairs to the last validation, and earlier
            sittings before --resume too. 0 is no limit. A run with a limit is not bit-exact: how
            many steps it takes depends on the machine.
        batch_size: the most pairs of a step; all have equally many source tokens; 0 follows the
            amount of data and the target's text mode (``steps_for``).
        batch_tokens: the most target tokens of a step, padding counted; this bounds the memory. 0
            is 20 for each of the pairs.
        loss: a step's loss is the mean over ``token``s, or over ``sentence``s of their sums.
        teacher_forcing_ratio: fraction of the steps in which the decoder is fed the reference; in
            the others it is fed its own predictions, and a sentence ends where it predicts EOS.
        init: first values of the GRUs: ``pytorch``, or ``orthogonal``, with which a high learning
            rate pays.
        learning_rate: of Adam, at its highest; 0 follows the amount of data and the target's text
            mode (``steps_for``).
        schedule: ``constant``, or ``cosine``: down to zero along a half cosine.
        warmup: fraction of all steps over which the learning rate rises.
        clip_norm: gradients are scaled down to this norm; 0 leaves them as they are.
        dropout: fraction of the embeddings and of the decoder's outputs that training drops.
        label_smoothing: share of the loss that asks for every word alike.
        word_prediction: weight of a second loss in training: from the encoder's last hidden state
            alone, a linear layer of its own must tell which words the target has, in any order.
            The layer is not part of the model.
        consistency: weight of a third loss in training: each batch is read twice, with different
            dropout, and the two predictions must agree (R-Drop). Takes twice the time, and needs
            some dropout and the teacher_forcing_ratio 1. None follows the amount of data
            (``consistency_for``).
        word_dropout: training takes a source word that it has seen n times for unknown, with
            probability word_dropout / (word_dropout + n): it reads another form of the word, or
            UNK. With 0 it learns no UNK from them.
        subword_dropout: share of the merges that training leaves out of a ``natural`` source, anew
            in each epoch, so that it reads words in several spellings.
        typing_noise: share of the source texts that training reads without accents, without the
            final full stop, with the other apostrophe, in capitals, or in lower case: each of these
            with this probability, anew in each epoch.
        number_noise: share of the pairs with the same numbers, in digits, on both sides that
            training reads with others, of as many digits each, anew in each epoch.
        validate_every: epochs from one validation to the next.
        patience: validations without fewer errors after which training stops.
        perfect_validations: validations in a row without any wrong token after which training
            stops; 0 goes on.
        report_every: print the running loss after so many sentences, as the tutorial does; 0 never.
        curve_every: sentences from one point of the loss curve to the next.
        mixed_precision: training multiplies in bfloat16; weights, their updates and the loss stay
            float32, and so does the exported model. Only the model ``conditional`` can. ``auto``
            does so with 384 units or more, on a processor that has circuits for it (Intel's AMX).
        model: ``tutorial``; ``attention``, whose decoder looks back at all tokens of the source; or
            ``conditional``, which also reads the source in both directions.
        hidden_size: units of the GRUs; 0 follows the amount of data (``size_for``), in the model
            ``conditional``.
        embedding_size: units of the embeddings; 0 takes the hidden size, or with that follows the
            amount of data. Only the model ``conditional`` takes another than the hidden size.
        n_layers: applications of the decoder's GRU in a step; 2 but for the model ``tutorial``.
        encoder_layers: GRUs on top of each other in the encoder; 1 but for ``conditional``.
        selection: which pairs are trained on.
    """

    seed: int = 0
    epochs: int = 18
    max_minutes: float = 0.0
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
    consistency: float | None = 0.0
    word_dropout: float = 0.25
    subword_dropout: float = 0.0
    typing_noise: float = 0.0
    number_noise: float = 0.0
    validate_every: int = 1
    patience: int = 10
    perfect_validations: int = 0
    report_every: int = 0
    curve_every: int = 2000
    mixed_precision: Literal["auto", "on", "off"] = "auto"
    model: ModelName = "tutorial"
    hidden_size: int = 256
    embedding_size: int = 0
    n_layers: int = 2
    encoder_layers: int = 1
    selection: Selection = field(default_factory=Selection)

    def __post_init__(self) -> None:
        for name in ("validate_every", "patience", "curve_every", "n_layers", "encoder_layers"):
            require(getattr(self, name) >= 1, name, "1 or more", getattr(self, name))
        for name in (
            *("seed", "clip_norm", "word_prediction", "word_dropout", "report_every"),
            *("epochs", "max_minutes", "hidden_size", "embedding_size", "perfect_validations"),
            *("batch_size", "batch_tokens", "learning_rate"),
        ):
            require(getattr(self, name) >= 0, name, "0 or more", getattr(self, name))
        for name in (
            *("warmup", "label_smoothing", "dropout"),
            *("subword_dropout", "typing_noise", "number_noise"),
        ):
            value = getattr(self, name)
            require(0 <= value < 1, name, "at least 0, less than 1", value)
        self._check_sizes()
        self._check_consistency()

    def _check_sizes(self) -> None:
        model, hidden, embedding = self.model, self.hidden_size, self.embedding_size
        if model != "tutorial":
            require(self.n_layers == 2, "n_layers", f"2 with --model {model}", self.n_layers)
        if model != "conditional":
            require(hidden >= 1, "hidden_size", f"1 or more with --model {model}", hidden)
            layers, expected = self.encoder_layers, f"1 with --model {model}"
            require(layers == 1, "encoder_layers", expected, layers)
            expected = f"auto or off with --model {model}"
            require(self.mixed_precision != "on", "mixed_precision", expected, self.mixed_precision)
            expected = f"0 or the hidden size, {hidden}, with --model {model}"
            require(embedding in (0, hidden), "embedding_size", expected, embedding)

    def _check_consistency(self) -> None:
        dropout, ratio, consistency = self.dropout, self.teacher_forcing_ratio, self.consistency
        require(0 <= ratio <= 1, "teacher_forcing_ratio", "0 to 1", ratio)
        if consistency is not None:
            require(consistency >= 0, "consistency", "0 or more", consistency)
        if consistency:
            expected = "0 without --dropout, or with free running"
            require(dropout != 0 and ratio == 1, "consistency", expected, consistency)

    def for_tokens(self, tokens: int) -> "Recipe":
        """Return the recipe with the choices that follow the amount of data.

        Args:
            tokens: of the training pairs, both sides.
        """
        size = size_for(tokens)
        steps = steps_for(tokens, spelt=self.selection.target_is_spelt)
        consistency = self.consistency
        if consistency is None:
            # Without dropout, or with free running, there are no two passes to compare.
            possible = self.dropout > 0 and self.teacher_forcing_ratio == 1
            consistency = consistency_for(tokens) if possible else 0.0
        embedding = self.embedding_size or (0 if self.hidden_size else size.embedding)
        batch_size = self.batch_size or steps.batch
        return replace(
            self,
            epochs=self.epochs or epochs_for(tokens),
            learning_rate=self.learning_rate or steps.learning_rate,
            consistency=consistency,
            hidden_size=self.hidden_size or size.hidden,
            batch_size=batch_size,
            batch_tokens=self.batch_tokens or _TOKENS_OF_A_PAIR * batch_size,
            embedding_size=embedding,
        )

    @property
    def units_of_embeddings(self) -> int:
        """Units of the embeddings."""
        return self.embedding_size or self.hidden_size

    @property
    def learns_unk(self) -> bool:
        """Whether the source vocabulary has a token for unknown words."""
        return self.word_dropout > 0 or self.selection.min_count > 1
