"""Loading of an exported folder for a Translator: options, tokenizers, lexicon, steps, pickling.

Torch-free run time.
"""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .control.reader import Reader
from .decoding.options import MOST_TOKENS
from .errors import OptionError
from .folder.manifest import Manifest
from .folder.reader import Precision
from .pipeline import Pipeline
from .runtime.model import open_model
from .runtime.sessions import warn_of_two_onnxruntimes
from .text.lexicon import Lexicon
from .text.tokenizer import Tokenizer, UnknownWords

if TYPE_CHECKING:
    import onnxruntime


class LoadedFolder:
    """An exported folder, loaded; the base of ``Translator``.

    Attributes:
        device: where it runs: ``"cpu"`` or ``"cuda"``.
        device_reason: why there, in a few words.
        source: tokenizer of the source.
        target: tokenizer of the target.
        reader: reads texts, prefixes and targets.
        pipeline: the two tokenizers and the two steps.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        device: str = "cpu",
        threads: int = 1,
        precision: Precision = "fp32",
        unknown_words: UnknownWords | None = None,
        max_length: int | None = None,
        lexicon: Mapping[str, str] | str | os.PathLike[str] | None = None,
        session_options: "onnxruntime.SessionOptions | None" = None,
    ) -> None:
        """Load an exported folder.

        Args:
            path: the folder.
            device: ``"cpu"``; ``"cuda"``, which is active or an error, never a silent fall back to
                the CPU; or ``"auto"``, CUDA where it is available.
            threads: threads that one translation may use; more than one pays for large batches
                alone.
            precision: ``"fp32"``, whose tokens are PyTorch's; or ``"int8"``, smaller and quicker,
                where the folder has such graphs. The manifest tells how often both agree.
            unknown_words: ``"unk"``: words that training has not seen are read as another form of
                the word, or as the token for unknown words; ``"skip"``: they are left out;
                ``"error"``: they are an error. All of them are listed in the result. By default
                ``"unk"`` where the model has learned it, else ``"error"``.
            max_length: the most tokens of a translation, the end mark included; by default as many
                as the longest in training.
            lexicon: translations that come before the model's: a mapping of texts to them, or the
                path of a file with a text, a tab and its translation on each line, in UTF-8. A text
                is found if its tokens are the same.
            session_options: an ``onnxruntime.SessionOptions`` of your own, used as it is for both
                graphs; then ``threads`` is not looked at, no batch is cut into smaller ones, and
                the Translator cannot be pickled.

        Raises:
            ArtefactError: the folder is missing, incomplete, damaged or not valid; the subclass
                and the message say which.
            ProviderError: the device or onnxruntime is not available.
            DataError: the lexicon's file cannot be read, or a line of it; the message names it.
            OptionError: an option has a wrong value.
        """
        self._arguments: dict[str, Any] = {
            "path": Path(path).absolute(),
            "device": device,
            "threads": threads,
            "precision": precision,
            "unknown_words": unknown_words,
            "max_length": max_length,
            "lexicon": _kept(lexicon),
            "session_options": session_options,
        }
        if max_length is not None and not 1 <= max_length <= MOST_TOKENS:
            raise OptionError(f"max_length: expected 1 to {MOST_TOKENS}, found {max_length}")
        warn_of_two_onnxruntimes()
        self._model, self.device_reason = open_model(
            path, device, threads=threads, options=session_options, precision=precision
        )
        self.device = self._model.device
        source, target = self.manifest.source, self.manifest.target
        self.source = Tokenizer(
            self._model.source.mode,
            self._model.source.vocabulary,
            unknown_words=unknown_words,
            max_length=source.max_length,
        )
        longest = max_length or target.max_length
        self.target = Tokenizer(
            self._model.target.mode, self._model.target.vocabulary, max_length=longest
        )
        self.reader = Reader(
            self.source,
            self.target,
            max_length=longest,
            lexicon=None if lexicon is None else Lexicon.of(lexicon, self.source),
        )
        self.pipeline = Pipeline(
            self._model,
            self.source,
            self.target,
            max_length=longest,
            largest_batch=self._model.largest_batch,
        )

    @property
    def manifest(self) -> Manifest:
        """The folder's manifest: languages, sizes, metrics, versions."""
        return self._model.manifest

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """Return the tokens of a text that the model was not trained on.

        They are in the order of the text, each once.

        Raises:
            TextError: the text is not a ``str``, far too long, or malformed.
        """
        return self.source.vocabulary.unknown(self.source.tokens(text))

    def __reduce__(self) -> tuple[Any, ...]:
        if self._arguments["session_options"] is not None:
            raise TypeError("a Translator with session_options of your own cannot be pickled")
        return partial(type(self), **self._arguments), ()


def _kept(lexicon: object) -> object:
    """Return a lexicon as it is pickled: the path from anywhere, or a mapping of its own."""
    if isinstance(lexicon, str | os.PathLike):
        return Path(lexicon).absolute()
    return dict(lexicon) if isinstance(lexicon, Mapping) else lexicon
