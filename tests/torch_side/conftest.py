"""Fixtures that need torch: the committed tiny models, as modules and as the three back ends."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch

from s2s_export.export import source_of
from s2s_export.exporter import torchscript
from s2s_export.exporter.backends import (
    Backend,
    eager_backend,
    onnx_backend,
    torchscript_backend,
)
from s2s_export.exporter.source import ExportSource, Sample
from s2s_export.translator import Translator
from training.data.corpus import select_pairs, sha256_of
from training.data.encoding import EncodedPair, Modes, Vocabularies
from training.data.pairs_file import read_pairs
from training.models.seq2seq import Seq2Seq
from training.recipes.recipe import ModelName, Recipe
from training.recipes.selection import Selection
from training.run import checkpoint as checkpoints
from training.run.checkpoint import Checkpoint, Report

FIXTURES = Path(__file__).parents[1] / "fixtures"

# The models of these tests are so small that a second thread costs more than it brings, much more
# where another process wants the core.
torch.set_num_threads(1)


TINY: Mapping[str, ModelName] = {
    "tiny": "tutorial",
    "tiny-attention": "attention",
    "tiny-conditional": "conditional",
}
"""Committed exported folders, and the model of each."""


@pytest.fixture(scope="session", params=TINY)
def each_tiny(request: pytest.FixtureRequest) -> Path:
    """A committed exported folder of each model."""
    return FIXTURES / str(request.param)


@pytest.fixture
def model_name() -> ModelName:
    """Which model; ``EACH_MODEL`` gives a test each."""
    return "tutorial"


@pytest.fixture(scope="session")
def tiny_source(each_tiny: Path) -> ExportSource:
    """The eager modules, with the weights of the committed TorchScript files, as to be exported."""
    translator = Translator(each_tiny)
    manifest = translator.manifest
    hidden = manifest.steps.encoder.state[0].shape[2]
    assert isinstance(hidden, int)
    model = Seq2Seq(
        Recipe(model=TINY[each_tiny.name], hidden_size=hidden),
        manifest.source.vocabulary_size,
        manifest.target.vocabulary_size,
    )
    for module, name in ((model.encoder, "encoder.pt"), (model.decoder, "decoder.pt")):
        scripted = torchscript.load((each_tiny / name).read_bytes())
        module.load_state_dict(scripted.state_dict())
    model.eval()
    return ExportSource(
        encoder=model.encoder,
        encoder_spec=model.encoder.spec(),
        decoder=model.decoder,
        decoder_spec=model.decoder.spec(),
        source=translator.source,
        target=translator.target,
        source_language=manifest.source.language,
        target_language=manifest.target.language,
        max_source_length=manifest.source.max_length,
        max_target_length=manifest.target.max_length,
        samples=tuple(Sample(golden.source, golden.target) for golden in manifest.golden),
    )


@pytest.fixture(scope="session")
def backends(each_tiny: Path, tiny_source: ExportSource) -> dict[str, Backend]:
    """The committed model three times: eager, TorchScript, ONNX Runtime."""

    def read(*names: str) -> tuple[bytes, bytes]:
        encoder, decoder = ((each_tiny / name).read_bytes() for name in names)
        return encoder, decoder

    return {
        "eager": eager_backend(tiny_source),
        "torchscript": torchscript_backend(read("encoder.pt", "decoder.pt"), tiny_source),
        "onnx": onnx_backend(read("encoder.onnx", "decoder.onnx"), tiny_source),
    }


@pytest.fixture(scope="session")
def random_pairs() -> list[EncodedPair]:
    """200 pairs of 1 to 6 random ids (source below 20, target below 15), EOS last."""
    generator = torch.Generator().manual_seed(0)

    def ids(limit: int) -> tuple[int, ...]:
        length = int(torch.randint(0, 6, (1,), generator=generator))
        return (*torch.randint(2, limit, (length,), generator=generator).tolist(), 1)

    return [EncodedPair(ids(20), ids(15)) for _ in range(200)]


@pytest.fixture
def checkpoint(tiny_pairs: Path, model_name: ModelName) -> Checkpoint:
    """An untrained checkpoint over the tiny pairs: as good as a trained one to export."""
    recipe = Recipe(hidden_size=16, epochs=1, model=model_name)
    pairs, _ = select_pairs(read_pairs(tiny_pairs).pairs, Selection())
    modes = Modes.of(recipe.selection)
    vocabularies = Vocabularies.from_pairs(pairs, modes)
    torch.manual_seed(1)
    model = Seq2Seq.of(recipe, vocabularies)
    with torch.no_grad():
        model.decoder.out.weight *= (
            20  # untrained, all words are nearly tied; a trained model's are not
        )
    report = Report(
        recipe="default",
        seed=0,
        data="tiny.tsv",
        data_sha256=sha256_of(pairs),
        training_pairs=len(pairs),
        validation_pairs=0,
        test_pairs=0,
        max_source_length=10,
        max_target_length=10,
        epoch=1,
        test_loss=None,
        metrics={},
        metric_signature=None,
    )
    return Checkpoint(recipe, report, modes, vocabularies, tuple(pairs), model.eval())


@pytest.fixture
def source(checkpoint: Checkpoint, tmp_path: Path) -> ExportSource:
    """The same as a model to export."""
    run = tmp_path / "run-of-checkpoint"
    run.mkdir()
    checkpoints.save(checkpoint, run)
    return source_of(run)
