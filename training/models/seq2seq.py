"""Seq2Seq: the encoder and the decoder of a run, made by the name of the model."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from s2s_export.exporter.torch_steps import torch_steps
from s2s_export.pipeline import Pipeline
from s2s_export.text.tokenizer import Tokenizer

from ..data.encoding import Vocabularies
from ..recipes.recipe import ModelName, Recipe
from .attention import AttentionDecoderRNN, AttentionEncoderRNN
from .conditional import ConditionalDecoder, ConditionalEncoder
from .tutorial import DecoderRNN, EncoderRNN

Encoder = EncoderRNN | AttentionEncoderRNN | ConditionalEncoder
Decoder = DecoderRNN | AttentionDecoderRNN | ConditionalDecoder


def _tutorial(recipe: Recipe, source: int, target: int) -> tuple[Encoder, Decoder]:
    size = recipe.hidden_size
    return EncoderRNN(source, size), DecoderRNN(target, size, recipe.n_layers)


def _attention(recipe: Recipe, source: int, target: int) -> tuple[Encoder, Decoder]:
    size = recipe.hidden_size
    return AttentionEncoderRNN(source, size), AttentionDecoderRNN(target, size)


def _conditional(recipe: Recipe, source: int, target: int) -> tuple[Encoder, Decoder]:
    sizes = recipe.units_of_embeddings, recipe.hidden_size
    encoder = ConditionalEncoder(source, *sizes, recipe.encoder_layers)
    return encoder, ConditionalDecoder(target, *sizes)


_MODELS: Mapping[ModelName, Callable[[Recipe, int, int], tuple[Encoder, Decoder]]] = {
    "tutorial": _tutorial,
    "attention": _attention,
    "conditional": _conditional,
}
"""Makers of both modules, by the name of the model. They get the recipe and the number of tokens of
the source vocabulary and of the target vocabulary."""


class Seq2Seq(nn.Module):
    """The encoder step and the decoder step of a run, with their parameters in one module.

    It has no ``forward``: training and the decoding loop call the two steps.
    """

    encoder: Encoder
    decoder: Decoder

    def __init__(self, recipe: Recipe, source_vocabulary: int, target_vocabulary: int) -> None:
        """Make both modules.

        Args:
            recipe: names the model and has its sizes.
            source_vocabulary: tokens of the source vocabulary.
            target_vocabulary: tokens of the target vocabulary.
        """
        super().__init__()
        make = _MODELS[recipe.model]
        self.encoder, self.decoder = make(recipe, source_vocabulary, target_vocabulary)

    @classmethod
    def of(cls, recipe: Recipe, vocabularies: Vocabularies) -> "Seq2Seq":
        """Make the model that a recipe describes, for these words."""
        return cls(recipe, len(vocabularies.source), len(vocabularies.target))

    def pipeline(self, source: Tokenizer, target: Tokenizer, max_length: int) -> Pipeline:
        """Return the model as PyTorch runs it, text to text, of at most ``max_length`` tokens."""
        encoder, decoder = self.encoder, self.decoder
        steps = torch_steps(encoder, encoder.spec(), decoder, decoder.spec())
        return Pipeline(steps, source, target, max_length=max_length)

    @torch.no_grad()
    def initialize_orthogonally(self) -> None:
        """Give the GRUs' matrices larger initial values than PyTorch does.

        Gate by gate: orthogonal for the hidden state (Saxe et al. 2014, arXiv 1312.6120), uniform
        after Glorot and Bengio 2010 for the input. Embeddings and biases stay as PyTorch makes
        them.
        """
        for gru in (module for module in self.modules() if isinstance(module, nn.GRU)):
            for kind, initialize in _ORTHOGONAL.items():
                for name, weights in gru.named_parameters():  # of each layer and direction
                    if name.startswith(kind):
                        for gate in weights.chunk(3):
                            initialize(gate)


_ORTHOGONAL: Mapping[str, Callable[[Tensor], Tensor]] = {
    "weight_hh": nn.init.orthogonal_,
    "weight_ih": nn.init.xavier_uniform_,
}
"""Initializers of the GRUs' matrices, by the beginning of their names."""
