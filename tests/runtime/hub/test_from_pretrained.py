"""Translator.from_pretrained: one commit, the cache, paths, pickles, and what is sent."""

import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

from s2s_export import Translator
from s2s_export.errors import (
    ArtefactNotFoundError,
    HubError,
    IntegrityError,
    OptionError,
    RuntimeMissingError,
)

from .stand_in import TOKEN, Repository, Request, StandIn

NAME = "user/model"
TEXT, TRANSLATION = "Il n'est pas ici.", "he is not here ."
NOWHERE = "http://127.0.0.1:9"  # the port of a service that throws away what it is sent


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def repository(hub: StandIn, tiny_3: Path) -> Repository:
    """A repository with one commit, an exported folder."""
    made = hub.repositories[NAME] = Repository()
    made.commit(files_of(tiny_3))
    return made


def weights_of(translator: Translator) -> str | int | float | None:
    return translator.manifest.training["fingerprint"]


@pytest.mark.parametrize("moment", [r"GET /api/models/.*", r"(HEAD|GET) .*/manifest.json"])
def test_a_push_between_two_requests_never_mixes(
    moment: str,
    hub: StandIn,
    repository: Repository,
    cache: Path,
    tiny_3: Path,
    tiny_attention: Path,
) -> None:
    """The other model has the same names of files, and other weights."""
    started = []

    def push_after(request: Request) -> None:
        if started and len(repository.commits) == 1:
            repository.commit(files_of(tiny_attention))
        if re.fullmatch(moment, f"{request.method} {request.path}"):
            started.append(request)

    hub.before = push_after
    translator = Translator.from_pretrained(NAME, cache_dir=cache)
    assert len(repository.commits) == 2
    assert weights_of(translator) == weights_of(Translator(tiny_3))
    again = Translator.from_pretrained(NAME, cache_dir=cache)
    assert weights_of(again) == weights_of(Translator(tiny_attention))


def test_revisions(hub: StandIn, repository: Repository, cache: Path, tiny_attention: Path) -> None:
    old = repository.branches["main"]
    repository.branches["stable"] = old
    repository.commit(files_of(tiny_attention))
    new, stable, commit = (
        weights_of(Translator.from_pretrained(NAME, revision=revision, cache_dir=cache))
        for revision in (None, "stable", old)
    )
    assert stable == commit != new


def test_a_commit_in_the_cache_needs_no_network(
    hub: StandIn, repository: Repository, cache: Path
) -> None:
    commit = repository.branches["main"]
    Translator.from_pretrained(NAME, revision=commit, cache_dir=cache)
    hub.requests.clear()
    translator = Translator.from_pretrained(NAME, revision=commit, cache_dir=cache)
    assert translator.translate(TEXT) == TRANSLATION
    assert hub.requests == []


@pytest.mark.usefixtures("repository")
def test_the_cache_serves_where_the_hub_cannot_be_reached(
    hub: StandIn, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Translator.from_pretrained(NAME, cache_dir=cache)
    monkeypatch.setenv("HF_ENDPOINT", NOWHERE)
    assert Translator.from_pretrained(NAME, cache_dir=cache).translate(TEXT) == TRANSLATION
    with pytest.raises(HubError, match=r"decoder\.int8\.onnx|encoder\.int8\.onnx") as raised:
        Translator.from_pretrained(NAME, precision="int8", cache_dir=cache)
    assert "the Hub cannot be reached (ConnectError: " in str(raised.value)


@pytest.mark.usefixtures("repository")
def test_the_cache_serves_where_the_hub_has_a_fault(hub: StandIn, cache: Path) -> None:
    Translator.from_pretrained(NAME, cache_dir=cache)
    hub.answers[".*"] = hub.answers.get(".*") or type(hub.answer)  # replaced below
    hub.answers.clear()
    from .stand_in import Answer

    hub.answers[".*"] = Answer.error(503)
    assert Translator.from_pretrained(NAME, cache_dir=cache).translate(TEXT) == TRANSLATION


def test_local_files_only_asks_nobody(hub: StandIn, repository: Repository, cache: Path) -> None:
    with pytest.raises(
        ArtefactNotFoundError,
        match="^user/model: not in the cache: load it once without local_files_only$",
    ):
        Translator.from_pretrained(NAME, cache_dir=cache, local_files_only=True)
    Translator.from_pretrained(NAME, cache_dir=cache)
    hub.requests.clear()
    translator = Translator.from_pretrained(NAME, cache_dir=cache, local_files_only=True)
    assert translator.translate(TEXT) == TRANSLATION
    assert hub.requests == []
