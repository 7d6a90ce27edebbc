"""Reading an exported folder: every byte that is used is first compared with the manifest.

The Translator and ``verify`` read through it, from disk, a zip or memory alike (``sources``).
Standard library only. Nothing is ever written.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
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
from .sources.source import FileSource
from .text_side import SIDES, TextSide, read_text_side, text_file_names

Precision = Literal["fp32", "int8"]
"""Which graphs: float32, whose tokens are PyTorch's; or quantized ones, smaller and quicker."""

_LARGEST_MANIFEST = 16 * 2**20  # bytes; real ones have some 10 kB
_MOST_REPLACEMENTS = 5


class ExportedFolder:
    """An exported folder, wherever its files lie, open for reading.

    Attributes:
        source: of the files.
        manifest: read and validated.
        manifest_content: the manifest's bytes.
    """

    def __init__(self, source: FileSource) -> None:
        """Read the manifest.

        Raises:
            ArtefactNotFoundError: there is no such folder, or it has no ``manifest.json``.
            ManifestError: the manifest is not valid.
            IntegrityError: the manifest was changed.
            ArtefactError: it cannot be read.
        """
        self.source = source
        if not source.has(MANIFEST_FILE):
            raise source.not_exported()
        self.manifest_content = source.read(MANIFEST_FILE, _LARGEST_MANIFEST)
        try:
            self.manifest: Manifest = manifest_file.from_bytes(self.manifest_content)
        except ArtefactError as error:  # which knows the file's name alone
            place = source.where(MANIFEST_FILE).removesuffix(MANIFEST_FILE)
            raise type(error)(f"{place}{error}") from None

    def require(self, files: Iterable[str]) -> None:
        """Make sure that files are there.

        Raises:
            ArtefactNotFoundError: some are missing; the message names all of them.
        """
        missing = [name for name in files if not self.source.has(name)]
        if missing:
            raise ArtefactNotFoundError(
                f"{self.source.name}: {', '.join(sorted(missing))} missing; "
                f"copy the whole {self.source.noun} again"
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
        content = self.source.read(name, record.size)
        sha256 = hashlib.sha256(content).hexdigest()
        if len(content) == record.size and sha256 == record.sha256:
            return content
        where, noun, kind = self.source.where(name), self.source.noun, kind_of(content)
        if kind is not None:
            raise IntegrityError(f"{where}: expected {record.size} bytes, but it is {kind}")
        if len(content) < record.size:
            raise IntegrityError(
                f"{where}: expected {record.size} bytes, found {len(content)}; "
                f"the file is truncated: copy the {noun} again"
            )
        raise IntegrityError(
            f"{where}: expected sha256 {record.sha256}, found {sha256}; "
            f"the file was changed or damaged: copy the {noun} again"
        )

    def read_graph(self, graph: GraphRecord, spec: StepSpec) -> bytes:
        """Return a graph's bytes, checked against the specification of its step.

        Raises:
            GraphError: it breaks the contract.
            ArtefactError: as for ``read``.
        """
        content = self.read(graph.file)
        check_graph(content, graph, spec, self.source.where(graph.file))
        return content

    def was_replaced(self) -> bool:
        """Tell whether the folder has another manifest by now, or none."""
        try:
            now = self.source.read(MANIFEST_FILE, _LARGEST_MANIFEST)
        except ArtefactError:
            return True
        return now != self.manifest_content


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
        files: where the same files can be read again, after a fork and in another process.
    """

    manifest: Manifest
    graphs: Graphs
    source: TextSide
    target: TextSide
    encoder: bytes
    decoder: bytes
    files: FileSource


def read_folder(source: FileSource, precision: Precision = "fp32") -> FolderContent:
    """Read an exported folder as one: if it is replaced meanwhile, the new one, never a mix.

    Only the files that the precision needs are looked at, so an app may leave out the others.

    Args:
        source: of the folder's files.
        precision: which of its graphs.

    Raises:
        OptionError: it has no graphs of this precision.
        ArtefactError: the folder is missing, incomplete, damaged or not valid; the subclass and the
            message say which.
    """
    for _ in range(_MOST_REPLACEMENTS):
        folder = ExportedFolder(source)
        try:
            return _read_all(folder, precision)
        except ArtefactError:
            if not folder.was_replaced():
                raise
    return _read_all(ExportedFolder(source), precision)


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


def files_needed(manifest: Manifest, precision: str) -> list[str]:
    """Return the names of the files that a precision needs, beside the manifest.

    Raises:
        OptionError: there is no such precision, or the folder has no such graphs.
    """
    graphs = graphs_of(manifest, precision)
    return [*text_file_names(manifest), graphs.encoder.file, graphs.decoder.file]


def _read_all(folder: ExportedFolder, precision: Precision) -> FolderContent:
    manifest, graphs = folder.manifest, graphs_of(folder.manifest, precision)
    folder.require(files_needed(manifest, precision))
    steps = ((graphs.encoder, manifest.steps.encoder), (graphs.decoder, manifest.steps.decoder))
    contents = {name: folder.read(name) for name in text_file_names(manifest)}
    source, target = (read_text_side(side, manifest, contents.__getitem__) for side in SIDES)
    contents |= {graph.file: folder.read_graph(graph, spec) for graph, spec in steps}
    return FolderContent(
        manifest=manifest,
        graphs=graphs,
        source=source,
        target=target,
        encoder=contents[graphs.encoder.file],
        decoder=contents[graphs.decoder.file],
        files=folder.source.kept({MANIFEST_FILE: folder.manifest_content, **contents}),
    )
