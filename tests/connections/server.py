"""A small HTTPS server that gives the odd answers a real system gives on a bad day."""

from __future__ import annotations

import json
import ssl
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme

JSON = "application/json; odata.metadata=minimal"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says to one request.

    `cut` closes the line instead of answering, `truncated` promises more bytes than it sends,
    `held` keeps the answer back until the server is released.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    truncated: bool = False
    held: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What the server was asked."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


def told(content: object, status: int = 200, **headers: str) -> Answer:
    """Answer in JSON; header names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(content).encode(), {"Content-Type": JSON, **named})


def refused(status: int, code: str, message: str = "Refused.", **headers: str) -> Answer:
    """Refuse as both systems do, with a code and a message."""
    return told({"error": {"code": code, "message": message}}, status, **headers)


def html(text: str = "<html>Sign in</html>", status: int = 200) -> Answer:
    """Answer as a sign-in page or a proxy does."""
    return Answer(status, text.encode(), {"Content-Type": "text/html"})


class LocalServer:
    """Gives its `answers` in turn, the last one for ever, and keeps the `requests` it saw."""

    def __init__(self, origin: str, ca_bundle: Path) -> None:
        self.origin = origin
        self.ca_bundle = ca_bundle
        self.answers: deque[Answer] = deque()
        self.expired = ""  # a token that is refused, whatever the answers are
        self.requests: list[Request] = []
        self.released = threading.Event()
        self.lock = threading.Lock()
        self.open = 0
        self.most_open = 0

    def says(self, *answers: Answer) -> None:
        self.answers.extend(answers)

    def next_answer(self, request: Request) -> Answer:
        with self.lock:
            self.requests.append(request)
            if self.expired and request.headers.get("Authorization") == f"Bearer {self.expired}":
                return refused(401, "")
            if not self.answers:
                return refused(500, "0x0", "The test said nothing about this request.")
            return self.answers.popleft() if len(self.answers) > 1 else self.answers[0]

    def enter(self) -> None:
        with self.lock:
            self.open += 1
            self.most_open = max(self.most_open, self.open)

    def leave(self) -> None:
        with self.lock:
            self.open -= 1

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    @property
    def methods(self) -> list[str]:
        return [request.method for request in self.requests]


def _handler(server: LocalServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            request = Request(self.command, self.path, dict(self.headers.items()), body)
            server.enter()
            try:
                self._give(server.next_answer(request))
            finally:
                server.leave()

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 - http.server's names

        def _give(self, answer: Answer) -> None:
            if answer.held:
                server.released.wait(20)
            if answer.cut:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            missing = 1000 if answer.truncated else 0
            self.send_header("Content-Length", str(len(answer.body) + missing))
            self.end_headers()
            self.wfile.write(answer.body)
            self.close_connection = self.close_connection or answer.truncated

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
            """Say nothing."""

    return Handler


class CalmServer(ThreadingHTTPServer):
    """A server to which it is nothing when a client hangs up or refuses its certificate."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


@contextmanager
def running(folder: Path) -> Iterator[LocalServer]:
    """Run the server on a free port, with a certificate of a CA of its own."""
    authority = trustme.CA()
    bundle = folder / "local_ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    http = CalmServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server = LocalServer(f"https://localhost:{http.server_port}", bundle)
    http.RequestHandlerClass = _handler(server)
    http.socket = context.wrap_socket(http.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(
        target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        http.shutdown()
        http.server_close()
        thread.join(5)
