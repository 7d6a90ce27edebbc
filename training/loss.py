"""The loss of a batch: what the decoder is fed, what it says, and what that costs.

The decoder is fed either the reference (teacher forcing) or its own predictions (free running). In
both cases what it is fed is known before anything is differentiated, so both are one calculation.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from s2s_export.vocabulary import EOS, SOS

from .batches import Batch
from .model import Seq2Seq
from .recipes import Recipe


@dataclass(frozen=True)
class Loss:
    """What a batch costs.

    Attributes:
        value: ``float32[]``, to be differentiated, with all regularization.
        nats: sum of the negative log-probabilities of the scored target tokens.
        tokens: how many target tokens were scored.
        sentences: how many pairs.
    """

    value: Tensor
    nats: float
    tokens: int
    sentences: int


def batch_loss(
    model: Seq2Seq,
    batch: Batch,
    recipe: Recipe,
    *,
    free_running: bool,
    word_predictor: nn.Linear | None = None,
) -> Loss:
    """Return the loss of a batch, ready for the backward pass.

    Args:
        model: encoder and decoder.
        batch: on the model's device.
        recipe: of the run.
        word_predictor: from hidden units to target tokens; see ``word_prediction_loss``.
        free_running: feed the decoder its own predictions; a sentence ends where it predicts EOS,
            and what would come after is not scored.
    """
    state = encode(model, batch.source, recipe.dropout)
    if free_running:
        fed, scored = predicted_inputs(model, state, batch)
    else:
        fed, scored = reference_inputs(batch), batch.mask
    log_probs = token_log_probs(model, state, fed, scored, recipe.dropout)
    reference = batch.target[: len(fed)][scored]
    nll = functional.nll_loss(log_probs, reference, reduction="sum")
    total = nll
    if recipe.label_smoothing:
        evenly = -log_probs.mean(dim=-1).sum()
        total = (1 - recipe.label_smoothing) * nll + recipe.label_smoothing * evenly
    if word_predictor is not None:
        total = total + recipe.word_prediction * word_prediction_loss(
            word_predictor, state[0], batch
        )
    tokens = len(log_probs)
    return Loss(
        value=total / (tokens if recipe.loss == "token" else batch.size),
        nats=nll.item(),
        tokens=tokens,
        sentences=batch.size,
    )


@torch.inference_mode()
def mean_loss(model: Seq2Seq, batches: Iterable[Batch]) -> float | None:
    """Return the mean loss of a target token in nats, the reference fed back; ``None`` of none."""
    device = next(model.parameters()).device
    nats, tokens = 0.0, 0
    for batch in (batch.to(device) for batch in batches):
        state = encode(model, batch.source)
        log_probs = token_log_probs(model, state, reference_inputs(batch), batch.mask)
        nats += functional.nll_loss(log_probs, batch.target[batch.mask], reduction="sum").item()
        tokens += len(log_probs)
    return nats / tokens if tokens else None


DecoderState = tuple[Tensor, ...]
"""What a decoder is given beside the token: its hidden state first, the rest stays as it is."""


def encode(model: Seq2Seq, source: Tensor, dropout: float = 0.0) -> DecoderState:
    """Return what the encoder leaves to the decoder.

    Args:
        model: encoder and decoder.
        source: ``int64[S, B]``.
        dropout: fraction of the embeddings to drop; see ``token_log_probs``.

    Returns:
        What the encoder's ``forward`` returns for whole sentences.
    """
    read = _drop(model.encoder.embedding(source), dropout)
    return model.encoder.unroll(read, initial_hidden(model, source))


def word_prediction_loss(word_predictor: nn.Linear, hidden: Tensor, batch: Batch) -> Tensor:
    """Return what it costs to tell the target's words from the encoder's hidden state alone.

    It makes the encoder put them all there, where the decoder finds them.

    Args:
        word_predictor: from H hidden units to V target tokens.
        hidden: ``float32[1, B, H]``, after the last source token.
        batch: the pairs.

    Returns:
        ``float32[]``, the sum of the target tokens' negative log-probabilities, in nats.

    Source:
        Weng et al. 2017, "Neural Machine Translation with Word Predictions" (arXiv 1708.01771).
    """
    log_probs = torch.log_softmax(word_predictor(hidden[0]), dim=-1)  # [B, V]
    of_targets = log_probs.gather(1, batch.target.T)  # [B, T]
    return -of_targets[batch.mask.T].sum()


def token_log_probs(
    model: Seq2Seq, state: DecoderState, fed: Tensor, scored: Tensor, dropout: float = 0.0
) -> Tensor:
    """Return the log-probabilities of the next token wherever one is scored.

    Args:
        model: encoder and decoder.
        state: what ``encode`` returned.
        fed: ``int64[T, B]``, what the decoder is fed, SOS first.
        scored: ``bool[T, B]``, true at N places.
        dropout: fraction of the embeddings and the outputs to drop. A sentence loses the same units
            in all of its steps (Gal and Ghahramani 2016, arXiv 1512.05287), which also takes far
            fewer random numbers.

    Returns:
        ``float32[N, V]``.
    """
    decoder = model.decoder
    # Only the recurrence must go step by step: embedding and scoring all steps at once gives the
    # same numbers and saves a full-size gradient of their weights for each step.
    embedded = _drop(decoder.embedding(fed), dropout)
    outputs: Tensor = decoder.unroll(embedded, *state)
    dropped = _drop(outputs, dropout)
    return decoder.score(dropped[scored])  # [T, B, H] -> [N, H] -> [N, V]


def reference_inputs(batch: Batch) -> Tensor:
    """Return what the decoder is fed under teacher forcing, ``int64[T, B]``."""
    return torch.cat([torch.full_like(batch.target[:1], SOS), batch.target[:-1]])


@torch.no_grad()
def predicted_inputs(model: Seq2Seq, state: DecoderState, batch: Batch) -> tuple[Tensor, Tensor]:
    """Let the decoder run free for as long as the reference is.

    Args:
        model: encoder and decoder.
        state: what ``encode`` returned.
        batch: the pairs.

    Returns:
        What it is fed, ``int64[T, B]``, SOS first; and ``bool[T, B]``, where the reference has a
        token and the decoder has not said EOS before.
    """
    hidden, *constant = state
    token = torch.full_like(batch.target[0], SOS)
    alive = torch.ones_like(batch.mask[0])
    fed, scored = [], []
    for has_reference in batch.mask:
        alive = alive & has_reference
        if not alive.any():
            break
        fed.append(token)
        scored.append(alive)
        log_probs, hidden, *_ = model.decoder(token, hidden, *constant)
        token = log_probs.argmax(dim=-1)
        alive = alive & (token != EOS)
    return torch.stack(fed), torch.stack(scored)


def initial_hidden(model: Seq2Seq, source: Tensor) -> Tensor:
    """Return the hidden state before the first token, ``float32[1, B, H]``: zeros."""
    weights = model.encoder.embedding.weight
    return weights.new_zeros((1, source.shape[1], model.hidden_size))


def _drop(values: Tensor, probability: float) -> Tensor:
    """Drop units of ``float32[T, B, H]``, the same ones in every step of a sentence."""
    if not probability:
        return values
    mask = functional.dropout(torch.ones_like(values[:1]), probability)
    return values * mask
