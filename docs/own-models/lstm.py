"""A two-layer LSTM encoder and decoder: two state tensors, hidden and cell, each with two layers.

The shape is that of Sutskever, Vinyals and Le (2014): the encoder's last states of all layers start
the decoder. It stumbles in two places. An LSTM returns its states as a tuple in a tuple, where a
graph has flat names; and the model ends in logits, where decoding needs log-probabilities. The two
wrappers give each state a name of its own; the export adds the log-softmax (``scores="logits"``).
"""

import random
from collections.abc import Sequence
from pathlib import Path
from string import ascii_lowercase, digits

import torch
from torch import Tensor, nn

from s2s_export import Translator
from s2s_export.decoding.steps import DecoderSpec, EncoderSpec
from s2s_export.exporter import export_modules
from s2s_export.text.modes import text_mode
from s2s_export.text.tokenizer import Tokenizer
from s2s_export.text.vocabulary import EOS, SOS, Vocabulary

LAYERS, EMBEDDED, UNITS, LONGEST = 2, 12, 24, 10

# The model as it was: two modules and a decoding loop.


class Encoder(nn.Module):
    """Read tokens, ``int64[T, B]``."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, EMBEDDED)
        self.lstm = nn.LSTM(EMBEDDED, UNITS, num_layers=LAYERS, dropout=0.3)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        _, states = self.lstm(self.embedding(tokens))
        return states


class Decoder(nn.Module):
    """Read a token, ``int64[B]``, and return the logits of the next one."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, EMBEDDED)
        self.lstm = nn.LSTM(EMBEDDED, UNITS, num_layers=LAYERS, dropout=0.3)
        self.classify = nn.Linear(UNITS, tokens)

    def forward(
        self, token: Tensor, states: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        output, states = self.lstm(self.embedding(token).unsqueeze(0), states)
        return self.classify(output.squeeze(0)), states


class Translation(nn.Module):
    """Both, with the loop."""

    def __init__(self, source_tokens: int, target_tokens: int) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(source_tokens), Decoder(target_tokens)

    @torch.no_grad()
    def translate(self, ids: Sequence[int]) -> list[int]:
        states = self.encoder(torch.tensor(ids).unsqueeze(1))
        token, translated = torch.tensor([SOS]), []
        for _ in range(LONGEST):
            logits, states = self.decoder(token, states)
            token = logits.argmax(dim=1)
            if token.item() == EOS:
                break
            translated.append(token.item())
        return translated


# Its two steps, as the export takes them: the state goes in and comes out, tensor by tensor.

STATE = {"hidden": (LAYERS, "B", UNITS), "cell": (LAYERS, "B", UNITS)}
NEXT = {f"next_{name}": shape for name, shape in STATE.items()}


class EncoderStep(nn.Module):
    """The encoder from a given state on, so that a sentence may be read in stretches."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.embedding, self.lstm = encoder.embedding, encoder.lstm

    def forward(self, tokens: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        _, states = self.lstm(self.embedding(tokens), (hidden, cell))
        return states


class DecoderStep(nn.Module):
    """The decoder with its states one by one."""

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, token: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        logits, (hidden, cell) = self.decoder(token, (hidden, cell))
        return logits, hidden, cell


LETTERS, DIGITS = Vocabulary(ascii_lowercase), Vocabulary(digits)
SOURCE = Tokenizer(text_mode("characters"), LETTERS, max_length=LONGEST)
TARGET = Tokenizer(text_mode("characters"), DIGITS)
RANDOM = random.Random(0)
TEXTS = ["".join(RANDOM.choices(ascii_lowercase, k=2 + n % 8)) for n in range(2100)]


def make() -> Translation:
    """Make the model. Its weights are random, and so large that its outputs are of many kinds."""
    torch.manual_seed(1)
    model = Translation(len(LETTERS), len(DIGITS)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= 5
    return model


def export(model: Translation, out: Path) -> None:
    """Export its two steps to a folder, proven on some texts."""
    export_modules(
        EncoderStep(model.encoder),
        DecoderStep(model.decoder),
        out,
        encoder_spec=EncoderSpec.from_shapes(STATE, NEXT),
        decoder_spec=DecoderSpec.from_shapes(len(DIGITS), STATE, NEXT),
        scores="logits",
        source=SOURCE,
        target=TARGET,
        samples=TEXTS[:32],
        max_source_length=LONGEST,
        max_target_length=LONGEST,
    )


if __name__ == "__main__":
    model, folder = make(), Path("exported-lstm")
    export(model, folder)
    own = [TARGET.decode(model.translate(SOURCE.encode(text).ids)) for text in TEXTS]
    found = [translation.text for translation in Translator(folder).translate_batch(TEXTS)]
    different = sum(one != other for one, other in zip(own, found, strict=True))
    print(f"{len(TEXTS)} texts, {len({*own})} outputs: {different} unlike the model's own loop")
