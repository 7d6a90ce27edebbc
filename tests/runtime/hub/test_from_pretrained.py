"""Translator.from_pretrained: one commit, the cache, paths, pickles, and what is sent."""

import os
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from s2s_export import Translator
from s2s_export.errors import (
    ArtefactError,
    ArtefactNotFoundError,
    HubError,
    IntegrityError,
    OptionError,
)
from s2s_export.hub.api import hub_api

from .serving import Answer, Request
from .stand_in import TOKEN, Repository, StandIn

NAME = "user/model"
TEXT, TRANSLATION = "Il n'est pas ici.", "he is not here ."


@pytest.fixture
def load(cache: Path) -> Any:
    """Loads from the repository, with the test's cache."""

    def from_the_hub(**options: Any) -> Translator:
        return Translator.from_pretrained(NAME, cache_dir=cache, **options)

    return from_the_hub


def weights_of(translator: Translator) -> str | int | float | None:
    return translator.manifest.training["fingerprint"]


@pytest.mark.parametrize("moment", [r"GET /api/models/.*", r"(HEAD|GET) .*/manifest.json"])
def test_a_push_between_two_requests_never_mixes(
    moment: str,
    hub: StandIn,
    repository: Repository,
    load: Any,
    tiny_3: Path,
    tiny_attention: Path,
) -> None:
    """The other model's files have the same names."""
    asked: list[Request] = []

    def push_after(request: Request) -> None:
        if asked and len(repository.commits) == 1:
            repository.commit_folder(tiny_attention)
        if re.fullmatch(moment, f"{request.method} {request.path}"):
            asked.append(request)

    hub.before = push_after
    assert weights_of(load()) == weights_of(Translator(tiny_3))
    assert len(repository.commits) == 2
    assert weights_of(load()) == weights_of(Translator(tiny_attention))


def test_revisions(repository: Repository, load: Any, tiny_3: Path, tiny_attention: Path) -> None:
    commit = repository.branches["stable"] = repository.branches["main"]
    repository.commit_folder(tiny_attention)
    assert weights_of(load()) == weights_of(Translator(tiny_attention))
    for revision in ("stable", commit):
        assert weights_of(load(revision=revision)) == weights_of(Translator(tiny_3))


def test_an_endpoint_with_a_slash_at_its_end(hub: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's web server would forgive the two slashes that follow; the Hub need not."""
    monkeypatch.setenv("HF_ENDPOINT", f"{hub.endpoint}/")
    assert hub_api().endpoint == hub.endpoint


def test_a_commit_in_the_cache_needs_no_network(
    hub: StandIn, repository: Repository, load: Any
) -> None:
    commit = repository.branches["main"]
    load(revision=commit)
    hub.requests.clear()
    assert load(revision=commit).translate(TEXT) == TRANSLATION
    assert hub.requests == []


@pytest.mark.usefixtures("repository")
def test_the_cache_serves_where_the_hub_has_a_fault(hub: StandIn, load: Any) -> None:
    load()
    hub.answers[".*"] = Answer.error(503)
    assert load().translate(TEXT) == TRANSLATION


@pytest.mark.usefixtures("hub", "repository")
def test_the_cache_serves_where_the_hub_cannot_be_reached(
    load: Any, unreachable: str, monkeypatch: pytest.MonkeyPatch, no_waiting: None
) -> None:
    load()
    monkeypatch.setenv("HF_ENDPOINT", unreachable)
    assert load().translate(TEXT) == TRANSLATION
    with pytest.raises(HubError, match=r"\.int8\.onnx: the Hub cannot be reached \("):
        load(precision="int8")


@pytest.mark.usefixtures("repository")
def test_local_files_only_asks_nobody(hub: StandIn, load: Any) -> None:
    missing = "not in the cache: load it once without local_files_only$"
    with pytest.raises(ArtefactNotFoundError, match=f"^user/model: {missing}"):
        load(local_files_only=True)
    load()
    hub.requests.clear()
    assert load(local_files_only=True).translate(TEXT) == TRANSLATION
    with pytest.raises(ArtefactNotFoundError, match=rf"\.int8\.onnx: {missing}"):
        load(local_files_only=True, precision="int8")
    assert hub.requests == []


def test_a_pickle_needs_the_cache_and_not_the_hub(
    hub: StandIn, repository: Repository, load: Any, cache: Path, tmp_path: Path
) -> None:
    content = pickle.dumps(load(token="hf_secret", unknown_words="skip", revision="main"))
    assert b"hf_secret" not in content
    assert repository.branches["main"].encode() in content
    assert len(content) < 2_000
    program = (
        "import pickle, sys; translator = pickle.load(sys.stdin.buffer); "
        f"print(translator.translate({TEXT!r}), translator.source.unknown_words)"
    )
    hub.requests.clear()
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        input=content,
        capture_output=True,
        check=True,
        cwd=tmp_path,
    )
    assert done.stdout.decode() == f"{TRANSLATION} skip\n"
    assert hub.requests == []
    cache.rename(tmp_path / "elsewhere")
    with pytest.raises(ArtefactNotFoundError, match=r"snapshots/[0-9a-f]{40}: no such folder"):
        pickle.loads(content)


def test_a_path_that_exists_comes_first(
    hub: StandIn, tiny_3: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "user").mkdir()
    (tmp_path / "user" / "model").symlink_to(tiny_3)
    monkeypatch.chdir(tmp_path)
    for path in (NAME, tiny_3, str(tiny_3)):
        assert Translator.from_pretrained(path).translate(TEXT) == TRANSLATION
    with pytest.raises(OptionError, match=r"^revision: user/model is a path here and has none"):
        Translator.from_pretrained(NAME, revision="main")
    with pytest.raises(ArtefactNotFoundError, match=r"nothing: no such folder"):
        Translator.from_pretrained(tmp_path / "nothing")
    assert hub.requests == []


def test_a_changed_file_in_the_repository(
    repository: Repository, load: Any, cache: Path, tiny_3: Path
) -> None:
    files = dict(repository.files())
    files["target.vocab"] = files["target.vocab"].replace(b"\nhe\n", b"\nit\n")
    commit = repository.commit(files)
    with pytest.raises(IntegrityError, match=r"target\.vocab: expected sha256") as raised:
        load()
    assert (
        f"It comes from user/model at {commit}; replace the cached files with 'hf download "
        f"user/model --revision {commit} --force-download --cache-dir {cache}'; if they stay the "
        "same, their publisher has to push the whole folder again"
    ) in str(raised.value)


@pytest.mark.parametrize("name", ["manifest.json", "source.vocab", "decoder.onnx"])
def test_a_damaged_cache(name: str, repository: Repository, load: Any, cache: Path) -> None:
    load()
    [damaged] = cache.glob(f"models--*/snapshots/*/{name}")
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    commit = repository.branches["main"]
    with pytest.raises(
        ArtefactError, match=rf"{re.escape(name)}: .* It comes from user/model at {commit}; "
    ):
        load()


@pytest.mark.usefixtures("hub", "repository")
def test_the_command_of_the_message_repairs_the_cache(load: Any, cache: Path) -> None:
    load()
    [damaged] = cache.glob("models--*/snapshots/*/decoder.onnx")
    damaged.write_bytes(b"?")
    with pytest.raises(ArtefactError) as raised:
        load()
    [command] = re.findall("'hf (download .*?)'", str(raised.value))
    hf = [sys.executable, "-m", "huggingface_hub.cli.hf"]
    subprocess.run([*hf, *command.split()], capture_output=True, check=True)
    assert load().translate(TEXT) == TRANSLATION


@pytest.mark.usefixtures("repository")
def test_the_token_goes_to_the_hub_and_not_to_its_storage(hub: StandIn, load: Any) -> None:
    load(token="hf_mine")
    sent = {
        request.path.startswith("/large/"): request.headers.get("authorization")
        for request in hub.requests
    }
    assert sent == {False: "Bearer hf_mine", True: None}
    hub.requests.clear()
    load(token=False, precision="int8")
    assert {request.headers.get("authorization") for request in hub.requests} == {None}


SENT = """
import sys
from s2s_export import Translator

assert "huggingface_hub" not in sys.modules
Translator.from_pretrained(sys.argv[1], cache_dir=sys.argv[2])
"""


@pytest.mark.usefixtures("repository")
def test_requests_tell_versions_and_nothing_of_the_machine(
    hub: StandIn, cache: Path, tmp_path: Path
) -> None:
    """In a process of its own: huggingface_hub reads its switches when it is imported."""
    unset = ("CI", "HF_HUB_DISABLE_TELEMETRY", "DISABLE_TELEMETRY", "DO_NOT_TRACK", "HF_HOME")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    environment |= {"HOME": str(tmp_path / "home"), "HF_TOKEN": TOKEN}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SENT, NAME, str(cache)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    agents = {request.headers["user-agent"] for request in hub.requests}
    version = r"[\w.+]+"
    for agent in agents:
        assert re.fullmatch(rf"s2s_export/{version}; hf_hub/{version}; python/{version}", agent)
    assert [path for path in hub.paths("GET") if path.startswith("/api/")] == [
        f"/api/models/{NAME}"
    ]
