"""PyTorch's chatbot tutorial, exported: packed sequences, Luong attention, its own token ids.

Two bidirectional GRU layers whose directions are added; a two-layer GRU that starts from the first
two of the encoder's last states. First the model as its owner has it, then what the export needs.
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from s2s_export import Translator
from s2s_export.decoding.steps import DecoderSpec, EncoderSpec
from s2s_export.exporter import OwnVocabulary, export_modules
from s2s_export.text.modes import text_mode
from s2s_export.text.tokenizer import Tokenizer

MAX_LENGTH, SIZE, LAYERS, SOS, EOS = 10, 24, 2, 1, 2
WORDS = ["hello", "who", "are", "you", "i", "am", "fine", "tired", "not", "why", "where", "here"]
VOC = ["PAD", "SOS", "EOS", *WORDS]


class EncoderRNN(nn.Module):
    def __init__(self, embedding: nn.Embedding) -> None:
        super().__init__()
        self.embedding = embedding
        self.gru = nn.GRU(SIZE, SIZE, LAYERS, dropout=0.1, bidirectional=True)

    def forward(self, sentences: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        outputs, hidden = self.gru(pack_padded_sequence(self.embedding(sentences), lengths))
        outputs, _ = pad_packed_sequence(outputs)
        return outputs[:, :, :SIZE] + outputs[:, :, SIZE:], hidden


class Product(nn.Module):
    def __init__(self, attn: nn.Module) -> None:
        super().__init__()
        self.attn = attn

    def forward(self, output: Tensor, memory: Tensor) -> Tensor:
        return (output * self.attn(memory)).sum(dim=2)


class Concat(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attn, self.v = nn.Linear(2 * SIZE, SIZE), nn.Parameter(torch.rand(SIZE))

    def forward(self, output: Tensor, memory: Tensor) -> Tensor:
        both = torch.cat([output.expand_as(memory), memory], dim=2)
        return (self.v * torch.tanh(self.attn(both))).sum(dim=2)


class LuongAttnDecoderRNN(nn.Module):
    def __init__(self, method: str, embedding: nn.Embedding) -> None:
        super().__init__()
        self.embedding, self.embedding_dropout = embedding, nn.Dropout(0.1)
        self.gru = nn.GRU(SIZE, SIZE, LAYERS, dropout=0.1)
        self.concat, self.out = nn.Linear(2 * SIZE, SIZE), nn.Linear(SIZE, len(VOC))
        key = nn.Linear(SIZE, SIZE) if method == "general" else nn.Identity()
        self.attn = Concat() if method == "concat" else Product(key)

    def forward(self, token: Tensor, hidden: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        output, hidden = self.gru(self.embedding_dropout(self.embedding(token)), hidden)
        weights = torch.softmax(self.attn(output, memory), dim=0).unsqueeze(2)
        context = (weights * memory).sum(dim=0)
        features = torch.tanh(self.concat(torch.cat([output[0], context], dim=1)))
        return torch.softmax(self.out(features), dim=1), hidden


@torch.no_grad()
def own_loop(encoder: EncoderRNN, decoder: LuongAttnDecoderRNN, text: str) -> tuple[list, list]:
    """Answer as the owner does; return the words, and the log-probabilities of each step."""
    ids = torch.tensor([*map(VOC.index, text.split()), EOS]).unsqueeze(1)
    memory, hidden = encoder(ids, torch.tensor([len(ids)]))
    token, hidden, said, scores = torch.tensor([[SOS]]), hidden[:LAYERS], [], []
    while token.item() != EOS and len(scores) < MAX_LENGTH:
        probabilities, hidden = decoder(token, hidden, memory)
        scores.append(probabilities[0].log())
        token = probabilities.argmax(dim=1, keepdim=True)
        said.append(VOC[token])
    return said[: len(said) - (said[-1] == "EOS")], scores


# What the export needs: the same layers with another forward, one step each. The encoder does not
# pack: the rows of a call have one length. The decoder returns logits, and has a mask, for in
# batches zeros follow the end of shorter sentences.


class EncoderStep(EncoderRNN):
    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        outputs, hidden = self.gru(self.embedding(tokens))
        memory = outputs.unflatten(2, (2, -1)).sum(dim=2)
        return hidden[:2], memory, torch.ones_like(memory[:, :, :1])


class DecoderStep(LuongAttnDecoderRNN):
    def forward(
        self, token: Tensor, hidden: Tensor, memory: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        output, hidden = self.gru(self.embedding(token).unsqueeze(0), hidden)
        energies = self.attn(output, memory).unsqueeze(2).masked_fill(mask == 0, -torch.inf)
        weights = torch.softmax(energies, dim=0)
        context = (weights * memory).sum(dim=0)
        return self.out(torch.tanh(self.concat(torch.cat([output[0], context], dim=1)))), hidden


HIDDEN = (LAYERS, "B", SIZE)
ENCODER = {"hidden": HIDDEN, "memory": ("T", "B", SIZE), "mask": ("T", "B", 1)}
DECODER = {"hidden": HIDDEN, "memory": ("S", "B", SIZE), "mask": ("S", "B", 1)}


def make(method: str) -> tuple[EncoderRNN, LuongAttnDecoderRNN]:
    """Make the model; here belong ``load_state_dict`` and your checkpoint."""
    torch.manual_seed(2)
    embedding = nn.Embedding(len(VOC), SIZE)
    encoder, decoder = EncoderRNN(embedding), LuongAttnDecoderRNN(method, embedding)
    for parameter in {*encoder.parameters(), *decoder.parameters()}:
        parameter.data *= 3  # untrained, all words are nearly tied; a trained model's are not
    return encoder.eval(), decoder.eval()


def export(encoder: EncoderRNN, decoder: LuongAttnDecoderRNN, method: str, out: Path) -> None:
    encoder_step = EncoderStep(encoder.embedding)
    encoder_step.load_state_dict(encoder.state_dict())
    decoder_step = DecoderStep(method, decoder.embedding)
    decoder_step.load_state_dict(decoder.state_dict())
    text = Tokenizer(text_mode("tutorial"), OwnVocabulary(VOC, sos="SOS", eos="EOS"))
    export_modules(
        encoder_step,
        decoder_step,
        out,
        encoder_spec=EncoderSpec.from_shapes({}, ENCODER, reads="sentence"),
        decoder_spec=DecoderSpec.from_shapes(len(VOC), DECODER, {"next_hidden": HIDDEN}),
        scores="logits",
        source=text,
        target=text,
        samples=["hello", "who are you", "where are you", "why are you not here"],
        max_source_length=MAX_LENGTH,
        max_target_length=MAX_LENGTH,
    )


if __name__ == "__main__":
    for method in ("dot", "general", "concat"):
        model, folder, text = make(method), Path(f"exported-{method}"), "why are you tired"
        export(*model, method, folder)
        print(f"{method}, own loop:", *own_loop(*model, text)[0])
        print(f"{method}, exported:", Translator(folder).translate(text))
