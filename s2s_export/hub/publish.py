"""An exported folder into a repository of the Hub, in one commit.

``push`` verifies the folder first. Torch-free run time; needs the extra ``hub``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import HubError
from ..folder.manifest import MANIFEST_FILE
from ..folder.reader import ExportedFolder
from .api import Token, at, hub_api
from .card import SPECIFICATION_FILE
from .faults import telling

CARD_FILE = "README.md"
_LARGEST_TEXT = 2**20  # bytes; of the specification
_LARGEST_TORCHSCRIPT = 2**31

_OF_AN_EXPORT = re.compile(r"(encoder|decoder)(\.int8)?\.(onnx|pt)|(source|target)\.(vocab|merges)")
"""Files of an earlier push that must not stay beside those of another model."""


@dataclass(frozen=True)
class Pushed:
    """A commit on the Hub.

    Attributes:
        commit: its id.
        url: its address.
    """

    commit: str
    url: str


def repository_files(folder: ExportedFolder, card: str, *, torchscript: bool) -> dict[str, bytes]:
    """Return the files of the repository by name, compared with the manifest.

    Args:
        folder: the export.
        card: text of the model card.
        torchscript: whether the TorchScript files are among them, where there are some.

    Raises:
        ArtefactError: a file is missing or damaged, or cannot be read.
    """
    files = {CARD_FILE: card.encode(), MANIFEST_FILE: folder.manifest_content}
    files |= {name: folder.read(name) for name in sorted(folder.manifest.files)}
    # A folder that was downloaded from the Hub has the specification under the other name.
    for name in (SPECIFICATION_FILE, CARD_FILE):
        if folder.source.has(name):
            files[SPECIFICATION_FILE] = folder.source.read(name, _LARGEST_TEXT)
            break
    if torchscript:
        records = (folder.manifest.torchscript.encoder, folder.manifest.torchscript.decoder)
        for record in filter(None, records):
            files[record.file] = folder.source.read(record.file, _LARGEST_TORCHSCRIPT)
    return files


def publish(
    files: Mapping[str, bytes],
    repository: str,
    *,
    message: str,
    branch: str | None = None,
    private: bool = False,
    token: Token = None,
) -> Pushed:
    """Commit files to a repository, which is created if it is not there.

    Files of an earlier export that this one has no more are deleted; all others stay.

    Args:
        files: contents by name.
        repository: its name: ``user/model``.
        message: the commit's first line.
        branch: created if it is not there; ``None`` for the main one.
        private: whether a repository that is created is private.
        token: of the user.

    Raises:
        HubError: the Hub cannot be reached, or refuses; or a repository that should be private is
            there and public.
        OptionError: the name is none of a repository.
        RuntimeMissingError: huggingface_hub is not installed.
    """
    api = hub_api(token)
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    with telling(repository):
        api.create_repo(repository, private=private or None, exist_ok=True)
    if branch is not None:
        with telling(at(repository, branch)):
            api.create_branch(repository, branch=branch, exist_ok=True)
    with telling(at(repository, branch)):
        info = api.model_info(repository, revision=branch)
    if private and not info.private:
        raise HubError(
            f"{repository}: expected a private repository, but it is there and public; make it "
            "private in its settings, or push to another name"
        )
    there = {sibling.rfilename for sibling in info.siblings or ()}
    deleted = sorted(name for name in there - files.keys() if _OF_AN_EXPORT.fullmatch(name))
    with telling(at(repository, branch)):
        commit = api.create_commit(
            repository,
            [
                *(CommitOperationAdd(name, content) for name, content in files.items()),
                *(CommitOperationDelete(name) for name in deleted),
            ],
            revision=branch,
            commit_message=message,
            parent_commit=info.sha,  # nobody else's push in between is overwritten
        )
    return Pushed(str(commit.oid), str(commit.commit_url))
