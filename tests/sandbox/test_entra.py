"""Sign-ins: MSAL unchanged, and what Entra ID refuses by hand."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import jwt
import msal
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tests.running_sandbox import BC_RESOURCE, RunningSandbox


class PortKeepingSession(requests.Session):
    """Asks the user realm where the authority is; MSAL would leave the port out."""

    def __init__(self, authority: str, ca: str) -> None:
        super().__init__()
        self.origin = urlsplit(authority)
        self.ca = ca
        self.asked: list[str] = []

    def request(self, method: str, url: str, **options: Any) -> requests.Response:  # type: ignore[override]
        found = urlsplit(url)
        if found.hostname == self.origin.hostname:
            url = urlunsplit(found._replace(netloc=self.origin.netloc))
        self.asked.append(url)
        options["verify"] = self.ca
        return super().request(method, url, **options)


@pytest.fixture
def session(sandbox: RunningSandbox) -> PortKeepingSession:
    return PortKeepingSession(sandbox.env["SANDBOX_AUTHORITY"], sandbox.env["SANDBOX_CA_BUNDLE"])


def authority(sandbox: RunningSandbox) -> str:
    return f"{sandbox.env['SANDBOX_AUTHORITY']}/{sandbox.env['SANDBOX_TENANT']}"


def application(sandbox: RunningSandbox, session: requests.Session, credential: Any) -> Any:
    return msal.ConfidentialClientApplication(
        sandbox.env["SANDBOX_CLIENT_ID"],
        client_credential=credential,
        authority=authority(sandbox),
        instance_discovery=False,
        http_client=session,
    )


def scopes(sandbox: RunningSandbox) -> list[str]:
    return [f"{sandbox.env['SANDBOX_DATAVERSE_URL']}/.default"]


def who_am_i(sandbox: RunningSandbox, token: str) -> requests.Response:
    return requests.get(
        f"{sandbox.env['SANDBOX_DATAVERSE_URL']}/api/data/v9.2/WhoAmI",
        headers={"Authorization": f"Bearer {token}"},
        verify=sandbox.env["SANDBOX_CA_BUNDLE"],
        timeout=60,
    )


def ask(sandbox: RunningSandbox, **changed: str | None) -> requests.Response:
    """Ask for a token by hand; what is None is left out."""
    env = sandbox.env
    form: dict[str, str | None] = {
        "grant_type": "client_credentials",
        "client_id": env["SANDBOX_CLIENT_ID"],
        "client_secret": env["SANDBOX_CLIENT_SECRET"],
        "scope": f"{env['SANDBOX_DATAVERSE_URL']}/.default",
        **changed,
    }
    tenant = form.pop("tenant", None) or env["SANDBOX_TENANT"]
    return requests.post(
        f"{env['SANDBOX_AUTHORITY']}/{tenant}/oauth2/v2.0/token",
        data={name: value for name, value in form.items() if value is not None},
        verify=env["SANDBOX_CA_BUNDLE"],
        timeout=60,
    )


# MSAL


def test_msal_signs_in_with_a_secret_and_renews_from_its_cache(
    sandbox: RunningSandbox, session: PortKeepingSession
) -> None:
    secret = sandbox.env["SANDBOX_CLIENT_SECRET"]
    client = application(sandbox, session, secret)

    first = client.acquire_token_for_client(scopes(sandbox))
    asked = len(session.asked)
    second = client.acquire_token_for_client(scopes(sandbox))

    assert who_am_i(sandbox, first["access_token"]).status_code == 200
    assert second["token_source"] == "cache"  # noqa: S105 - where it came from
    assert len(session.asked) == asked
    assert "refresh_token" not in first


def test_msal_checks_the_issuer_of_an_oidc_authority(
    sandbox: RunningSandbox, session: PortKeepingSession
) -> None:
    client = msal.ConfidentialClientApplication(
        sandbox.env["SANDBOX_CLIENT_ID"],
        client_credential=sandbox.env["SANDBOX_CLIENT_SECRET"],
        oidc_authority=f"{authority(sandbox)}/v2.0",
        http_client=session,
    )

    assert "access_token" in client.acquire_token_for_client(scopes(sandbox))


@pytest.mark.parametrize("form", ["thumbprint", "sha256 thumbprint", "public certificate"])
def test_msal_signs_in_with_a_certificate(
    sandbox: RunningSandbox, session: PortKeepingSession, form: str
) -> None:
    pem = Path(sandbox.env["SANDBOX_CLIENT_CERT_PEM"]).read_text(encoding="utf-8")
    certificate = x509.load_pem_x509_certificate(pem.encode())
    credential = {"private_key": Path(sandbox.env["SANDBOX_CLIENT_KEY_PEM"]).read_text("utf-8")}
    match form:
        case "thumbprint":
            credential["thumbprint"] = certificate.fingerprint(hashes.SHA1()).hex()  # noqa: S303
        case "sha256 thumbprint":
            credential["thumbprint"] = certificate.fingerprint(hashes.SHA256()).hex()
        case _:
            credential["public_certificate"] = pem

    answer = application(sandbox, session, credential).acquire_token_for_client(scopes(sandbox))

    assert who_am_i(sandbox, answer["access_token"]).status_code == 200


@pytest.mark.parametrize("kind", ["public", "confidential"])
def test_msal_signs_a_person_in(
    sandbox: RunningSandbox, session: PortKeepingSession, kind: str
) -> None:
    env = sandbox.env
    client = (
        application(sandbox, session, env["SANDBOX_CLIENT_SECRET"])
        if kind == "confidential"
        else msal.PublicClientApplication(
            env["SANDBOX_PUBLIC_CLIENT_ID"],
            authority=authority(sandbox),
            instance_discovery=False,
            http_client=session,
        )
    )

    answer = client.acquire_token_by_username_password(
        env["SANDBOX_USERNAME"], env["SANDBOX_PASSWORD"], scopes(sandbox)
    )

    assert any("userrealm" in url for url in session.asked)
    assert answer["id_token_claims"]["preferred_username"] == env["SANDBOX_USERNAME"]
    own = who_am_i(sandbox, answer["access_token"]).json()["UserId"]
    assert own != who_am_i(sandbox, sandbox.token(env["SANDBOX_DATAVERSE_URL"])).json()["UserId"]
    [account] = client.get_accounts(env["SANDBOX_USERNAME"])
    renewed = client.acquire_token_silent_with_error(scopes(sandbox), account, force_refresh=True)
    assert who_am_i(sandbox, renewed["access_token"]).json()["UserId"] == own


def test_msal_reports_a_wrong_secret_with_its_number(
    sandbox: RunningSandbox, session: PortKeepingSession
) -> None:
    answer = application(sandbox, session, "wrong").acquire_token_for_client(scopes(sandbox))

    assert answer["error"] == "invalid_client"
    assert answer["error_codes"] == [7000215]
    assert answer["error_description"].startswith("AADSTS7000215: ")


def test_msal_is_told_of_an_unknown_tenant_while_it_is_built(
    sandbox: RunningSandbox, session: PortKeepingSession
) -> None:
    with pytest.raises(ValueError, match="authority"):
        msal.ConfidentialClientApplication(
            sandbox.env["SANDBOX_CLIENT_ID"],
            client_credential="x",
            authority=f"{sandbox.env['SANDBOX_AUTHORITY']}/11111111-2222-4333-8444-555555555555",
            instance_discovery=False,
            http_client=session,
        )


# Refusals


@pytest.mark.parametrize(
    ("changed", "status", "error", "number"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"grant_type": "password", "client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": None}, 401, "invalid_client", 7000216),
        ({"client_id": "0" * 32}, 400, "unauthorized_client", 700016),
        ({"scope": "https://elsewhere.example/.default"}, 400, "invalid_resource", 500011),
        ({"scope": None}, 400, "invalid_scope", 1002012),
        ({"scope": "a/.default b/.default"}, 400, "invalid_scope", 1002012),
        ({"scope": f"{BC_RESOURCE}/user_impersonation"}, 400, "invalid_scope", 1002012),
        ({"grant_type": "implicit"}, 400, "unsupported_grant_type", 70003),
        ({"grant_type": None}, 400, "invalid_request", 900144),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, 400, "invalid_grant", 70000),
        ({"grant_type": "password", "username": "a@b.c"}, 400, "invalid_grant", 50126),
        (
            {
                "client_secret": None,
                "client_assertion_type": ("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                "client_assertion": "e30.e30.x",
            },
            401,
            "invalid_client",
            700027,
        ),
    ],
)
def test_a_token_request_is_refused_with_its_number(
    sandbox: RunningSandbox, changed: dict[str, str | None], status: int, error: str, number: int
) -> None:
    answer = ask(sandbox, **changed)

    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [number])
    assert body["error_uri"].endswith(f"/error?code={number}")
    assert {"trace_id", "correlation_id", "timestamp"} <= set(body)


def test_a_token_for_an_unknown_tenant_is_refused(sandbox: RunningSandbox) -> None:
    answer = ask(sandbox, tenant="11111111-2222-4333-8444-555555555555")

    assert answer.status_code == 400
    assert answer.json()["error_codes"] == [90002]


def test_an_assertion_signed_by_another_key_is_refused(sandbox: RunningSandbox) -> None:
    env = sandbox.env
    key = Path(env["SANDBOX_CLIENT_KEY_PEM"]).parent / "signing_key.pem"
    claims = {
        "iss": env["SANDBOX_CLIENT_ID"],
        "sub": env["SANDBOX_CLIENT_ID"],
        "aud": f"{authority(sandbox)}/oauth2/v2.0/token",
        "exp": int(time.time()) + 600,
    }
    assertion = jwt.encode(claims, key.read_bytes(), algorithm="RS256")

    answer = ask(
        sandbox,
        client_secret=None,
        client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion=assertion,
    )

    assert (answer.status_code, answer.json()["error_codes"]) == (401, [700027])


# Tokens at the two systems


def tampered(token: str) -> str:
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["appid"] = "someone else"
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"{head}.{forged}.{signature}"


def test_a_token_is_for_one_system_only(sandbox: RunningSandbox) -> None:
    dataverse = sandbox.token(sandbox.env["SANDBOX_DATAVERSE_URL"])
    bc = sandbox.token(BC_RESOURCE)
    url = f"{sandbox.env['SANDBOX_BC_URL']}/api/v2.0/companies"
    headers = {"Authorization": f"Bearer {dataverse}"}

    at_dataverse = who_am_i(sandbox, bc)
    at_bc = requests.get(url, headers=headers, verify=sandbox.env["SANDBOX_CA_BUNDLE"], timeout=60)

    assert at_dataverse.status_code == 401
    assert at_bc.status_code == 401
    assert at_bc.json()["error"]["code"] == "Authentication_InvalidCredentials"


@pytest.mark.parametrize("token", ["", "nonsense", "tampered", "unsigned"])
def test_dataverse_refuses_a_token_that_does_not_hold(sandbox: RunningSandbox, token: str) -> None:
    good = sandbox.token(sandbox.env["SANDBOX_DATAVERSE_URL"])
    claims = jwt.decode(good, options={"verify_signature": False})
    made = {"tampered": tampered(good), "unsigned": jwt.encode(claims, "", algorithm="none")}

    answer = who_am_i(sandbox, made.get(token, token))

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "0x80044302"
    challenge = answer.headers["WWW-Authenticate"]
    assert f"authorization_uri={authority(sandbox)}/oauth2/authorize" in challenge
    assert f"resource_id={sandbox.env['SANDBOX_DATAVERSE_URL']}/" in challenge


def test_a_token_expires(sandbox: RunningSandbox) -> None:
    lasting = ask(sandbox).json()["access_token"]
    sandbox.limits({"token_lifetime_s": 1})
    token = ask(sandbox).json()["access_token"]

    accepted = who_am_i(sandbox, lasting)
    until = jwt.decode(token, options={"verify_signature": False})["exp"]
    while time.time() <= until:
        time.sleep(0.05)
    refused = who_am_i(sandbox, token)

    sandbox.reset()
    assert accepted.status_code == 200
    assert refused.status_code == 401
    assert "expired" in refused.json()["error"]["message"]


def test_keys_and_issuer_are_found_from_discovery(sandbox: RunningSandbox) -> None:
    ca = sandbox.env["SANDBOX_CA_BUNDLE"]
    document = requests.get(
        f"{authority(sandbox)}/v2.0/.well-known/openid-configuration", verify=ca, timeout=60
    ).json()
    keys = requests.get(document["jwks_uri"], verify=ca, timeout=60).json()["keys"]
    token = sandbox.token(sandbox.env["SANDBOX_DATAVERSE_URL"])

    claims = jwt.decode(
        token,
        jwt.PyJWK(keys[0]).key,
        algorithms=["RS256"],
        audience=sandbox.env["SANDBOX_DATAVERSE_URL"],
        issuer=document["issuer"],
    )

    assert claims["tid"] == sandbox.env["SANDBOX_TENANT"]
    assert document["token_endpoint"].startswith(authority(sandbox))
