"""Errors of huggingface_hub, told as errors of the project.

``download`` and ``publish`` put each of its calls into ``telling``. Standard library only: the
Hub's classes are known by their names.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..errors import ArtefactError, ArtefactNotFoundError, HubError, OptionError, S2SError

_LOG_IN = "log in with 'hf auth login', or give a token"

_BY_NAME: dict[str, tuple[Callable[[str], S2SError], str]] = {
    "GatedRepoError": (
        HubError,
        f"access is restricted: ask for it on the repository's page, then {_LOG_IN}",
    ),
    "DisabledRepoError": (HubError, "the repository is disabled: see its page on the Hub"),
    "RepositoryNotFoundError": (
        ArtefactNotFoundError,
        f"no such repository on the Hub, or a private one: check the name, {_LOG_IN}",
    ),
    "RevisionNotFoundError": (
        ArtefactNotFoundError,
        "the repository has no such branch, tag or commit: see its page on the Hub",
    ),
    "RemoteEntryNotFoundError": (
        ArtefactNotFoundError,
        "no such file in the repository, so it is not an exported folder, or not the whole of one: "
        "its publisher has to push it with 'python -m s2s_export.push'",
    ),
    "HFValidationError": (
        OptionError,
        "expected a folder that is there, or the name of a repository on the Hub: user/model",
    ),
    "LocalTokenNotFoundError": (HubError, f"no token is stored here: {_LOG_IN}"),
    "OfflineModeIsEnabled": (
        HubError,
        "not in the cache, and HF_HUB_OFFLINE forbids to ask the Hub: load it once without",
    ),
    # These two without a cause: it is local_files_only that forbids to ask.
    "RevisionResolutionError": (
        ArtefactNotFoundError,
        "not in the cache: load it once without local_files_only",
    ),
    "LocalEntryNotFoundError": (
        ArtefactNotFoundError,
        "not in the cache: load it once without local_files_only",
    ),
    "FileMetadataError": (
        HubError,
        "the answer is not the Hub's: check HF_ENDPOINT, and the proxy if there is one",
    ),
}
"""Leaf and sentence by the name of the Hub's class, the more special of two first."""

_WRAPPERS = {"RevisionResolutionError", "LocalEntryNotFoundError", "RuntimeError"}
"""The Hub's classes that may have the fault to tell as their cause."""

_BY_STATUS = {
    401: f"the Hub does not know you: {_LOG_IN} that is valid, and check the name",
    403: "the token may not do this: give one with the right to read or write this repository",
    409: "the Hub is busy with another change of the repository: try again",
    412: "somebody else has changed the repository in the meantime: try again",
    429: "too many requests: wait some minutes, and log in with 'hf auth login' to be given more",
}
"""Sentence by HTTP status."""


@contextmanager
def telling(what: str) -> Iterator[None]:
    """Turn whatever a call of huggingface_hub raises into an error of the project.

    Args:
        what: the repository, and the revision or file of it, for the message.

    Raises:
        ArtefactNotFoundError: the repository, the revision or a file is not there.
        HubError: the Hub cannot be reached, or refuses.
        OptionError: the name is none of a repository.
    """
    try:
        yield
    except S2SError:
        raise
    except Exception as error:  # the Hub's, HTTP's and Xet's have no common base
        raise _told(error, what) from error


def _told(error: Exception, what: str) -> S2SError:
    names = {kind.__name__ for kind in type(error).__mro__}
    cause = error.__cause__
    # Not found here, because the Hub was not to be had; or a RuntimeError around the fault.
    if isinstance(cause, Exception) and names & _WRAPPERS:
        return _told(cause, what)
    for name, (leaf, sentence) in _BY_NAME.items():
        if name in names:
            return leaf(f"{what}: {sentence}")
    return HubError(f"{what}: {_reason(error, names)}")


def _reason(error: Exception, names: set[str]) -> str:
    """Return the reason and the remedy for an error that has no class of the Hub's own."""
    if "HfHubHTTPError" in names:
        status = error.response.status_code  # type: ignore[attr-defined]
        if status >= 500:
            return f"the Hub has a fault (HTTP {status}): try again later"
        message = getattr(error, "server_message", None)
        sentence = _BY_STATUS.get(status, "the Hub refuses this")
        return f"{sentence} (HTTP {status}{f': {message}' if message else ''})"
    found = f"{type(error).__name__}: {error}"
    if "HTTPError" in names or isinstance(error, ConnectionError | TimeoutError):
        return f"the Hub cannot be reached ({found}): check the network, the proxy and HF_ENDPOINT"
    if isinstance(error, OSError):
        return f"a file of the Hub's cache cannot be read or written ({found})"
    return f"the Hub's client failed ({found})"


@contextmanager
def naming_the_origin(what: str, download_command: str) -> Iterator[None]:
    """Add the origin of a downloaded folder to the error that its reader raises.

    Args:
        what: the repository and the commit.
        download_command: replaces what the cache holds of it.

    Raises:
        ArtefactError: of the reader's own class.
    """
    try:
        yield
    except ArtefactError as error:
        raise type(error)(
            f"{error}. It comes from {what}; replace the cached files with '{download_command}'; "
            "if they stay the same, their publisher has to push the whole folder again"
        ) from error
