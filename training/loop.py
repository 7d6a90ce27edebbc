"""The training loop: batches, teacher forcing, Adam."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from s2s_export.vocabulary import SOS

from .batches import Batch
from .model import Seq2Seq

MAX_GRADIENT_NORM = 5.0
"""Gradients are scaled down to this norm: a GRU's can explode on a single batch."""


def teacher_forced_loss(model: Seq2Seq, batch: Batch) -> Tensor:
    """Return the negative log-probabilities of a batch's target tokens.

    The decoder is fed the reference's tokens, not its own (teacher forcing).

    Args:
        model: encoder and decoder.
        batch: on the model's device.

    Returns:
        ``float32[]``, the sum over all tokens that are no padding, in nats.
    """
    zeros = batch.source.new_zeros((1, batch.size, model.hidden_size), dtype=torch.float32)
    hidden = model.encoder(batch.source, zeros)
    # Only the recurrence must go step by step: embedding and scoring all steps at once gives the
    # same numbers and saves a full-size gradient of their weights for each step.
    decoder = model.decoder
    start = torch.full_like(batch.target[:1], SOS)
    embedded = decoder.embedding(torch.cat([start, batch.target[:-1]]))
    outputs = []
    for step in range(len(embedded)):
        output, hidden = decoder.recur(embedded[step : step + 1], hidden)
        outputs.append(output)
    # [T, B, H] -> [N, H] -> [N, V]: the N tokens that are no padding
    log_probs = decoder.score(torch.cat(outputs)[batch.mask])
    return functional.nll_loss(log_probs, batch.target[batch.mask], reduction="sum")


def train_epoch(
    model: Seq2Seq,
    optimizer: torch.optim.Optimizer,
    batches: Iterable[Batch],
    on_batch: Callable[[Batch, float], None],
) -> float:
    """Take one optimizer step for each batch.

    Args:
        model: trained in place.
        optimizer: over the model's parameters.
        batches: of one epoch.
        on_batch: called after each step with the batch and its mean token loss in nats.

    Returns:
        The mean token loss of the epoch, in nats.
    """
    device = next(model.parameters()).device
    model.train()
    total_loss, total_tokens = 0.0, 0
    for batch in batches:
        loss = teacher_forced_loss(model, batch.to(device))
        tokens = int(batch.mask.sum())
        optimizer.zero_grad()
        torch.autograd.backward(loss / tokens)
        nn.utils.clip_grad_norm_(model.parameters(), MAX_GRADIENT_NORM)
        optimizer.step()
        total_loss += loss.item()
        total_tokens += tokens
        on_batch(batch, loss.item() / tokens)
    return total_loss / total_tokens


@torch.inference_mode()
def mean_loss(model: Seq2Seq, batches: Iterable[Batch]) -> float:
    """Return the mean token loss of some batches in nats, without training on them."""
    device = next(model.parameters()).device
    model.eval()
    total_loss, total_tokens = 0.0, 0
    for batch in batches:
        total_loss += teacher_forced_loss(model, batch.to(device)).item()
        total_tokens += int(batch.mask.sum())
    return total_loss / total_tokens
