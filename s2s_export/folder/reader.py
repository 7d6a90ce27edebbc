"""Reading an exported folder: every byte that is used is first compared with the manifest.

The Translator and ``verify`` read through it. Standard library only. Nothing is ever written.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from ..decoding.steps import StepSpec
from ..errors import (
    ArtefactError,
    ArtefactNotFoundError,
    IntegrityError,
    OptionError,
)
from . import manifest_file
from .file_kind import kind_of
from .graph_check import check_graph
from .manifest import (
    MANIFEST_FILE,
    GraphRecord,
    Graphs,
    Manifest,
)
from .text_side import TextSide, read_text_side

Precision = Literal["fp32", "int8"]
"""Which graphs: float32, whose tokens are PyTorch's; or quantized ones, smaller and quicker."""

_LARGEST_MANIFEST = 16 * 2**20  # bytes; real ones have some 10 kB
_MOST_REPLACEMENTS = 5


class ExportedFolder:
    """An exported folder, open for reading.

    Attributes:
        path: the folder.
        manifest: its manifest, read and validated.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Read the manifest.

        Raises:
            ArtefactNotFoundError: there is no such folder, it has no ``manifest.json``, or a file
                recorded there is missing.
            ManifestError: the manifest is not valid.
            IntegrityError: the manifest was changed.
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
        self._manifest_content = self._read(MANIFEST_FILE, _LARGEST_MANIFEST)
        try:
            self.manifest: Manifest = manifest_file.from_bytes(self._manifest_content)
        except ArtefactError as error:  # which knows the file's name alone
            raise type(error)(f"{self.path}{os.sep}{error}") from None
        missing = [name for name in self.manifest.files if not (self.path / name).is_file()]
        if missing:
            raise ArtefactNotFoundError(
                f"{self.path}: {', '.join(sorted(missing))} missing; copy the whole folder again"
            )

    def read(self, name: str) -> bytes:
        """Return a file's bytes after comparing them with the manifest.

        Raises:
            ArtefactNotFoundError: the file is gone.
            IntegrityError: its size or sha256 is not the recorded one; the message names the kind
                of file that it is instead, if that can be told.
            ArtefactError: it cannot be read.
        """
        record = self.manifest.files[name]
        path = self.path / name
        content = self._read(name, record.size)
        sha256 = hashlib.sha256(content).hexdigest()
        if len(content) == record.size and sha256 == record.sha256:
            return content
        kind = kind_of(content)
        if kind is not None:
            raise IntegrityError(f"{path}: expected {record.size} bytes, but it is {kind}")
        if len(content) < record.size:
            raise IntegrityError(
                f"{path}: expected {record.size} bytes, found {len(content)}; "
                "the file is truncated: copy the folder again"
            )
        raise IntegrityError(
            f"{path}: expected sha256 {record.sha256}, found {sha256}; "
            "the file was changed or damaged: copy the folder again"
        )

    def read_graph(self, graph: GraphRecord, spec: StepSpec) -> bytes:
        """Return a graph's bytes, checked against the specification of its step.

        Raises:
            GraphError: it breaks the contract.
            ArtefactError: as for ``read``.
        """
        content = self.read(graph.file)
        check_graph(content, graph, spec, str(self.path / graph.file))
        return content

    def was_replaced(self) -> bool:
        """Tell whether the folder has another manifest by now, or none."""
        try:
            return self._read(MANIFEST_FILE, _LARGEST_MANIFEST) != self._manifest_content
        except ArtefactError:
            return True

    def _read(self, name: str, limit: int) -> bytes:
        """Read at most ``limit`` bytes; refuse a longer file before reading it."""
        path = self.path / name
        try:
            # Links are followed: a Hub's cache is a folder of links, and so is a ConfigMap's.
            if path.exists() and not path.is_file():
                raise ArtefactError(f"{path}: expected a file; copy the whole folder again")
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size > limit:
                    kind = kind_of(file.read(64))
                    raise IntegrityError(
                        f"{path}: expected at most {limit} bytes, found {size}"
                        + (f": it is {kind}" if kind else "; copy the folder again")
                    )
                return file.read(limit)
        except FileNotFoundError:
            raise ArtefactNotFoundError(f"{path}: missing; copy the whole folder again") from None
        except OSError as error:
            raise ArtefactError(f"{path}: cannot be read: {error.strerror}") from error


@dataclass(frozen=True)
class FolderContent:
    """The parts of an exported folder that the run time needs, in memory and checked.

    Attributes:
        manifest: of the folder.
        graphs: the records of the two graphs.
        source: text mode and vocabulary of the source.
        target: text mode and vocabulary of the target.
        encoder: the encoder graph's bytes.
        decoder: the decoder graph's bytes.
    """

    manifest: Manifest
    graphs: Graphs
    source: TextSide
    target: TextSide
    encoder: bytes
    decoder: bytes


def read_folder(path: str | os.PathLike[str], precision: Precision = "fp32") -> FolderContent:
    """Read an exported folder as one: if it is replaced meanwhile, the new one, never a mix.

    Args:
        path: the folder.
        precision: which of its graphs.

    Raises:
        OptionError: it has no graphs of this precision.
        ArtefactError: the folder is missing, incomplete, damaged or not valid; the subclass and the
            message say which.
    """
    for _ in range(_MOST_REPLACEMENTS):
        folder = ExportedFolder(path)
        try:
            return _read_all(folder, precision)
        except ArtefactError:
            if not folder.was_replaced():
                raise
    return _read_all(ExportedFolder(path), precision)


def graphs_of(manifest: Manifest, precision: str) -> Graphs:
    """Return the graphs of a precision.

    Raises:
        OptionError: there is no such precision, or the folder has no such graphs.
    """
    if precision not in get_args(Precision):
        expected = ", ".join(map(repr, get_args(Precision)))
        raise OptionError(f"precision: expected one of {expected}, found {precision!r}")
    if precision == "fp32":
        return manifest.graphs
    if manifest.int8 is None:
        raise OptionError(
            "precision: this folder has no int8 graphs; export it with --precision int8"
        )
    return manifest.int8.graphs


def _read_all(folder: ExportedFolder, precision: Precision) -> FolderContent:
    graphs = graphs_of(folder.manifest, precision)
    return FolderContent(
        manifest=folder.manifest,
        graphs=graphs,
        source=read_text_side("source", folder.manifest, folder.read),
        target=read_text_side("target", folder.manifest, folder.read),
        encoder=folder.read_graph(graphs.encoder, folder.manifest.steps.encoder),
        decoder=folder.read_graph(graphs.decoder, folder.manifest.steps.decoder),
    )
