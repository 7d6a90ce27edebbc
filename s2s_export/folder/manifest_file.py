"""``manifest.json`` as bytes: written with a checksum of its own, read strictly.

Export writes it last, the run time reads it first. Standard library only.
"""

import hashlib

from ..errors import IntegrityError, ManifestError
from . import manifest_rules, records
from .file_kind import kind_of
from .manifest import FORMAT_VERSION, MANIFEST_FILE, Manifest
from .older_formats import upgraded

CHECKSUM = "manifest_sha256"
"""The field with the sha256 of the whole file, which for this has zeros in its place."""
_BLANK = "0" * 64


def to_bytes(manifest: Manifest) -> bytes:
    """Write ``manifest.json``; the same manifest gives the same bytes.

    Args:
        manifest: of the newest format version; older ones are only read.
    """
    assert manifest.format_version == FORMAT_VERSION
    blank = records.dumps(manifest, {CHECKSUM: _BLANK})
    return blank.replace(
        f'"{CHECKSUM}": "{_BLANK}"'.encode(),
        f'"{CHECKSUM}": "{hashlib.sha256(blank).hexdigest()}"'.encode(),
    )


def from_bytes(content: bytes) -> Manifest:
    """Read ``manifest.json``.

    Raises:
        IntegrityError: it was changed: its checksum is not the recorded one.
        ManifestError: it is not valid, or newer than this release reads.
    """
    kind = kind_of(content)
    if kind is not None:
        raise ManifestError(f"{MANIFEST_FILE}: it is {kind}")
    value = records.parse(content, MANIFEST_FILE)
    version = value.get("format_version")
    if type(version) is int and version > FORMAT_VERSION:
        raise ManifestError(
            f"{MANIFEST_FILE}: format version {version} was made by a newer release of "
            f"s2s-export, this release reads up to {FORMAT_VERSION}: upgrade s2s-export"
        )
    _check_seal(content, value.get(CHECKSUM))
    if version in (1, 2):
        value = upgraded(value)
    manifest = records.build(Manifest, value, MANIFEST_FILE)
    manifest_rules.check(manifest)
    return manifest


def _check_seal(content: bytes, recorded: object) -> None:
    if not isinstance(recorded, str):
        raise ManifestError(f"{MANIFEST_FILE}.{CHECKSUM}: missing; export again")
    digits = recorded.encode("utf-8", errors="replace")
    if len(digits) != len(_BLANK):
        raise ManifestError(
            f"{MANIFEST_FILE}.{CHECKSUM}: expected 64 hexadecimal digits; export again"
        )
    actual = hashlib.sha256(content.replace(digits, _BLANK.encode())).hexdigest()
    if actual != recorded:
        raise IntegrityError(
            f"{MANIFEST_FILE}: expected sha256 {recorded}, found {actual}; the file was changed or "
            "damaged: copy the folder again"
        )
