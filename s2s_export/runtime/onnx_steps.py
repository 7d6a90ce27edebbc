"""ONNX graphs as steps of the decoding loop.

``model`` makes them from an exported folder, the exporter from graphs that are not published yet.
"""

from collections.abc import Sequence
from typing import Any

from ..decoding.steps import FloatArray, StepSpec, TokenIds
from ..errors import GraphError
from .sessions import SessionSettings, first_line, open_session


class OnnxRun:
    """A graph in a session, as ``steps.RunStep``."""

    def __init__(
        self, content: bytes, spec: StepSpec, file: str, settings: SessionSettings
    ) -> None:
        """Open a session.

        Args:
            content: the ONNX file's bytes, already checked against the specification.
            spec: of the step.
            file: name of the graph in messages.
            settings: of the session.

        Raises:
            RuntimeMissingError: onnxruntime is not installed.
            ProviderError: the device is not available.
            GraphError: ONNX Runtime cannot load the graph.
        """
        self._file = file
        self._session = open_session(content, file, settings)
        self._input_names = [tensor.name for tensor in spec.inputs]
        self._output_names = [tensor.name for tensor in spec.outputs]

    def __call__(self, tokens: TokenIds, state: Sequence[FloatArray]) -> Sequence[FloatArray]:
        """Run the graph once.

        Raises:
            GraphError: ONNX Runtime failed.
        """
        feeds: dict[str, Any] = dict(zip(self._input_names, (tokens, *state), strict=True))
        try:
            outputs: Sequence[FloatArray] = self._session.run(self._output_names, feeds)
        except Exception as error:  # onnxruntime's exceptions have no base class but Exception
            raise GraphError(
                f"{self._file}: ONNX Runtime failed while running it: {first_line(error)}"
            ) from error
        return outputs
