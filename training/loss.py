"""The loss of a batch, under teacher forcing or free running. Learner and validation compute it.

The decoder is fed the reference (teacher forcing) or its own predictions (free running). Either
way its inputs are known before anything is differentiated, so both are one calculation.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from s2s_export.decoding.steps import TensorSpec, fixed_shape
from s2s_export.exporter.torch_steps import as_tuple
from s2s_export.text.vocabulary import EOS, SOS

from .data.batches import Batch
from .models.seq2seq import Seq2Seq
from .recipes.recipe import Recipe


@dataclass(frozen=True)
class Loss:
    """The loss of a batch.

    Attributes:
        value: ``float32[]``, the loss to differentiate, with all regularization.
        nll: sum of the negative log-probabilities of the counted target tokens, in nats.
        tokens: number of the counted target tokens.
        sentences: number of the pairs.
    """

    value: Tensor
    nll: float
    tokens: int
    sentences: int


def batch_loss(
    model: Seq2Seq,
    batch: Batch,
    recipe: Recipe,
    *,
    free_running: bool,
    word_predictor: nn.Linear | None = None,
    mixed_precision: bool = False,
) -> Loss:
    """Return the loss of a batch, ready for the backward pass.

    Args:
        model: encoder and decoder.
        batch: on the model's device.
        recipe: of the run.
        free_running: feed the decoder its own predictions; a sentence ends where it predicts EOS,
            and later tokens do not count.
        word_predictor: of ``word_prediction_loss``.
        mixed_precision: run the recurrence in bfloat16.
    """
    passes, dropout = 2 if recipe.consistency else 1, recipe.dropout
    sentences, batch = batch.size, batch.repeated(passes)
    with torch.autocast(batch.source.device.type, torch.bfloat16, enabled=mixed_precision):
        state = encode(model, batch.source, dropout)
        if free_running:
            fed, counted = predicted_inputs(model, state, batch)
        else:
            fed, counted = reference_inputs(batch), batch.mask
        outputs = decoder_outputs(model, state, fed, counted, dropout)
    hidden = state["hidden"]
    if mixed_precision:
        outputs, hidden = outputs.float(), hidden.float()
    log_probs = model.decoder.score(outputs)
    reference = batch.target[: len(fed)][counted]
    nll = functional.nll_loss(log_probs, reference, reduction="sum")
    total = nll
    if recipe.label_smoothing:
        evenly = -log_probs.mean(dim=-1).sum()
        total = (1 - recipe.label_smoothing) * nll + recipe.label_smoothing * evenly
    if word_predictor is not None:
        total = total + recipe.word_prediction * word_prediction_loss(word_predictor, hidden, batch)
    if recipe.consistency:
        total = total + 2 * recipe.consistency * consistency_loss(log_probs, counted)
    tokens = len(log_probs)
    value = total / (tokens if recipe.loss == "token" else batch.size)
    return Loss(value, nll.item() / passes, tokens // passes, sentences)


@torch.inference_mode()
def mean_loss(model: Seq2Seq, batches: Iterable[Batch]) -> float | None:
    """Return the mean loss of a target token under teacher forcing, in nats; ``None`` of none."""
    device = next(model.parameters()).device
    nll, tokens = 0.0, 0
    for batch in (loaded.to(device) for loaded in batches):
        state = encode(model, batch.source)
        outputs = decoder_outputs(model, state, reference_inputs(batch), batch.mask)
        log_probs = model.decoder.score(outputs)
        nll += functional.nll_loss(log_probs, batch.target[batch.mask], reduction="sum").item()
        tokens += len(log_probs)
    return nll / tokens if tokens else None


TensorState = Mapping[str, Tensor]
"""State tensors by name."""


def encode(model: Seq2Seq, source: Tensor, dropout: float = 0.0) -> TensorState:
    """Run the encoder over whole sentences.

    Args:
        model: encoder and decoder.
        source: ``int64[S, B]``.
        dropout: fraction of the embeddings to drop, as for ``decoder_outputs``.

    Returns:
        The decoder's first state: the encoder's outputs, and zeros where it supplies none.
    """
    encoder = model.encoder.spec()
    embedded = _drop(model.encoder.embedding(source), dropout)
    zeros = _zeros(encoder.state, embedded)
    outputs = model.encoder.unroll(embedded, *zeros.values())
    supplied = {**zeros, **dict(zip(encoder.output_names, outputs, strict=True))}
    missing = [tensor for tensor in model.decoder.spec().state if tensor.name not in supplied]
    return {**supplied, **_zeros(missing, embedded)}


def _zeros(tensors: Iterable[TensorSpec], like: Tensor) -> dict[str, Tensor]:
    """Return zeros for state tensors, in the batch size of ``float32[T, B, H]``."""
    return {t.name: like.new_zeros(fixed_shape(t, like.shape[1])) for t in tensors}


def consistency_loss(log_probs: Tensor, counted: Tensor) -> Tensor:
    """Return the difference of two predictions of the same batch with different dropout.

    Args:
        log_probs: ``float32[2N, V]``, at the places that count.
        counted: ``bool[T, 2B]``, the same in the first B columns as in the others.

    Returns:
        ``float32[]``, the sum over N tokens of the mean of both Kullback-Leibler divergences, in
        nats.

    Source:
        Wu et al. 2021, "R-Drop" (arXiv 2106.14448).
    """
    columns = torch.arange(counted.shape[1], device=counted.device).expand(counted.shape)
    first = (columns < counted.shape[1] // 2)[counted]
    one, other = log_probs[first], log_probs[~first]
    return ((one.exp() - other.exp()) * (one - other)).sum() / 2


def word_prediction_loss(word_predictor: nn.Linear, hidden: Tensor, batch: Batch) -> Tensor:
    """Return the loss of predicting the target's words from the encoder's hidden state alone.

    It makes the encoder keep all of them in its hidden state, where the decoder finds them.

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


def decoder_outputs(
    model: Seq2Seq, state: TensorState, fed: Tensor, counted: Tensor, dropout: float = 0.0
) -> Tensor:
    """Return the decoder's outputs at the places that count; its ``score`` tells the next token.

    Args:
        model: encoder and decoder.
        state: the result of ``encode``.
        fed: ``int64[T, B]``, the decoder's inputs, SOS first.
        counted: ``bool[T, B]``, true at N places.
        dropout: fraction of the embeddings and the outputs to drop. A sentence loses the same units
            in all of its steps (Gal and Ghahramani 2016, arXiv 1512.05287), which also takes far
            fewer random numbers.

    Returns:
        ``float32[N, …]``, or ``bfloat16`` under autocast.
    """
    decoder = model.decoder
    # Only the recurrence must go step by step: the other layers give the same numbers for all steps
    # at once, which saves a full-size gradient of their weights for each step.
    embedded = _drop(decoder.embedding(fed), dropout)
    outputs = decoder.unroll(embedded, *(state[tensor.name] for tensor in decoder.spec().state))
    return _drop(outputs, dropout)[counted]  # [T, B, H] -> [N, H]


def reference_inputs(batch: Batch) -> Tensor:
    """Return the decoder's inputs under teacher forcing, ``int64[T, B]``."""
    return torch.cat([torch.full_like(batch.target[:1], SOS), batch.target[:-1]])


@torch.no_grad()
def predicted_inputs(model: Seq2Seq, state: TensorState, batch: Batch) -> tuple[Tensor, Tensor]:
    """Run the decoder freely for as many steps as the reference has tokens.

    Args:
        model: encoder and decoder.
        state: the result of ``encode``.
        batch: the pairs.

    Returns:
        The decoder's inputs, ``int64[T, B]``, SOS first; and ``bool[T, B]``, true where the
        reference has a token and the decoder has not predicted EOS before.
    """
    spec = model.decoder.spec()
    state = dict(state)
    token = torch.full_like(batch.target[0], SOS)
    alive = torch.ones_like(batch.mask[0])
    fed, counted = [], []
    for has_reference in batch.mask:
        alive = alive & has_reference
        if not alive.any():
            break
        fed.append(token)
        counted.append(alive)
        outputs = as_tuple(model.decoder(token, *(state[tensor.name] for tensor in spec.state)))
        state.update({name: outputs[index] for name, index in spec.replaced.items()})
        token = outputs[0].argmax(dim=-1)
        alive = alive & (token != EOS)
    return torch.stack(fed), torch.stack(counted)


def _drop(values: Tensor, probability: float) -> Tensor:
    """Drop units of ``float32[T, B, H]``, the same ones in every step of a sentence."""
    if not probability:
        return values
    return values * functional.dropout(torch.ones_like(values[:1]), probability)
