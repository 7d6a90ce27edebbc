"""The check of a user's two modules, before any tool sees them: small inputs, eager PyTorch.

Part of the torch side: ``export_modules`` asks it. The parity gate shows that the graphs compute
what the modules compute; this check shows that the modules compute what the loop expects. An
attention that looks at padding is the same in all back ends, and wrong in all.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ...decoding.steps import DecoderSpec, EncoderSpec
from ...errors import ModuleError, SpecError
from ...verify import TOLERANCE
from .probe import Named, Probe

_ROWS = 3
_TOKENS = 5
_CUT = 2
_PADDING = 16
_LOG_SUM_TOLERANCE = 1e-3
"""Of log-probabilities in float32; logits are off by whole numbers."""


def check_modules(
    encoder: nn.Module,
    encoder_spec: EncoderSpec,
    decoder: nn.Module,
    decoder_spec: DecoderSpec,
    *,
    source_ids: Sequence[int],
    target_ids: Sequence[int],
    logits: bool,
) -> None:
    """Check two modules in evaluation mode, whose specifications keep the contract.

    Args:
        encoder: the encoder step.
        encoder_spec: of its ``forward``.
        decoder: the decoder step.
        decoder_spec: of its ``forward``.
        source_ids: the ids that the encoder must take, as the model numbers them.
        target_ids: those of the decoder.
        logits: whether the decoder's first output are logits, or else log-probabilities.

    Raises:
        SpecError: the decoder's specification replaces no state.
        ModuleError: a module does not do what its specification promises; the message says which
            tensor, what was found, and what to change.
    """
    first = Probe("encoder", encoder, encoder_spec, torch.tensor(source_ids))
    second = Probe("decoder", decoder, decoder_spec, torch.tensor(target_ids))
    if not decoder_spec.replaced:
        raise SpecError(
            "decoder.outputs: none replaces a state, so each step would begin as the first; name "
            "the output that becomes state X next_X"
        )
    for probe in (first, second):
        probe.require_usable()
    with torch.inference_mode():
        supplied = _check_encoder(first, encoder_spec)
        _check_decoder(second, decoder_spec, supplied, logits=logits)


def _check_encoder(probe: Probe, spec: EncoderSpec) -> Named:
    """Check an encoder step and return the state that it supplies for ``_ROWS`` sentences."""
    tokens = probe.tokens(_TOKENS, _ROWS)
    state = probe.zeros(spec.state, _ROWS)
    outputs = probe.run(tokens, state)
    _require_repeatable(probe, outputs, probe.run(tokens, state))
    supplied = {**state, **probe.as_state(outputs)}
    again = {name: supplied[name] for name in state}  # a state that is not zero
    outputs = probe.run(tokens, again)
    for row in range(_ROWS):
        alone = probe.run(tokens[:, row : row + 1], _row(again, row))
        _require_independent(probe, _row(outputs, row), alone)
    probe.run(tokens[:1], again)
    if spec.reads == "tokens":
        _require_cuttable(probe, spec, tokens, again, outputs)
    return supplied


def _require_cuttable(
    probe: Probe, spec: EncoderSpec, tokens: Tensor, state: Named, whole: Named
) -> None:
    one = probe.run(tokens[:_CUT], state)
    other = probe.run(tokens[_CUT:], {**state, **probe.as_state(one)})
    for name, expected in whole.items():
        found = torch.cat([one[name], other[name]]) if name in spec.collected else other[name]
        difference = _difference(found, expected)
        if difference > TOLERANCE:
            raise ModuleError(
                f'encoder: reads="tokens" says that a sentence may be cut, but {name} differs by '
                f"{difference:.3g} when {_TOKENS} tokens are read as {_CUT} and "
                f"{_TOKENS - _CUT}: forward reads backwards, or begins with a state of its own; "
                'write reads="sentence" in the specification, or take the state from the inputs'
            )


def _check_decoder(probe: Probe, spec: DecoderSpec, supplied: Named, *, logits: bool) -> None:
    token = probe.tokens(_ROWS)
    missing = [tensor for tensor in spec.state if tensor.name not in supplied]
    state = {**supplied, **probe.zeros(missing, _ROWS)}
    outputs = probe.run(token, state)
    _require_repeatable(probe, outputs, probe.run(token, state))
    _require_scores(outputs["log_probs"], logits=logits)
    state = {**state, **probe.as_state(outputs)}
    outputs = probe.run(token, state)
    for row in range(_ROWS):
        alone = probe.run(token[row : row + 1], _row(state, row))
        _require_independent(probe, _row(outputs, row), alone)
    memories = [tensor.name for tensor in spec.state if tensor.shape[0] == "S"]
    if memories:
        longer = {name: _padded(state[name]) for name in memories}
        _require_masked(probe, outputs, probe.run(token, {**state, **longer}), memories)


def _require_repeatable(probe: Probe, one: Named, other: Named) -> None:
    for name, expected in one.items():
        difference = _difference(other[name], expected)
        if difference > TOLERANCE:
            raise ModuleError(
                f"{probe.name}: the same inputs give another {name} the second time (it differs "
                f"by {difference:.3g}): dropout or noise stays on in evaluation (F.dropout takes "
                "training=self.training), or the module keeps a state that is no input"
            )


def _require_independent(probe: Probe, beside: Named, alone: Named) -> None:
    for name, expected in alone.items():
        difference = _difference(beside[name], expected)
        if difference > TOLERANCE:
            raise ModuleError(
                f"{probe.name}: {name} of a sentence depends on those beside it (it differs by "
                f"{difference:.3g} from that of the sentence alone); compute nothing over the "
                "batch, such as a mean, a softmax or a normalization over axis 1 of a state"
            )


def _require_scores(scores: Tensor, *, logits: bool) -> None:
    ones = torch.ones(len(scores))
    if bool((scores >= 0).all()) and _difference(scores.sum(dim=1), ones) < _LOG_SUM_TOLERANCE:
        raise ModuleError(
            "decoder: log_probs are probabilities, which add up to 1; return log_softmax in place "
            "of softmax"
        )
    off = _difference(scores.logsumexp(dim=1), torch.zeros(len(scores)))
    if not logits and off > _LOG_SUM_TOLERANCE:
        raise ModuleError(
            "decoder: log_probs are no log-probabilities: the logarithm of the sum of their "
            f"exponentials is off 0 by {off:.3g}; return log_softmax(…, dim=-1), or for logits "
            'write scores="logits", and the export adds it'
        )


def _require_masked(probe: Probe, outputs: Named, padded: Named, memories: Sequence[str]) -> None:
    for name, expected in outputs.items():
        difference = _difference(padded[name][: len(expected)], expected)
        if difference > TOLERANCE:
            raise ModuleError(
                f"{probe.name}: {name} differs by {difference:.3g} when zeros follow "
                f"{' and '.join(memories)}, as they do for a shorter sentence of a batch; return a "
                "mask from the encoder, ones float32[T, B, 1], and fill the energies with -inf "
                "where it is 0, before the softmax"
            )


def _row(tensors: Named, row: int) -> Named:
    """Return one row of each tensor; log-probabilities alone have the batch on axis 0."""
    axes = {name: int(name != "log_probs") for name in tensors}
    return {n: t.narrow(axes[n], row, 1).contiguous() for n, t in tensors.items()}


def _padded(memory: Tensor) -> Tensor:
    return torch.cat([memory, torch.zeros_like(memory[:1]).expand(_PADDING, *memory.shape[1:])])


def _difference(found: Tensor, expected: Tensor) -> float:
    """Return the largest difference, in units of the largest number if that is above 1."""
    scale = max(1.0, float(expected.abs().max()))
    return float((found - expected).abs().max()) / scale
