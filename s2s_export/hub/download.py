"""An exported folder from the Hub, in the Hub's cache.

``Translator.from_pretrained`` asks. Torch-free run time; needs the extra ``hub``.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ..folder.manifest import MANIFEST_FILE
from ..folder.reader import ExportedFolder, Precision, files_needed
from ..folder.sources.directory import DirectoryFiles
from .api import Token, at, hub_api
from .faults import naming_the_origin, telling


@contextmanager
def downloaded(
    repository: str,
    precision: Precision,
    *,
    revision: str | None = None,
    token: Token = None,
    cache_dir: str | os.PathLike[str] | None = None,
    local_files_only: bool = False,
) -> Iterator[DirectoryFiles]:
    """Download the files that a precision needs, all of one commit, and yield their folder.

    It is the commit's snapshot in the cache, a folder of links that nobody changes. The options
    are those of ``Translator.from_pretrained``.

    Raises:
        ArtefactNotFoundError: the repository, the revision or a file is not there.
        HubError: the Hub cannot be reached and the cache does not have it; or the Hub refuses.
        OptionError: the name is none of a repository, or it has no graphs of this precision.
        ArtefactError: the files cannot be used, be it found here or in the ``with`` block; the
            message names the repository and the commit.
        RuntimeMissingError: huggingface_hub is not installed.
    """
    api = hub_api(token)
    cache = None if cache_dir is None else Path(cache_dir)
    # All files come from one commit: the repository may be pushed to between two downloads.
    with telling(at(repository, revision)):
        commit = api.resolve_revision(
            repository, revision=revision, cache_dir=cache, local_files_only=local_files_only
        ).resolved
    download = partial(
        api.hf_hub_download,
        repository,
        revision=commit,
        cache_dir=cache,
        local_files_only=local_files_only,
    )
    with telling(f"{at(repository, commit)}: {MANIFEST_FILE}"):
        folder = Path(download(MANIFEST_FILE)).parent
    files = DirectoryFiles(folder)
    again = f"hf download {repository} --revision {commit} --force-download"
    if cache is not None:
        again += f" --cache-dir {cache}"
    with naming_the_origin(at(repository, commit), again):
        names = files_needed(ExportedFolder(files).manifest, precision)
    for name in names:
        with telling(f"{at(repository, commit)}: {name}"):
            download(name)
    with naming_the_origin(at(repository, commit), again):
        yield files
