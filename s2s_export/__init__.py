"""Translate with an exported sequence-to-sequence model: numpy and onnxruntime, nothing else."""

from typing import TYPE_CHECKING, Any

from .errors import S2SError

if TYPE_CHECKING:
    from .translation import Alternative, Attention, ScoredTarget, Translation
    from .translator import Translator

__all__ = [
    "Alternative",
    "Attention",
    "S2SError",
    "ScoredTarget",
    "Translation",
    "Translator",
    "__version__",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # Imported when first asked for: numpy alone takes longer than all the rest of a --help.
    if name in ("Alternative", "Attention", "ScoredTarget", "Translation"):
        from . import translation

        return getattr(translation, name)
    if name == "Translator":
        from .translator import Translator

        return Translator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
