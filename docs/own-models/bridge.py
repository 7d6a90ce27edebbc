"""A GRU encoder with a bridge to a deeper decoder: one layer of 20 units to three of 28.

The encoder's last state does not fit the decoder, so a linear layer and a tanh, the bridge, turn it
into the decoder's first states. It stumbles in two places. The bridge belongs to the end of the
sentence, but a step may read a sentence in stretches; and modules and loop have the batch first.
The wrapper of the encoder returns two things: its own state, which the next stretch goes on from,
and the bridge's result as a *final* output, of which the decoder gets the last one.
"""

import random
from pathlib import Path
from string import ascii_lowercase, digits

import torch
from torch import Tensor, nn

from s2s_export import Translator
from s2s_export.exporter import (
    DecoderSpec,
    EncoderSpec,
    Tokenizer,
    Vocabulary,
    export_modules,
    text_mode,
)

EMBEDDED, ENCODER_UNITS, LAYERS, DECODER_UNITS, LONGEST = 12, 20, 3, 28, 10
SOS, EOS, OUTPUTS = 0, 1, ["<sos>", "<eos>", *digits]

# The model as it was: two modules, batch first, and a decoding loop.


class Encoder(nn.Module):
    """Read tokens ``int64[B, T]``; return the decoder's first states ``float32[L, B, D]``."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, EMBEDDED)
        self.gru = nn.GRU(EMBEDDED, ENCODER_UNITS, batch_first=True)
        self.bridge = nn.Linear(ENCODER_UNITS, LAYERS * DECODER_UNITS)
        self.size = (-1, LAYERS, DECODER_UNITS)  # TorchScript reads no globals

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


@torch.no_grad()
def own_loop(encoder: Encoder, decoder: Decoder, text: str) -> tuple[list[str], Tensor]:
    """Decode as the owner does; return the digits, and the logits of each step."""
    ids = [*(ascii_lowercase.index(letter) + 2 for letter in text), EOS]
    states = encoder(torch.tensor([ids]))
    said, scores = [SOS], list[Tensor]()
    while len(scores) < LONGEST and said[-1] != EOS:
        logits, states = decoder(torch.tensor([said[-1:]]), states)
        scores.append(logits[0, 0])
        said.append(int(logits.argmax()))
    return [OUTPUTS[token] for token in said[1:] if token != EOS], torch.stack(scores)


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


SUMMARY, STATES = (1, "B", ENCODER_UNITS), (LAYERS, "B", DECODER_UNITS)
RANDOM = random.Random(0)
TEXTS = ["".join(RANDOM.choices(ascii_lowercase, k=2 + n % 8)) for n in range(100)]


def make() -> tuple[Encoder, Decoder]:
    """Make the model; here belong ``load_state_dict`` and your checkpoint."""
    torch.manual_seed(1)
    encoder, decoder = Encoder(len(ascii_lowercase) + 2), Decoder(len(digits) + 2)
    for parameter in (*encoder.parameters(), *decoder.parameters()):
        parameter.data *= 2.5  # untrained, all tokens are nearly tied; a trained model's are not
    return encoder.eval(), decoder.eval()


def export(encoder: Encoder, decoder: Decoder, out: Path) -> None:
    export_modules(
        EncoderStep(encoder),
        DecoderStep(decoder),
        out,
        encoder_spec=EncoderSpec.from_shapes(
            {"summary": SUMMARY}, {"next_summary": SUMMARY, "states": STATES}
        ),
        decoder_spec=DecoderSpec.from_shapes(
            len(digits) + 2, {"states": STATES}, {"next_states": STATES}
        ),
        scores="logits",
        source=Tokenizer(text_mode("characters"), Vocabulary(ascii_lowercase)),
        target=Tokenizer(text_mode("characters"), Vocabulary(digits)),
        samples=TEXTS[:32],
        max_source_length=LONGEST,
        max_target_length=LONGEST,
    )


if __name__ == "__main__":
    model, folder = make(), Path("exported-bridge")
    export(*model, folder)
    found = Translator(folder).translate_batch(TEXTS)
    own = ["".join(own_loop(*model, text)[0]) for text in TEXTS]
    different = sum(one != other.text for one, other in zip(own, found, strict=True))
    print(f"{len(TEXTS)} texts, {len({*own})} outputs: {different} unlike the model's own loop")
