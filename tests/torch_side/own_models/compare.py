"""Comparison of an exported folder with the loop that a model came with, for the worked examples.

The loop is the oracle: it has the model's own modules, shares no code with the decoding loop, and
says its tokens by name, with the margin of each choice.
"""

import itertools
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from s2s_export.decoding.options import DecodingOptions
from s2s_export.exporter import torchscript
from s2s_export.exporter.backends import Backend
from s2s_export.exporter.ties import TIE_MARGIN
from s2s_export.exporter.torch_steps import torch_steps
from s2s_export.text.vocabulary import EOS, SOS
from s2s_export.translator import Translator

BATCH_SIZES = (2, 3, 7, 16)

VERIFY = """
import sys
for name in ("torch", "onnx", "onnxscript", "training"):
    sys.modules[name] = None
from s2s_export.verify import main
sys.exit(main(sys.argv[1:]))
"""


class Said(NamedTuple):
    """An output of a model's own loop.

    Attributes:
        tokens: by name, without the end mark.
        margins: of each step, that of the end mark too: how much better the token's score is than
            that of the next best one, in log-probabilities or logits. Where the loop does not give
            its scores there is none, and no difference counts as a tie.
    """

    tokens: list[str]
    margins: Sequence[float] = ()

    @classmethod
    def with_scores(cls, tokens: list[str], scores: Sequence[Tensor]) -> "Said":
        """Take the tokens and the scores ``float32[V]`` of each step."""
        best = [step.flatten().topk(2).values.tolist() for step in scores]
        return cls(tokens, [first - second for first, second in best])


Original = Callable[[str], Said]
"""A model's own loop: a text, as the source's tokenizer takes it, to the output."""


@dataclass(frozen=True)
class Comparison:
    """The result of a comparison.

    Attributes:
        inputs: their number.
        distinct: outputs of the original that differ from each other.
        tokens: how often the original says each token.
        identical: inputs with the same tokens, by back end and way of decoding.
        ties: inputs that differ where the original's two best tokens are tied, likewise.
        different: the other inputs, likewise: text, original's tokens, graphs' tokens.
    """

    inputs: int
    distinct: int
    tokens: Counter[str]
    identical: dict[str, int]
    ties: dict[str, int]
    different: dict[str, list[tuple[str, list[str], list[str]]]]

    def require_proof(self, *, inputs: int = 2_000, distinct: int = 100) -> None:
        """Fail unless nothing differs, and the outputs are not all alike."""
        assert self.inputs >= inputs
        assert {way: found[:3] for way, found in self.different.items() if found} == {}
        assert len(self.identical) == 4
        for way, identical in self.identical.items():
            assert identical + self.ties[way] == self.inputs, way
            assert self.ties[way] <= self.inputs // 500, way
        assert self.distinct >= distinct
        said = sum(self.tokens.values())
        assert said >= self.inputs
        assert max(self.tokens.values()) < said / 2, "one token is half of all that is said"


def compare(folder: Path, original: Original, texts: Sequence[str]) -> Comparison:
    """Decode texts with a model's own loop and with a folder's graphs.

    Args:
        folder: an exported one, with TorchScript files.
        original: the model's own loop.
        texts: of mixed lengths in mixed order.
    """
    expected = [original(text) for text in texts]
    identical, ties, different = dict[str, int](), dict[str, int](), {}
    for way, found in _decoded(folder, texts):
        verdicts = [
            (_verdict(said, tokens), (text, said.tokens, tokens))
            for text, said, tokens in zip(texts, expected, found, strict=True)
        ]
        identical[way] = sum(verdict == "identical" for verdict, _ in verdicts)
        ties[way] = sum(verdict == "tie" for verdict, _ in verdicts)
        different[way] = [case for verdict, case in verdicts if verdict == "different"]
    return Comparison(
        inputs=len(texts),
        distinct=len({tuple(said.tokens) for said in expected}),
        tokens=Counter(token for said in expected for token in said.tokens),
        identical=identical,
        ties=ties,
        different=different,
    )


def random_texts(
    words: Sequence[str], longest: int, count: int = 2_000, *, joint: str = " ", seed: int = 0
) -> list[str]:
    """Return texts of 1 to ``longest`` words, in mixed order."""
    generator = random.Random(seed)
    return [
        joint.join(generator.choices(words, k=generator.randint(1, longest))) for _ in range(count)
    ]


def verify_without_torch(folder: Path) -> None:
    """Fail unless ``verify`` passes in a process that cannot import torch."""
    process = subprocess.run(
        [sys.executable, "-W", "error", "-c", VERIFY, str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stdout + process.stderr


def _decoded(folder: Path, texts: Sequence[str]) -> Iterator[tuple[str, list[list[str]]]]:
    """Yield the tokens that each back end decodes, one by one and in batches of mixed lengths."""
    translator = Translator(folder)
    manifest = translator.manifest
    assert manifest.torchscript.missing_because is None
    encoder, decoder = (
        torchscript.load((folder / name).read_bytes()) for name in torchscript.FILES
    )
    scripted = torch_steps(encoder, manifest.steps.encoder, decoder, manifest.steps.decoder)
    sources = [translator.source.encode(text).ids for text in texts]
    assert all(sources)
    options = DecodingOptions(SOS, EOS, manifest.target.max_length)
    name = translator.target.vocabulary.decode
    for backend in (
        Backend.of("ONNX Runtime", translator.pipeline.steps),
        Backend.of("TorchScript", scripted),
    ):
        for way, sizes in (("one by one", (1,)), ("in batches", BATCH_SIZES)):
            hypotheses = backend.decode(sources, options, sizes)
            yield f"{backend.name}, {way}", [name(hypothesis.ids) for hypothesis in hypotheses]


def _verdict(said: Said, tokens: list[str]) -> str:
    """Tell whether the graphs said the same, or parted from the original at a tie of its own."""
    if tokens == said.tokens:
        return "identical"
    pairs = enumerate(itertools.zip_longest(said.tokens, tokens))
    parted = next(step for step, (one, other) in pairs if one != other)
    tied = bool(said.margins) and said.margins[parted] <= TIE_MARGIN
    return "tie" if tied else "different"
