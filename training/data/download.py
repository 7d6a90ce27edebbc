"""Fetching published data once: ``--download``."""

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
    """Return a data file, fetched if it is not there.

    It takes its name only when it is complete; an interrupted download begins anew. What was
    fetched once is not looked for again: delete the file to renew it.

    Args:
        name: which, of ``sources``.
        sha256: what the file's checksum must be; ``None`` takes any and prints it.
        cache: folder to keep it in; by default the user's cache folder, or ``S2S_EXPORT_CACHE``.
        sources: addresses by name.

    Raises:
        DataError: it cannot be fetched, or has another checksum.
    """
    url = sources[name]
    folder = cache or Path(os.environ.get("S2S_EXPORT_CACHE") or pooch.os_cache("s2s-export"))
    pooch.get_logger().setLevel("ERROR")
    # The server refuses clients that do not say who they are.
    fetch = pooch.HTTPDownloader(
        timeout=_TIMEOUT, headers={"User-Agent": "s2s-export (python requests)"}
    )
    try:
        path = pooch.retrieve(
            url,
            known_hash=f"sha256:{sha256.lower()}" if sha256 else None,
            fname=url.rpartition("/")[2],
            path=folder,
            downloader=fetch,
        )
        if sha256 is None:
            print(f"{path}: sha256 {pooch.file_hash(path)}")
    except (requests.RequestException, OSError, ValueError) as error:
        raise DataError(
            f"{url}: cannot be fetched: {error}; download it by other means and give it as --data"
        ) from error
    return Path(path)
