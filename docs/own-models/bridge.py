"""A GRU encoder with a bridge to a deeper decoder: one layer of 20 units to three of 28.

The encoder's last state does not fit the decoder, so a linear layer and a tanh, the bridge, turn it
into the decoder's first states. It stumbles in two places. The bridge belongs to the end of the
sentence, but a step may read a sentence in stretches; and modules and loop have the batch first.
The wrapper of the encoder returns two things: its own state, which the next stretch goes on from,
and the bridge's result as a *final* output, of which the decoder gets the last one.
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

EMBEDDED, ENCODER_UNITS, LAYERS, DECODER_UNITS, LONGEST = 12, 20, 3, 28, 10

# The model as it was: two modules, batch first, and a decoding loop.


class Encoder(nn.Module):
    """Read tokens ``int64[B, T]``; return the decoder's first states ``float32[L, B, D]``."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, EMBEDDED)
        self.gru = nn.GRU(EMBEDDED, ENCODER_UNITS, batch_first=True)
        self.bridge = nn.Linear(ENCODER_UNITS, LAYERS * DECODER_UNITS)
        self.size = (-1, LAYERS, DECODER_UNITS)

    def forward(self, tokens: Tensor) -> Tensor:
        _, summary = self.gru(self.embedding(tokens))
        return self.first_states(summary)

    def first_states(self, summary: Tensor) -> Tensor:
        states = torch.tanh(self.bridge(summary.squeeze(0)))
        return states.view(self.size).transpose(0, 1).contiguous()


class Decoder(nn.Module):
    """Read tokens ``int64[B, 1]``; return the logits of the next ones, and the states."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, EMBEDDED)
        self.gru = nn.GRU(EMBEDDED, DECODER_UNITS, num_layers=LAYERS, batch_first=True)
        self.classify = nn.Linear(DECODER_UNITS, tokens)

    def forward(self, token: Tensor, states: Tensor) -> tuple[Tensor, Tensor]:
        output, states = self.gru(self.embedding(token), states)
        return self.classify(output), states


class Translation(nn.Module):
    """Both, with the loop."""

    def __init__(self, source_tokens: int, target_tokens: int) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(source_tokens), Decoder(target_tokens)

    @torch.no_grad()
    def translate(self, ids: Sequence[int]) -> list[int]:
        states = self.encoder(torch.tensor([ids]))
        translated = [SOS]
        while translated[-1] != EOS and len(translated) <= LONGEST:
            logits, states = self.decoder(torch.tensor([translated[-1:]]), states)
            translated.append(int(logits[0, -1].argmax()))
        return [token for token in translated[1:] if token != EOS]


# Its two steps, as the export takes them.


class EncoderStep(nn.Module):
    """The encoder from a given state on; the bridge after each stretch, the last one counts."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, tokens: Tensor, summary: Tensor) -> tuple[Tensor, Tensor]:
        _, summary = self.encoder.gru(self.encoder.embedding(tokens.T), summary)
        return summary, self.encoder.first_states(summary)


class DecoderStep(nn.Module):
    """The decoder, of one token: no axis of time."""

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, token: Tensor, states: Tensor) -> tuple[Tensor, Tensor]:
        logits, states = self.decoder(token.unsqueeze(1), states)
        return logits.squeeze(1), states


LETTERS, DIGITS = Vocabulary(ascii_lowercase), Vocabulary(digits)
SOURCE = Tokenizer(text_mode("characters"), LETTERS, max_length=LONGEST)
TARGET = Tokenizer(text_mode("characters"), DIGITS)
RANDOM = random.Random(0)
TEXTS = ["".join(RANDOM.choices(ascii_lowercase, k=2 + n % 8)) for n in range(2100)]
SUMMARY, STATES = (1, "B", ENCODER_UNITS), (LAYERS, "B", DECODER_UNITS)


def make() -> Translation:
    """Make the model. Its weights are random, and so large that its outputs are of many kinds."""
    torch.manual_seed(0)
    model = Translation(len(LETTERS), len(DIGITS)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= 7
    return model


def export(model: Translation, out: Path) -> None:
    """Export its two steps to a folder, proven on some texts."""
    export_modules(
        EncoderStep(model.encoder),
        DecoderStep(model.decoder),
        out,
        encoder_spec=EncoderSpec.from_shapes(
            {"summary": SUMMARY}, {"next_summary": SUMMARY, "states": STATES}
        ),
        decoder_spec=DecoderSpec.from_shapes(
            len(DIGITS), {"states": STATES}, {"next_states": STATES}
        ),
        scores="logits",
        source=SOURCE,
        target=TARGET,
        samples=TEXTS[:32],
        max_source_length=LONGEST,
        max_target_length=LONGEST,
    )


if __name__ == "__main__":
    model, folder = make(), Path("exported-bridge")
    export(model, folder)
    own = [TARGET.decode(model.translate(SOURCE.encode(text).ids)) for text in TEXTS]
    found = [translation.text for translation in Translator(folder).translate_batch(TEXTS)]
    different = sum(one != other for one, other in zip(own, found, strict=True))
    print(f"{len(TEXTS)} texts, {len({*own})} outputs: {different} unlike the model's own loop")
