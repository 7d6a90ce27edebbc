"""Download of published pairs, once: the option ``--download`` of ``training.fit``."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pooch
import requests

from s2s_export.errors import DataError

SOURCES: Mapping[str, str] = MappingProxyType(
    {"tatoeba": "https://www.manythings.org/anki/fra-eng.zip"}
)
"""Addresses by the name that ``--download`` takes. tatoeba: English–French pairs of the Tatoeba
project, CC BY 2.0; the archive is renewed now and then, so no checksum of it can be fixed here."""

_TIMEOUT = 30.0  # seconds without a byte


def download(
    name: str,
    *,
    sha256: str | None = None,
    cache: Path | None = None,
    sources: Mapping[str, str] = SOURCES,
) -> Path:
    """Return the path of a data file, which is downloaded unless the cache has it.

    The file takes its name only when it is complete; an interrupted download begins anew. A cached
    file is never renewed: delete it to download it again.

    Args:
        name: a key of ``sources``.
        sha256: the checksum expected; ``None`` accepts any and prints it.
        cache: folder of the file; by default ``S2S_EXPORT_CACHE``, or else the user's cache folder.
        sources: addresses by name.

    Raises:
        DataError: the file cannot be downloaded, or has another checksum.
    """
    url = sources[name]
    pooch.get_logger().setLevel("ERROR")
    headers = {"User-Agent": "s2s-export (python requests)"}  # without one, the server refuses
    try:
        path = pooch.retrieve(
            url,
            known_hash=f"sha256:{sha256.lower()}" if sha256 else None,
            fname=url.rpartition("/")[2],
            path=cache or os.environ.get("S2S_EXPORT_CACHE") or pooch.os_cache("s2s-export"),
            downloader=pooch.HTTPDownloader(timeout=_TIMEOUT, headers=headers),
        )
        if sha256 is None:
            print(f"{path}: sha256 {pooch.file_hash(path)}")
    except (requests.RequestException, OSError, ValueError) as error:
        raise DataError(
            f"{url}: cannot be fetched: {error}; download it by other means and give it as --data"
        ) from error
    return Path(path)
