"""A Dynamics 365 Sales of one's own as far as sign-in goes: NTLM over TLS, in front of the sandbox.

The handshake is pyspnego's, with the channel binding that Windows' extended protection asks for.
Behind it the sandbox answers its integration user, below an organization and version 9.1.
"""

from __future__ import annotations

import base64
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import requests
import spnego
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError

from tests.connections.server import CalmServer
from tests.running_sandbox import RunningSandbox

DOMAIN = "WORKSTATION"  # what pyspnego's server says of itself
USER, PASSWORD = f"{DOMAIN}\\integration", "pass-w0rd of the domain"
ORGANIZATION = "/cronus"
BELOW = f"{ORGANIZATION}/api/data/v9.1/"
PLAIN = "/api/data/v9.2/"
NOT_PASSED_ON = {"authorization", "host", "connection", "content-length", "accept-encoding"}
NOT_PASSED_BACK = {"connection", "content-length", "content-encoding", "transfer-encoding"}


@dataclass(slots=True)
class WindowsServer:
    """The running server; it counts handshakes, since each is a try at the password."""

    origin: str
    sandbox: RunningSandbox
    bindings: GssChannelBindings
    offers: tuple[str, ...] = ("Negotiate", "NTLM")
    handshakes: int = 0
    requests: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"{self.origin}{ORGANIZATION}"


class Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    windows: WindowsServer
    protocol_version = "HTTP/1.1"
    context: spnego.ContextProxy | None = None
    signed_in = False  # as Windows does it, for the connection and not for a request

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if token and not self.signed_in:
            self._step(scheme, base64.b64decode(token))
        if self.signed_in:
            self._pass_on(body)
        elif self.context is None:
            self._refuse(*self.windows.offers)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 - http.server's names

    def _step(self, scheme: str, token: bytes) -> None:
        if self.context is None:
            self.context = spnego.server(protocol="ntlm", channel_bindings=self.windows.bindings)
            told = self.context.step(token) or b""
            self._refuse(f"{scheme} {base64.b64encode(told).decode()}")
            return
        self.windows.handshakes += 1
        try:
            self.context.step(token)
        except SpnegoError:
            self.context = None
        else:
            self.signed_in = True

    def _refuse(self, *offers: str) -> None:
        self.send_response(401)
        for offer in offers:
            self.send_header("WWW-Authenticate", offer)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _pass_on(self, body: bytes) -> None:
        self.windows.requests.append(f"{self.command} {self.path}")
        there = self.windows.sandbox.env["SANDBOX_DATAVERSE_URL"]
        headers = {
            name: value for name, value in self.headers.items() if name.lower() not in NOT_PASSED_ON
        }
        answer = self.windows.sandbox.integration_dataverse.request(
            self.command,
            self.path.removeprefix(BELOW),
            # Batches name their parts by path, organization included.
            data=_swapped(_swapped(body, self.windows.address, there), BELOW, PLAIN),
            headers=headers,
            allow_redirects=False,
        )
        self._pass_back(answer, there)

    def _pass_back(self, answer: requests.Response, there: str) -> None:
        content = _swapped(answer.content, there, self.windows.address)
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name.lower() not in NOT_PASSED_BACK:
                self.send_header(name, value.replace(there, self.windows.address))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""


def _swapped(content: bytes, old: str, new: str) -> bytes:
    """Links name the server that a caller sees."""
    return content.replace(old.encode(), new.encode())


def _bindings(pem: Path) -> GssChannelBindings:
    certificate = x509.load_pem_x509_certificate(pem.read_bytes())
    digest = hashes.Hash(hashes.SHA256())
    digest.update(certificate.public_bytes(serialization.Encoding.DER))
    return GssChannelBindings(application_data=b"tls-server-end-point:" + digest.finalize())


@contextmanager
def running(sandbox: RunningSandbox) -> Iterator[WindowsServer]:
    """Run the server on a free port, with the certificate of the sandbox."""
    pem = Path(sandbox.env["SANDBOX_CA_BUNDLE"]).with_name("server.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    httpd = CalmServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
    server = WindowsServer(f"https://localhost:{httpd.server_port}", sandbox, _bindings(pem))
    httpd.RequestHandlerClass = type("Handler", (Handler,), {"windows": server})
    thread = threading.Thread(target=httpd.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    httpd.shutdown()
    httpd.server_close()
    thread.join(5)


@pytest.fixture
def windows(
    sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[WindowsServer]:
    """A server that knows one user of its domain."""
    users = tmp_path / "domain"
    users.write_text(f"{USER.replace(chr(92), ':')}:{PASSWORD}\n", encoding="ascii")
    monkeypatch.setenv("NTLM_USER_FILE", str(users))
    with running(sandbox) as server:
        yield server
