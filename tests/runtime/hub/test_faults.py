"""Faults of the Hub: each is an error of the project that says what to do, and names its cause."""

import subprocess
import sys
from pathlib import Path

import pytest

from s2s_export import Translator
from s2s_export.errors import (
    ArtefactError,
    ArtefactNotFoundError,
    HubError,
    OptionError,
    RuntimeMissingError,
    S2SError,
)
from s2s_export.hub.faults import telling

from .serving import Answer
from .stand_in import Repository, StandIn

NAME = "user/model"
INFO = "GET /api/models/.*"
FILE = "HEAD .*/resolve/.*"

ANSWERS: dict[str, tuple[str, Answer, type[S2SError], str]] = {
    "no repository": (
        INFO,
        Answer.error(404, "RepoNotFound"),
        ArtefactNotFoundError,
        "no such repository on the Hub, or a private one: check the name, log in with 'hf auth "
        "login', or give a token",
    ),
    "a private repository, without a token": (
        INFO,
        Answer.error(401, "RepoNotFound", "Invalid username or password."),
        ArtefactNotFoundError,
        "no such repository on the Hub, or a private one",
    ),
    "a token that is not valid": (
        INFO,
        Answer.error(401, message="Invalid credentials in Authorization header"),
        HubError,
        r"the Hub does not know you: .* that is valid, and check the name \(HTTP 401: Invalid cred",
    ),
    "a gated repository": (
        FILE,
        Answer.error(403, "GatedRepo", "Access to model user/model is restricted"),
        HubError,
        "access is restricted: ask for it on the repository's page, then log in",
    ),
    "a token without the right": (
        INFO,
        Answer.error(403, message="no right"),
        HubError,
        r"the token may not do this: .* \(HTTP 403: no right",
    ),
    "a disabled repository": (
        INFO,
        Answer.error(403, message="Access to this resource is disabled."),
        HubError,
        "the repository is disabled: see its page on the Hub",
    ),
    "no revision": (
        INFO,
        Answer.error(404, "RevisionNotFound"),
        ArtefactNotFoundError,
        "the repository has no such branch, tag or commit: see its page on the Hub",
    ),
    "too many requests": (
        INFO,
        Answer.error(429),
        HubError,
        "too many requests: wait some minutes, and log in with 'hf auth login' to be given more "
        r"\(HTTP 429\)",
    ),
    "a fault of the Hub": (
        INFO,
        Answer.error(502),
        HubError,
        r"the Hub has a fault \(HTTP 502\): try again later",
    ),
    "a fault in the middle": (
        FILE,
        Answer.error(503),
        HubError,
        r"manifest\.json: the Hub has a fault \(HTTP 503\): try again later",
    ),
    "something else": (
        INFO,
        Answer.error(418, message="a teapot"),
        HubError,
        r"the Hub refuses this \(HTTP 418: a teapot",
    ),
    "a proxy's page": (
        FILE,
        Answer(200, b"<html>log in</html>"),
        HubError,
        "the answer is not the Hub's: check HF_ENDPOINT, and the proxy if there is one",
    ),
}


@pytest.mark.usefixtures("repository", "no_waiting")
@pytest.mark.parametrize("fault", ANSWERS)
def test_answers_of_the_hub(fault: str, hub: StandIn, cache: Path) -> None:
    pattern, answer, error, message = ANSWERS[fault]
    hub.answers[pattern] = answer
    with pytest.raises(error, match=f"^user/model.*{message}") as raised:
        Translator.from_pretrained(NAME, cache_dir=cache)
    assert type(raised.value) is error
    assert "\n" not in str(raised.value)
    assert raised.value.__cause__ is not None
    assert type(raised.value.__cause__).__module__.startswith("huggingface_hub")


@pytest.mark.usefixtures("repository")
def test_a_revision_that_is_not_there(cache: Path) -> None:
    for revision in ("v9", "f" * 40):
        with pytest.raises(ArtefactNotFoundError, match=f"^user/model at {revision}.* no such br"):
            Translator.from_pretrained(NAME, revision=revision, cache_dir=cache)


def test_a_repository_that_is_no_exported_folder(
    repository: Repository, cache: Path, tiny_3: Path
) -> None:
    repository.commit({"config.json": b"{}"})
    with pytest.raises(
        ArtefactNotFoundError,
        match=r"^user/model at \w{40}: manifest\.json: no such file in the repository, so it is "
        r"not an exported folder, .*: its publisher has to push it with 'python -m s2s_export",
    ):
        Translator.from_pretrained(NAME, cache_dir=cache)
    files = {path.name: path.read_bytes() for path in tiny_3.iterdir()}
    del files["decoder.onnx"]
    repository.commit(files)
    with pytest.raises(ArtefactNotFoundError, match=r"decoder\.onnx: no such file in the repo"):
        Translator.from_pretrained(NAME, cache_dir=cache)


def test_int8_of_a_repository_that_has_none(
    repository: Repository, cache: Path, tiny: Path
) -> None:
    repository.commit_folder(tiny)
    with pytest.raises(OptionError, match=r"^precision: this folder has no int8 graphs"):
        Translator.from_pretrained(NAME, precision="int8", cache_dir=cache)


def test_no_network(cache: Path, unreachable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("huggingface_hub")
    monkeypatch.setenv("HF_ENDPOINT", unreachable)
    with pytest.raises(
        HubError,
        match=r"^user/model: the Hub cannot be reached \(ConnectError: .*\): check the network, "
        r"the proxy and HF_ENDPOINT$",
    ):
        Translator.from_pretrained(NAME, cache_dir=cache)


@pytest.mark.parametrize("name", ["a/b/c", "user/mo del", "user//model", "-model"])
def test_names_that_are_none(hub: StandIn, name: str, cache: Path) -> None:
    with pytest.raises(
        OptionError, match="expected a folder that is there, or the name of a repository on the Hub"
    ):
        Translator.from_pretrained(name, cache_dir=cache)
    assert hub.requests == []


@pytest.mark.usefixtures("repository")
def test_a_cache_that_cannot_be_written(cache: Path) -> None:
    cache.write_bytes(b"a file")
    with pytest.raises(
        HubError, match=r"a file of the Hub's cache cannot be read or written \(\w+: .*cache"
    ):
        Translator.from_pretrained(NAME, cache_dir=cache)


OFFLINE = """
import sys
from s2s_export import Translator

Translator.from_pretrained("user/model", cache_dir=sys.argv[1])
"""


def test_offline_mode(hub: StandIn, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, str(cache)], capture_output=True, text=True, check=False
    )
    assert done.stderr.splitlines()[-1] == (
        "s2s_export.errors.HubError: user/model: not in the cache, and HF_HUB_OFFLINE forbids to "
        "ask the Hub: load it once without"
    )
    assert hub.requests == []


def test_a_missing_huggingface_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(
        RuntimeMissingError,
        match=r"^huggingface_hub is not installed: pip install 's2s-export\[hub\]' \(",
    ):
        Translator.from_pretrained(NAME)


def test_a_huggingface_hub_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    api = pytest.importorskip("huggingface_hub").HfApi
    monkeypatch.delattr(api, "resolve_revision")
    with pytest.raises(
        RuntimeMissingError,
        match=r"^huggingface_hub is too old: pip install --upgrade 's2s-export\[hub\]'$",
    ):
        Translator.from_pretrained(NAME)


def test_errors_of_the_project_pass() -> None:
    with pytest.raises(ArtefactError, match=r"^as it is$"), telling("user/model"):
        raise ArtefactError("as it is")


def test_a_fault_in_a_wrapping_is_told() -> None:
    reached = r"^user/model: the Hub cannot be reached \(TimeoutError: too slow\)"
    with pytest.raises(HubError, match=reached), telling("user/model"):
        raise RuntimeError("while uploading") from TimeoutError("too slow")


def test_any_other_fault_has_its_name() -> None:
    failed = r"^user/model: the Hub's client failed \(ValueError: malformed\)$"
    with pytest.raises(HubError, match=failed), telling("user/model"):
        raise ValueError("malformed")
