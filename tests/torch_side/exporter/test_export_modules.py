"""``export_modules``: what the caller's modules, ids, scores and samples become."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest
import torch
from torch import Tensor, nn

from s2s_export.errors import ModuleError, OptionError, UnknownWordError, VocabularyError
from s2s_export.exporter import OwnVocabulary, Sample, export_modules
from s2s_export.folder.manifest import Manifest
from s2s_export.text.modes import text_mode
from s2s_export.text.tokenizer import Tokenizer
from s2s_export.text.vocabulary import Vocabulary
from s2s_export.translator import Translator
from s2s_export.verify import verify

from .broken_modules import WORDS, Decoder, Encoder, Logits

M = TypeVar("M", bound=nn.Module)

LONGEST = 8
TEXTS = ["a b", "c", "d e f a", "f f b", "e", "b d c e a"]


def export(
    out: Path,
    encoder: nn.Module,
    decoder: nn.Module,
    source: Vocabulary | None = None,
    target: Vocabulary | None = None,
    samples: Any = TEXTS,
    **options: Any,
) -> Manifest:
    return export_modules(
        encoder,
        decoder,
        out,
        encoder_spec=Encoder.spec,
        decoder_spec=Decoder.spec,
        source=Tokenizer(text_mode("spaces"), source or Vocabulary(WORDS)),
        target=Tokenizer(text_mode("spaces"), target or Vocabulary(WORDS)),
        samples=samples,
        max_source_length=LONGEST,
        max_target_length=LONGEST,
        **options,
    )


def large(module: M) -> M:
    """Make weights large, so that few tokens are nearly tied."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.mul_(0 if "bias" in name else 5)
    return module


@torch.no_grad()
def own_loop(
    encoder: Encoder, decoder: Decoder, ids: Sequence[int], sos: int, eos: int
) -> list[int]:
    hidden = encoder(torch.tensor([ids]).T, torch.zeros(1, 1, 4))
    said = [sos]
    while len(said) <= LONGEST:
        scores, hidden = decoder(torch.tensor(said[-1:]), hidden)
        said.append(int(scores[0].argmax()))
        if said[-1] == eos:
            return said[1:-1]
    return said[1:]


class Unscriptable(Decoder):
    """Sound, but TorchScript knows no f-strings with a format."""

    def forward(self, token: Tensor, hidden: Tensor) -> Any:
        names = {f"{index:02}": index for index in range(2)}
        return self.step(token, hidden * names["01"])


def test_modules_keep_their_modes_and_weights(tmp_path: Path) -> None:
    torch.manual_seed(0)
    encoder, decoder = Encoder(), Decoder()
    encoder.embedding.eval()  # frozen by its owner
    before = {name: tensor.clone() for name, tensor in decoder.state_dict().items()}
    export(tmp_path / "exported", encoder, decoder)
    assert [part.training for part in encoder.modules()] == [True, False, True]
    assert all(part.training for part in decoder.modules())
    assert all(parameter.requires_grad for parameter in decoder.parameters())
    for name, tensor in decoder.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_modes_are_restored_when_the_export_fails(tmp_path: Path) -> None:
    encoder, decoder = Encoder(), Logits()
    with pytest.raises(ModuleError, match="no log-probabilities"):
        export(tmp_path / "exported", encoder, decoder)
    assert encoder.training
    assert decoder.gru.training


def test_logits_become_log_probabilities(tmp_path: Path) -> None:
    torch.manual_seed(0)
    encoder, decoder = large(Encoder()), large(Logits())
    manifest = export(tmp_path / "exported", encoder, decoder, scores="logits")
    assert manifest.torchscript.missing_because is None
    translator = Translator(tmp_path / "exported")
    for text, scored in zip(TEXTS, translator.score([(text, "a") for text in TEXTS]), strict=True):
        hidden = encoder(torch.tensor([translator.source.encode(text).ids]).T, torch.zeros(1, 1, 4))
        logits, _ = decoder(torch.tensor([0]), hidden)
        expected = torch.log_softmax(logits, dim=-1)[0, 2].item()
        assert scored.log_probs[0] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("sos", ["<s>", "</s>"])
def test_own_ids_of_control_tokens(sos: str, tmp_path: Path) -> None:
    """Padding first, control tokens in the middle; one token may begin and end sentences."""
    torch.manual_seed(299)  # its outputs are of several kinds, and most end
    encoder, decoder = large(Encoder()), large(Decoder())
    sources = ["<pad>", "a", "b", "</s>", "c", "d", "e", "f"]
    targets = ["<pad>", "a", "<s>", "b", "</s>", "c", "d", "e"]
    manifest = export(
        tmp_path / "exported",
        encoder,
        decoder,
        OwnVocabulary(sources, eos="</s>"),
        OwnVocabulary(targets, sos=sos, eos="</s>"),
    )
    assert manifest.torchscript.missing_because is None
    assert manifest.target.vocabulary_size == (8 if sos == "<s>" else 9)
    assert verify(tmp_path / "exported").passed
    translator = Translator(tmp_path / "exported")
    expected = []
    for text in TEXTS:
        ids = [sources.index(word) for word in [*text.split(), "</s>"]]
        said = own_loop(encoder, decoder, ids, targets.index(sos), targets.index("</s>"))
        names = [targets[token] for token in said]
        expected.append(" ".join("<sos>" if n == "<s>" == sos else n for n in names))
    assert len(set(expected)) >= 3
    assert any(len(text.split()) < LONGEST for text in expected)
    assert [translator.translate(text) for text in TEXTS] == expected
    assert [t.text for t in translator.translate_batch(TEXTS)] == expected


def test_own_vocabulary_of_a_source_with_unk() -> None:
    vocabulary = OwnVocabulary(["_", "?", "a", "b", "."], eos=".", unk="?", word_forms=False)
    assert vocabulary.words == ("_", "a", "b")
    assert vocabulary.own_ids == (4, 4, 1, 0, 2, 3)
    assert [vocabulary.own_ids[i] for i in vocabulary.encode(["b", "z", "a"])] == [3, 1, 2, 4]


def test_own_vocabulary_without_the_control_token_is_an_error() -> None:
    message = r"eos: the token '</s>' is not among the 2 tokens \('a', 'b', …\)"
    with pytest.raises(VocabularyError, match=message):
        OwnVocabulary(["a", "b"], eos="</s>", sos="a")


def test_int8_graphs_on_request(tmp_path: Path) -> None:
    torch.manual_seed(0)
    vocabulary = OwnVocabulary(["<pad>", "<s>", "</s>", *WORDS[:5]], sos="<s>", eos="</s>")
    manifest = export(
        tmp_path / "exported",
        Encoder(),
        Logits(),
        vocabulary,
        vocabulary,
        ["a b", "c", "d e a"],
        scores="logits",
        precision="int8",
    )
    assert manifest.int8 is not None
    assert manifest.int8.agreement.sentences == 3
    assert verify(tmp_path / "exported").passed
    assert isinstance(Translator(tmp_path / "exported", precision="int8").translate("a b"), str)


def test_module_that_torchscript_refuses_ships_as_onnx_with_the_reason(tmp_path: Path) -> None:
    manifest = export(tmp_path / "exported", Encoder(), Unscriptable())
    reason = manifest.torchscript.missing_because
    assert reason is not None
    assert re.match(
        r"decoder: TorchScript fails when it compiles forward: at 'names = \{f.*' "
        r"\(test_export_modules\.py, line \d+\): \w+: ",
        reason,
    ), reason
    assert str(Path(__file__).parent) not in reason
    assert not (tmp_path / "exported" / "decoder.pt").exists()
    assert verify(tmp_path / "exported").passed


@pytest.mark.parametrize(
    ("module", "found"), [(lambda token, hidden: token, "function"), (None, "NoneType")]
)
def test_something_else_than_a_module_is_an_error(module: Any, found: str, tmp_path: Path) -> None:
    with pytest.raises(
        ModuleError, match=f"decoder: expected an nn.Module in Python, found {found}"
    ):
        export(tmp_path / "exported", Encoder(), module)


def test_weights_on_another_device_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModuleError, match=r"encoder: the weight embedding\.weight is on .* meta"):
        export(tmp_path / "exported", Encoder().to("meta"), Decoder())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": "a b"}, "samples: expected a list of texts, found a str"),
        ({"samples": []}, "samples: expected texts to compare the graphs on, found 0"),
        ({"samples": ["", " "]}, "found 2, none with a word that the source vocabulary knows"),
        ({"scores": "probabilities"}, "scores: expected one of 'log_probs', 'logits', found"),
    ],
)
def test_wrong_arguments(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=message):
        export(tmp_path / "exported", Encoder(), Decoder(), **options)


def test_sample_with_an_unknown_word_is_an_error_with_its_index(tmp_path: Path) -> None:
    with pytest.raises(UnknownWordError, match="unknown word: 'z'") as caught:
        export(tmp_path / "exported", Encoder(), Decoder(), samples=["a", Sample("b z")])
    assert caught.value.index == 1


def test_missing_extra_is_told_with_the_pip_command() -> None:
    program = """
import sys
import s2s_export, s2s_export.exporter
assert "torch" not in sys.modules, "imported at once"
sys.modules["torch"] = None
try:
    from s2s_export.exporter import export_modules
except ImportError as error:
    print(type(error).__name__, error)
"""
    process = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert process.stdout.startswith("RuntimeMissingError exporting modules needs torch, onnx and")
    assert process.stdout.endswith("pip install 's2s-export[export]'\n")
