"""Translate with an exported sequence-to-sequence model: numpy and onnxruntime, nothing else."""

from .errors import S2SError
from .translator import Translator

__all__ = ["S2SError", "Translator", "__version__"]
__version__ = "0.1.0"
