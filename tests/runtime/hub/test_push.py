"""The command push: what is verified, committed, left and refused."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from s2s_export import __version__
from s2s_export.errors import (
    ArtefactError,
    ArtefactNotFoundError,
    HubError,
    OptionError,
    RuntimeMissingError,
)
from s2s_export.push import main, push
from s2s_export.verify import Report, verify

from .serving import Answer, Request
from .stand_in import Repository, StandIn, allow_large_uploads

pytestmark = allow_large_uploads

NAME = "user/model"


def test_one_commit(hub: StandIn, tiny_3: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tiny_3), NAME, "--message", "Second model"]) == 0
    repository = hub.repositories[NAME]
    assert repository.messages == ["initial commit", "Second model"]
    commit = repository.branches["main"]
    assert capsys.readouterr().out == (
        f"pushed 9 files: {hub.endpoint}/{NAME}/commit/{commit}\n"
        f'next: Translator.from_pretrained("{NAME}", revision="{commit}")\n'
    )
    assert not repository.private


def test_the_result_and_the_message_by_default(hub: StandIn, tiny_3: Path) -> None:
    pushed = push(tiny_3, NAME)
    repository = hub.repositories[NAME]
    assert pushed.commit == repository.branches["main"]
    assert pushed.url == f"{hub.endpoint}/{NAME}/commit/{pushed.commit}"
    assert repository.messages[-1] == f"Export with s2s_export {__version__}"


def test_the_same_folder_again_makes_no_commit(hub: StandIn, tiny_3: Path) -> None:
    first = push(tiny_3, NAME)
    assert push(tiny_3, NAME) == first
    assert len(hub.repositories[NAME].commits) == 2


def test_an_update_leaves_no_file_of_the_old_model(hub: StandIn, tiny_3: Path, tiny: Path) -> None:
    """Whatever else is in the repository stays."""
    push(tiny_3, NAME, torchscript=True)
    repository = hub.repositories[NAME]
    repository.commit({**repository.files(), "samples.txt": b"mine", "other.onnx": b"mine too"})
    push(tiny, NAME)
    names = repository.files().keys()
    assert names == {
        *("README.md", "FORMAT.md", ".gitattributes", "samples.txt", "other.onnx"),
        *("manifest.json", "encoder.onnx", "decoder.onnx", "source.vocab", "target.vocab"),
    }


def test_a_branch(hub: StandIn, tiny_3: Path, tiny: Path) -> None:
    push(tiny, NAME)
    before = hub.repositories[NAME].branches["main"]
    for _ in range(2):  # the second time it is there
        push(tiny_3, NAME, branch="next")
    branches = hub.repositories[NAME].branches
    assert branches["main"] == before
    assert "decoder.int8.onnx" in hub.repositories[NAME].files("next")


def test_a_private_repository(hub: StandIn, tiny: Path) -> None:
    push(tiny, NAME, private=True)
    push(tiny, NAME, private=True)
    assert hub.repositories[NAME].private


def test_private_of_a_public_repository_is_refused(
    hub: StandIn, repository: Repository, tiny: Path
) -> None:
    with pytest.raises(HubError, match=r"expected a private repository, but it is there and pub"):
        push(tiny, NAME, private=True)
    assert len(repository.commits) == 1


def test_a_folder_that_does_not_pass_verify_is_not_pushed(
    hub: StandIn, tiny_3_copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tiny_3_copy / "decoder.int8.onnx"
    path.write_bytes(path.read_bytes()[:-1])
    assert main([str(tiny_3_copy), NAME]) == 3
    assert capsys.readouterr().err.startswith(
        f"error: {tiny_3_copy}: not pushed, since it does not pass verify: decoder.int8.onnx: "
        f"{path}: expected 17573 bytes, found 17572"
    )
    with pytest.raises(ArtefactNotFoundError, match="no such folder"):
        push(tiny_3_copy / "nothing", NAME)
    assert hub.requests == []


def test_a_folder_that_translates_otherwise_is_not_pushed(
    hub: StandIn, tiny_3_copy: Path, vouch: Callable[[Path], None]
) -> None:
    path = tiny_3_copy / "target.vocab"
    path.write_bytes(path.read_bytes().replace(b"\nhe\n", b"\nit\n"))
    vouch(tiny_3_copy)
    with pytest.raises(ArtefactError, match=r"does not pass verify: golden sentences: "):
        push(tiny_3_copy, NAME)
    assert hub.requests == []


def test_a_folder_replaced_after_verify_is_not_pushed(
    hub: StandIn,
    tiny_3_copy: Path,
    tiny_attention: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def verify_and_replace(path: Path) -> Report:
        report = verify(path)
        shutil.rmtree(tiny_3_copy)
        shutil.copytree(tiny_attention, tiny_3_copy)
        return report

    monkeypatch.setattr("s2s_export.push.verify", verify_and_replace)
    with pytest.raises(ArtefactError, match=r"expected .* found .*copy the folder again"):
        push(tiny_3_copy, NAME)
    assert hub.requests == []


def test_a_commit_in_between_is_not_overwritten(
    hub: StandIn, repository: Repository, tiny: Path
) -> None:
    def commit_first(request: Request) -> None:
        if request.path.endswith("/commit/main") and len(repository.commits) == 1:
            repository.commit({"README.md": b"mine"})

    hub.before = commit_first
    with pytest.raises(HubError, match=r"somebody else has changed the repository in the meantime"):
        push(tiny, NAME)
    assert repository.files() == {"README.md": b"mine"}


def test_dry_run(hub: StandIn, tiny_3: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [str(tiny_3), NAME, "--dry-run", "--license", "mit", "--torchscript"]
    assert main(arguments) == 0
    card, _, listing = capsys.readouterr().out.rpartition("\n\n")
    assert card.startswith("---\n")
    assert "license: mit\n" in card
    names = {line.split()[2] for line in listing.splitlines()}
    assert names == {path.name for path in tiny_3.iterdir()} | {"FORMAT.md"}
    size = (tiny_3 / "decoder.onnx").stat().st_size
    assert f"{size:>12,} bytes  decoder.onnx" in listing
    assert hub.requests == []


@pytest.mark.parametrize("name", ["model", "a/b/c", "user/mo del"])
def test_a_name_that_is_none(hub: StandIn, tiny: Path, name: str) -> None:
    with pytest.raises(OptionError, match="the name of a repository on the Hub: user/model"):
        push(tiny, name)
    assert hub.requests == []


def test_a_token_that_is_not_valid(hub: StandIn, tiny: Path) -> None:
    with pytest.raises(HubError, match=r"^user/model: the Hub does not know you"):
        push(tiny, NAME, token="hf_other")


def test_an_upload_that_fails(
    hub: StandIn, tiny: Path, no_waiting: None, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.answers["PUT .*"] = Answer.error(500)
    assert main([str(tiny), NAME]) == 3
    assert capsys.readouterr().err.splitlines()[-1] == (
        "error: user/model: the Hub has a fault (HTTP 500): try again later"
    )
    assert len(hub.repositories[NAME].commits) == 1


def test_a_missing_huggingface_hub_is_told_before_the_work(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(RuntimeMissingError, match=r"pip install 's2s-export\[hub\]'"):
        push(tiny, NAME)
