"""Fetching data, against a server on this machine: complete and right, or not at all."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from s2s_export.errors import DataError
from training.data.download import SOURCES, download
from training.data.pairs_file import read_pairs

CONTENT = b"I'm late.\tJe suis en retard.\n" * 5_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves ``/pairs.txt``, and fails in the ways that a test asks for."""

    requests = 0
    send = len(CONTENT)
    status = 200


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests += 1
        if "s2s-export" not in self.headers["User-Agent"]:
            self.send_error(406)
            return
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[: self.server.send])

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def sources(server: Server) -> dict[str, str]:
    return {"tatoeba": f"http://127.0.0.1:{server.server_port}/pairs.txt"}


def test_a_download_is_fetched_once(
    server: Server, sources: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = download("tatoeba", cache=tmp_path, sources=sources)
    assert path == tmp_path / "pairs.txt"
    assert SHA256 in capsys.readouterr().out
    assert len(read_pairs(path).pairs) == 5_000
    assert download("tatoeba", cache=tmp_path, sources=sources) == path
    assert download("tatoeba", cache=tmp_path, sources=sources, sha256=SHA256.upper()) == path
    assert server.requests == 1


def test_a_download_stopped_half_way_leaves_no_file(
    server: Server, sources: dict[str, str], tmp_path: Path
) -> None:
    """The next try begins anew."""
    server.send = len(CONTENT) // 2
    with pytest.raises(DataError, match=r"pairs\.txt: cannot be fetched: .*give it as --data"):
        download("tatoeba", cache=tmp_path, sources=sources)
    assert list(tmp_path.iterdir()) == []
    server.send = len(CONTENT)
    assert download("tatoeba", cache=tmp_path, sources=sources).read_bytes() == CONTENT


@pytest.mark.parametrize("status", [404, 500])
def test_http_errors(server: Server, sources: dict[str, str], tmp_path: Path, status: int) -> None:
    server.status = status
    with pytest.raises(DataError, match=f"cannot be fetched: {status}"):
        download("tatoeba", cache=tmp_path, sources=sources)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_checksum_leaves_no_file(
    server: Server, sources: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="cannot be fetched: SHA256 hash of downloaded file"):
        download("tatoeba", cache=tmp_path, sources=sources, sha256="0" * 64)
    assert list(tmp_path.iterdir()) == []


def test_no_server(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be fetched"):
        download("x", cache=tmp_path, sources={"x": "http://127.0.0.1:9/pairs.txt"})


def test_the_known_addresses() -> None:
    assert SOURCES["tatoeba"].endswith("/anki/fra-eng.zip")
