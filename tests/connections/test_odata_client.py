"""The client keeps going where that is safe, and says clearly why it stops where it is not."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import requests

from connections import trusting
from connections.budget import OwnAccount, SharedBudget
from connections.causes import Cause
from connections.errors import (
    ConfigurationError,
    IntegrationError,
    RecordChangedError,
    TransientError,
    UnknownOutcomeError,
)
from connections.limits import BUSINESS_CENTRAL
from connections.odata import Answer, Client, LostAnswerError, Request
from connections.systems import Side
from connections.trusting import TrustingAdapter
from tests.connections.conftest import QUICK, FixedTokens
from tests.connections.server import Answer as Told
from tests.connections.server import LocalServer, html, refused, told

Connect = Callable[..., Client]
CREATE = Request("POST", "accounts", b"{}", {"Content-Type": "application/json"})


def test_numbers_with_decimals_are_exact(server: LocalServer, connect: Connect) -> None:
    body = b'{"price": 0.10, "count": 3}'
    server.says(Told(body=body, headers={"Content-Type": "application/json"}))

    content = connect().get("accounts").object()

    assert content == {"price": Decimal("0.10"), "count": 3}
    assert isinstance(content["price"], Decimal)


def test_half_a_character_and_a_nul_never_reach_the_database(
    server: LocalServer, connect: Connect
) -> None:
    body = rb'{"value": [{"name": "A\ud83d", "city": "Os\u0000lo", "mark": "\ud83d\ude00"}]}'
    server.says(Told(body=body, headers={"Content-Type": "application/json"}))

    [row] = connect().get("accounts").rows()

    assert row == {"name": "A\ufffd", "city": "Oslo", "mark": "\U0001f600"}


@pytest.mark.parametrize("asked", ["inf", "1e400", "99999999999"])
def test_nobody_is_kept_waiting_for_more_than_a_day(asked: str) -> None:
    answer = Answer(Side.DATAVERSE, 429, {"Retry-After": asked}, b"")

    assert answer.retry_after == 24 * 60 * 60


def test_a_request_carries_the_token_and_nothing_from_a_netrc_file(
    server: LocalServer, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server.says(told({}))

    connect().get("accounts")

    assert server.requests[0].headers["Authorization"] == "Bearer first"


def test_certificates_of_the_environment_do_not_win(
    server: LocalServer, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.pem"
    other.write_text("")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    server.says(told({}))

    assert connect().get("accounts").status == 200


def test_an_answer_that_asks_to_wait_is_obeyed(server: LocalServer, connect: Connect) -> None:
    server.says(refused(429, "0x80072322", Retry_After="1"), told({"value": []}))
    started = time.monotonic()

    connect().get("accounts")

    assert time.monotonic() - started >= 1
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [429, 503])
def test_a_write_that_was_turned_away_is_sent_again(
    server: LocalServer, connect: Connect, status: int
) -> None:
    server.says(refused(status, ""), refused(status, ""), Told(204))
    client = connect()

    assert client.send(CREATE).status == 204
    assert client.requests == 3


def test_whoever_is_always_turned_away_hears_when_to_come_back(
    server: LocalServer, connect: Connect
) -> None:
    server.says(refused(429, "0x80072321", Retry_After="3600"))

    with pytest.raises(TransientError) as refusal:
        connect().get("accounts")

    assert refusal.value.cause == Cause.THROTTLED
    assert refusal.value.retry_after is not None
    assert refusal.value.retry_after.total_seconds() >= 3600
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [502, 504])
def test_a_write_is_not_repeated_when_a_gateway_gave_up(
    server: LocalServer, connect: Connect, status: int
) -> None:
    server.says(refused(status, ""), Told(204))

    with pytest.raises(LostAnswerError):
        connect().send(CREATE)

    assert len(server.requests) == 1


def test_reading_goes_on_after_a_cut_line(server: LocalServer, connect: Connect) -> None:
    server.says(Told(cut=True), replace(told({}), truncated=True), told({"value": []}))

    assert connect().get("accounts").rows() == []
    assert len(server.requests) == 3


@pytest.mark.parametrize("answer", [Told(cut=True), replace(told({}), truncated=True)])
def test_the_lost_answer_to_a_write_is_unknown(
    server: LocalServer, connect: Connect, answer: Told
) -> None:
    server.says(answer, Told(204))

    with pytest.raises(UnknownOutcomeError) as loss:
        connect().send(CREATE)

    assert loss.value.cause == Cause.LOST_ANSWER
    assert len(server.requests) == 1


def test_a_write_that_may_be_repeated_is(server: LocalServer, connect: Connect) -> None:
    server.says(Told(cut=True), Told(204))

    assert connect().send(replace(CREATE, repeatable=True)).status == 204


def test_a_server_that_says_nothing_is_given_up_in_time(
    server: LocalServer, connect: Connect
) -> None:
    server.says(Told(held=True))
    client = connect(timing=replace(QUICK, read=0.2, attempts=2))

    with pytest.raises(TransientError) as failure:
        client.get("accounts")

    assert failure.value.cause == Cause.UNAVAILABLE


def test_an_old_token_is_renewed_once(server: LocalServer, connect: Connect) -> None:
    server.says(refused(401, ""), told({}))
    tokens = FixedTokens()

    connect(tokens=tokens).get("accounts")

    assert tokens.renewals == ["first"]
    assert [request.headers["Authorization"] for request in server.requests] == [
        "Bearer first",
        "Bearer second",
    ]


def test_a_token_that_is_refused_twice_is_a_matter_of_configuration(
    server: LocalServer, connect: Connect
) -> None:
    server.says(Told(401))

    with pytest.raises(ConfigurationError) as refusal:
        connect().get("accounts")

    assert refusal.value.cause == Cause.SIGN_IN
    assert len(server.requests) == 2


def test_a_refused_sign_in_frees_its_place(server: LocalServer, connect: Connect) -> None:
    class NoTokens(FixedTokens):
        def token(self) -> str:
            message = "The client secret is wrong."
            raise ConfigurationError(message, cause=Cause.SIGN_IN)

    budget = SharedBudget(OwnAccount(BUSINESS_CENTRAL), 5)
    client = connect(tokens=NoTokens(), budget=budget)

    for _ in range(10):
        with pytest.raises(ConfigurationError):
            client.get("accounts")

    assert server.requests == []
    assert client.requests == 0


def test_threads_renew_a_token_once(server: LocalServer, connect: Connect) -> None:
    server.expired = "first"
    server.says(told({}))
    tokens = FixedTokens()

    answers = connect(tokens=tokens).send_all([Request("GET", "accounts")] * 4)

    assert all(isinstance(answer, Answer) for answer in answers)
    assert tokens.renewals == ["first"]


def test_a_web_page_is_not_an_api(server: LocalServer, connect: Connect) -> None:
    server.says(html())

    with pytest.raises(ConfigurationError) as refusal:
        connect().get("accounts")

    assert refusal.value.cause == Cause.NOT_AN_API


def test_a_redirect_is_not_followed(server: LocalServer, connect: Connect) -> None:
    server.says(Told(302, headers={"Location": "https://elsewhere.example/"}))

    with pytest.raises(ConfigurationError, match=r"elsewhere\.example") as refusal:
        connect().get("accounts")

    assert refusal.value.cause == Cause.NOT_AN_API
    assert len(server.requests) == 1


@pytest.mark.parametrize("body", [b"{", b"[1, 2", b"\xff\xfe", b"", b"[]", b"null"])
def test_an_answer_that_cannot_be_read_passes_perhaps(
    server: LocalServer, connect: Connect, body: bytes
) -> None:
    server.says(Told(body=body, headers={"Content-Type": "application/json"}))

    with pytest.raises(TransientError) as failure:
        connect().get("accounts").rows()

    assert failure.value.cause == Cause.MALFORMED_ANSWER


def test_a_certificate_of_a_stranger_is_not_trusted(server: LocalServer, connect: Connect) -> None:
    server.says(told({}))

    with pytest.raises(ConfigurationError, match="certificate") as refusal:
        connect(ca_bundle=None).get("accounts")

    assert refusal.value.cause == Cause.CERTIFICATE


@pytest.mark.parametrize("request_", [Request("GET", "accounts"), CREATE], ids=["read", "write"])
def test_an_environment_in_administration_mode_is_no_fault_of_a_record_or_a_role(
    server: LocalServer, connect: Connect, request_: Request
) -> None:
    server.says(refused(403, "0x0", "The environment is in administration mode."))

    with pytest.raises(ConfigurationError) as refusal:
        connect().send(request_)

    assert refusal.value.cause == Cause.ADMINISTRATION_MODE


def test_no_request_is_spared_the_look_at_the_certificate(server: LocalServer) -> None:
    server.says(told({}))
    with requests.Session() as session:
        session.mount("https://", TrustingAdapter())

        with pytest.raises(requests.exceptions.SSLError):
            session.get(server.origin, verify=False)


def test_a_bundle_is_read_once_for_all_connections(server: LocalServer, connect: Connect) -> None:
    server.says(told({}), told({}))
    trusting._read.cache_clear()

    for client in (connect(), connect()):
        client.get("accounts")

    assert trusting._read.cache_info().misses == 1


def test_a_missing_file_of_certificates_is_named(server: LocalServer, connect: Connect) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.pem") as refusal:
        connect(ca_bundle="/nowhere.pem").get("accounts")

    assert refusal.value.cause == Cause.CERTIFICATE


@pytest.mark.parametrize("root", ["https://127.0.0.1:1/api", "https://no-such-host.invalid/api"])
def test_a_system_that_cannot_be_reached_says_so(connect: Connect, root: str) -> None:
    client = connect(root=root, timing=replace(QUICK, attempts=2))

    with pytest.raises(TransientError) as failure:
        client.send(CREATE)

    assert failure.value.cause == Cause.UNREACHABLE
    assert client.requests == 2


def test_plain_http_is_refused(connect: Connect) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        connect(root="http://localhost:1/api").get("accounts")

    assert refusal.value.cause == Cause.NOT_CONFIGURED


def test_a_link_to_another_host_is_not_followed(server: LocalServer, connect: Connect) -> None:
    server.says(told({"value": [{}], "@odata.nextLink": "https://elsewhere.example/accounts"}))

    pages = connect().pages("accounts")

    assert next(pages) == [{}]
    with pytest.raises(ConfigurationError) as refusal:
        next(pages)
    assert refusal.value.cause == Cause.HOST_NOT_ALLOWED


def test_pages_are_followed_with_the_same_preference(server: LocalServer, connect: Connect) -> None:
    link = f"{server.origin}/api/accounts?$skiptoken=%3Ccookie%20pagenumber=%222%22"
    server.says(told({"value": [{"n": 1}], "@odata.nextLink": link}), told({"value": [{"n": 2}]}))

    pages = list(connect().pages("accounts", prefer="odata.maxpagesize=1"))

    assert pages == [[{"n": 1}], [{"n": 2}]]
    assert server.paths[1] == "/api/accounts?$skiptoken=%3Ccookie%20pagenumber=%222%22"
    assert {request.headers["Prefer"] for request in server.requests} == {"odata.maxpagesize=1"}


def test_answers_come_in_the_order_of_the_requests(server: LocalServer, connect: Connect) -> None:
    server.says(told({}), refused(412, "0x80060882"), told({}))
    paths = [f"accounts({number})" for number in range(3)]

    results = connect(pool=1).send_all([replace(CREATE, path=path) for path in paths])

    assert isinstance(results[0], Answer)
    assert isinstance(results[1], RecordChangedError)
    assert isinstance(results[2], Answer)


def test_no_more_requests_run_at_once_than_the_pool_holds(
    server: LocalServer, connect: Connect
) -> None:
    server.says(told({}))

    connect(pool=3).send_all([Request("GET", "accounts")] * 30)

    assert len(server.requests) == 30
    assert server.most_open <= 3


class CancelledError(IntegrationError):
    """What a cancelled run raises."""


def test_a_cancelled_run_does_not_wait_to_the_end(server: LocalServer, connect: Connect) -> None:
    server.says(refused(429, "", Retry_After="50"))
    started = time.monotonic()

    def check() -> None:
        if server.requests and time.monotonic() - started > 0.2:
            message = "Cancelled."
            raise CancelledError(message, cause=Cause.UNAVAILABLE)

    with pytest.raises(CancelledError):
        connect(check=check).get("accounts")

    assert time.monotonic() - started < 50


def test_a_cancelled_run_does_not_wait_for_what_it_reads(
    server: LocalServer, connect: Connect
) -> None:
    server.says(Told(held=True))

    def check() -> None:
        if server.requests:
            message = "Cancelled."
            raise CancelledError(message, cause=Cause.UNAVAILABLE)

    with pytest.raises(CancelledError):
        connect(check=check, timing=replace(QUICK, read=20)).get("accounts")


def test_a_cancelled_run_asks_for_nothing_more(server: LocalServer, connect: Connect) -> None:
    def check() -> None:
        message = "Cancelled."
        raise CancelledError(message, cause=Cause.UNAVAILABLE)

    with pytest.raises(CancelledError):
        connect(check=check).send(CREATE)

    assert server.requests == []


def test_a_cancelled_run_stops_its_threads(server: LocalServer, connect: Connect) -> None:
    server.says(refused(429, "", Retry_After="50"))
    started = time.monotonic()

    def check() -> None:
        if server.requests:
            message = "Cancelled."
            raise CancelledError(message, cause=Cause.UNAVAILABLE)

    with pytest.raises(CancelledError):
        connect(check=check).send_all([Request("GET", "accounts")] * 20)

    assert time.monotonic() - started < 50
    assert len(server.requests) <= 8
