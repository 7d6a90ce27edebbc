"""The attention model of today's PyTorch tutorial, exported: batch first, with a loop of its own.

The first half is the model as its owner has it: ``EncoderRNN``, ``BahdanauAttention`` and
``AttnDecoderRNN`` with the tutorial's layers, so that its checkpoints load. The decoder runs the
whole loop in ``forward``. The second half is all that the export needs: a wrapper for each step.
"""

from pathlib import Path

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

MAX_LENGTH, SIZE, SOS, EOS = 10, 32, 0, 1
FRENCH = [*("je", "tu", "il", "nous", "suis", "es", "est", "pas", "tres", "fatigue", "ici", ".")]
ENGLISH = [*("i", "you", "he", "we", "am", "are", "is", "not", "very", "tired", "here", ".")]


class EncoderRNN(nn.Module):
    def __init__(self, words: int, size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, size)
        self.gru = nn.GRU(size, size, batch_first=True)
        self.dropout = nn.Dropout(0.1)

    def forward(self, sentences: Tensor) -> tuple[Tensor, Tensor]:
        return self.gru(self.dropout(self.embedding(sentences)))


class BahdanauAttention(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.Wa, self.Ua, self.Va = nn.Linear(size, size), nn.Linear(size, size), nn.Linear(size, 1)

    def forward(self, query: Tensor, keys: Tensor) -> tuple[Tensor, Tensor]:
        energies = self.Va(torch.tanh(self.Wa(query) + self.Ua(keys)))
        weights = torch.softmax(energies.transpose(1, 2), dim=-1)
        return weights @ keys, weights


class AttnDecoderRNN(nn.Module):
    def __init__(self, words: int, size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, size)
        self.attention = BahdanauAttention(size)
        self.gru = nn.GRU(2 * size, size, batch_first=True)
        self.out = nn.Linear(size, words)
        self.dropout = nn.Dropout(0.1)

    def forward(self, memory: Tensor, hidden: Tensor) -> Tensor:
        """Say ``MAX_LENGTH`` tokens, each fed back; return log-probabilities ``[B, L, V]``."""
        token, steps = torch.full((len(memory), 1), SOS), []
        for _ in range(MAX_LENGTH):
            context, _ = self.attention(hidden.transpose(0, 1), memory)
            embedded = self.dropout(self.embedding(token))
            output, hidden = self.gru(torch.cat([embedded, context], dim=-1), hidden)
            steps.append(torch.log_softmax(self.out(output), dim=-1))
            token = steps[-1].argmax(dim=-1)
        return torch.cat(steps, dim=1)


@torch.no_grad()
def own_loop(encoder: EncoderRNN, decoder: AttnDecoderRNN, text: str) -> tuple[list[str], Tensor]:
    """Translate as the owner does; return the words, and the scores of each step."""
    ids = [*(FRENCH.index(word) + 2 for word in text.split()), EOS]
    scores = decoder(*encoder(torch.tensor([ids])))[0]
    best = scores.argmax(dim=-1).tolist()
    said = best[: best.index(EOS)] if EOS in best else best
    return [["<sos>", "<eos>", *ENGLISH][token] for token in said], scores[: len(said) + 1]


# What the export needs: the same layers with another forward, one step each, which turns tensors
# round. The encoder also returns a mask of ones, for in batches zeros follow the end of shorter
# sentences. The tutorial's attention has no mask, so the decoder step computes the weights itself.


class EncoderStep(EncoderRNN):
    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        memory, hidden = self.gru(self.embedding(tokens.transpose(0, 1)))
        memory = memory.transpose(0, 1)
        return hidden, memory, torch.ones_like(memory[:, :, :1])


class DecoderStep(AttnDecoderRNN):
    def forward(
        self, token: Tensor, hidden: Tensor, memory: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        keys, query = memory.transpose(0, 1), hidden.transpose(0, 1)
        energies = self.attention.Va(torch.tanh(self.attention.Wa(query) + self.attention.Ua(keys)))
        energies = energies.masked_fill(mask.transpose(0, 1) == 0, -torch.inf)
        weights = torch.softmax(energies.transpose(1, 2), dim=-1)
        context, embedded = weights @ keys, self.embedding(token).unsqueeze(1)
        output, hidden = self.gru(torch.cat([embedded, context], dim=-1), hidden)
        return torch.log_softmax(self.out(output[:, 0]), -1), hidden, weights.permute(2, 0, 1)


HIDDEN = {"hidden": (1, "B", SIZE)}
ENCODER = {**HIDDEN, "memory": ("T", "B", SIZE), "mask": ("T", "B", 1)}
DECODER = {**HIDDEN, "memory": ("S", "B", SIZE), "mask": ("S", "B", 1)}


def make() -> tuple[EncoderRNN, AttnDecoderRNN]:
    """Make the model; here belong ``load_state_dict`` and your checkpoint."""
    torch.manual_seed(2)
    encoder, decoder = EncoderRNN(len(FRENCH) + 2, SIZE), AttnDecoderRNN(len(ENGLISH) + 2, SIZE)
    for parameter in (*encoder.parameters(), *decoder.parameters()):
        parameter.data *= 3  # untrained, all words are nearly tied; a trained model's are not
    return encoder.eval(), decoder.eval()


def export(encoder: EncoderRNN, decoder: AttnDecoderRNN, out: Path) -> None:
    encoder_step = EncoderStep(len(FRENCH) + 2, SIZE)
    decoder_step = DecoderStep(len(ENGLISH) + 2, SIZE)
    encoder_step.load_state_dict(encoder.state_dict())
    decoder_step.load_state_dict(decoder.state_dict())
    export_modules(
        encoder_step,
        decoder_step,
        out,
        encoder_spec=EncoderSpec.from_shapes({}, ENCODER, reads="sentence"),
        decoder_spec=DecoderSpec.from_shapes(
            len(ENGLISH) + 2, DECODER, {"next_hidden": HIDDEN["hidden"], "attention": ("S", "B", 1)}
        ),
        source=Tokenizer(text_mode("tutorial"), Vocabulary(FRENCH)),
        target=Tokenizer(text_mode("tutorial"), Vocabulary(ENGLISH)),
        samples=["je suis fatigue .", "il est tres fatigue .", "tu es ici", "nous", "pas ici ."],
        max_source_length=MAX_LENGTH,
        max_target_length=MAX_LENGTH,
    )


if __name__ == "__main__":
    model, folder, text = make(), Path("exported-bahdanau"), "je suis tres fatigue ."
    export(*model, folder)
    print("own loop:", *own_loop(*model, text)[0])
    print("exported:", Translator(folder).translate(text))
