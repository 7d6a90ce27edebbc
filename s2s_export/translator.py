"""Translator: text in, text out, for other people's apps.

It loads an exported folder into a ``Pipeline`` and adds streams of texts and pickling.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .decoding.options import SearchOptions
from .errors import OptionError, TextError
from .folder.manifest import Manifest
from .folder.manifest_rules import MOST_TOKENS
from .folder.reader import Precision
from .pipeline import Pipeline
from .runtime.model import open_model
from .runtime.sessions import warn_of_two_onnxruntimes
from .text.tokenizer import Tokenizer, UnknownWords
from .translation import Translation

if TYPE_CHECKING:
    import onnxruntime


class Translator:
    """Translate sentences with an exported folder.

        translator = Translator("exported/")
        translator.translate("Je suis en retard.")  # "i m late ."

    Making one reads and checks the whole folder (some tens of milliseconds); keep it and use it for
    every sentence, from as many threads as you like. It can be pickled, and used after a fork.

    Of texts, these hold for every method: a newline is a space; control characters and directional
    marks vanish; the rest is up to the text mode that the model was trained with. A text in which
    the model knows no word (blanks, another script) gives an empty translation, and the model is
    not run.

    Attributes:
        device: where it runs: ``"cpu"`` or ``"cuda"``.
        device_reason: why there, in a few words.
        source: tokenizer of the source.
        target: tokenizer of the target.
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
            session_options: an ``onnxruntime.SessionOptions`` of your own, used as it is for both
                graphs; then ``threads`` is not looked at, no batch is cut into smaller ones, and
                the Translator cannot be pickled.

        Raises:
            ArtefactError: the folder is missing, incomplete, damaged or not valid; the subclass
                and the message say which.
            ProviderError: the device or onnxruntime is not available.
            OptionError: an option has a wrong value.
        """
        self._arguments: dict[str, Any] = {
            "path": Path(path).absolute(),
            "device": device,
            "threads": threads,
            "precision": precision,
            "unknown_words": unknown_words,
            "max_length": max_length,
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
        self.target = Tokenizer(self._model.target.mode, self._model.target.vocabulary)
        self.pipeline = Pipeline(
            self._model,
            self.source,
            self.target,
            max_length=max_length or target.max_length,
            largest_batch=self._model.largest_batch,
        )

    @property
    def manifest(self) -> Manifest:
        """The folder's manifest: languages, sizes, metrics, versions."""
        return self._model.manifest

    def translate(self, text: str, *, beam_size: int = 1, length_penalty: float = 1.0) -> str:
        """Translate one sentence.

        Args:
            text: a sentence.
            beam_size: as for ``translate_batch``.
            length_penalty: as for ``translate_batch``.

        Returns:
            The translation; ``""`` for a text in which the model knows no word.

        Raises:
            TextError: the text cannot be translated: it is not a ``str``, too long, malformed, or
                has unknown words and these are an error; the subclass and the message say which.
            OptionError: as for ``translate_batch``.
            NonFiniteError: a graph returned NaN or infinity.
        """
        search = SearchOptions(beam_size, length_penalty=length_penalty)
        [translation] = self.pipeline.translate([self.source.encode(text)], search=search)
        return translation.text

    def translate_batch(
        self,
        texts: Iterable[str],
        *,
        batch_size: int = 64,
        attention: bool = False,
        beam_size: int = 1,
        n_best: int = 1,
        length_penalty: float = 1.0,
    ) -> list[Translation]:
        """Translate several sentences, quicker than one by one.

        Args:
            texts: sentences; an iterator is consumed once.
            batch_size: how many the graphs get at a time. The CPU gets 128 rows for each of
                ``threads`` at most, a sentence having ``beam_size`` of them: larger batches are
                slower and take memory (``docs/benchmarks.md``).
            attention: also return the attention.
            beam_size: translations followed side by side, 1 to 1,000; 1 is greedy decoding.
            n_best: ``alternatives`` of each translation, ``beam_size`` at most.
            length_penalty: exponent of the length in the score, which ranks the alternatives, 0 to
                10: 1 for the mean log-probability of a token, 0 for the sum.

        Returns:
            One translation for each text, in their order. The words are those that ``translate``
            gives; a log-probability may differ in its last digits, since matrix products of
            another size round differently.

        Raises:
            TextError: as for ``translate``; its ``index`` says which text, and none is translated.
            OptionError: an option has a value that it cannot have, or the model has no attention.
            NonFiniteError: a graph returned NaN or infinity.
        """
        search = SearchOptions(beam_size, n_best, length_penalty)
        self.pipeline.check_options(batch_size, attention)
        encodings = list(self.source.encode_texts(texts))
        return self.pipeline.translate(
            encodings, batch_size=batch_size, attention=attention, search=search
        )

    def translate_iter(
        self,
        texts: Iterable[str],
        *,
        batch_size: int = 64,
        attention: bool = False,
        beam_size: int = 1,
        n_best: int = 1,
        length_penalty: float = 1.0,
        on_error: Callable[[TextError], None] | None = None,
    ) -> Iterator[Translation]:
        """Translate a stream of any length, in bounded memory.

        Args:
            texts: sentences, read a few batches ahead of the yielded translations.
            batch_size: as for ``translate_batch``; with 1, each text is translated before the next
                one is read.
            attention: as for ``translate_batch``.
            beam_size: as for ``translate_batch``.
            n_best: as for ``translate_batch``.
            length_penalty: as for ``translate_batch``.
            on_error: called with the error for a text that cannot be translated (its ``index`` says
                which), instead of raising it; the text's translation is then empty.

        Yields:
            One translation for each text, in their order.

        Raises:
            TextError: as for ``translate``, if there is no ``on_error``; the translations of the
                texts before it have been yielded.
            OptionError: as for ``translate_batch``.
            NonFiniteError: a graph returned NaN or infinity.
        """
        search = SearchOptions(beam_size, n_best, length_penalty)
        self.pipeline.check_options(batch_size, attention)
        encodings = self.source.encode_texts(texts, on_error)
        return self.pipeline.translate_iter(
            encodings, batch_size=batch_size, attention=attention, search=search
        )

    def stream(self, text: str) -> Iterator[str]:
        """Translate one sentence and yield its pieces as they are decoded.

        Yields:
            Pieces that join to the text of ``translate``, spaces included.

        Raises:
            TextError: as for ``translate``, at once and not with the first token.
            NonFiniteError: a graph returned NaN or infinity.
        """
        return self.pipeline.stream(self.source.encode(text))

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
        return partial(Translator, **self._arguments), ()
