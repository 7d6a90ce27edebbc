"""Models that are not this project's, exported, proven, and decoded in ONNX Runtime.

Each pair of small modules uses one part of the contract of a step. Their oracle is a loop of their
own over the eager modules, which shares nothing with the decoding loop.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from s2s_export.decoding.steps import DecoderSpec, EncoderSpec
from s2s_export.exporter.build import build
from s2s_export.exporter.source import ExportSource, Sample
from s2s_export.text.modes import text_mode
from s2s_export.text.tokenizer import Tokenizer
from s2s_export.text.vocabulary import EOS, SOS, Vocabulary
from s2s_export.translator import Translator
from s2s_export.verify import verify

WORDS = [*"abcdefghijklmn"]
SIZE = len(WORDS) + 2
UNITS = 8
MAX_LENGTH = 12


class LSTMEncoder(nn.Module):
    """Two state tensors, both replaced."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SIZE, UNITS)
        self.lstm = nn.LSTM(UNITS, UNITS)

    def forward(self, tokens: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        _, (hidden, cell) = self.lstm(self.embedding(tokens), (hidden, cell))
        return hidden, cell

    def spec(self) -> EncoderSpec:
        state = {"hidden": (1, "B", UNITS), "cell": (1, "B", UNITS)}
        return EncoderSpec.from_shapes(state, {f"next_{n}": shape for n, shape in state.items()})


class LSTMDecoder(nn.Module):
    """Two state tensors, both replaced."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SIZE, UNITS)
        self.lstm = nn.LSTM(UNITS, UNITS)
        self.out = nn.Linear(UNITS, SIZE)

    def forward(self, token: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        output, (hidden, cell) = self.lstm(self.embedding(token).unsqueeze(0), (hidden, cell))
        return torch.log_softmax(self.out(output[0]), dim=-1), hidden, cell

    def spec(self) -> DecoderSpec:
        state = {"hidden": (1, "B", UNITS), "cell": (1, "B", UNITS)}
        return DecoderSpec.from_shapes(SIZE, state, {f"next_{n}": s for n, s in state.items()})


class BridgedEncoder(nn.Module):
    """A final output, the first state of a deeper decoder."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SIZE, UNITS)
        self.gru = nn.GRU(UNITS, UNITS)
        self.bridge = nn.Linear(UNITS, 2 * UNITS)

    def forward(self, tokens: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        _, hidden = self.gru(self.embedding(tokens), hidden)
        deep = torch.stack(torch.tanh(self.bridge(hidden[0])).chunk(2, dim=1))
        return hidden, deep

    def spec(self) -> EncoderSpec:
        return EncoderSpec.from_shapes(
            {"hidden": (1, "B", UNITS)},
            {"next_hidden": (1, "B", UNITS), "deep": (2, "B", UNITS)},
        )


class DeepDecoder(nn.Module):
    """A GRU of two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SIZE, UNITS)
        self.gru = nn.GRU(UNITS, UNITS, num_layers=2)
        self.out = nn.Linear(UNITS, SIZE)

    def forward(self, token: Tensor, deep: Tensor) -> tuple[Tensor, Tensor]:
        output, deep = self.gru(self.embedding(token).unsqueeze(0), deep)
        return torch.log_softmax(self.out(output[0]), dim=-1), deep

    def spec(self) -> DecoderSpec:
        deep = {"deep": (2, "B", UNITS)}
        return DecoderSpec.from_shapes(SIZE, deep, {"next_deep": (2, "B", UNITS)})


class BidirectionalEncoder(nn.Module):
    """An encoder that reads whole sentences; a memory and a summary of both directions."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SIZE, UNITS)
        self.gru = nn.GRU(UNITS, UNITS, bidirectional=True)
        self.bridge = nn.Linear(2 * UNITS, UNITS)

    def forward(self, tokens: Tensor, both: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        memory, both = self.gru(self.embedding(tokens), both)
        hidden = torch.tanh(self.bridge(torch.cat([both[0], both[1]], dim=-1))).unsqueeze(0)
        return hidden, self.bridge(memory), torch.ones_like(memory[:, :, :1])

    def spec(self) -> EncoderSpec:
        return EncoderSpec.from_shapes(
            {"both": (2, "B", UNITS)},
            {"hidden": (1, "B", UNITS), "memory": ("T", "B", UNITS), "mask": ("T", "B", 1)},
            reads="sentence",
        )


class CountingDecoder(nn.Module):
    """Dot-product attention, and a state of the decoder's own that starts as zeros."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SIZE, UNITS)
        self.gru = nn.GRU(UNITS, UNITS)
        self.out = nn.Linear(3 * UNITS, SIZE)

    def forward(
        self, token: Tensor, hidden: Tensor, memory: Tensor, mask: Tensor, covered: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        _, hidden = self.gru(self.embedding(token).unsqueeze(0), hidden)
        energy = (memory * hidden).sum(dim=-1, keepdim=True)
        weights = torch.softmax(energy.masked_fill(mask == 0, -torch.inf), dim=0)
        context = (weights * memory).sum(dim=0, keepdim=True)
        covered = covered + context
        features = torch.cat([hidden, context, torch.tanh(covered)], dim=-1)
        return torch.log_softmax(self.out(features[0]), dim=-1), hidden, covered

    def spec(self) -> DecoderSpec:
        return DecoderSpec.from_shapes(
            SIZE,
            {
                **{"hidden": (1, "B", UNITS), "memory": ("S", "B", UNITS)},
                **{"mask": ("S", "B", 1), "covered": (1, "B", UNITS)},
            },
            {"next_hidden": (1, "B", UNITS), "next_covered": (1, "B", UNITS)},
        )


def lstm_oracle(encoder: nn.Module, decoder: nn.Module, ids: Sequence[int]) -> list[int]:
    zeros = torch.zeros(1, 1, UNITS)
    hidden, cell = encoder(torch.tensor([ids]).T, zeros, zeros)
    token, decoded = SOS, list[int]()
    while len(decoded) < MAX_LENGTH:
        log_probs, hidden, cell = decoder(torch.tensor([token]), hidden, cell)
        token = int(log_probs.argmax())
        if token == EOS:
            break
        decoded.append(token)
    return decoded


def bridge_oracle(encoder: nn.Module, decoder: nn.Module, ids: Sequence[int]) -> list[int]:
    _, deep = encoder(torch.tensor([ids]).T, torch.zeros(1, 1, UNITS))
    token, decoded = SOS, list[int]()
    while len(decoded) < MAX_LENGTH:
        log_probs, deep = decoder(torch.tensor([token]), deep)
        token = int(log_probs.argmax())
        if token == EOS:
            break
        decoded.append(token)
    return decoded


def sentence_oracle(encoder: nn.Module, decoder: nn.Module, ids: Sequence[int]) -> list[int]:
    hidden, memory, mask = encoder(torch.tensor([ids]).T, torch.zeros(2, 1, UNITS))
    covered = torch.zeros(1, 1, UNITS)
    token, decoded = SOS, list[int]()
    while len(decoded) < MAX_LENGTH:
        log_probs, hidden, covered = decoder(torch.tensor([token]), hidden, memory, mask, covered)
        token = int(log_probs.argmax())
        if token == EOS:
            break
        decoded.append(token)
    return decoded


Made = LSTMEncoder | BridgedEncoder | BidirectionalEncoder
MadeDecoder = LSTMDecoder | DeepDecoder | CountingDecoder
Oracle = Callable[[nn.Module, nn.Module, Sequence[int]], list[int]]

PAIRS: dict[str, tuple[Callable[[], Made], Callable[[], MadeDecoder], Oracle]] = {
    "LSTM": (LSTMEncoder, LSTMDecoder, lstm_oracle),
    "bridge to two layers": (BridgedEncoder, DeepDecoder, bridge_oracle),
    "bidirectional, decoder-only state": (BidirectionalEncoder, CountingDecoder, sentence_oracle),
}


@pytest.mark.parametrize("name", PAIRS)
def test_model_is_exported_proven_and_decoded_like_its_own_loop(name: str, tmp_path: Path) -> None:
    make_encoder, make_decoder, oracle = PAIRS[name]
    torch.manual_seed(3)
    encoder, decoder = make_encoder().eval(), make_decoder().eval()
    with torch.no_grad():  # untrained, all tokens are nearly tied; a trained model's are not
        for parameter_name, parameter in (
            *encoder.named_parameters(),
            *decoder.named_parameters(),
        ):
            parameter.mul_(0 if "bias" in parameter_name else 5)
    vocabulary = Vocabulary(WORDS)
    generator = torch.Generator().manual_seed(0)
    texts = [
        " ".join(WORDS[i] for i in torch.randint(0, len(WORDS), (length,), generator=generator))
        for length in (1, 2, 3, 5, 8, 4, 7, 6, 9, 1, 3)
    ]
    source = ExportSource(
        encoder=encoder,
        encoder_spec=encoder.spec(),
        decoder=decoder,
        decoder_spec=decoder.spec(),
        source=Tokenizer(text_mode("unicode"), vocabulary, max_length=MAX_LENGTH),
        target=Tokenizer(text_mode("unicode"), vocabulary),
        source_language="letters",
        target_language="letters",
        max_source_length=MAX_LENGTH,
        max_target_length=MAX_LENGTH,
        samples=tuple(map(Sample, texts)),
    )
    manifest = build(source, tmp_path / "exported", force=False)
    assert {record.identical + record.ties for record in manifest.parity.values()} == {len(texts)}
    assert verify(tmp_path / "exported").passed

    translator = Translator(tmp_path / "exported")
    with torch.no_grad():
        expected = [
            translator.target.decode(oracle(encoder, decoder, vocabulary.encode(text.split())))
            for text in texts
        ]
    assert len(set(expected)) >= 4
    assert [translator.translate(text) for text in texts] == expected
    assert [t.text for t in translator.translate_batch(texts, batch_size=4)] == expected
