"""A web server for a stand-in: requests as they come, and the answers that are sent."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Protocol
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """A response."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, value: Any) -> "Answer":
        return cls(body=json.dumps(value).encode(), headers={"Content-Type": "application/json"})

    @classmethod
    def error(cls, status: int, code: str = "", message: str = "") -> "Answer":
        headers = {"X-Error-Code": code, "X-Error-Message": message}
        return cls(status, headers={name: value for name, value in headers.items() if value})


@dataclass
class Request:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Answering(Protocol):
    """Whatever answers requests."""

    endpoint: str
    storage: str

    def answer(self, request: Request) -> Answer: ...


@contextmanager
def served(hub: Answering) -> Iterator[None]:
    """Serve on a free port, and tell the two addresses."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            path = urlsplit(self.path).path
            answer = hub.answer(Request(self.command, path, headers, body))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)

        do_GET = do_HEAD = do_POST = do_PUT = respond  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.endpoint, hub.storage = (
        f"http://{host}:{server.server_port}" for host in ("127.0.0.1", "localhost")
    )
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
