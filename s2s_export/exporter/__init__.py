"""The exporter: from PyTorch modules to a proven folder. Needs torch and onnx, not training."""

from typing import TYPE_CHECKING, Any

from ..errors import RuntimeMissingError

if TYPE_CHECKING:
    from .modules.export import export_modules
    from .modules.own_vocabulary import OwnVocabulary
    from .source import Sample

__all__ = ["OwnVocabulary", "Sample", "export_modules"]


def __getattr__(name: str) -> Any:
    # Imported when first asked for, so that a missing extra is told in a sentence.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from .modules import export
    except ImportError as error:
        raise RuntimeMissingError(
            f"exporting modules needs torch, onnx and onnxscript ({error}): "
            "pip install 's2s-export[export]'"
        ) from error
    return getattr(export, name)
