"""LoadedFolder: an exported folder in memory, with its tokenizers, steps and lexicon.

Made from a path, and the way through a pickle; ``origins`` adds the other ways to make one.
Torch-free run time.
"""

import os
from typing import TYPE_CHECKING, Self

from ..control.reader import Reader
from ..folder.manifest import Manifest
from ..folder.reader import Precision
from ..folder.sources.location import files_at
from ..folder.sources.source import FileSource
from ..pipeline import Pipeline
from ..runtime.model import open_model
from ..runtime.sessions import warn_of_two_onnxruntimes
from ..text.lexicon import Lexicon
from ..text.tokenizer import Tokenizer, UnknownWords
from .options import LexiconEntries, LoadOptions

if TYPE_CHECKING:
    import onnxruntime


class LoadedFolder:
    """An exported folder, loaded from a path.

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
        lexicon: LexiconEntries | None = None,
        session_options: "onnxruntime.SessionOptions | None" = None,
    ) -> None:
        """Load an exported folder, or a zip of one.

        A pickle holds the path, and reads the folder again where it is loaded.

        Args:
            path: the folder or the zip.
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
        options = LoadOptions(
            device, threads, precision, unknown_words, max_length, lexicon, session_options
        )
        self._load(files_at(path), options)

    def _load(self, files: FileSource, options: LoadOptions) -> Self:
        self._options = options.kept()
        warn_of_two_onnxruntimes()
        self._model, self.device_reason = open_model(
            files,
            options.device,
            threads=options.threads,
            options=options.session_options,
            precision=options.precision,
        )
        self.device = self._model.device
        self.source = Tokenizer(
            self._model.source.mode,
            self._model.source.vocabulary,
            unknown_words=options.unknown_words,
            max_length=self.manifest.source.max_length,
        )
        longest = options.max_length or self.manifest.target.max_length
        self.target = Tokenizer(
            self._model.target.mode, self._model.target.vocabulary, max_length=longest
        )
        entries = options.lexicon
        self.reader = Reader(
            self.source,
            self.target,
            max_length=longest,
            lexicon=None if entries is None else Lexicon.of(entries, self.source),
        )
        self.pipeline = Pipeline(
            self._model,
            self.source,
            self.target,
            max_length=longest,
            largest_batch=self._model.largest_batch,
        )
        return self

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

    def __getstate__(self) -> tuple[FileSource, LoadOptions]:
        if self._options.session_options is not None:
            raise TypeError("a Translator with session_options of your own cannot be pickled")
        return self._model.files, self._options

    def __setstate__(self, state: tuple[FileSource, LoadOptions]) -> None:
        self._load(*state)
