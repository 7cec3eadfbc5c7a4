"""Signing in with Entra ID, against the running sandbox and against odd answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import jwt
import pytest

from connections.causes import Cause
from connections.errors import ConfigurationError, IntegrationError, TransientError
from connections.terms import AuthenticationType
from connections.tokens import Credentials, Tokens, tokens_for
from tests.connections.server import Answer, LocalServer, html, running, told
from tests.running_sandbox import RunningSandbox

SECRET = "wr0ng-s3cret"  # noqa: S105


class Time:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalServer]:
    with running(tmp_path) as server:
        yield server


def _credentials(sandbox: RunningSandbox) -> Credentials:
    return Credentials(
        authority=sandbox.env["SANDBOX_AUTHORITY"],
        tenant=sandbox.env["SANDBOX_TENANT"],
        client_id=sandbox.env["SANDBOX_INTEGRATION_CLIENT_ID"],
        client_secret=sandbox.env["SANDBOX_INTEGRATION_CLIENT_SECRET"],
    )


def _tokens(sandbox: RunningSandbox, credentials: Credentials, time: Time) -> Tokens:
    resource = sandbox.env["SANDBOX_DATAVERSE_URL"]
    return Tokens(credentials, resource, sandbox.env["SANDBOX_CA_BUNDLE"], clock=time)


def _claims(token: str) -> dict[str, object]:
    claims: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_an_application_signs_in_with_its_secret(sandbox: RunningSandbox, time: Time) -> None:
    tokens = _tokens(sandbox, _credentials(sandbox), time)

    claims = _claims(tokens.token())

    assert claims["appid"] == sandbox.env["SANDBOX_INTEGRATION_CLIENT_ID"]
    assert claims["aud"] == sandbox.env["SANDBOX_DATAVERSE_URL"]


def test_an_application_signs_in_with_its_certificate(sandbox: RunningSandbox, time: Time) -> None:
    credentials = replace(
        _credentials(sandbox),
        kind=AuthenticationType.CERTIFICATE,
        client_secret="",
        certificate=Path(sandbox.env["SANDBOX_CLIENT_CERT_PEM"]).read_text(encoding="ascii"),
        private_key=Path(sandbox.env["SANDBOX_CLIENT_KEY_PEM"]).read_text(encoding="ascii"),
    )

    claims = _claims(_tokens(sandbox, credentials, time).token())

    assert claims["appid"] == sandbox.env["SANDBOX_INTEGRATION_CLIENT_ID"]


def test_a_user_signs_in_at_an_authority_with_a_port(sandbox: RunningSandbox, time: Time) -> None:
    credentials = replace(
        _credentials(sandbox),
        kind=AuthenticationType.PASSWORD,
        client_id=sandbox.env["SANDBOX_PUBLIC_CLIENT_ID"],
        client_secret="",
        user_name=sandbox.env["SANDBOX_USERNAME"],
        password=sandbox.env["SANDBOX_PASSWORD"],
    )

    claims = _claims(_tokens(sandbox, credentials, time).token())

    assert claims["upn"] == sandbox.env["SANDBOX_USERNAME"]


def test_our_bundle_is_trusted_whatever_the_environment_says(
    sandbox: RunningSandbox, time: Time, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nobody = tmp_path / "nobody.pem"
    nobody.write_text("", encoding="ascii")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(nobody))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(nobody))

    assert _tokens(sandbox, _credentials(sandbox), time).token()


def test_a_token_is_kept_until_shortly_before_its_end(sandbox: RunningSandbox, time: Time) -> None:
    tokens = _tokens(sandbox, _credentials(sandbox), time)
    first = tokens.token()

    time.now += 3200
    kept = tokens.token()
    time.now += 200
    renewed = tokens.token()

    assert kept == first
    assert renewed != first


def test_a_refused_token_is_renewed_before_its_end(sandbox: RunningSandbox, time: Time) -> None:
    tokens = _tokens(sandbox, _credentials(sandbox), time)
    first = tokens.token()

    second = tokens.renew()

    assert second != first
    assert tokens.token() == second


def test_a_connection_has_one_source_of_tokens_in_a_process(sandbox: RunningSandbox) -> None:
    credentials = _credentials(sandbox)
    bundle = sandbox.env["SANDBOX_CA_BUNDLE"]

    one = tokens_for(credentials, "https://a.example", bundle)

    assert tokens_for(replace(credentials), "https://a.example", bundle) is one
    assert tokens_for(credentials, "https://b.example", bundle) is not one


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"client_secret": SECRET}, "client secret is wrong"),
        ({"tenant": "nosuchtenant.example"}, "tenant is not known"),
        ({"client_id": "00000000-0000-4000-8000-000000000001"}, "application is not known"),
        (
            {
                "kind": AuthenticationType.PASSWORD,
                "user_name": "admin@cronus.example",
                "password": SECRET,
                "client_id": "51f81489-12ee-4a9e-aaae-a2591f45987d",
                "client_secret": "",
            },
            "user name or password is wrong",
        ),
        (
            {"kind": AuthenticationType.CERTIFICATE, "certificate": "no", "private_key": "no"},
            "certificate or its private key cannot be read",
        ),
    ],
)
def test_a_refused_sign_in_says_what_to_do(
    sandbox: RunningSandbox, time: Time, change: dict[str, str], words: str
) -> None:
    credentials = replace(_credentials(sandbox), **change)  # type: ignore[arg-type]

    with pytest.raises(ConfigurationError) as refusal:
        _tokens(sandbox, credentials, time).token()

    assert refusal.value.cause == Cause.SIGN_IN
    assert words in refusal.value.message
    assert SECRET not in f"{refusal.value.message} {refusal.value.detail}"
    assert SECRET not in repr(credentials)


def test_an_unknown_resource_says_so(sandbox: RunningSandbox, time: Time) -> None:
    bundle = sandbox.env["SANDBOX_CA_BUNDLE"]
    tokens = Tokens(_credentials(sandbox), "https://other.example", bundle, clock=time)

    with pytest.raises(ConfigurationError, match="resource that the sign-in is for"):
        tokens.token()


# Odd answers


def _local_tokens(local: LocalServer, time: Time, bundle: Path | None = None) -> Tokens:
    credentials = Credentials(local.origin, "contoso", "an-application", client_secret=SECRET)
    return Tokens(credentials, "https://org.example", str(bundle or local.ca_bundle), clock=time)


def _discovery(local: LocalServer, token_host: str = "") -> Answer:
    base = f"{local.origin}/contoso"
    token_endpoint = f"{token_host or local.origin}/contoso/oauth2/v2.0/token"
    return told(
        {
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": token_endpoint,
        }
    )


def _refusal(number: int) -> Answer:
    text = f"AADSTS{number}: It does not work. Trace ID: 1"
    return told({"error": "invalid_grant", "error_description": text, "error_codes": [number]}, 400)


@pytest.mark.parametrize("number", [50076, 50079, 53003])
def test_an_account_with_a_second_factor_is_told_apart(
    local: LocalServer, time: Time, number: int
) -> None:
    local.says(_discovery(local), _refusal(number))

    with pytest.raises(ConfigurationError, match="second factor"):
        _local_tokens(local, time).token()


def test_an_unheard_of_refusal_keeps_entra_ids_words(local: LocalServer, time: Time) -> None:
    local.says(_discovery(local), _refusal(4711))

    with pytest.raises(ConfigurationError, match="It does not work") as refusal:
        _local_tokens(local, time).token()

    assert "Trace ID" not in refusal.value.message
    assert "Trace ID" in refusal.value.detail


def test_trying_again_asks_again(local: LocalServer, time: Time) -> None:
    fresh = told({"token_type": "Bearer", "expires_in": 3599, "access_token": "fresh"})
    local.says(_discovery(local), _refusal(7000215), fresh)
    tokens = _local_tokens(local, time)
    with pytest.raises(ConfigurationError):
        tokens.token()

    assert tokens.token() == "fresh"


@pytest.mark.parametrize(
    ("answers", "error", "cause"),
    [
        ([html()], ConfigurationError, Cause.NOT_AN_API),
        ([Answer(302, b"", {"Location": "https://evil.example/"})], IntegrationError, None),
        ([html(status=503)], TransientError, Cause.UNAVAILABLE),
        ([told({"token_endpoint": 1})], ConfigurationError, Cause.NOT_AN_API),
        ([Answer(cut=True)], TransientError, Cause.UNREACHABLE),
    ],
)
def test_what_is_no_authority_is_said_so(
    local: LocalServer,
    time: Time,
    answers: list[Answer],
    error: type[IntegrationError],
    cause: Cause | None,
) -> None:
    local.says(*answers)

    with pytest.raises(error) as refusal:
        _local_tokens(local, time).token()

    assert cause in (None, refusal.value.cause)
    assert SECRET not in f"{refusal.value.message} {refusal.value.detail}"


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (html(), Cause.NOT_AN_API),
        (html(status=429), Cause.THROTTLED),
        (html(status=500), Cause.UNAVAILABLE),
        (told({"error": "temporarily_unavailable"}, 503), Cause.UNAVAILABLE),
    ],
)
def test_what_is_no_token_is_sorted(
    local: LocalServer, time: Time, answer: Answer, cause: Cause
) -> None:
    local.says(_discovery(local), answer)

    with pytest.raises(IntegrationError) as refusal:
        _local_tokens(local, time).token()

    assert refusal.value.cause == cause


def test_the_secret_is_not_sent_to_a_host_that_is_not_admitted(
    local: LocalServer, time: Time
) -> None:
    local.says(_discovery(local, "https://evil.example"))

    with pytest.raises(ConfigurationError) as refusal:
        _local_tokens(local, time).token()

    assert refusal.value.cause == Cause.HOST_NOT_ALLOWED


def test_an_untrusted_certificate_is_said_so(
    local: LocalServer, time: Time, sandbox: RunningSandbox
) -> None:
    bundle = Path(sandbox.env["SANDBOX_CA_BUNDLE"])

    with pytest.raises(ConfigurationError) as refusal:
        _local_tokens(local, time, bundle).token()

    assert refusal.value.cause == Cause.CERTIFICATE


def test_a_server_that_is_off_is_unreachable(tmp_path: Path, time: Time) -> None:
    with running(tmp_path) as server:
        tokens = _local_tokens(server, time)

    with pytest.raises(TransientError) as refusal:
        tokens.token()

    assert refusal.value.cause == Cause.UNREACHABLE
