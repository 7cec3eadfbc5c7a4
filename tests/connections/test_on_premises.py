"""Connections with servers of one's own: AD, IFD and OAuth, from the set-up's row to the tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from connections import checks, setup
from connections.authentication import fields_of, tenant_at, web_api
from connections.causes import Cause
from connections.checks import Check
from connections.errors import ConfigurationError
from connections.models import Company, DataverseConnectionSetup
from connections.systems import Create
from connections.terms import AuthenticationType, SdkVersion
from tests.connected import connected, trusting
from tests.running_sandbox import RunningSandbox
from tests.windows_server import DOMAIN, PASSWORD, USER, WindowsServer, windows

__all__ = ["connected", "trusting", "windows"]
Kind = AuthenticationType
ADMINISTRATOR_ROLE = "b50462fc-a6d5-4178-9deb-05c6f728130b"
INTEGRATION_ROLE = "a2b18661-9ff5-e911-a812-000d3a0b9028"
PERSON = "93e240da-84b3-4f56-9bc9-e3a4d506f109"


def demoted(sandbox: RunningSandbox) -> None:
    """Let the sandbox's person be what an integration user is: no System Administrator."""
    dataverse = sandbox.dataverse
    roles = f"systemusers({PERSON})/systemuserroles_association"
    dataverse.delete(f"{roles}({ADMINISTRATOR_ROLE})/$ref").raise_for_status()
    role = {"@odata.id": f"{dataverse.root}/roles({INTEGRATION_ROLE})"}
    dataverse.post(f"{roles}/$ref", role).raise_for_status()


def changed(company: Company, **facts: Any) -> DataverseConnectionSetup:
    row = company.dataverse_connection_setup
    for name, value in {"client_id": "", "client_secret": "", **facts}.items():
        setattr(row, name, value)
    row.save()
    return row


def found(company: Company) -> dict[str, Check]:
    return {check.name: check for check in checks.test_dataverse(company)}


@pytest.fixture
def with_person(connected: Company, sandbox: RunningSandbox) -> Iterator[dict[str, str]]:
    """The sandbox's person as integration user, and how it signs in with AD FS."""
    demoted(sandbox)
    yield {
        "client_id": sandbox.env["SANDBOX_PUBLIC_CLIENT_ID"],
        "tenant": "",
        "user_name": sandbox.env["SANDBOX_USERNAME"],
        "password": sandbox.env["SANDBOX_PASSWORD"],
    }
    sandbox.reset("empty")


def test_a_server_of_a_domain_passes_all_checks(connected: Company, windows: WindowsServer) -> None:
    address = f"{windows.address}/main.aspx"
    changed(
        connected,
        authentication_type=Kind.AD,
        server_address=address,
        user_name=USER,
        password=PASSWORD,
    )

    checked = found(connected)

    assert [check.sentence for check in checked.values() if not check.passed] == []
    assert DOMAIN in checked["Sign-in"].sentence
    assert all("/cronus/api/data/v9.1/" in request for request in windows.requests)


def test_records_are_written_as_a_user_of_the_domain(
    connected: Company, windows: WindowsServer
) -> None:
    row = changed(
        connected,
        authentication_type=Kind.AD,
        server_address=windows.address,
        user_name=USER,
        password=PASSWORD,
    )
    dataverse = setup.dataverse_of(row)

    names = ("Adatum", "Fabrikam", "Litware")
    writes = [Create(uuid4(), {"name": name}) for name in names]

    written = dataverse.write("account", writes, ("name",))

    assert [one.record and one.record.values["name"] for one in written] == list(names)
    assert any("$batch" in request or "Multiple" in request for request in windows.requests)


def test_a_wrong_password_of_the_domain_stands_at_the_sign_in(
    connected: Company, windows: WindowsServer
) -> None:
    changed(
        connected,
        authentication_type=Kind.AD,
        server_address=windows.address,
        user_name=USER,
        password="wr0ng",  # noqa: S106
    )

    check = found(connected)["Sign-in"]

    assert (check.passed, check.code) == (False, Cause.SIGN_IN)
    assert check.sentence.startswith("The user name or password is wrong")


@pytest.mark.parametrize("kind", [Kind.IFD, Kind.OAUTH])
def test_a_server_behind_ad_fs_passes_all_checks(
    connected: Company, with_person: dict[str, str], kind: Kind
) -> None:
    changed(connected, authentication_type=kind, **with_person)

    checked = found(connected)

    assert [check.sentence for check in checked.values() if not check.passed] == []
    assert checked["Sign-in"].sentence == "AD FS accepted the user name and password."


def test_a_person_of_entra_id_passes_all_checks(
    connected: Company, with_person: dict[str, str], sandbox: RunningSandbox
) -> None:
    facts = {**with_person, "tenant": sandbox.env["SANDBOX_TENANT"]}
    changed(connected, authentication_type=Kind.PASSWORD, **facts)

    checked = found(connected)

    assert [check.sentence for check in checked.values() if not check.passed] == []
    assert checked["Sign-in"].sentence == "Entra ID accepted the user name and password."


def test_office_365_is_refused_with_the_reason(connected: Company) -> None:
    changed(connected, authentication_type=Kind.OFFICE_365)

    check = found(connected)["Sign-in"]

    assert (check.passed, check.code) == (False, Cause.RETIRED)
    assert "retired" in check.sentence


@pytest.mark.parametrize(("sdk", "passes"), [("8", False), ("9", False), ("9.1", True)])
def test_an_sdk_version_reaches_the_servers(connected: Company, sdk: str, *, passes: bool) -> None:
    changed(connected, **_as_before(connected), sdk_version=sdk)

    check = found(connected)["Version"]

    assert check.passed == passes
    if not passes:
        assert check.code == Cause.SDK
        assert f"SDK version {sdk} is older than the server's 9." in check.sentence


def _as_before(company: Company) -> dict[str, Any]:
    row = company.dataverse_connection_setup
    return {"client_id": row.client_id, "client_secret": row.client_secret}


def test_the_password_of_a_domain_does_not_leave_for_hosts_that_are_not_admitted(
    connected: Company, windows: WindowsServer
) -> None:
    row = changed(
        connected,
        authentication_type=Kind.AD,
        server_address="https://evil.example/cronus",
        user_name=USER,
        password=PASSWORD,
    )

    with pytest.raises(ConfigurationError) as refusal:
        setup.dataverse_of(row)

    assert refusal.value.cause == Cause.HOST_NOT_ALLOWED


# Without a server


@pytest.mark.parametrize(
    ("address", "organization"),
    [
        ("https://crm.contoso.example/contoso", "https://crm.contoso.example/contoso"),
        ("https://crm.contoso.example/Contoso/main.aspx", "https://crm.contoso.example/Contoso"),
        (
            "https://crm.contoso.example:5555/o/api/data/v9.1/",
            "https://crm.contoso.example:5555/o",
        ),
        ("https://crm.contoso.example/main.aspx", "https://crm.contoso.example"),
        ("https://crm.contoso.example/", "https://crm.contoso.example"),
    ],
)
def test_the_organization_stands_in_the_path(address: str, organization: str) -> None:
    assert setup.organization_address(address) == organization


@pytest.mark.parametrize(
    ("kind", "authority", "tenant", "asked"),
    [
        (Kind.CLIENT_SECRET, "https://login.microsoftonline.com", "contoso", "contoso"),
        (Kind.IFD, "https://sts.contoso.example", "", "adfs"),
        (Kind.OAUTH, "https://sts.contoso.example", "", "adfs"),
        (Kind.OAUTH, "https://login.microsoftonline.com", "", "organizations"),
        (Kind.OAUTH, "https://login.microsoftonline.com", "contoso", "contoso"),
    ],
)
def test_whom_a_sign_in_asks(kind: Kind, authority: str, tenant: str, asked: str) -> None:
    assert tenant_at(kind, authority, tenant) == asked


def test_a_server_of_ones_own_ends_with_web_api_9_1() -> None:
    online, own = "https://contoso.crm4.dynamics.com", "https://crm.contoso.example"

    assert web_api(Kind.OAUTH, online, SdkVersion.V91) == "/api/data/v9.2"
    assert web_api(Kind.OAUTH, own, SdkVersion.V100) == "/api/data/v9.1"
    assert web_api(Kind.AD, own, SdkVersion.V8) == "/api/data/v8.2"


def test_each_type_asks_for_what_it_uses_only() -> None:
    assert fields_of(Kind.AD) == ("user_name", "password")
    assert "certificate" not in fields_of(Kind.CLIENT_SECRET)
    assert "tenant" not in fields_of(Kind.IFD)
