"""The client of huggingface_hub, imported when it is asked for.

``download`` and ``publish`` call it, and put each call into ``faults.telling``. Needs the extra
``hub``.
"""

import os
from typing import TYPE_CHECKING

from .. import __version__
from ..errors import OptionError, RuntimeMissingError
from .faults import telling

if TYPE_CHECKING:
    from huggingface_hub import HfApi

Token = str | bool | None
"""A token; ``True`` for the stored one, ``False`` for none, ``None`` for the stored one if any."""


def hub_api(token: Token = None) -> "HfApi":
    """Return a client; nothing is sent yet.

    Raises:
        RuntimeMissingError: huggingface_hub is not installed.
    """
    # Read once, at import: without it each request tells the version of torch and the tool that
    # started the process, and a list of such tools is fetched. A value that the app has set is
    # respected.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        from huggingface_hub import HfApi
    except ImportError as error:
        raise RuntimeMissingError(
            f"huggingface_hub is not installed: pip install 's2s-export[hub]' ({error})"
        ) from error
    if not hasattr(HfApi, "resolve_revision"):
        raise RuntimeMissingError(
            "huggingface_hub is too old: pip install --upgrade 's2s-export[hub]'"
        )
    # huggingface_hub reads HF_ENDPOINT at import as well; an app may set it later.
    endpoint = os.environ.get("HF_ENDPOINT", "").rstrip("/") or None
    return HfApi(endpoint, token=token, library_name="s2s_export", library_version=__version__)


def check_name(repository: str) -> None:
    """Make sure that a name is one of a repository, before any work.

    Raises:
        OptionError: it is not.
        RuntimeMissingError: huggingface_hub is not installed.
    """
    hub_api()
    from huggingface_hub import utils

    with telling(repository):
        utils.validate_repo_id(repository)  # type: ignore[attr-defined]  # public all the same
    if "/" not in repository:
        raise OptionError(f"{repository}: expected the name of a repository on the Hub: user/model")


def at(repository: str, revision: str | None) -> str:
    """Return a repository and its revision, for messages."""
    return repository if revision is None else f"{repository} at {revision}"
