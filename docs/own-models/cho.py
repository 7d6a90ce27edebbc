"""A decoder that is fed the context vector at each step (Cho et al., 2014).

The encoder's summary of the sentence, the context, starts the decoder and then goes into each of
its steps, beside the last token, and into the output layer. It stumbles over a tensor that is
neither made nor changed by the decoder but must come to each step. In a specification that is a
state which nothing replaces: the encoder returns ``context`` and ``hidden`` as final outputs, the
decoder takes both and returns ``next_hidden`` alone, and the loop keeps the context as it is.
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

EMBEDDED, UNITS, CONTEXT, LONGEST = 12, 24, 16, 10
SOS, EOS, OUTPUTS = 0, 1, ["<sos>", "<eos>", *digits]

# The model as it was: two modules and a decoding loop.


class Encoder(nn.Module):
    """Read tokens ``int64[T, B]``; return their context ``float32[B, C]``."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, EMBEDDED)
        self.gru = nn.GRU(EMBEDDED, UNITS)
        self.to_context = nn.Linear(UNITS, CONTEXT)

    def forward(self, tokens: Tensor) -> Tensor:
        _, summary = self.gru(self.embedding(tokens))
        return torch.tanh(self.to_context(summary[-1]))


class Decoder(nn.Module):
    """Read a token ``int64[B]``, the hidden state and the context; return logits and the state."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, EMBEDDED)
        self.from_context = nn.Linear(CONTEXT, UNITS)
        self.gru = nn.GRU(EMBEDDED + CONTEXT, UNITS)
        self.deep = nn.Linear(UNITS + EMBEDDED + CONTEXT, UNITS)
        self.classify = nn.Linear(UNITS, tokens)

    def first_state(self, context: Tensor) -> Tensor:
        return torch.tanh(self.from_context(context)).unsqueeze(0)

    def forward(self, token: Tensor, hidden: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        embedded = self.embedding(token)
        output, hidden = self.gru(torch.cat([embedded, context], dim=1).unsqueeze(0), hidden)
        features = torch.cat([output[0], embedded, context], dim=1)
        return self.classify(torch.relu(self.deep(features))), hidden


@torch.no_grad()
def own_loop(encoder: Encoder, decoder: Decoder, text: str) -> tuple[list[str], Tensor]:
    """Decode as the owner does; return the digits, and the logits of each step."""
    ids = [*(ascii_lowercase.index(letter) + 2 for letter in text), EOS]
    context = encoder(torch.tensor([ids]).T)
    hidden = decoder.first_state(context)
    said, scores = [SOS], list[Tensor]()
    while len(scores) < LONGEST and said[-1] != EOS:
        logits, hidden = decoder(torch.tensor(said[-1:]), hidden, context)
        scores.append(logits[0])
        said.append(int(logits.argmax()))
    return [OUTPUTS[token] for token in said[1:] if token != EOS], torch.stack(scores)


# Its two steps, as the export takes them. The context gets a first axis: state has it.


class EncoderStep(nn.Module):
    """The encoder from a given state on, and what the decoder begins with."""

    def __init__(self, encoder: Encoder, decoder: Decoder) -> None:
        super().__init__()
        self.encoder, self.from_context = encoder, decoder.from_context

    def forward(self, tokens: Tensor, summary: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        _, summary = self.encoder.gru(self.encoder.embedding(tokens), summary)
        context = torch.tanh(self.encoder.to_context(summary))
        return summary, context, torch.tanh(self.from_context(context))


class DecoderStep(nn.Module):
    """The decoder; the context comes in and does not go out."""

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, token: Tensor, hidden: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        return self.decoder(token, hidden, context[0])


HIDDEN, FIXED = (1, "B", UNITS), (1, "B", CONTEXT)
RANDOM = random.Random(0)
TEXTS = ["".join(RANDOM.choices(ascii_lowercase, k=2 + n % 8)) for n in range(100)]


def make() -> tuple[Encoder, Decoder]:
    """Make the model; here belong ``load_state_dict`` and your checkpoint."""
    torch.manual_seed(26)
    encoder, decoder = Encoder(len(ascii_lowercase) + 2), Decoder(len(digits) + 2)
    for parameter in (*encoder.parameters(), *decoder.parameters()):
        parameter.data *= 2.5  # untrained, all tokens are nearly tied; a trained model's are not
    return encoder.eval(), decoder.eval()


def export(encoder: Encoder, decoder: Decoder, out: Path) -> None:
    export_modules(
        EncoderStep(encoder, decoder),
        DecoderStep(decoder),
        out,
        encoder_spec=EncoderSpec.from_shapes(
            {"summary": HIDDEN}, {"next_summary": HIDDEN, "context": FIXED, "hidden": HIDDEN}
        ),
        decoder_spec=DecoderSpec.from_shapes(
            len(digits) + 2, {"hidden": HIDDEN, "context": FIXED}, {"next_hidden": HIDDEN}
        ),
        scores="logits",
        source=Tokenizer(text_mode("characters"), Vocabulary(ascii_lowercase)),
        target=Tokenizer(text_mode("characters"), Vocabulary(digits)),
        samples=TEXTS[:32],
        max_source_length=LONGEST,
        max_target_length=LONGEST,
    )


if __name__ == "__main__":
    model, folder = make(), Path("exported-cho")
    export(*model, folder)
    found = Translator(folder).translate_batch(TEXTS)
    own = ["".join(own_loop(*model, text)[0]) for text in TEXTS]
    different = sum(one != other.text for one, other in zip(own, found, strict=True))
    print(f"{len(TEXTS)} texts, {len({*own})} outputs: {different} unlike the model's own loop")
