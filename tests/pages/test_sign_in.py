"""The sign-in part of the set-up pages: fields by type, connection string, real sign-ins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from connections import connection_string
from connections.models import DataverseConnectionSetup, SalesConnectionSetup
from connections.terms import ConnectionMode
from tests.connected import connected, trusting
from tests.connections.test_on_premises import demoted
from tests.pages.factory import Past
from tests.pages.test_setups import DATAVERSE, SALES, disabled, filled, form_of
from tests.running_sandbox import RunningSandbox
from tests.windows_server import PASSWORD, USER, WindowsServer, windows

__all__ = ["connected", "trusting", "windows"]
APP = "51f81489-12ee-4a9e-aaae-a2591f45987d"
ONLINE = "https://cronus.crm4.dynamics.com"
HUSH = "hush-hush"
CONSENT = {"answered": "yes", "consent": "on"}


def saved(client: Client, **changes: str) -> Any:
    return client.post(f"{DATAVERSE}save/", {**form_of(client, DATAVERSE), **changes})


def error_at(html: str, name: str) -> str:
    return html.partition(f'id="id_{name}-e"')[2][:700]


def pairs_of(row: DataverseConnectionSetup) -> dict[str, str]:
    return {pair.name: pair.value for pair in connection_string.parse(row.connection_string)}


# Real sign-ins, from the form to an enabled connection


@pytest.fixture
def at_rest(connected: Any) -> DataverseConnectionSetup:
    """A set-up of Dataverse that is disabled and has no secret."""
    row: DataverseConnectionSetup = connected.dataverse_connection_setup
    row.is_enabled, row.client_secret = False, ""
    row.save()
    return row


def enabled_from_the_page(client: Client, row: DataverseConnectionSetup, **facts: str) -> None:
    told = saved(client, **facts)
    assert told.status_code == 302, told.content.decode()
    tested = client.post("/connections/test/").content.decode()
    assert "checks passed" in tested, tested

    client.post(f"{DATAVERSE}enable/")

    row.refresh_from_db()
    assert row.is_enabled


def test_a_certificate_with_its_key_enables_the_connection(
    at_rest: DataverseConnectionSetup, admin: Client, sandbox: RunningSandbox
) -> None:
    pem = {
        "certificate": Path(sandbox.env["SANDBOX_CLIENT_CERT_PEM"]).read_text(encoding="ascii"),
        "private_key": Path(sandbox.env["SANDBOX_CLIENT_KEY_PEM"]).read_text(encoding="ascii"),
    }

    enabled_from_the_page(admin, at_rest, authentication_type="Certificate", **pem)

    assert pairs_of(at_rest)["Certificate"] == "{CERTIFICATE}"


def test_a_client_secret_enables_the_connection(
    at_rest: DataverseConnectionSetup, admin: Client, sandbox: RunningSandbox
) -> None:
    secret = sandbox.env["SANDBOX_INTEGRATION_CLIENT_SECRET"]

    enabled_from_the_page(admin, at_rest, client_secret=secret)

    assert pairs_of(at_rest)["ClientSecret"] == "{CLIENTSECRET}"


@pytest.mark.parametrize("kind", ["Password", "IFD", "OAuth"])
def test_a_user_name_and_password_enable_the_connection(
    at_rest: DataverseConnectionSetup, admin: Client, sandbox: RunningSandbox, kind: str
) -> None:
    demoted(sandbox)

    enabled_from_the_page(
        admin,
        at_rest,
        authentication_type=kind,
        tenant=sandbox.env["SANDBOX_TENANT"] if kind == "Password" else "",
        client_id=sandbox.env["SANDBOX_PUBLIC_CLIENT_ID"],
        user_name=sandbox.env["SANDBOX_USERNAME"],
        password=sandbox.env["SANDBOX_PASSWORD"],
    )

    assert "{PASSWORD}" in pairs_of(at_rest).values()
    sandbox.reset("empty")


def test_a_user_of_a_domain_enables_the_connection(
    at_rest: DataverseConnectionSetup, admin: Client, windows: WindowsServer
) -> None:
    enabled_from_the_page(
        admin,
        at_rest,
        authentication_type="AD",
        use_server_address=windows.address,
        user_name=USER,
        password=PASSWORD,
    )

    assert at_rest.server_address == windows.address
    assert pairs_of(at_rest)["Domain"] == at_rest.domain == "WORKSTATION"
    html = admin.get(DATAVERSE).content.decode()
    assert "Unproven sign-in" in html


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"password": HUSH}, "password", "user name or password is wrong"),
        ({"user_name": "FABRIKAM\\integration"}, "password", "belongs to the domain WORKSTATION"),
    ],
)
def test_what_a_domain_refuses_stands_at_the_field(
    at_rest: DataverseConnectionSetup,
    admin: Client,
    windows: WindowsServer,
    change: dict[str, str],
    field: str,
    words: str,
) -> None:
    facts = {"user_name": USER, "password": PASSWORD, **change}
    saved(admin, authentication_type="AD", server_address=windows.address, **facts)

    html = admin.post(f"{DATAVERSE}enable/").content.decode()

    assert words in html
    assert HUSH not in html
    assert not DataverseConnectionSetup.objects.get().is_enabled
    assert field


def test_a_refused_enabling_leaves_a_page_that_can_be_mended(
    at_rest: DataverseConnectionSetup, admin: Client, sandbox: RunningSandbox
) -> None:
    refused = saved(admin, client_secret=HUSH, sdk_version="9.1", is_enabled="on")
    html = refused.content.decode()
    assert "client secret is wrong" in error_at(html, "client_secret")
    secret = sandbox.env["SANDBOX_INTEGRATION_CLIENT_SECRET"]

    again = admin.post(f"{DATAVERSE}save/", {**filled(html), "client_secret": secret})

    assert again.status_code == 302, again.content.decode()
    at_rest.refresh_from_db()
    assert (at_rest.is_enabled, pairs_of(at_rest)["ProxyVersion"]) == (True, "91")


# What fits a type


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"authentication_type": "Password", "user_name": "bob"}, "user_name", "E-EMAIL"),
        (
            {
                "authentication_type": "AD",
                "user_name": "bob",
                "server_address": "https://login.microsoftonline.com/o",
            },
            "user_name",
            "E-DOMAIN",
        ),
        ({"authentication_type": "AD", "user_name": "A\\b"}, "authentication_type", "E-AUTHTYPE"),
        (
            {"authentication_type": "IFD", "authority": "https://login.microsoftonline.com"},
            "authority",
            "E-REQUIRED",
        ),
        ({"sdk_version": "7"}, "sdk_version", "E-TYPE"),
    ],
)
def test_what_does_not_fit_the_type_stands_at_its_field(
    past: Past, admin: Client, changes: dict[str, str], field: str, code: str
) -> None:
    disabled(past)

    answer = saved(admin, **changes)

    assert answer.status_code == 422
    assert code in error_at(answer.content.decode(), field)


def test_an_address_suggests_a_type_and_forces_none(past: Past, admin: Client) -> None:  # C-0509
    row = disabled(past)
    facts = {"user_name": "A\\b", "authentication_type": "AD"}

    offered = error_at(saved(admin, **facts).content.decode(), "authentication_type")
    assert 'name="use_authentication_type" value="ClientSecret"' in offered
    saved(admin, **facts, use_authentication_type="ClientSecret")
    row.refresh_from_db()
    assert (row.authentication_type, row.user_name) == ("ClientSecret", "A\\b")
    told = admin.post(
        f"{DATAVERSE}save/",
        {**form_of(admin, DATAVERSE), "server_address": "https://login.microsoftonline.com"},
        follow=True,
    )

    assert "usually signed in to with AD" in told.content.decode()


def test_office_365_is_refused_with_the_reason_and_what_to_choose(
    past: Past, admin: Client
) -> None:  # C-0628
    disabled(past)

    html = saved(admin, authentication_type="Office365").content.decode()

    assert "retired in April 2022" in error_at(html, "authentication_type")
    assert "E-RETIRED" in error_at(html, "authentication_type")


def test_a_field_that_the_type_does_not_use_is_in_nobodys_way(past: Past, admin: Client) -> None:
    row = disabled(past)

    answer = saved(admin, authentication_type="AD", user_name="A\\b", authority="nonsense",
                   client_id="none", server_address="https://10.0.0.1/o")  # fmt: skip

    html = answer.content.decode()
    assert "E-HOST" in error_at(html, "server_address")
    assert error_at(html, "authority") == error_at(html, "client_id") == ""
    row.refresh_from_db()
    assert row.authority != "nonsense"


def test_a_page_that_is_read_shows_the_fields_of_the_type_only(past: Past, admin: Client) -> None:
    row = disabled(past)
    row.authentication_type, row.user_name = "AD", "CRONUS\\integration"
    row.save()

    html = admin.get(DATAVERSE).content.decode()

    assert "<dt>Domain</dt><dd>CRONUS</dd>" in html
    assert "<dt>Client Id</dt>" not in html
    assert "<dt>Tenant</dt>" not in html


# The connection string


def test_editing_fields_changes_the_string(past: Past, admin: Client) -> None:
    row = disabled(past)
    saved(admin)

    saved(admin, sdk_version="9.1")
    row.refresh_from_db()
    assert pairs_of(row)["ProxyVersion"] == "91"

    told = admin.post(
        f"{DATAVERSE}save/",
        {
            **form_of(admin, DATAVERSE),
            "authentication_type": "OAuth",
            "client_id": APP,
            "user_name": "bc@cronus.example",
        },
        follow=True,
    )
    row.refresh_from_db()
    assert (pairs_of(row)["AppId"], pairs_of(row)["RedirectUri"]) == (APP, f"app://{APP}")
    assert pairs_of(row)["ProxyVersion"] == "91"
    assert "The connection string was built anew" in told.content.decode()  # C-0509


def test_editing_the_string_changes_fields(past: Past, admin: Client) -> None:
    row = disabled(past)
    text = (
        f"AuthType=OAuth;Username=bc@cronus.example;Password={{PASSWORD}};Url={ONLINE};"
        f"AppId={APP};RedirectUri=app://{APP};TokenCacheStorePath=;LoginPrompt=Auto;ProxyVersion=91"
    )

    answer = saved(admin, authentication_type="OAuth", connection_string=text)

    assert answer.status_code == 302, answer.content.decode()
    row.refresh_from_db()
    assert (row.user_name, row.client_id) == ("bc@cronus.example", APP)
    assert (row.server_address, row.sdk_version) == (ONLINE, "9.1")


def test_editing_the_table_changes_string_and_fields(past: Past, admin: Client) -> None:
    row = disabled(past)
    saved(admin)
    page = form_of(admin, DATAVERSE)
    [number] = [key[-1] for key, value in page.items() if value == "ProxyVersion"]
    page |= {f"string_value_{number}": "9", "string_name_0": "Odd", "string_value_0": "kept"}

    answer = admin.post(f"{DATAVERSE}save/", page)

    assert answer.status_code == 302, answer.content.decode()
    row.refresh_from_db()
    assert row.sdk_version == "9"
    assert pairs_of(row)["Odd"] == "kept"
    assert "has no effect" in admin.get(DATAVERSE).content.decode()


def test_text_and_table_that_were_edited_apart_are_not_guessed_at(
    past: Past, admin: Client
) -> None:
    disabled(past)
    saved(admin)
    page = form_of(admin, DATAVERSE)
    page |= {"string_name_0": "Odd", "string_value_0": "1"}
    page["connection_string"] += "; Other=2"

    answer = admin.post(f"{DATAVERSE}save/", page)

    assert "E-MISMATCH" in error_at(answer.content.decode(), "connection_string")


def test_a_string_that_contradicts_a_field_is_not_guessed_at(past: Past, admin: Client) -> None:
    row = disabled(past)
    saved(admin)
    text = form_of(admin, DATAVERSE)["connection_string"].replace("=100", "=91")

    answer = saved(admin, connection_string=text, sdk_version="9")

    assert "E-MISMATCH" in error_at(answer.content.decode(), "connection_string")
    row.refresh_from_db()
    assert row.sdk_version == "100"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("ClientSecret={CLIENTSECRET}", f"ClientSecret={HUSH}"), "E-LITERAL-SECRET"),
        (("ClientSecret={CLIENTSECRET}", f"Password={HUSH};{HUSH}"), "E-TYPE"),
        (("ClientSecret={CLIENTSECRET}", "ClientSecret="), "E-TOKEN"),
        (("AuthType=ClientSecret", "AuthType=AD"), "E-AUTHTYPE"),
        (("AuthType=ClientSecret", "AuthType=Office365"), "E-RETIRED"),
        ((f"Url={ONLINE}", "Url=https://evil.example"), "E-HOST"),
        (("ProxyVersion=100", "ProxyVersion=1"), "E-SDK"),
        (("ProxyVersion=100", "HomeRealmUri=https://[x"), "E-URL"),
    ],
)
def test_what_is_wrong_with_the_string_stands_below_it_and_no_secret_comes_back(
    past: Past, admin: Client, change: tuple[str, str], code: str
) -> None:
    row = disabled(past)
    saved(admin)
    row.refresh_from_db()
    before = row.connection_string
    assert change[0] in before

    answer = saved(admin, connection_string=before.replace(*change))

    html = answer.content.decode()
    assert answer.status_code == 422
    assert code in error_at(html, "connection_string")
    assert HUSH not in html
    row.refresh_from_db()
    assert row.connection_string == before


def test_a_secret_in_the_table_does_not_come_back_either(past: Past, admin: Client) -> None:
    disabled(past)
    saved(admin)
    page = form_of(admin, DATAVERSE)
    [number] = [key[-1] for key, value in page.items() if value == "{CLIENTSECRET}"]

    answer = admin.post(f"{DATAVERSE}save/", {**page, f"string_value_{number}": HUSH})

    html = answer.content.decode()
    assert "E-LITERAL-SECRET" in error_at(html, "connection_string")
    assert HUSH not in html
    assert filled(html)[f"string_value_{number}"] == "{CLIENTSECRET}"


# Sales connected directly (C-0603)


@pytest.fixture
def direct(at_rest: DataverseConnectionSetup) -> SalesConnectionSetup:
    """Sales is to be connected directly, and nothing of its sign-in is known yet."""
    company = at_rest.company
    at_rest.delete()
    sales: SalesConnectionSetup = company.sales_connection_setup
    sales.connection_mode = ConnectionMode.DIRECT
    sales.save()
    return sales


SIGN_IN = "/connections/sales/sign-in/"


def signed_in_directly(client: Client, sandbox: RunningSandbox, **changes: str) -> None:
    facts = {
        "server_address": sandbox.env["SANDBOX_DATAVERSE_URL"],
        "client_secret": sandbox.env["SANDBOX_INTEGRATION_CLIENT_SECRET"],
        **changes,
    }
    answer = client.post(f"{SIGN_IN}save/", {**form_of(client, SIGN_IN), **facts})
    assert answer.status_code == 302, answer.content.decode()


def test_sales_is_connected_without_a_dataverse_connection_setup(
    direct: SalesConnectionSetup, admin: Client, sandbox: RunningSandbox
) -> None:
    sandbox.reset("cronus")
    assert "E-NEED-DATAVERSE" not in admin.post(f"{SALES}enable/").content.decode()
    signed_in_directly(admin, sandbox)

    told = admin.post(f"{SALES}enable/", CONSENT, follow=True).content.decode()

    direct.refresh_from_db()
    assert direct.is_enabled, told
    assert DataverseConnectionSetup.objects.get().is_enabled
    html = admin.get(SALES).content.decode()
    assert "Sales is connected directly" in html
    assert "OAuth 2.0 (Client Secret)" in html
    admin.post(f"{SALES}disable/", {"confirmed": "yes"})
    assert not DataverseConnectionSetup.objects.get().is_enabled


def test_directly_the_sdk_version_is_that_of_the_solution(
    direct: SalesConnectionSetup, admin: Client, sandbox: RunningSandbox
) -> None:  # C-0606
    sandbox.reset("cronus")
    signed_in_directly(admin, sandbox, sdk_version="8")

    html = admin.post(f"{SALES}enable/").content.decode()

    assert "E-SDK" in html
    assert not DataverseConnectionSetup.objects.get().is_enabled
    assert not SalesConnectionSetup.objects.get().is_enabled
