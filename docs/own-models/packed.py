"""A GRU encoder and decoder that were trained in padded batches, with ``pack_padded_sequence``.

The model reads Roman numerals and writes digits. Its encoder takes a padded batch and the lengths
of its rows, packs them, and so never reads padding. A packed sequence stumbles: its number of rows
changes with the step, which neither a graph nor TorchScript can hold. It need not. The loop of an
exported folder reads padding in no batch: it cuts the rows at each other's ends. So the step has
no lengths and packs nothing, and gives what the packed batch gave. The model's ids are its own,
with padding at 0: ``OwnVocabulary`` says which ones begin and end a sentence.
"""

import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

from s2s_export import Translator
from s2s_export.decoding.steps import DecoderSpec, EncoderSpec
from s2s_export.exporter import export_modules
from s2s_export.exporter.modules.own_vocabulary import OwnVocabulary
from s2s_export.text.modes import text_mode
from s2s_export.text.tokenizer import Tokenizer

PAD, SOS, EOS = 0, 1, 2
LETTERS = ["<pad>", "<s>", "</s>", *"ivxlcdm"]
DIGITS = ["<pad>", "<s>", "</s>", *"0123456789"]
EMBEDDED, UNITS, LONGEST = 16, 48, 16  # tokens, EOS included
Said = tuple[list[str], Tensor]

# The model as it was, batch first, with its training and its loop over padded batches.


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(LETTERS), EMBEDDED, padding_idx=PAD)
        self.gru = nn.GRU(EMBEDDED, UNITS, batch_first=True)

    def forward(self, padded: Tensor, lengths: Tensor) -> Tensor:
        packed = pack_padded_sequence(
            self.embedding(padded), lengths, batch_first=True, enforce_sorted=False
        )
        _, hidden = self.gru(packed)
        return hidden


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(DIGITS), EMBEDDED, padding_idx=PAD)
        self.gru = nn.GRU(EMBEDDED, UNITS, batch_first=True)
        self.out = nn.Linear(UNITS, len(DIGITS))

    def forward(self, tokens: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        output, hidden = self.gru(self.embedding(tokens), hidden)
        return self.out(output), hidden


def padded(texts: Sequence[str], tokens: list[str]) -> tuple[Tensor, Tensor]:
    """Return ids ``int64[B, T]``, EOS and then padding behind each text, and the lengths."""
    rows = [torch.tensor([*map(tokens.index, text), EOS]) for text in texts]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


def train(encoder: Encoder, decoder: Decoder, pairs: Sequence[tuple[str, str]], steps: int) -> None:
    parameters, generator = [*encoder.parameters(), *decoder.parameters()], random.Random(0)
    optimizer = torch.optim.Adam(parameters, lr=0.01)
    for _ in range(steps):
        source, target = zip(*generator.sample(pairs, 100), strict=True)
        wanted, _ = padded(target, DIGITS)
        fed = torch.cat([torch.full((len(wanted), 1), SOS), wanted[:, :-1]], dim=1)
        logits, _ = decoder(fed, encoder(*padded(source, LETTERS)))
        optimizer.zero_grad()
        nn.functional.cross_entropy(logits.mT, wanted, ignore_index=PAD).backward()
        optimizer.step()


@torch.no_grad()
def own_loop(encoder: Encoder, decoder: Decoder, texts: Sequence[str]) -> list[Said]:
    """Decode a padded batch as the owner does; return each text's digits, and their logits."""
    hidden, said, logits = encoder(*padded(texts, LETTERS)), [torch.full((len(texts), 1), SOS)], []
    for _ in range(LONGEST):
        scores, hidden = decoder(said[-1], hidden)
        logits.append(scores)
        said.append(scores.argmax(dim=2))
    outputs = []  # a row that has ended went on with the others: it is cut at its EOS
    for row, scores in zip(torch.cat(said[1:], 1).tolist(), torch.cat(logits, 1), strict=True):
        end = [*row, EOS].index(EOS)
        outputs.append(([DIGITS[token] for token in row[:end]], scores[: end + 1]))
    return outputs


# Its two steps, as the export takes them: the encoder goes on from a given state, and packs nothing.


class EncoderStep(nn.Module):
    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.embedding, self.gru = encoder.embedding, encoder.gru

    def forward(self, tokens: Tensor, hidden: Tensor) -> Tensor:
        _, hidden = self.gru(self.embedding(tokens.T), hidden)
        return hidden


class DecoderStep(nn.Module):
    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, token: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        logits, hidden = self.decoder(token.unsqueeze(1), hidden)
        return logits[:, 0], hidden


ROMAN = dict(m=1000, cm=900, d=500, cd=400, c=100, xc=90, l=50, xl=40, x=10, ix=9, v=5, iv=4, i=1)


def roman(number: int) -> str:
    text = ""
    for letters, value in ROMAN.items():
        text, number = text + letters * (number // value), number % value
    return text


NUMERALS = {roman(number): str(number) for number in range(1, 4000)}
STATE, NEXT = {"hidden": (1, "B", UNITS)}, {"next_hidden": (1, "B", UNITS)}


def make(steps: int = 200) -> tuple[Encoder, Decoder]:
    """Train the model for some seconds; here belong ``load_state_dict`` and your checkpoint."""
    torch.manual_seed(0)
    encoder, decoder = Encoder(), Decoder()
    train(encoder, decoder, [*NUMERALS.items()], steps)
    return encoder.eval(), decoder.eval()


def export(encoder: Encoder, decoder: Decoder, out: Path) -> None:
    letters = OwnVocabulary(LETTERS, sos="<s>", eos="</s>")
    digits = OwnVocabulary(DIGITS, sos="<s>", eos="</s>")
    export_modules(
        EncoderStep(encoder),
        DecoderStep(decoder),
        out,
        encoder_spec=EncoderSpec.from_shapes(STATE, NEXT),
        decoder_spec=DecoderSpec.from_shapes(len(DIGITS), STATE, NEXT),
        scores="logits",
        source=Tokenizer(text_mode("characters"), letters),
        target=Tokenizer(text_mode("characters"), digits),
        samples=[*NUMERALS][::100],
        max_source_length=LONGEST,
        max_target_length=LONGEST,
    )


if __name__ == "__main__":
    model, texts = make(), [*NUMERALS][::10]
    with tempfile.TemporaryDirectory() as folder:
        export(*model, Path(folder) / "exported")
        found = Translator(Path(folder) / "exported").translate_batch(texts)
    own = ["".join(said) for said, _ in own_loop(*model, texts)]
    different = sum(one != other.text for one, other in zip(own, found, strict=True))
    right = sum(one == NUMERALS[text] for one, text in zip(own, texts, strict=True))
    print(f"{len(texts)} numerals, {right} read right: {different} unlike the model's own loop")
