"""The Translator: text in, text out, for other people's apps.

It joins the torch-free parts: the normalizer, the vocabularies and the loaded model.
"""

import os

from .errors import InputTypeError, TextTooLongError
from .folder import read_folder
from .loading import LoadedModel
from .manifest import Manifest
from .text import NORMALIZERS, detokenize, tokenize


class Translator:
    """Translate sentences with an exported folder.

        translator = Translator("exported/")
        translator.translate("Je suis en retard.")  # "i m late ."

    Making one reads and checks the whole folder (some tens of milliseconds); keep it and use it for
    every sentence. After that the folder is not looked at again.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, device: str = "cpu", threads: int = 1
    ) -> None:
        """Load an exported folder.

        Args:
            path: the folder.
            device: ``"cpu"`` or ``"cuda"``; where it is not available, that is an error, never a
                silent fall back to the CPU.
            threads: threads that one translation may use; more than one seldom pays for sentences.

        Raises:
            ArtefactError: the folder is missing, incomplete, damaged or not valid; the subclass
                and the message say which.
            ProviderError: the device or onnxruntime is not available.
        """
        self._model = LoadedModel(read_folder(path), device=device, threads=threads)
        self._normalize = NORMALIZERS[self._model.manifest.normalizer]

    @property
    def manifest(self) -> Manifest:
        """What the folder says of itself: languages, sizes, scores, versions."""
        return self._model.manifest

    def translate(self, text: str) -> str:
        """Translate one sentence.

        A word that the model was not trained on is read as another form of it that was (see
        ``word_forms``), or is translated around, if the model has learned to (see the manifest's
        ``special_ids.unk``); otherwise it is an error.

        Args:
            text: a sentence; a newline inside it is a space.

        Returns:
            The translation's tokens joined by spaces, as in the training data; ``""`` for a text of
            which the normalizer leaves nothing (blanks, emoji), without running the model.

        Raises:
            InputTypeError: ``text`` is not a ``str``.
            UnknownWordError: the text has words that the model was not trained on, and the model
                has not learned to translate around them.
            TextTooLongError: the text has more tokens than the model was trained on.
            NonFiniteError: a graph returned NaN or infinity.
        """
        tokens = self._tokens(text, "translate")
        if not tokens:
            return ""
        ids = self._model.source.encode(tokens)
        longest = self._model.manifest.max_length.source
        if len(ids) > longest:
            raise TextTooLongError(len(ids), longest)
        [hypothesis] = self._model.decode([ids])
        return detokenize(self._model.target.decode(hypothesis.ids))

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """Return the words of a text that the model was not trained on.

        Returns:
            The words as the normalizer leaves them, in the order of the text, each once.

        Raises:
            InputTypeError: ``text`` is not a ``str``.
        """
        return self._model.source.unknown(self._tokens(text, "unknown_words"))

    def _tokens(self, text: str, method: str) -> list[str]:
        if not isinstance(text, str):
            raise InputTypeError(
                f"{method}: expected a str, found {type(text).__name__}; "
                "call it once for each sentence"
            )
        return tokenize(self._normalize(text))
