"""The text side of an exported folder: a mode, its merges where it has some, and a vocabulary.

``reader`` reads both sides; ``build`` writes them. Standard library only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ..errors import VocabularyError
from ..text.bpe import Merges
from ..text.modes import TextMode, text_mode
from ..text.vocabulary import Vocabulary
from .manifest import (
    SOURCE_MERGES_FILE,
    SOURCE_VOCABULARY_FILE,
    TARGET_MERGES_FILE,
    TARGET_VOCABULARY_FILE,
    Manifest,
    Side,
)

SideName = Literal["source", "target"]
SIDES: tuple[SideName, SideName] = ("source", "target")
_VOCABULARIES = {"source": SOURCE_VOCABULARY_FILE, "target": TARGET_VOCABULARY_FILE}
_MERGES = {"source": SOURCE_MERGES_FILE, "target": TARGET_MERGES_FILE}


@dataclass(frozen=True)
class TextSide:
    """A text mode and the vocabulary of its tokens."""

    mode: TextMode
    vocabulary: Vocabulary


def read_text_side(name: SideName, manifest: Manifest, read: Callable[[str], bytes]) -> TextSide:
    """Return the text mode and the vocabulary of a side.

    Args:
        name: of the side.
        manifest: of the folder.
        read: returns a file's bytes, compared with the manifest.

    Raises:
        VocabularyError: the vocabulary or the merges are not valid, or the vocabulary is not of the
            size that the graphs were made for.
        ArtefactError: a file cannot be read.
    """
    side = _side(name, manifest)
    merges = None
    if _has_merges(side):
        merges = Merges.from_bytes(read(_MERGES[name]), _MERGES[name])
    mode = text_mode(side.text, merges=merges, fold_case=side.fold_case)
    file = _VOCABULARIES[name]
    unk = name == "source" and manifest.special_ids.unk is not None
    vocabulary = Vocabulary.from_bytes(read(file), file, unk=unk, word_forms=mode.has_word_forms)
    if len(vocabulary) != side.vocabulary_size:
        raise VocabularyError(
            f"{file}: it has {len(vocabulary)} tokens, the graphs were made for "
            f"{side.vocabulary_size}; export again"
        )
    return TextSide(mode, vocabulary)


def text_file_names(manifest: Manifest) -> list[str]:
    """Return the names of both sides' files."""
    merges = [_MERGES[name] for name in SIDES if _has_merges(_side(name, manifest))]
    return [*_VOCABULARIES.values(), *merges]


def text_files(name: SideName, side: TextSide) -> dict[str, bytes]:
    """Return the content of a side's files, by name."""
    files = {_VOCABULARIES[name]: side.vocabulary.to_bytes()}
    merges = side.mode.merges
    if merges is not None:
        files[_MERGES[name]] = merges.to_bytes()
    return files


def _side(name: SideName, manifest: Manifest) -> Side:
    return manifest.source if name == "source" else manifest.target


def _has_merges(side: Side) -> bool:
    return side.text == "natural"
