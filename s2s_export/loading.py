"""An exported folder made ready to decode: its words, its limits, and its two steps.

The Translator gives it sentences, ``verify`` replays golden ones with it.
"""

import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .errors import ArtefactError, OptionError
from .folder import FolderContent, Precision, read_folder
from .greedy import GreedyOptions, Hypothesis, decode, encode, greedy_decode
from .manifest_rules import MOST_TOKENS
from .sessions import SessionSettings, require_onnxruntime
from .steps import OnnxDecoderStep, OnnxEncoderStep, initial_state


@dataclass(frozen=True)
class _Steps:
    """The two steps, and the process that opened their sessions."""

    encoder: OnnxEncoderStep
    decoder: OnnxDecoderStep
    pid: int


class LoadedModel:
    """The model of an exported folder, for any number of threads.

    Once loaded, the folder is not looked at again; but a process that was forked afterwards opens
    it anew if the sessions had threads of their own, which a fork leaves behind.

    Attributes:
        manifest: of the folder.
        source: the source's vocabulary.
        target: the target's vocabulary.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        settings: SessionSettings,
        *,
        precision: Precision = "fp32",
        max_length: int | None = None,
    ) -> None:
        """Read the folder and open the two sessions.

        Args:
            path: of the folder.
            settings: of the sessions.
            precision: which graphs.
            max_length: the most tokens of a translation, EOS included; by default the most that the
                model was trained on.

        Raises:
            ArtefactError: the folder cannot be used; the subclass and the message say why.
            OptionError: ``max_length`` cannot be that, or the folder has no such precision.
            RuntimeMissingError: onnxruntime is not installed, or too old for these graphs.
            ProviderError: the device is not available.
        """
        if max_length is not None and not 1 <= max_length <= MOST_TOKENS:
            raise OptionError(f"max_length: expected 1 to {MOST_TOKENS}, found {max_length}")
        self._path = Path(path).absolute()  # the app may change its folder, and then fork
        self._settings = settings
        self._precision: Precision = precision
        content = read_folder(path, precision)
        self.manifest = content.manifest
        self.source, self.target = content.source, content.target
        ids, limits = self.manifest.special_ids, self.manifest.max_length
        self._options = GreedyOptions(
            initial_state=initial_state(content.graphs.encoder),
            sos=ids.sos,
            eos=ids.eos,
            max_length=max_length or limits.target,
        )
        require_onnxruntime(self.manifest.requires.get("onnxruntime", "0"))
        self._reopening = threading.Lock()
        # Sessions from before a fork are kept: closing one would wait for threads that are gone.
        self._inherited: list[_Steps] = []
        self._opened = self._open(content)

    def decode(
        self, sources: Sequence[Sequence[int]], *, recorded: tuple[str, ...] = ()
    ) -> list[Hypothesis]:
        """Translate a batch of sentences of token ids; see ``greedy.greedy_decode``.

        Args:
            sources: token ids of each sentence.
            recorded: as in ``greedy.GreedyOptions``.

        Raises:
            NonFiniteError: a graph returned NaN or infinity.
        """
        steps = self._steps()
        options = replace(self._options, recorded=recorded)
        return greedy_decode(steps.encoder, steps.decoder, sources, options)

    def stream(self, source: Sequence[int]) -> Iterator[int]:
        """Yield the target tokens of one sentence as they are decoded, EOS left out.

        Raises:
            NonFiniteError: a graph returned NaN or infinity.
        """
        steps = self._steps()
        state = encode(steps.encoder, [source], self._options.initial_state)
        for _, [token], _, _ in decode(steps.decoder, state, self._options):
            if token != self._options.eos:
                yield int(token)

    def _steps(self) -> _Steps:
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

    def _open(self, content: FolderContent) -> _Steps:
        graphs, settings = content.graphs, self._settings
        return _Steps(
            OnnxEncoderStep(content.encoder, graphs.encoder, settings),
            OnnxDecoderStep(content.decoder, graphs.decoder, settings),
            os.getpid(),
        )
