"""The exporter: from PyTorch modules to a proven folder. Needs torch and onnx, not training.

``export_modules`` is its public function; the other names are what it is called with.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..errors import RuntimeMissingError

if TYPE_CHECKING:
    from ..decoding.steps import DecoderSpec, EncoderSpec
    from ..text.modes import text_mode
    from ..text.tokenizer import Tokenizer
    from ..text.vocabulary import Vocabulary
    from .modules.export import export_modules
    from .modules.own_vocabulary import OwnVocabulary
    from .source import Sample

__all__ = [
    "DecoderSpec",
    "EncoderSpec",
    "OwnVocabulary",
    "Sample",
    "Tokenizer",
    "Vocabulary",
    "export_modules",
    "text_mode",
]

_MODULES = {
    "DecoderSpec": "..decoding.steps",
    "EncoderSpec": "..decoding.steps",
    "OwnVocabulary": ".modules.own_vocabulary",
    "Sample": ".source",
    "Tokenizer": "..text.tokenizer",
    "Vocabulary": "..text.vocabulary",
    "export_modules": ".modules.export",
    "text_mode": "..text.modes",
}


def __getattr__(name: str) -> Any:
    # Imported when first asked for: training takes one module of this package, and no onnx.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(_MODULES[name], __name__), name)
    except ImportError as error:
        raise RuntimeMissingError(
            f"exporting modules needs torch, onnx and onnxscript ({error}): "
            "pip install 's2s-export[export]'"
        ) from error
