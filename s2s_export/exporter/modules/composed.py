"""What the export adds around a module: the model's own token ids, and a log-softmax.

Part of the torch side. The additions are a graph of torch.fx, which PyTorch runs, torch.export
traces and TorchScript compiles whatever inputs the module has. A module of ours would need
``*state``, which TorchScript refuses.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.fx.node import Argument

from ...decoding.steps import DecoderSpec, EncoderSpec, StepSpec
from ...text.vocabulary import EOS, SOS

_NEVER = -1e4
"""Log-probability of a token that must not be chosen; the loop refuses infinity."""


def composed_encoder(encoder: nn.Module, spec: EncoderSpec, own_ids: Sequence[int]) -> nn.Module:
    """Return an encoder step that takes this package's token ids; it has the same specification.

    Args:
        encoder: takes the model's own ids.
        spec: of its ``forward``.
        own_ids: the model's own id of each id.
    """
    graph = _Graph(encoder, spec, own_ids)
    return graph.module(graph.outputs)


def composed_decoder(
    decoder: nn.Module,
    spec: DecoderSpec,
    *,
    log_softmax: bool,
    own_ids: Sequence[int] | None,
) -> tuple[nn.Module, DecoderSpec]:
    """Return a decoder step with log-probabilities for this package's ids, and its specification.

    Args:
        decoder: the module; it returns a tuple.
        spec: of its ``forward``.
        log_softmax: whether its first output are logits.
        own_ids: the model's own id of each id; ``None`` if they are the same.
    """
    graph = _Graph(decoder, spec, own_ids)
    scores, *others = (
        graph.call(operator.getitem, graph.outputs, i) for i in range(len(spec.outputs))
    )
    if log_softmax:
        scores = graph.call(torch.log_softmax, scores, -1)
    if own_ids is None:
        return graph.module((scores, *others)), spec
    scores = graph.call(torch.index_select, scores, 1, graph.own_ids)
    if own_ids[SOS] == own_ids[EOS]:
        # One token of the model begins and ends its sentences. It ends them here, so its other
        # column must not win.
        never = torch.arange(len(own_ids)) == SOS
        scores = graph.call(torch.masked_fill, scores, graph.constant("never", never), _NEVER)
    log_probs = replace(spec.outputs[0], shape=("B", len(own_ids)))
    return graph.module((scores, *others)), replace(spec, outputs=(log_probs, *spec.outputs[1:]))


class _Graph:
    """A call of a module, to which other calls are added.

    Attributes:
        own_ids: the table of the model's own ids.
        outputs: the result of the module.
    """

    def __init__(self, module: nn.Module, spec: StepSpec, own_ids: Sequence[int] | None) -> None:
        self._graph, self._parts = fx.Graph(), nn.Module()
        self._parts.step = module
        tokens, *state = (
            self._graph.placeholder(tensor.name, type_expr=Tensor) for tensor in spec.inputs
        )
        if own_ids is not None:
            self.own_ids = self.constant("own_ids", torch.tensor(own_ids))
            tokens = self.call(operator.getitem, self.own_ids, tokens)
        self.outputs = self._graph.call_module("step", (tokens, *state))

    def constant(self, name: str, value: Tensor) -> fx.Node:
        """Add a constant."""
        self._parts.register_buffer(name, value)
        return self._graph.get_attr(name)

    def call(self, function: Callable[..., Any], *arguments: Argument) -> fx.Node:
        """Add a call."""
        return self._graph.call_function(function, arguments)

    def module(self, outputs: Argument) -> nn.Module:
        """Return the whole as a module in evaluation mode."""
        self._graph.output(outputs)
        return fx.GraphModule(self._parts, self._graph).eval()
