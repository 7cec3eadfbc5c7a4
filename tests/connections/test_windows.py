"""Signing in with a Windows domain, against a real handshake over TLS."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from connections.causes import Cause
from connections.errors import ConfigurationError
from connections.odata import Client, Request
from connections.odata.windows import WindowsUser, names_in
from connections.systems import Side
from tests.running_sandbox import RunningSandbox
from tests.windows_server import BELOW, DOMAIN, PASSWORD, USER, WindowsServer, windows

__all__ = ["windows"]


@pytest.fixture
def client(windows: WindowsServer) -> Iterator[Client]:
    made = _client(windows, WindowsUser(USER, PASSWORD))
    yield made
    made.close()


def _client(windows: WindowsServer, user: WindowsUser) -> Client:
    bundle = windows.sandbox.env["SANDBOX_CA_BUNDLE"]
    return Client(Side.DATAVERSE, f"{windows.origin}{BELOW}", user, ca_bundle=bundle)


def _refusal(windows: WindowsServer, user_name: str, password: str) -> ConfigurationError:
    client = _client(windows, WindowsUser(user_name, password))
    with pytest.raises(ConfigurationError) as refusal:
        client.get("WhoAmI")
    client.close()
    assert refusal.value.cause == Cause.SIGN_IN
    assert password not in f"{refusal.value.message} {refusal.value.detail}"
    return refusal.value


def test_a_user_of_the_domain_signs_in(client: Client, sandbox: RunningSandbox) -> None:
    told = client.get("WhoAmI").object()

    assert told["UserId"] == sandbox.integration_dataverse.get("WhoAmI").json()["UserId"]


def test_a_connection_is_signed_in_once(client: Client, windows: WindowsServer) -> None:
    for _ in range(3):
        client.get("WhoAmI")

    assert (windows.handshakes, len(windows.requests)) == (1, 3)


def test_threads_do_not_disturb_each_others_handshake(
    client: Client, windows: WindowsServer
) -> None:
    requests = [Request("GET", "accounts?$top=1") for _ in range(24)]

    answers = client.send_all(requests)

    assert [getattr(answer, "status", answer) for answer in answers] == [200] * 24
    assert windows.handshakes <= client.pool
    assert threading.active_count() < 60


def test_a_wrong_password_is_tried_once_and_said(windows: WindowsServer) -> None:
    refusal = _refusal(windows, USER, "wr0ng")

    assert "user name or password is wrong" in refusal.message
    assert windows.handshakes == 1  # or the domain locks the account after half as many tries


def test_a_wrong_domain_is_told_from_the_servers_own(windows: WindowsServer) -> None:
    refusal = _refusal(windows, "FABRIKAM\\integration", PASSWORD)

    assert f"The server belongs to the domain {DOMAIN}" in refusal.message


def test_a_server_that_wants_tokens_says_so(windows: WindowsServer) -> None:
    windows.offers = ("Bearer authorization_uri=https://sts.example",)

    refusal = _refusal(windows, USER, PASSWORD)

    assert "does not offer Windows sign-in" in refusal.message


@pytest.mark.parametrize(
    "header", ["", "NTLM", "NTLM ???", "Negotiate TlRMTVNTUAACAAAA", "Bearer x", "NTLM YWJj"]
)
def test_what_is_no_challenge_names_nobody(header: str) -> None:
    assert names_in(header) == []
