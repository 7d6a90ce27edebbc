"""Kinds of files that copying and downloading leave in the place of another.

``folder`` asks when a file is not the recorded one. Standard library only.
"""

_SIGNATURES = (
    (b"version https://git-lfs", "a git-lfs pointer and not the file itself: run 'git lfs pull'"),
    (b"PK\x03\x04", "a zip archive: unpack it"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x1f\x8b", "gzip data: unpack it"),
    (b"\x89HDF", "an HDF5 file (of Keras, perhaps): export the model to ONNX"),
)
_HTML = (b"<!doctype html", b"<html")
_OF_TORCH = (b"/data.pkl", b"/data/0")
"""Names of a zip's first member, which comes 30 bytes in, behind the name of a folder."""


def kind_of(content: bytes) -> str | None:
    """Return the name of a file's kind and the remedy, if it often stands in place of another.

    Args:
        content: the file's bytes, or as many of its first as there are to see.

    Returns:
        A phrase that goes on after "it is", or ``None`` for any other content.
    """
    if not content:
        return "empty"
    if content.startswith(b"PK") and any(name in content[30:160] for name in _OF_TORCH):
        return "a PyTorch file (TorchScript or torch.save): export the module to ONNX"
    for signature, kind in _SIGNATURES:
        if content.startswith(signature):
            return kind
    if content.lstrip()[:20].lower().startswith(_HTML):
        return "a web page and not the file itself: download it again"
    return None
