"""LoadOptions: how an exported folder is loaded, whichever way its files come.

``Translator`` and its class methods take them as keywords. Torch-free run time; standard library
only.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..decoding.options import MOST_TOKENS
from ..errors import OptionError
from ..folder.reader import Precision
from ..text.tokenizer import UnknownWords

if TYPE_CHECKING:
    import onnxruntime

LexiconEntries = Mapping[str, str] | str | os.PathLike[str]
"""A mapping of texts to translations, or the path of a file with them."""


@dataclass(frozen=True)
class LoadOptions:
    """The options of ``Translator``, under their names there."""

    device: str
    threads: int
    precision: Precision
    unknown_words: UnknownWords | None
    max_length: int | None
    lexicon: LexiconEntries | None
    session_options: "onnxruntime.SessionOptions | None"

    def __post_init__(self) -> None:
        if self.max_length is not None and not 1 <= self.max_length <= MOST_TOKENS:
            raise OptionError(f"max_length: expected 1 to {MOST_TOKENS}, found {self.max_length}")

    def kept(self) -> "LoadOptions":
        """Return the options to load with again: a path from anywhere, a mapping of their own."""
        lexicon = self.lexicon
        if isinstance(lexicon, str | os.PathLike):
            return replace(self, lexicon=Path(lexicon).absolute())
        return replace(self, lexicon=dict(lexicon)) if isinstance(lexicon, Mapping) else self
