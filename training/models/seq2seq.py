"""Seq2Seq: the encoder and the decoder of a run, the tutorial's or those with attention."""

import torch
from torch import nn

from s2s_export.exporter.torch_steps import torch_steps
from s2s_export.pipeline import Pipeline
from s2s_export.text.tokenizer import Tokenizer

from ..data.encoding import Vocabularies
from ..recipes import Recipe
from .attention import AttentionDecoderRNN, AttentionEncoderRNN
from .tutorial import DecoderRNN, EncoderRNN


class Seq2Seq(nn.Module):
    """The encoder step and the decoder step of a run, with their parameters in one module.

    It has no ``forward``: training and the decoding loop call the two steps.
    """

    encoder: EncoderRNN | AttentionEncoderRNN
    decoder: DecoderRNN | AttentionDecoderRNN

    def __init__(
        self,
        source_vocabulary: int,
        target_vocabulary: int,
        hidden_size: int,
        n_layers: int = 2,
        *,
        attention: bool = False,
    ) -> None:
        """Make both modules.

        Args:
            source_vocabulary: tokens of the source vocabulary.
            target_vocabulary: tokens of the target vocabulary.
            hidden_size: units of the embeddings and GRUs.
            n_layers: applications of the decoder's GRU in a step; 2 with attention.
            attention: whether the decoder looks back at the source.
        """
        super().__init__()
        if attention:
            assert n_layers == 2, "the attention stands between two applications"
            self.encoder = AttentionEncoderRNN(source_vocabulary, hidden_size)
            self.decoder = AttentionDecoderRNN(target_vocabulary, hidden_size)
        else:
            self.encoder = EncoderRNN(source_vocabulary, hidden_size)
            self.decoder = DecoderRNN(target_vocabulary, hidden_size, n_layers)

    @classmethod
    def of(cls, recipe: Recipe, vocabularies: Vocabularies) -> "Seq2Seq":
        """Make the model that a recipe describes, for these words."""
        sizes = len(vocabularies.source), len(vocabularies.target), recipe.hidden_size
        return cls(*sizes, recipe.n_layers, attention=recipe.attention)

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
        for gru in (self.encoder.gru, self.decoder.gru):
            for gate in gru.get_parameter("weight_hh_l0").chunk(3):
                nn.init.orthogonal_(gate)
            for gate in gru.get_parameter("weight_ih_l0").chunk(3):
                nn.init.xavier_uniform_(gate)
