"""A decoder that is fed the context vector at each step (Cho et al., 2014).

The encoder's summary of the sentence, the context, starts the decoder and then goes into each of
its steps, beside the last token, and into the output layer. It stumbles over a tensor that is
neither made nor changed by the decoder but must come to each step. In a specification that is a
state which nothing replaces: the encoder returns ``context`` and ``hidden`` as final outputs, the
decoder takes both and returns ``next_hidden`` alone, and the loop keeps the context as it is.
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

EMBEDDED, UNITS, CONTEXT, LONGEST = 12, 24, 16, 10

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


class Translation(nn.Module):
    """Both, with the loop."""

    def __init__(self, source_tokens: int, target_tokens: int) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(source_tokens), Decoder(target_tokens)

    @torch.no_grad()
    def translate(self, ids: Sequence[int]) -> list[int]:
        context = self.encoder(torch.tensor(ids).unsqueeze(1))
        hidden = self.decoder.first_state(context)
        token, translated = SOS, list[int]()
        while len(translated) < LONGEST:
            logits, hidden = self.decoder(torch.tensor([token]), hidden, context)
            token = int(logits.topk(1).indices)
            if token == EOS:
                break
            translated.append(token)
        return translated


# Its two steps, as the export takes them. The context gets a first axis: state has it.


class EncoderStep(nn.Module):
    """The encoder from a given state on, and what the decoder begins with."""

    def __init__(self, model: Translation) -> None:
        super().__init__()
        self.encoder, self.from_context = model.encoder, model.decoder.from_context

    def forward(self, tokens: Tensor, summary: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        _, summary = self.encoder.gru(self.encoder.embedding(tokens), summary)
        context = torch.tanh(self.encoder.to_context(summary))
        return summary, context, torch.tanh(self.from_context(context))


class DecoderStep(nn.Module):
    """The decoder; the context comes in and does not go out."""

    def __init__(self, model: Translation) -> None:
        super().__init__()
        self.decoder = model.decoder

    def forward(self, token: Tensor, hidden: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        return self.decoder(token, hidden, context[0])


LETTERS, DIGITS = Vocabulary(ascii_lowercase), Vocabulary(digits)
SOURCE = Tokenizer(text_mode("characters"), LETTERS, max_length=LONGEST)
TARGET = Tokenizer(text_mode("characters"), DIGITS)
RANDOM = random.Random(0)
TEXTS = ["".join(RANDOM.choices(ascii_lowercase, k=2 + n % 8)) for n in range(2100)]
HIDDEN, FIXED = (1, "B", UNITS), (1, "B", CONTEXT)


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
        EncoderStep(model),
        DecoderStep(model),
        out,
        encoder_spec=EncoderSpec.from_shapes(
            {"summary": HIDDEN}, {"next_summary": HIDDEN, "context": FIXED, "hidden": HIDDEN}
        ),
        decoder_spec=DecoderSpec.from_shapes(
            len(DIGITS), {"hidden": HIDDEN, "context": FIXED}, {"next_hidden": HIDDEN}
        ),
        scores="logits",
        source=SOURCE,
        target=TARGET,
        samples=TEXTS[:32],
        max_source_length=LONGEST,
        max_target_length=LONGEST,
    )


if __name__ == "__main__":
    model, folder = make(), Path("exported-cho")
    export(model, folder)
    own = [TARGET.decode(model.translate(SOURCE.encode(text).ids)) for text in TEXTS]
    found = [translation.text for translation in Translator(folder).translate_batch(TEXTS)]
    different = sum(one != other for one, other in zip(own, found, strict=True))
    print(f"{len(TEXTS)} texts, {len({*own})} outputs: {different} unlike the model's own loop")
