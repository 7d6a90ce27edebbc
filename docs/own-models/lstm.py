"""A two-layer LSTM encoder and decoder: two state tensors, hidden and cell, each with two layers.

The shape is that of Sutskever, Vinyals and Le (2014): the encoder's last states of all layers start
the decoder. It stumbles in two places. An LSTM returns its states as a tuple in a tuple, where a
graph has flat names; and the model ends in logits, where decoding needs log-probabilities. The two
wrappers give each state a name of its own; the export adds the log-softmax (``scores="logits"``).
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

LAYERS, EMBEDDED, UNITS, LONGEST = 2, 12, 24, 10
SOS, EOS, OUTPUTS = 0, 1, ["<sos>", "<eos>", *digits]

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


@torch.no_grad()
def own_loop(encoder: Encoder, decoder: Decoder, text: str) -> tuple[list[str], Tensor]:
    """Decode as the owner does; return the digits, and the logits of each step."""
    ids = [*(ascii_lowercase.index(letter) + 2 for letter in text), EOS]
    states = encoder(torch.tensor([ids]).T)
    said, scores = [SOS], list[Tensor]()
    while len(scores) < LONGEST and said[-1] != EOS:
        logits, states = decoder(torch.tensor(said[-1:]), states)
        scores.append(logits[0])
        said.append(int(logits.argmax()))
    return [OUTPUTS[token] for token in said[1:] if token != EOS], torch.stack(scores)


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


RANDOM = random.Random(0)
TEXTS = ["".join(RANDOM.choices(ascii_lowercase, k=2 + n % 8)) for n in range(100)]


def make() -> tuple[Encoder, Decoder]:
    """Make the model; here belong ``load_state_dict`` and your checkpoint."""
    torch.manual_seed(1)
    encoder, decoder = Encoder(len(ascii_lowercase) + 2), Decoder(len(digits) + 2)
    for parameter in (*encoder.parameters(), *decoder.parameters()):
        parameter.data *= 4  # untrained, all tokens are nearly tied; a trained model's are not
    return encoder.eval(), decoder.eval()


def export(encoder: Encoder, decoder: Decoder, out: Path) -> None:
    export_modules(
        EncoderStep(encoder),
        DecoderStep(decoder),
        out,
        encoder_spec=EncoderSpec.from_shapes(STATE, NEXT),
        decoder_spec=DecoderSpec.from_shapes(len(digits) + 2, STATE, NEXT),
        scores="logits",
        source=Tokenizer(text_mode("characters"), Vocabulary(ascii_lowercase)),
        target=Tokenizer(text_mode("characters"), Vocabulary(digits)),
        samples=TEXTS[:32],
        max_source_length=LONGEST,
        max_target_length=LONGEST,
    )


if __name__ == "__main__":
    model, folder = make(), Path("exported-lstm")
    export(*model, folder)
    found = Translator(folder).translate_batch(TEXTS)
    own = ["".join(own_loop(*model, text)[0]) for text in TEXTS]
    different = sum(one != other.text for one, other in zip(own, found, strict=True))
    print(f"{len(TEXTS)} texts, {len({*own})} outputs: {different} unlike the model's own loop")
