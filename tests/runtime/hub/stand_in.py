"""A stand-in for the Hub: the requests that huggingface_hub makes, answered from memory.

Repositories have branches of commits; ONNX files go by the large-file protocol, as they do on the
Hub. A test can answer a request itself (``answers``) or act before one (``before``).
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from .serving import Answer, Request

allow_large_uploads = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
"""For tests that push: huggingface_hub 2.4 uploads large files in a way that httpx2 deprecates."""

LARGE = re.compile(r".*\.(onnx|pt)")
TOKEN = "hf_stand_in"


def object_id(name: str, content: bytes) -> str:
    """Return git's id of a file; of a large one, the sha256 of its bytes."""
    if LARGE.fullmatch(name):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass
class Repository:
    """A repository; a commit is its files by name."""

    private: bool = False
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)

    def commit(self, files: dict[str, bytes], message: str = "", branch: str = "main") -> str:
        """Add a commit and return its id."""
        seed = repr((len(self.commits), branch, sorted(files))).encode()
        commit = hashlib.sha1(seed).hexdigest()
        self.commits[commit] = dict(files)
        self.branches[branch] = commit
        self.messages.append(message)
        return commit

    def commit_folder(self, folder: Path) -> str:
        """Add a commit with the files of a folder, and return its id."""
        return self.commit({path.name: path.read_bytes() for path in folder.iterdir()})

    def files(self, branch: str = "main") -> dict[str, bytes]:
        """Return the files of a branch."""
        return self.commits[self.branches[branch]]


class StandIn:
    """The Hub's state, and its answers."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.large: dict[str, bytes] = {}
        self.requests: list[Request] = []
        self.answers: dict[str, Answer] = {}
        """Answers given in the place of others, by a pattern of ``METHOD path``."""
        self.before: Callable[[Request], None] = lambda _: None
        self.endpoint = ""
        self.storage = ""
        """Where large files lie: another host, which must not be sent the token."""

    def paths(self, method: str) -> list[str]:
        """Return the paths that were asked for with a method."""
        return [request.path for request in self.requests if request.method == method]

    def answer(self, request: Request) -> Answer:
        self.requests.append(request)
        self.before(request)
        line = f"{request.method} {request.path}"
        for pattern, answer in self.answers.items():
            if re.fullmatch(pattern, line):
                return answer
        for pattern, method in ROUTES.items():
            match = re.fullmatch(pattern, line)
            if match:
                return method(self, request, *map(unquote, match.groups()))
        return Answer.error(404, message=f"the stand-in has no {line}")

    def create(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Answer.error(401, message="Invalid credentials in Authorization header")
        wanted = request.json()
        name = f"{wanted['organization']}/{wanted['name']}"
        url = {"url": f"{self.endpoint}/{name}"}
        if name in self.repositories:
            return replace(Answer.of(url), status=409)
        repository = Repository(private=wanted.get("visibility") == "private")
        repository.commit({".gitattributes": b"*.onnx filter=lfs\n"}, "initial commit")
        self.repositories[name] = repository
        return Answer.of(url)

    def branch(self, _: Request, name: str, branch: str) -> Answer:
        branches = self.repositories[name].branches
        if branch in branches:
            return Answer.error(409)
        branches[branch] = branches["main"]
        return Answer.of({})

    def info(self, _: Request, name: str, revision: str = "main") -> Answer:
        found = self.find(name, revision)
        if isinstance(found, Answer):
            return found
        commit, files = found
        siblings = [{"rfilename": file} for file in files]
        private = self.repositories[name].private
        return Answer.of({"id": name, "sha": commit, "private": private, "siblings": siblings})

    def tree(self, _: Request, name: str, revision: str) -> Answer:
        found = self.find(name, revision)
        assert not isinstance(found, Answer)
        entries = [
            {"type": "file", "path": file, "size": len(content), "oid": object_id(file, content)}
            for file, content in found[1].items()
        ]
        return Answer.of(entries)

    def find(self, name: str, revision: str) -> tuple[str, dict[str, bytes]] | Answer:
        """Return a commit and its files."""
        repository = self.repositories.get(name)
        if repository is None:
            return Answer.error(404, "RepoNotFound", "Repository not found")
        commit = repository.branches.get(revision, revision)
        if commit not in repository.commits:
            return Answer.error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return commit, repository.commits[commit]

    def resolve(self, _: Request, name: str, revision: str, file: str) -> Answer:
        found = self.find(name, revision)
        if isinstance(found, Answer):
            return found
        commit, files = found
        if file not in files:
            return Answer.error(404, "EntryNotFound", "Entry not found")
        content = files[file]
        headers = {"X-Repo-Commit": commit}
        oid = object_id(file, content)
        if not LARGE.fullmatch(file):
            return Answer(200, content, {**headers, "ETag": f'"{oid}"'})
        self.large[oid] = content
        headers |= {"X-Linked-Etag": f'"{oid}"', "X-Linked-Size": str(len(content))}
        return Answer(302, headers={**headers, "Location": f"{self.storage}/large/{oid}"})

    def get_large(self, _: Request, oid: str) -> Answer:
        return Answer(200, self.large[oid])

    def put_large(self, request: Request, oid: str) -> Answer:
        assert hashlib.sha256(request.body).hexdigest() == oid
        self.large[oid] = request.body
        return Answer()

    def validate(self, _: Request) -> Answer:
        return Answer.of({"errors": [], "warnings": []})

    def preupload(self, request: Request, name: str, branch: str) -> Answer:
        there = self.repositories[name].files(branch)
        files = [
            {
                "path": path,
                "uploadMode": "lfs" if LARGE.fullmatch(path) else "regular",
                "shouldIgnore": False,
                "oid": object_id(path, there[path]) if path in there else None,
            }
            for path in (file["path"] for file in request.json()["files"])
        ]
        return Answer.of({"files": files})

    def batch(self, request: Request, name: str) -> Answer:
        objects = request.json()["objects"]
        for entry in objects:
            if entry["oid"] not in self.large:
                upload = {"href": f"{self.storage}/large/{entry['oid']}"}
                entry["actions"] = {"upload": upload}
        return Answer.of({"transfer": "basic", "objects": objects})

    def commit(self, request: Request, name: str, branch: str) -> Answer:
        repository = self.repositories[name]
        files, summary = dict(repository.files(branch)), ""
        for line in request.body.splitlines():
            operation = json.loads(line)
            value = operation["value"]
            if operation["key"] == "header":
                summary = value["summary"]
                head = repository.branches[branch]
                if value.get("parentCommit", head) != head:
                    return Answer.error(412, message="A commit has happened since")
            elif operation["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif operation["key"] == "lfsFile":
                files[value["path"]] = self.large[value["oid"]]
            elif operation["key"] == "deletedFile":
                del files[value["path"]]
        commit = repository.commit(files, summary, branch)
        url = f"{self.endpoint}/{name}/commit/{commit}"
        return Answer.of({"commitUrl": url, "commitOid": commit, "success": True})


ROUTES: dict[str, Callable[..., Answer]] = {
    r"POST /api/repos/create": StandIn.create,
    r"POST /api/validate-yaml": StandIn.validate,
    r"POST /api/models/(\w+/[\w-]+)/branch/([^/]+)": StandIn.branch,
    r"GET /api/models/(\w+/[\w-]+)": StandIn.info,
    r"GET /api/models/(\w+/[\w-]+)/revision/([^/]+)": StandIn.info,
    r"GET /api/models/(\w+/[\w-]+)/tree/([^/]+)": StandIn.tree,
    r"POST /api/models/(\w+/[\w-]+)/preupload/([^/]+)": StandIn.preupload,
    r"POST /api/models/(\w+/[\w-]+)/commit/([^/]+)": StandIn.commit,
    r"POST /(\w+/[\w-]+)\.git/info/lfs/objects/batch": StandIn.batch,
    r"(?:HEAD|GET) /(\w+/[\w-]+)/resolve/([^/]+)/([^/]+)": StandIn.resolve,
    r"GET /large/(\w+)": StandIn.get_large,
    r"PUT /large/(\w+)": StandIn.put_large,
}
"""Answers by a pattern of ``METHOD path``."""
