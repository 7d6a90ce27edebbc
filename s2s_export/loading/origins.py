"""FolderFromAnywhere: an exported folder from memory, a zip, a package or the Hub.

The base of ``Translator``, whose class methods these are. Torch-free run time.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from ..errors import OptionError
from ..folder.reader import Precision
from ..folder.sources.location import files_at, opened_zip
from ..folder.sources.memory import FileContent, MemoryFiles
from ..folder.sources.resources import ResourceFiles
from ..text.tokenizer import UnknownWords
from .folder import LoadedFolder
from .options import LexiconEntries, LoadOptions

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    import onnxruntime


class FolderFromAnywhere(LoadedFolder):
    """An exported folder that need not lie at a path; the base of ``Translator``."""

    @classmethod
    def from_files(
        cls,
        files: Mapping[str, FileContent],
        *,
        device: str = "cpu",
        threads: int = 1,
        precision: Precision = "fp32",
        unknown_words: UnknownWords | None = None,
        max_length: int | None = None,
        lexicon: LexiconEntries | None = None,
        session_options: "onnxruntime.SessionOptions | None" = None,
    ) -> Self:
        """Load an exported folder whose files are in memory; no file is opened.

        ``files`` are the folder's files by name: ``manifest.json``, the vocabularies and merges,
        the graphs of the precision; others are ignored. A pickle holds their bytes, and so does
        the Translator itself. The options are those of ``Translator``.

        Raises:
            S2SError: as for ``Translator``.
        """
        options = LoadOptions(
            device, threads, precision, unknown_words, max_length, lexicon, session_options
        )
        return cls.__new__(cls)._load(MemoryFiles(files), options)

    @classmethod
    def from_zip(
        cls,
        file: str | os.PathLike[str] | IO[bytes],
        *,
        device: str = "cpu",
        threads: int = 1,
        precision: Precision = "fp32",
        unknown_words: UnknownWords | None = None,
        max_length: int | None = None,
        lexicon: LexiconEntries | None = None,
        session_options: "onnxruntime.SessionOptions | None" = None,
    ) -> Self:
        """Load a zip of an exported folder without extracting it.

        ``file`` is the zip: its path, or a binary file that can seek, which may be closed
        afterwards. A pickle holds the bytes of its files; that of ``Translator("model.zip")`` holds
        the path. The options are those of ``Translator``.

        Raises:
            S2SError: as for ``Translator``; an ``ArtefactError`` where the zip is damaged,
                encrypted, or made so that readers differ.
        """
        options = LoadOptions(
            device, threads, precision, unknown_words, max_length, lexicon, session_options
        )
        with opened_zip(file) as files:
            return cls.__new__(cls)._load(files, options)

    @classmethod
    def from_resources(
        cls,
        folder: "Traversable",
        *,
        device: str = "cpu",
        threads: int = 1,
        precision: Precision = "fp32",
        unknown_words: UnknownWords | None = None,
        max_length: int | None = None,
        lexicon: LexiconEntries | None = None,
        session_options: "onnxruntime.SessionOptions | None" = None,
    ) -> Self:
        """Load an exported folder that is part of a package, installed or zipped.

        ``folder`` is one of ``importlib.resources``: ``files("my_app") / "model"``. A pickle holds
        the bytes of its files. The options are those of ``Translator``.

        Raises:
            S2SError: as for ``Translator``.
        """
        options = LoadOptions(
            device, threads, precision, unknown_words, max_length, lexicon, session_options
        )
        return cls.__new__(cls)._load(ResourceFiles(folder), options)

    @classmethod
    def from_pretrained(
        cls,
        repository: str | os.PathLike[str],
        *,
        revision: str | None = None,
        token: str | bool | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        local_files_only: bool = False,
        device: str = "cpu",
        threads: int = 1,
        precision: Precision = "fp32",
        unknown_words: UnknownWords | None = None,
        max_length: int | None = None,
        lexicon: LexiconEntries | None = None,
        session_options: "onnxruntime.SessionOptions | None" = None,
    ) -> Self:
        """Load an exported folder from a repository on the Hub; needs the extra ``hub``.

        Only the files that the precision needs are downloaded, all of one commit, once, into the
        Hub's cache. A pickle holds the path of that commit's files there and nothing of the Hub.

        - ``repository``: ``"user/model"``. A path that exists, a folder or a zip, comes first, and
          is loaded as ``Translator`` does, without asking the Hub.
        - ``revision``: branch, tag or commit; the main branch by default. A whole commit id always
          gives the same files, and needs no network once they are there.
        - ``token``: of the Hub; ``False`` for none; by default ``HF_TOKEN`` or the stored one.
        - ``cache_dir``: folder of the cache; by default the Hub's usual one.
        - ``local_files_only``: take what the cache has and ask nobody. Without it, the cache serves
          where the Hub cannot be reached.

        The other options are those of ``Translator``.

        Raises:
            ArtefactNotFoundError: no such repository, revision or file; the cache lacks it.
            HubError: the Hub cannot be reached, or refuses.
            OptionError: a name that is none of a repository, or a revision of a path.
            RuntimeMissingError: huggingface_hub is not installed.
            S2SError: as for ``Translator``.
        """
        options = LoadOptions(
            device, threads, precision, unknown_words, max_length, lexicon, session_options
        )
        if isinstance(repository, os.PathLike) or Path(repository).exists():
            if revision is not None:
                raise OptionError(
                    f"revision: {repository} is a path here and has none; leave it out, or load "
                    "from another current folder"
                )
            return cls.__new__(cls)._load(files_at(repository), options)
        from ..hub.download import downloaded

        with downloaded(
            repository,
            precision,
            revision=revision,
            token=token,
            cache_dir=cache_dir,
            local_files_only=local_files_only,
        ) as files:
            return cls.__new__(cls)._load(files, options)
