"""OnnxModel: the two steps of an exported folder in ONNX Runtime, and its vocabularies.

The Translator decodes with it, for any number of threads and across forks.
"""

import os
import threading
from dataclasses import dataclass
from pathlib import Path

from ..decoding.steps import DecoderStep, EncoderStep
from ..errors import ArtefactError
from ..folder.reader import FolderContent, Precision, read_folder
from .onnx_steps import OnnxRun
from .sessions import SessionSettings, require_onnxruntime


@dataclass(frozen=True)
class _Opened:
    """The two steps, and the process that opened their sessions."""

    encoder: EncoderStep
    decoder: DecoderStep
    pid: int


class OnnxModel:
    """The model of an exported folder, as ``steps.Steps``.

    Once loaded, the folder is not looked at again; but a process that was forked afterwards opens
    it anew if the sessions had threads of their own, which a fork leaves behind.

    Attributes:
        manifest: of the folder.
        source: text mode and vocabulary of the source.
        target: text mode and vocabulary of the target.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        settings: SessionSettings,
        *,
        precision: Precision = "fp32",
    ) -> None:
        """Read the folder and open the two sessions.

        Args:
            path: of the folder.
            settings: of the sessions.
            precision: which graphs.

        Raises:
            ArtefactError: the folder cannot be used; the subclass and the message say why.
            OptionError: the folder has no such precision.
            RuntimeMissingError: onnxruntime is not installed, or too old for these graphs.
            ProviderError: the device is not available.
        """
        self._path = Path(path).absolute()  # the app may change its folder, and then fork
        self._settings = settings
        self._precision: Precision = precision
        content = read_folder(path, precision)
        self.manifest = content.manifest
        self.source, self.target = content.source, content.target
        require_onnxruntime(self.manifest.requires.get("onnxruntime", "0"))
        self._reopening = threading.Lock()
        # Sessions from before a fork are kept: closing one would wait for threads that are gone.
        self._inherited: list[_Opened] = []
        self._opened = self._open(content)

    @property
    def encoder(self) -> EncoderStep:
        """The encoder step, usable in this process."""
        return self._in_this_process().encoder

    @property
    def decoder(self) -> DecoderStep:
        """The decoder step, usable in this process."""
        return self._in_this_process().decoder

    def _in_this_process(self) -> _Opened:
        if self._settings.survives_fork or self._opened.pid == os.getpid():
            return self._opened
        with self._reopening:
            if self._opened.pid != os.getpid():
                content = read_folder(self._path, self._precision)
                if content.manifest != self.manifest:
                    raise ArtefactError(
                        f"{self._path}: another export since it was loaded, and this process was "
                        "forked in between; make the Translator after the fork"
                    )
                self._inherited.append(self._opened)
                self._opened = self._open(content)
            return self._opened

    def _open(self, content: FolderContent) -> _Opened:
        specs, graphs = self.manifest.steps, content.graphs
        encoder = OnnxRun(content.encoder, specs.encoder, graphs.encoder.file, self._settings)
        decoder = OnnxRun(content.decoder, specs.decoder, graphs.decoder.file, self._settings)
        return _Opened(
            EncoderStep(specs.encoder, encoder), DecoderStep(specs.decoder, decoder), os.getpid()
        )
