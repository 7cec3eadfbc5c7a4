"""Signing in with AD FS through MSAL, against the federation server of the running sandbox."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic

import jwt
import pytest
import requests

from connections.causes import Cause
from connections.errors import ConfigurationError
from connections.terms import AuthenticationType
from connections.tokens import Credentials, Tokens
from tests.running_sandbox import RunningSandbox

SECRET = "wr0ng-passw0rd"  # noqa: S105


def _credentials(sandbox: RunningSandbox) -> Credentials:
    return Credentials(
        authority=sandbox.env["SANDBOX_AUTHORITY"],
        tenant="adfs",
        client_id=sandbox.env["SANDBOX_PUBLIC_CLIENT_ID"],
        kind=AuthenticationType.IFD,
        user_name="CRONUS\\admin",
        password=sandbox.env["SANDBOX_PASSWORD"],
    )


def _token(sandbox: RunningSandbox, credentials: Credentials, resource: str = "") -> str:
    resource = resource or sandbox.env["SANDBOX_DATAVERSE_URL"]
    bundle = sandbox.env["SANDBOX_CA_BUNDLE"]
    return Tokens(credentials, resource, bundle, clock=monotonic).token()


@pytest.mark.parametrize("user", ["CRONUS\\admin", "admin@cronus.example"])
def test_a_user_gets_a_token_of_ad_fs_that_dataverse_takes(
    sandbox: RunningSandbox, user: str
) -> None:
    token = _token(sandbox, replace(_credentials(sandbox), user_name=user))

    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["iss"] == f"{sandbox.env['SANDBOX_AUTHORITY']}/adfs"
    answer = requests.get(
        f"{sandbox.env['SANDBOX_DATAVERSE_URL']}/api/data/v9.1/WhoAmI",
        headers={"Authorization": f"Bearer {token}"},
        verify=sandbox.env["SANDBOX_CA_BUNDLE"],
        timeout=30,
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"password": SECRET}, "user name or password is wrong"),
        ({"user_name": "FABRIKAM\\admin"}, "user name or password is wrong"),
        ({"client_id": "00000000-0000-4000-8000-000000000001"}, "not known to AD FS"),
    ],
)
def test_what_ad_fs_refuses_is_said_with_what_to_do(
    sandbox: RunningSandbox, change: dict[str, str], words: str
) -> None:
    credentials = replace(_credentials(sandbox), **change)  # type: ignore[arg-type]

    with pytest.raises(ConfigurationError) as refusal:
        _token(sandbox, credentials)

    assert refusal.value.cause == Cause.SIGN_IN
    assert words in refusal.value.message
    assert SECRET not in f"{refusal.value.message} {refusal.value.detail}"


def test_an_environment_that_ad_fs_does_not_know_is_said(sandbox: RunningSandbox) -> None:
    with pytest.raises(ConfigurationError, match="does not know the environment"):
        _token(sandbox, _credentials(sandbox), "https://other.example")
