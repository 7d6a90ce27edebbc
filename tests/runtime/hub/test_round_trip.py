"""An exported folder is pushed, and comes back as it was."""

import re
import shutil
from pathlib import Path

import pytest

from s2s_export import Translator
from s2s_export.push import push
from s2s_export.verify import verify

from .stand_in import StandIn, allow_large_uploads

pytestmark = allow_large_uploads

NAME = "user/model"


def downloaded(hub: StandIn, cache: Path, copy: Path | None = None) -> Path:
    """Return the folder that the Hub's own client makes of the repository."""
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(NAME, endpoint=hub.endpoint, cache_dir=cache, local_dir=copy))


@pytest.mark.parametrize(
    "folder", ["tiny", "tiny_3", "tiny_attention", "tiny_conditional", "tiny_natural"]
)
def test_golden_texts_of_what_was_pushed(
    folder: str, hub: StandIn, cache: Path, request: pytest.FixtureRequest
) -> None:
    push(request.getfixturevalue(folder), NAME)
    translator = Translator.from_pretrained(NAME, cache_dir=cache)
    golden = translator.manifest.golden
    assert len(golden) == 8
    assert [translator.translate(one.source) for one in golden] == [one.target for one in golden]


def test_the_repository_has_the_files_of_the_folder(hub: StandIn, tiny_3: Path) -> None:
    push(tiny_3, NAME)
    files = hub.repositories[NAME].files()
    card = files.pop("README.md")
    assert card.startswith(b"---\n")
    assert files.pop(".gitattributes")
    expected = {path.name: path.read_bytes() for path in tiny_3.iterdir() if path.suffix != ".pt"}
    expected["FORMAT.md"] = expected.pop("README.md")
    assert files == expected


def test_torchscript_is_pushed_when_asked_for(hub: StandIn, tiny_3: Path) -> None:
    push(tiny_3, NAME, torchscript=True)
    files = hub.repositories[NAME].files()
    for name in ("encoder.pt", "decoder.pt"):
        assert files[name] == (tiny_3 / name).read_bytes()


def test_the_hubs_own_client_gets_a_folder_that_passes_verify(
    hub: StandIn, cache: Path, tiny_3: Path, tmp_path: Path
) -> None:
    push(tiny_3, NAME)
    for folder in (
        downloaded(hub, cache),
        downloaded(hub, cache, tmp_path / "model"),
    ):
        assert verify(folder).passed
        assert {check.name for check in verify(folder).checks} == {
            check.name for check in verify(tiny_3).checks
        }
        assert Translator(folder).translate("Il n'est pas ici.") == "he is not here ."


def test_links_of_the_cache_and_a_plain_copy_of_it(
    hub: StandIn, cache: Path, tiny_3: Path, tmp_path: Path
) -> None:
    push(tiny_3, NAME)
    snapshot = downloaded(hub, cache)
    assert all((snapshot / name).is_symlink() for name in ("manifest.json", "encoder.onnx"))
    copy = shutil.copytree(snapshot, tmp_path / "copy")
    assert not any(path.is_symlink() for path in copy.iterdir())
    for folder in (snapshot, copy):
        assert Translator(folder).translate("Il n'est pas ici.") == "he is not here ."


def test_a_downloaded_folder_is_pushed_again_without_loss(
    hub: StandIn, cache: Path, tiny_3: Path
) -> None:
    push(tiny_3, NAME)
    first = dict(hub.repositories[NAME].files())
    push(downloaded(hub, cache), NAME)
    assert hub.repositories[NAME].files() == first


def test_a_zip_is_pushed_as_its_folder_is(hub: StandIn, tiny_3: Path, tmp_path: Path) -> None:
    push(tiny_3, NAME)
    push(shutil.make_archive(str(tmp_path / "model"), "zip", tiny_3), "user/zip-model")
    one, other = (hub.repositories[name].files() for name in (NAME, "user/zip-model"))
    assert b"user/zip-model" in other.pop("README.md")
    del one["README.md"]
    assert one == other


def test_int8_downloads_its_own_graphs_alone(hub: StandIn, cache: Path, tiny_3: Path) -> None:
    push(tiny_3, NAME)
    hub.requests.clear()
    translator = Translator.from_pretrained(NAME, precision="int8", cache_dir=cache)
    assert translator.translate("Il n'est pas ici.") == "he is not here ."
    asked = {re.sub(".*/", "", path) for path in hub.paths("HEAD")}
    graphs = {"encoder.int8.onnx", "decoder.int8.onnx"}
    assert asked == {"manifest.json", "source.vocab", "target.vocab", *graphs}
    there = hub.repositories[NAME].files()
    fetched = sum(path.stat().st_size for path in cache.glob("models--*/blobs/*"))
    assert fetched == sum(len(there[name]) for name in asked)
    Translator.from_pretrained(NAME, cache_dir=cache)
    asked = {re.sub(".*/", "", path) for path in hub.paths("HEAD")}
    assert {"encoder.onnx", "decoder.onnx"} < asked
    assert not [name for name in asked if name.endswith((".pt", ".md"))]
