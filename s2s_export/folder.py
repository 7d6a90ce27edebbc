"""Reading an exported folder: every byte that is used is first compared with the manifest.

The Translator reads through it. Standard library only. Nothing is ever written.
"""

import hashlib
import os
from pathlib import Path

from .errors import ArtefactError, ArtefactNotFoundError, IntegrityError, VocabularyError
from .manifest import MANIFEST_FILE, Manifest
from .vocabulary import Vocabulary

_LARGEST_MANIFEST = 16 * 2**20  # bytes; real ones have some 10 kB


class ExportedFolder:
    """An exported folder, open for reading.

    Attributes:
        path: the folder.
        manifest: its manifest, read and validated.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Read the manifest.

        Raises:
            ArtefactNotFoundError: there is no such folder, or it has no ``manifest.json``.
            ManifestError: the manifest is not valid.
        """
        self.path = Path(path)
        if not self.path.exists():
            raise ArtefactNotFoundError(
                f"{self.path}: no such folder; make it with 'python -m s2s_export.export'"
            )
        if not (self.path / MANIFEST_FILE).is_file():
            raise ArtefactNotFoundError(
                f"{self.path}: no {MANIFEST_FILE} in it, so it is not an exported folder; "
                "make one with 'python -m s2s_export.export'"
            )
        self.manifest = Manifest.from_bytes(self._read(MANIFEST_FILE, _LARGEST_MANIFEST))
        missing = [name for name in self.manifest.files if not (self.path / name).is_file()]
        if missing:
            raise ArtefactNotFoundError(
                f"{self.path}: {', '.join(sorted(missing))} missing; copy the whole folder again"
            )

    def read(self, name: str) -> bytes:
        """Return a file's bytes after comparing them with the manifest.

        Raises:
            ArtefactNotFoundError: the file is gone.
            IntegrityError: its size or sha256 is not the recorded one.
        """
        record = self.manifest.files[name]
        content = self._read(name, record.size)
        if len(content) != record.size:
            raise IntegrityError(
                f"{self.path / name}: expected {record.size} bytes, found {len(content)}; "
                "the file is truncated: copy the folder again"
            )
        found = hashlib.sha256(content).hexdigest()
        if found != record.sha256:
            raise IntegrityError(
                f"{self.path / name}: expected sha256 {record.sha256}, found {found}; "
                "the file was changed or damaged: copy the folder again"
            )
        return content

    def read_vocabulary(self, name: str, size: int, *, unk: bool = False) -> Vocabulary:
        """Return a vocabulary, checked against the size that the graphs were made for.

        Args:
            name: its file.
            size: tokens, control tokens included.
            unk: whether it has a token for unknown words.

        Raises:
            VocabularyError: it is not valid, or of another size.
        """
        vocabulary = Vocabulary.from_bytes(self.read(name), str(self.path / name), unk=unk)
        if len(vocabulary) != size:
            raise VocabularyError(
                f"{self.path / name}: it has {len(vocabulary)} tokens, the graphs were made for "
                f"{size}; export again"
            )
        return vocabulary

    def _read(self, name: str, limit: int) -> bytes:
        """Read at most ``limit`` bytes; refuse a longer file before reading it."""
        path = self.path / name
        try:
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size > limit:
                    raise IntegrityError(
                        f"{path}: expected at most {limit} bytes, found {size}; "
                        "copy the folder again"
                    )
                return file.read(limit)
        except FileNotFoundError:
            raise ArtefactNotFoundError(f"{path}: missing; copy the whole folder again") from None
        except OSError as error:
            raise ArtefactError(f"{path}: cannot be read: {error.strerror}") from error
