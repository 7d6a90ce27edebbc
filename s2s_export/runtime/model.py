"""OnnxModel: the two steps of an exported folder in ONNX Runtime, and its vocabularies.

The Translator opens one on the device that it was asked for, and decodes with it, for any number of
threads and across forks.
"""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..decoding.steps import DecoderStep, EncoderStep
from ..errors import ArtefactError, ProviderError
from ..folder.reader import FolderContent, Precision, read_folder
from ..folder.sources.source import FileSource
from .onnx_steps import OnnxRun
from .sessions import SessionSettings, choose_device, require_onnxruntime

if TYPE_CHECKING:
    import onnxruntime

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Opened:
    """The two steps, and the process that opened their sessions."""

    encoder: EncoderStep
    decoder: DecoderStep
    pid: int


class OnnxModel:
    """The model of an exported folder, as ``steps.Steps``.

    Once loaded, the folder is not looked at again; but a process that was forked afterwards reads
    it anew if the sessions had threads of their own, which a fork leaves behind. Files that were
    not read from a path are kept in memory for this.

    Attributes:
        files: where its files can be read again, in another process too.
        manifest: of the folder.
        source: text mode and vocabulary of the source.
        target: text mode and vocabulary of the target.
    """

    def __init__(
        self,
        files: FileSource,
        settings: SessionSettings,
        *,
        precision: Precision = "fp32",
    ) -> None:
        """Read the folder and open the two sessions.

        Args:
            files: of the folder.
            settings: of the sessions.
            precision: which graphs.

        Raises:
            ArtefactError: the folder cannot be used; the subclass and the message say why.
            OptionError: the folder has no such precision.
            RuntimeMissingError: onnxruntime is not installed, or too old for these graphs.
            ProviderError: the device is not available.
        """
        self._settings = settings
        self._precision: Precision = precision
        content = read_folder(files, precision)
        self.files, self.manifest = content.files, content.manifest
        self.source, self.target = content.source, content.target
        require_onnxruntime(self.manifest.requires.get("onnxruntime", "0"))
        self._reopening = threading.Lock()
        # Sessions from before a fork are kept: closing one would wait for threads that are gone.
        self._inherited: list[_Opened] = []
        self._opened = self._open(content)

    @property
    def device(self) -> str:
        """Where it runs: ``"cpu"`` or ``"cuda"``."""
        return self._settings.device

    @property
    def largest_batch(self) -> int | None:
        """The most sentences that pay side by side; ``None``: no bound is known."""
        return self._settings.largest_batch

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
                content = read_folder(self.files, self._precision)
                if content.manifest != self.manifest:
                    raise ArtefactError(
                        f"{self.files.name}: another export since it was loaded, and this process "
                        "was forked in between; make the Translator after the fork"
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


def open_model(
    files: FileSource,
    device: str,
    *,
    threads: int = 1,
    options: onnxruntime.SessionOptions | None = None,
    precision: Precision = "fp32",
) -> tuple[OnnxModel, str]:
    """Open the model of an exported folder on a device.

    Args:
        files: of the folder.
        device: ``"cpu"``, ``"cuda"``, or ``"auto"``: CUDA where it works, the CPU elsewhere.
        threads: of one call.
        options: of the sessions, used as they are; then ``threads`` is not looked at.
        precision: which graphs.

    Returns:
        The model, and the reason for its device, in a few words.

    Raises:
        ProviderError: the device or onnxruntime is not available.
        ArtefactError: the folder cannot be used; the subclass and the message say why.
        OptionError: the folder has no such precision, or ``threads`` is not positive.
    """

    def open_on(device: str) -> OnnxModel:
        return OnnxModel(files, SessionSettings(device, threads, options), precision=precision)

    chosen, reason = choose_device(device)
    try:
        model = open_on(chosen)
    except ProviderError as error:  # built with CUDA, and no GPU or no libraries here
        if device != "auto" or chosen == "cpu":
            raise
        model, reason = open_on("cpu"), str(error)
    if device == "auto":
        _LOG.info("device 'auto' is %r: %s", model.device, reason)
    return model, reason
