"""Luong attention with input feeding (Luong, Pham and Manning, 2015), the decoder a ``GRUCell``.

The decoder joins its hidden state and the context to the *attentional* vector, predicts the token
from it, and feeds it into its next step. Three things stumble: no encoder supplies that vector, a
cell's state has no axis of layers, and in a batch attention must not look behind a sentence's end.
So ``fed`` is a state of the decoder alone, which starts as zeros; the wrapper takes the axis of
layers off and puts it on; and the encoder collects a ``mask`` of ones, zero there.
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

EMBEDDED, UNITS, LONGEST = 12, 20, 10
SOS, EOS, OUTPUTS = 0, 1, ["<sos>", "<eos>", *digits]

# The model as it was: two modules, batch first, and a decoding loop.


class Encoder(nn.Module):
    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, EMBEDDED)
        self.gru = nn.GRU(EMBEDDED, UNITS, batch_first=True)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        memory, hidden = self.gru(self.embedding(tokens))
        return memory, hidden.squeeze(0)


class Decoder(nn.Module):
    """Read a token ``int64[B]`` and two states ``float32[B, H]``; look at the memory."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, EMBEDDED)
        self.cell = nn.GRUCell(EMBEDDED + UNITS, UNITS)
        self.general = nn.Linear(UNITS, UNITS, bias=False)
        self.combine = nn.Linear(2 * UNITS, UNITS, bias=False)
        self.classify = nn.Linear(UNITS, tokens)

    def forward(
        self, token: Tensor, hidden: Tensor, attentional: Tensor, memory: Tensor, padding: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        hidden = self.cell(torch.cat([self.embedding(token), attentional], dim=1), hidden)
        energies = torch.bmm(memory, self.general(hidden).unsqueeze(2)).squeeze(2)
        weights = torch.softmax(energies.masked_fill(padding, -1e9), dim=1)
        context = torch.bmm(weights.unsqueeze(1), memory).squeeze(1)
        attentional = torch.tanh(self.combine(torch.cat([context, hidden], dim=1)))
        return self.classify(attentional), hidden, attentional, weights


@torch.no_grad()
def own_loop(encoder: Encoder, decoder: Decoder, text: str) -> tuple[list[str], Tensor]:
    """Decode as the owner does; return the digits, and the logits of each step."""
    ids = [*(ascii_lowercase.index(letter) + 2 for letter in text), EOS]
    memory, hidden = encoder(torch.tensor([ids]))
    fed, padding = torch.zeros(1, UNITS), torch.zeros(1, len(ids), dtype=torch.bool)
    said, scores = [SOS], list[Tensor]()
    while len(scores) < LONGEST and said[-1] != EOS:
        logits, hidden, fed, _ = decoder(torch.tensor(said[-1:]), hidden, fed, memory, padding)
        scores.append(logits[0])
        said.append(int(logits.argmax()))
    return [OUTPUTS[token] for token in said[1:] if token != EOS], torch.stack(scores)


# Its two steps, as the export takes them. The attention goes out too, as ``float32[S, B, 1]``.


class EncoderStep(nn.Module):
    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.embedding, self.gru = encoder.embedding, encoder.gru

    def forward(self, tokens: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        memory, hidden = self.gru(self.embedding(tokens.T), hidden)
        return hidden, memory.transpose(0, 1), torch.ones_like(tokens.unsqueeze(2)).float()


class DecoderStep(nn.Module):
    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(
        self, token: Tensor, hidden: Tensor, fed: Tensor, memory: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        logits, hidden, attentional, weights = self.decoder(
            token, hidden[0], fed[0], memory.transpose(0, 1), mask[:, :, 0].T == 0
        )
        return logits, hidden.unsqueeze(0), attentional.unsqueeze(0), weights.T.unsqueeze(2)


STATE = (1, "B", UNITS)
RANDOM = random.Random(0)
TEXTS = ["".join(RANDOM.choices(ascii_lowercase, k=2 + n % 8)) for n in range(100)]


def make() -> tuple[Encoder, Decoder]:
    """Make the model; here belong ``load_state_dict`` and your checkpoint."""
    torch.manual_seed(5)
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
            {"hidden": STATE},
            {"next_hidden": STATE, "memory": ("T", "B", UNITS), "mask": ("T", "B", 1)},
        ),
        decoder_spec=DecoderSpec.from_shapes(
            len(digits) + 2,
            {"hidden": STATE, "fed": STATE, "memory": ("S", "B", UNITS), "mask": ("S", "B", 1)},
            {"next_hidden": STATE, "next_fed": STATE, "attention": ("S", "B", 1)},
        ),
        scores="logits",
        source=Tokenizer(text_mode("characters"), Vocabulary(ascii_lowercase)),
        target=Tokenizer(text_mode("characters"), Vocabulary(digits)),
        samples=TEXTS[:32],
        max_source_length=LONGEST,
        max_target_length=LONGEST,
    )


if __name__ == "__main__":
    model, folder = make(), Path("exported-input-feeding")
    export(*model, folder)
    found = Translator(folder).translate_batch(TEXTS)
    own = ["".join(own_loop(*model, text)[0]) for text in TEXTS]
    different = sum(one != other.text for one, other in zip(own, found, strict=True))
    print(f"{len(TEXTS)} texts, {len({*own})} outputs: {different} unlike the model's own loop")
