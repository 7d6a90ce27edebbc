"""Fixtures that need torch: the committed tiny model, as modules and as the three back ends."""

from pathlib import Path

import pytest
import torch

from s2s_export import evidence, graphs
from s2s_export.folder import ExportedFolder
from s2s_export.parity import Backend
from s2s_export.vocabulary import Vocabulary
from training.checkpoint import Checkpoint, Report
from training.dataset import EncodedPair, Vocabularies, select_pairs, sha256_of
from training.model import Seq2Seq
from training.reading import read_pairs
from training.recipes import Recipe, Selection

FIXTURES = Path(__file__).parents[1] / "fixtures"

# The models of these tests are so small that a second thread costs more than it brings, much more
# where another process wants the core.
torch.set_num_threads(1)


@pytest.fixture(scope="session", params=["tiny", "tiny-attention"])
def each_tiny(request: pytest.FixtureRequest) -> Path:
    """A committed exported folder: of the tutorial's model, and of the one with attention."""
    return FIXTURES / str(request.param)


@pytest.fixture
def attention() -> bool:
    """Whether the decoder has attention; ``EACH_DECODER`` gives a test both."""
    return False


@pytest.fixture(scope="session")
def tiny_folder(each_tiny: Path) -> ExportedFolder:
    return ExportedFolder(each_tiny)


@pytest.fixture(scope="session")
def vocabularies(tiny_folder: ExportedFolder) -> tuple[Vocabulary, Vocabulary]:
    return tiny_folder.read_vocabulary("source.vocab"), tiny_folder.read_vocabulary("target.vocab")


@pytest.fixture(scope="session")
def tiny_model(each_tiny: Path, tiny_folder: ExportedFolder) -> Seq2Seq:
    """The eager modules, with the weights of the committed TorchScript files."""
    sizes = tiny_folder.manifest.sizes
    model = Seq2Seq(
        sizes.source_vocabulary,
        sizes.target_vocabulary,
        sizes.hidden,
        attention=each_tiny.name == "tiny-attention",
    )
    for module, name in ((model.encoder, "encoder.pt"), (model.decoder, "decoder.pt")):
        scripted = graphs.load_torchscript((each_tiny / name).read_bytes())
        module.load_state_dict(scripted.state_dict())
    return model.eval()


@pytest.fixture(scope="session")
def backends(
    each_tiny: Path, tiny_folder: ExportedFolder, tiny_model: Seq2Seq
) -> dict[str, Backend]:
    """The committed model three times: eager, TorchScript, ONNX Runtime."""

    def read(name: str) -> bytes:
        return (each_tiny / name).read_bytes()

    return {
        "eager": evidence.eager_backend(tiny_model),
        "torchscript": evidence.torchscript_backend(
            read("encoder.pt"), read("decoder.pt"), tiny_model
        ),
        "onnx": evidence.onnx_backend(
            read("encoder.onnx"), read("decoder.onnx"), tiny_folder.manifest.graphs
        ),
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
def checkpoint(tiny_pairs: Path, attention: bool) -> Checkpoint:
    """An untrained checkpoint over the tiny pairs: as good as a trained one to export."""
    recipe = Recipe(hidden_size=16, epochs=1, attention=attention)
    pairs, _ = select_pairs(read_pairs(tiny_pairs).pairs, Selection())
    vocabularies = Vocabularies.from_pairs(pairs)
    torch.manual_seed(1)
    model = Seq2Seq.of(recipe, vocabularies)
    with torch.no_grad():
        model.decoder.out.weight *= (
            20  # untrained, all words are nearly tied; a trained model's are not
        )
    report = Report(
        recipe_name="default",
        data="tiny.tsv",
        data_sha256=sha256_of(pairs),
        training_pairs=len(pairs),
        held_out_pairs=0,
        max_source_length=10,
        max_target_length=10,
        epoch=1,
        held_out_loss=None,
        scores={},
        score_signature=None,
    )
    return Checkpoint(recipe, report, vocabularies, tuple(pairs), model.eval())
