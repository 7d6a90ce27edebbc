"""A stand-in for the Hub, of which huggingface_hub is told, and a cache of its own."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from .serving import served
from .stand_in import TOKEN, Repository, StandIn


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """The stand-in for the Hub, empty."""
    constants = pytest.importorskip(
        "huggingface_hub.constants", reason="huggingface_hub is not installed (the extra hub)"
    )
    # Uploads go by large-file requests: Xet's protocol is that of a native library and a server.
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    stand_in = StandIn()
    with served(stand_in):
        monkeypatch.setenv("HF_ENDPOINT", stand_in.endpoint)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        monkeypatch.delenv("HF_OIDC_RESOURCE", raising=False)
        yield stand_in


@pytest.fixture
def repository(hub: StandIn, tiny_3: Path) -> Repository:
    """A repository ``user/model`` with one commit, an exported folder."""
    made = hub.repositories["user/model"] = Repository()
    made.commit_folder(tiny_3)
    return made


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """An empty folder for the Hub's cache."""
    return tmp_path / "cache"


@pytest.fixture
def unreachable() -> str:
    """The address of a server that is not there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets huggingface_hub try again without waiting some seconds."""
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _: None)
