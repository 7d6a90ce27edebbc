"""Learner: the model in training, its optimizer, and their position in the recipe.

Everything random in a step follows from (seed, epoch, step), so a learner that was saved after any
step and restored goes on bit for bit as if it had never stopped (on the same machine, with the same
torch, device and number of threads).
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from s2s_export.errors import NonFiniteError

from .data.batches import Batch, collate, shuffled_groups
from .data.corpus import Corpus
from .data.encoding import EncodedPair, encode_pairs
from .data.noise.text_noise import TextNoise
from .data.noise.word_dropout import WordDropout
from .loss import Loss, batch_loss
from .models.seq2seq import Seq2Seq
from .precision import mixed_precision
from .recipes.recipe import Recipe
from .recipes.selection import SideName
from .run.time_limit import NO_LIMIT, TimeLimit
from .start.embeddings import FrozenRows, embedding_of, set_vectors
from .start.word_vectors import WordVectors


@dataclass
class Position:
    """The position of a training in its recipe.

    Attributes:
        epoch: the one under way, counted from 1.
        step: steps of it that are taken.
        sentences: pairs trained on since the beginning.
    """

    epoch: int = 1
    step: int = 0
    sentences: int = 0

    def __str__(self) -> str:
        return f"step {self.step} of epoch {self.epoch}"


class Learner:
    """A model in training.

    Attributes:
        model: encoder and decoder.
        position: where in the recipe it is.
        max_source_length: tokens of the longest source sentence, EOS included.
        max_target_length: tokens of the longest target sentence, EOS included.
    """

    def __init__(
        self,
        corpus: Corpus,
        recipe: Recipe,
        device: torch.device,
        limit: TimeLimit = NO_LIMIT,
    ) -> None:
        """Make the model that the recipe describes; the seed decides its weights."""
        self._recipe, self._limit = recipe, limit
        self._device = device
        self._mixed_precision = mixed_precision(recipe, device)
        self._pairs = encode_pairs(corpus.training, corpus.vocabularies)
        self.max_source_length = max(len(pair.source) for pair in self._pairs)
        self.max_target_length = max(len(pair.target) for pair in self._pairs)
        if corpus.known is not None:
            known = corpus.known
            self.max_source_length = max(self.max_source_length, known.max_source_length)
            self.max_target_length = max(self.max_target_length, known.max_target_length)
        torch.manual_seed(recipe.seed)
        source, target = corpus.vocabularies.source, corpus.vocabularies.target
        self.model = Seq2Seq.of(recipe, corpus.vocabularies)
        if recipe.init == "orthogonal":
            self.model.initialize_orthogonally()
        self.model.to(device)
        self._word_predictor: nn.Linear | None = None
        if recipe.word_prediction:
            self._word_predictor = nn.Linear(recipe.hidden_size, len(target)).to(device)
        # What is trained: the model, and what helps to train it.
        self._trained = nn.ModuleList(filter(None, (self.model, self._word_predictor)))
        self._optimizer = torch.optim.Adam(
            self._trained.parameters(), lr=recipe.learning_rate, fused=True
        )
        self._word_dropout: WordDropout | None = None
        if recipe.word_dropout and source.unk is not None:
            self._word_dropout = WordDropout(self._pairs, source, recipe.word_dropout)
        self._text_noise: TextNoise | None = None
        if recipe.number_noise or recipe.typing_noise or recipe.subword_dropout:
            self._text_noise = TextNoise(
                [pair.texts for pair in corpus.training],
                corpus.modes,
                corpus.vocabularies,
                numbers=recipe.number_noise,
                typing=recipe.typing_noise,
                subword_dropout=recipe.subword_dropout,
            )
        self._frozen = FrozenRows()
        self.position = Position()
        self._groups: Sequence[Sequence[EncodedPair]] = ()
        self._groups_of_epoch = 0

    def set_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Begin with the weights of another model of the same shape."""
        self.model.load_state_dict(weights)

    def set_vectors(self, side: SideName, vectors: WordVectors, *, freeze: bool) -> None:
        """Begin with word vectors in an embedding; ``freeze`` keeps them as they are."""
        set_vectors(embedding_of(self.model, side), vectors)
        if freeze:
            self._frozen.add(side, vectors)

    @property
    def pairs(self) -> int:
        """Number of training pairs."""
        return len(self._pairs)

    @property
    def finished(self) -> bool:
        """Whether all epochs are done."""
        return self.position.epoch > self._recipe.epochs

    @property
    def epoch_finished(self) -> bool:
        """Whether the last step ended an epoch; ``begin_epoch`` goes on."""
        return self.position.step == len(self._epoch_groups())

    def begin_epoch(self) -> None:
        """Go on to the next epoch."""
        assert self.epoch_finished
        self.position.epoch += 1
        self.position.step = 0

    def take_step(self) -> Loss:
        """Take one optimizer step with the next batch.

        Raises:
            NonFiniteError: the loss is NaN or infinite; the weights were not changed by this step.
        """
        position, recipe = self.position, self._recipe
        groups = self._epoch_groups()
        batch = collate(groups[position.step]).to(self._device)
        of_epochs = (position.epoch - 1 + position.step / len(groups)) / recipe.epochs
        done = max(of_epochs, self._limit.share)
        torch.manual_seed(_seed_of_step(recipe.seed, position))
        loss = self._loss(batch)
        if not math.isfinite(loss.nll):
            raise NonFiniteError(
                f"the loss is {loss.nll} in epoch {position.epoch}, step {position.step + 1}; "
                "a lower --learning-rate or some --clip-norm may help"
            )
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(recipe, done)
        self._optimizer.zero_grad()
        torch.autograd.backward(loss.value)
        self._frozen.zero_gradients(self.model)
        if recipe.clip_norm:
            nn.utils.clip_grad_norm_(self._trained.parameters(), recipe.clip_norm)
        self._optimizer.step()
        position.step += 1
        position.sentences += loss.sentences
        return loss

    def _loss(self, batch: Batch) -> Loss:
        self.model.train()
        free_running = float(torch.rand(())) >= self._recipe.teacher_forcing_ratio
        if self._word_dropout is not None:
            batch = self._word_dropout(batch)
        return batch_loss(
            self.model,
            batch,
            self._recipe,
            free_running=free_running,
            word_predictor=self._word_predictor,
            mixed_precision=self._mixed_precision,
        )

    def _epoch_groups(self) -> Sequence[Sequence[EncodedPair]]:
        if self._groups_of_epoch != self.position.epoch:
            self._groups_of_epoch = self.position.epoch
            self._groups = shuffled_groups(
                self._pairs_of_epoch(),
                self._recipe.batch_size,
                self._recipe.batch_tokens,
                seed=self._recipe.seed,
                epoch=self.position.epoch,
            )
        return self._groups

    def _pairs_of_epoch(self) -> Sequence[EncodedPair]:
        """Return the pairs as this epoch types and spells them."""
        if self._text_noise is None:
            return self._pairs
        return self._text_noise(self._pairs, seed=self._recipe.seed, epoch=self.position.epoch)

    def is_finite(self) -> bool:
        """Tell whether no weight is NaN or infinite."""
        return all(bool(torch.isfinite(weights).all()) for weights in self._trained.parameters())

    def state(self) -> dict[str, Any]:
        """Return all that ``restore`` needs; tensors are shared, not copied."""
        return {
            "position": vars(self.position).copy(),
            "trained": self._trained.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "frozen": self._frozen.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to where ``state`` was taken."""
        self.position = Position(**state["position"])
        self._trained.load_state_dict(state["trained"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._frozen.restore(state.get("frozen", {}))


def learning_rate(recipe: Recipe, done: float) -> float:
    """Return Adam's learning rate for the next step.

    Args:
        recipe: of the run.
        done: share of all steps that are taken, or of the time that is spent, 0 to 1.
    """
    rate = recipe.learning_rate
    if done < recipe.warmup:
        # The first step has a rate above zero, the step after the warm-up has all of it.
        return rate * max(done / recipe.warmup, 0.05)
    if recipe.schedule == "constant":
        return rate
    rest = (done - recipe.warmup) / (1 - recipe.warmup)
    return rate * 0.5 * (1 + math.cos(math.pi * rest))


def _seed_of_step(seed: int, position: Position) -> int:
    """Return a seed that has nothing to do with those of the steps around it."""
    name = f"{seed} {position.epoch} {position.step}"
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
