"""An exported folder made ready to decode: its words, its limits, and its two steps.

The Translator gives it texts, ``verify`` replays golden sentences with it.
"""

from collections.abc import Sequence

from .folder import FolderContent
from .greedy import GreedyOptions, Hypothesis, greedy_decode
from .steps import OnnxDecoderStep, OnnxEncoderStep, initial_state, require_onnxruntime


class LoadedModel:
    """The model of an exported folder; the folder is not looked at again.

    Attributes:
        manifest: of the folder.
        source: the source's vocabulary.
        target: the target's vocabulary.
    """

    def __init__(self, content: FolderContent, *, device: str, threads: int) -> None:
        """Open the two sessions.

        Args:
            content: of the folder.
            device: ``"cpu"`` or ``"cuda"``.
            threads: threads of one call.

        Raises:
            RuntimeMissingError: onnxruntime is not installed, or too old for these graphs.
            ProviderError: the device is unknown or not available.
            GraphError: ONNX Runtime cannot load a graph.
        """
        manifest = self.manifest = content.manifest
        self.source, self.target = content.source, content.target
        require_onnxruntime(manifest.requires.get("onnxruntime", "0"))
        graphs = manifest.graphs
        self._encoder = OnnxEncoderStep(
            content.encoder, graphs.encoder, device=device, threads=threads
        )
        self._decoder = OnnxDecoderStep(
            content.decoder, graphs.decoder, device=device, threads=threads
        )
        self._options = GreedyOptions(
            initial_state=initial_state(graphs.encoder),
            sos=manifest.special_ids.sos,
            eos=manifest.special_ids.eos,
            max_length=manifest.max_length.target,
        )

    def decode(self, sources: Sequence[Sequence[int]]) -> list[Hypothesis]:
        """Translate a batch of sentences of token ids; see ``greedy.greedy_decode``.

        Raises:
            NonFiniteError: a graph returned NaN or infinity.
        """
        return greedy_decode(self._encoder, self._decoder, sources, self._options)
