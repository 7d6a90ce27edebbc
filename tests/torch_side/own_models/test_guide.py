"""The code of ``docs/own-models.md`` and of the README's section, run as it stands."""

import importlib.util
import re
import runpy
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from s2s_export.exporter import (
    DecoderSpec,
    EncoderSpec,
    OwnVocabulary,
    Tokenizer,
    Vocabulary,
    export_modules,
    text_mode,
)

from . import stumbling, tutorial_2017
from .compare import Original, Said, compare, random_texts, verify_without_torch
from .stumbling import LONGEST, UNITS, initialised

ROOT = Path(__file__).parents[3]
WORDS = [*"abcdefghij"]
OWN = ["<pad>", "</s>", "<s>", *WORDS]
SIZE = len(WORDS) + 2
STATE = (1, "B", UNITS)
MEMORY = {"hidden": STATE, "memory": ("T", "B", UNITS)}
SHORTEST, CHECKPOINT = "The shortest example", "A checkpoint of the tutorial"


def code(page: str) -> dict[str, list[str]]:
    """Return the blocks of Python of each section, by the section's title."""
    sections = re.split(r"^##+ ", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    blocks = ((s.partition("\n")[0], re.findall(r"```python\n(.*?)```", s, re.S)) for s in sections)
    return {title: found for title, found in blocks if found}


@pytest.fixture(scope="module")
def guide(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The guide's wrappers as a module: in a file, since TorchScript reads their source."""
    sections = code("docs/own-models.md")
    blocks = [b for t, found in sections.items() if t not in (SHORTEST, CHECKPOINT) for b in found]
    imports = ["import torch", "from torch import Tensor, nn"]
    imports += ["from s2s_export.exporter import OwnVocabulary", ""]
    path = tmp_path_factory.mktemp("guide") / "guide_of_own_models.py"
    path.write_text("\n".join([*imports, *blocks]), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def export(
    out: Path,
    encoder: nn.Module,
    decoder: nn.Module,
    encoder_outputs: dict[str, Any],
    decoder_state: dict[str, Any],
    vocabulary: Vocabulary | None = None,
) -> None:
    """Export wrapped modules that give logits; states named in both are replaced in each step."""
    text = Tokenizer(text_mode("spaces"), vocabulary or Vocabulary(WORDS))
    replaced = {f"next_{n}": shape for n, shape in decoder_state.items() if shape[0] == 1}
    size = SIZE if vocabulary is None else len(OWN)
    export_modules(
        encoder,
        decoder,
        out,
        encoder_spec=EncoderSpec.from_shapes({}, encoder_outputs, reads="sentence"),
        decoder_spec=DecoderSpec.from_shapes(size, decoder_state, replaced),
        scores="logits",
        source=text,
        target=text,
        samples=random_texts(WORDS, LONGEST - 1, 20, seed=1),
        max_source_length=LONGEST,
        max_target_length=LONGEST,
    )


def proven(folder: Path, original: Original) -> None:
    texts = random_texts(WORDS, LONGEST - 1, 300)
    compare(folder, original, texts).require_proof(inputs=300, distinct=20)


def ids_of(text: str) -> list[int]:
    return [*(WORDS.index(word) + 2 for word in text.split()), 1]


def said(tokens: list[int], scores: list[Tensor]) -> Said:
    return Said.with_scores([["<sos>", "<eos>", *WORDS][token] for token in tokens], scores)


def test_shortest_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the README's call, with the same modules."""
    [example] = code("docs/own-models.md")[SHORTEST]
    [call] = code("README.md")["You have a model already"]
    monkeypatch.chdir(tmp_path)
    program = tmp_path / "example.py"
    program.write_text(example, encoding="utf-8")
    names = runpy.run_path(str(program), run_name="example")
    assert capsys.readouterr().out == "3 samples identical\n(4, 2, 1)\n"
    shutil.rmtree("exported-mine")
    encoder, decoder = names["Encoder"](6), names["Decoder"](6)
    exec(compile(call, "README.md", "exec"), {**names, "encoder": encoder, "decoder": decoder})
    verify_without_torch(tmp_path / "exported-mine")


def test_batch_first_encoder_and_masked_attention(guide: ModuleType, tmp_path: Path) -> None:
    encoder = initialised(stumbling.BatchFirstEncoder(SIZE), 1)
    decoder = initialised(stumbling.UnmaskedDecoder(SIZE), 2)
    mask = {"mask": ("T", "B", 1)}
    state = {"hidden": STATE, "memory": ("S", "B", UNITS), "mask": ("S", "B", 1)}
    wrapped = guide.BatchFirstEncoder(encoder), guide.MaskedDecoder(decoder)
    export(tmp_path / "exported", *wrapped, {**MEMORY, **mask}, state)
    proven(
        tmp_path / "exported",
        lambda text: said(*stumbling.attended(encoder, decoder, ids_of(text))),
    )


def test_unpacked_encoder_and_decoder_of_cells(guide: ModuleType, tmp_path: Path) -> None:
    encoder = initialised(stumbling.PackingEncoder(SIZE), 1)
    decoder = initialised(stumbling.LSTMCellDecoder(SIZE), 1)
    state = {"hidden": STATE, "cell": STATE}
    wrapped = guide.UnpackedEncoder(encoder), guide.CellDecoder(decoder)
    export(tmp_path / "exported", *wrapped, state, state)
    proven(
        tmp_path / "exported",
        lambda text: said(*stumbling.packed(encoder, decoder, ids_of(text))),
    )


def test_cell_as_layer(guide: ModuleType) -> None:
    cell = initialised(nn.LSTMCell(5, 4), 0)
    inputs = torch.randn(6, 3, 5, generator=torch.Generator().manual_seed(0))
    hidden, state = torch.zeros(3, 4), torch.zeros(3, 4)
    for step in inputs:
        hidden, state = cell(step, (hidden, state))
    _, (layer_hidden, layer_state) = guide.as_layer(cell)(inputs)
    torch.testing.assert_close(layer_hidden[0], hidden)
    torch.testing.assert_close(layer_state[0], state)


def test_lengths_of_a_call(guide: ModuleType) -> None:
    page = (ROOT / "docs" / "own-models.md").read_text(encoding="utf-8")
    assert "torch.ones_like(tokens).sum(dim=0)" in page
    assert torch.ones_like(torch.zeros(5, 3, dtype=torch.long)).sum(dim=0).tolist() == [5, 5, 5]


def test_source_with_sos_and_own_ids(guide: ModuleType, tmp_path: Path) -> None:
    encoder = initialised(stumbling.SummaryEncoder(len(OWN)), 1)
    decoder = initialised(stumbling.LSTMCellDecoder(len(OWN)), 2)
    eos, sos = OWN.index("</s>"), OWN.index("<s>")

    def original(text: str) -> Said:
        ids = [sos, *map(OWN.index, text.split()), eos]
        state = encoder(torch.tensor([ids]).T)[0], torch.zeros(1, UNITS)
        tokens, scores = stumbling.decode(decoder, state, sos, eos)
        return Said.with_scores(["<sos>" if t == sos else OWN[t] for t in tokens], scores)

    state = {"hidden": STATE, "cell": STATE}
    wrapped = guide.EncoderWithStart(encoder, sos), guide.CellDecoder(decoder)
    vocabulary = OwnVocabulary(OWN, sos="<s>", eos="</s>")
    export(tmp_path / "exported", *wrapped, {"hidden": STATE}, state, vocabulary)
    proven(tmp_path / "exported", original)
    assert guide.own.own_ids == (2, 3, 0, 1, 4, 5)


def test_attention_of_fixed_length(guide: ModuleType, tmp_path: Path) -> None:
    encoder = initialised(stumbling.BatchFirstEncoder(SIZE), 1)
    decoder = initialised(stumbling.FixedDecoder(SIZE, 10), 2)

    state = {"hidden": STATE, "memory": ("S", "B", UNITS)}
    mask = {"mask": ("T", "B", 1)}
    wrapped = guide.BatchFirstEncoder(encoder), guide.FixedAttention(decoder, 10)
    export(tmp_path / "exported", *wrapped, {**MEMORY, **mask}, state)
    proven(
        tmp_path / "exported",
        lambda text: said(*stumbling.filled_up(encoder, decoder, ids_of(text), 10)),
    )


def test_checkpoint_of_the_tutorial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    encoder = initialised(tutorial_2017.EncoderRNN(SIZE, UNITS), 1)
    decoder = initialised(tutorial_2017.DecoderRNN(SIZE, UNITS, n_layers=2), 2)
    torch.save(encoder.state_dict(), "encoder.pth")
    torch.save(decoder.state_dict(), "decoder.pth")
    for name in ("french", "english"):
        Path(f"{name}.words").write_text("\n".join(WORDS))
    texts = random_texts(WORDS, LONGEST, 20, seed=1)
    Path("sentences.txt").write_text("\n".join(texts))
    names = "DecoderSpec, EncoderSpec, Tokenizer, Vocabulary, export_modules, text_mode"
    imports = "from pathlib import Path\nimport torch\nfrom torch import Tensor, nn\n"
    imports += f"from s2s_export.exporter import {names}\n"
    program = tmp_path / "tutorial.py"
    program.write_text(imports + "\n".join(code("docs/own-models.md")[CHECKPOINT]))
    runpy.run_path(str(program), run_name="tutorial")

    def original(text: str) -> Said:
        return said(*tutorial_2017.evaluate(encoder, decoder, ids_of(text)))

    texts = random_texts(WORDS, tutorial_2017.MAX_LENGTH - 1)
    compare(tmp_path / "exported-tutorial", original, texts).require_proof()
    verify_without_torch(tmp_path / "exported-tutorial")


def test_every_block_of_the_guide_is_run() -> None:
    sections = code("docs/own-models.md")
    assert len(sections) == 10
    assert sum(map(len, sections.values())) == 11
