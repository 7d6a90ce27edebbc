"""A model trained in padded batches with ``pack_padded_sequence``, batch first.

It reads Roman numerals. Its encoder gets a padded batch and the lengths of the rows, and packs
them. That stumbles: the rows of a packed sequence change from step to step, which no graph can
hold. None has to, since the loop of a folder feeds no padding: it reads all rows as far as the
shortest goes, then the others. So the encoder step takes no lengths and packs nothing. The model's
own token ids, padding first, make an ``OwnVocabulary``.
"""

import random
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

from s2s_export import Translator
from s2s_export.exporter import (
    DecoderSpec,
    EncoderSpec,
    OwnVocabulary,
    Tokenizer,
    export_modules,
    text_mode,
)

PAD, SOS, EOS, EMBEDDED, UNITS, LONGEST = 0, 1, 2, 16, 48, 16
LETTERS, DIGITS = (["<pad>", "<s>", "</s>", *tokens] for tokens in ("ivxlcdm", "0123456789"))

# The model as it was, with its training and its loop.


class Reader(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.letters = nn.Embedding(len(LETTERS), EMBEDDED, padding_idx=PAD)
        self.digits = nn.Embedding(len(DIGITS), EMBEDDED, padding_idx=PAD)
        self.encoder = nn.GRU(EMBEDDED, UNITS, batch_first=True)
        self.decoder = nn.GRU(EMBEDDED, UNITS, batch_first=True)
        self.out = nn.Linear(UNITS, len(DIGITS))

    def encode(self, padded: Tensor, lengths: Tensor) -> Tensor:
        embedded = self.letters(padded)
        packed = pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)
        return self.encoder(packed)[1]

    def decode(self, tokens: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        output, hidden = self.decoder(self.digits(tokens), hidden)
        return self.out(output), hidden


def padded(texts: Sequence[str], tokens: list[str]) -> tuple[Tensor, Tensor]:
    """Return ids ``int64[B, T]``, EOS and then padding behind each text, and the lengths."""
    rows = [torch.tensor([*map(tokens.index, text), EOS]) for text in texts]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


def train(reader: Reader, pairs: Sequence[tuple[str, str]]) -> Reader:
    optimizer, generator = torch.optim.Adam(reader.parameters(), lr=0.01), random.Random(0)
    for _ in range(200):
        source, target = zip(*generator.sample(pairs, 100), strict=True)
        wanted, _ = padded(target, DIGITS)
        fed = torch.cat([torch.full((len(wanted), 1), SOS), wanted[:, :-1]], dim=1)
        logits, _ = reader.decode(fed, reader.encode(*padded(source, LETTERS)))
        optimizer.zero_grad()
        nn.functional.cross_entropy(logits.mT, wanted, ignore_index=PAD).backward()
        optimizer.step()
    return reader.eval()


@torch.no_grad()
def own_loop(reader: Reader, texts: Sequence[str]) -> tuple[list[list[str]], Tensor]:
    """Decode a padded batch as the owner does; return the digits, and logits ``[B, L, V]``."""
    hidden = reader.encode(*padded(texts, LETTERS))
    said, scores = [torch.full((len(texts), 1), SOS)], list[Tensor]()
    for _ in range(LONGEST):
        logits, hidden = reader.decode(said[-1], hidden)
        scores.append(logits)
        said.append(logits.argmax(dim=2))
    # A row that has ended went on with the others: it is cut at its EOS.
    cut = (row[: [*row, EOS].index(EOS)] for row in torch.cat(said[1:], dim=1).tolist())
    return [[DIGITS[token] for token in row] for row in cut], torch.cat(scores, dim=1)


# Its two steps, as the export takes them.


class EncoderStep(nn.Module):
    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.letters, self.encoder = reader.letters, reader.encoder

    def forward(self, tokens: Tensor, hidden: Tensor) -> Tensor:
        return self.encoder(self.letters(tokens.T), hidden)[1]


class DecoderStep(nn.Module):
    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.digits, self.decoder, self.out = reader.digits, reader.decoder, reader.out

    def forward(self, token: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        output, hidden = self.decoder(self.digits(token.unsqueeze(1)), hidden)
        return self.out(output[:, 0]), hidden


def roman(number: int) -> str:
    letters = ("m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i")
    text, values = "", (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1)
    for value, letter in zip(values, letters, strict=True):
        text, number = text + letter * (number // value), number % value
    return text


NUMERALS = {roman(number): str(number) for number in range(1, 4000)}
STATE, NEXT = {"hidden": (1, "B", UNITS)}, {"next_hidden": (1, "B", UNITS)}


def make() -> Reader:
    """Train the model for some seconds; here belong ``load_state_dict`` and your checkpoint."""
    torch.manual_seed(0)
    return train(Reader(), [*NUMERALS.items()])


def export(reader: Reader, out: Path) -> None:
    letters, digits = (OwnVocabulary(t, sos="<s>", eos="</s>") for t in (LETTERS, DIGITS))
    export_modules(
        EncoderStep(reader),
        DecoderStep(reader),
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
    reader, folder, texts = make(), Path("exported-packed"), [*NUMERALS][::10]
    export(reader, folder)
    found = Translator(folder).translate_batch(texts)
    own = ["".join(said) for said in own_loop(reader, texts)[0]]
    different = sum(one != other.text for one, other in zip(own, found, strict=True))
    right = sum(one == NUMERALS[text] for one, text in zip(own, texts, strict=True))
    print(f"{len(texts)} numerals, {right} read right: {different} unlike the model's own loop")
