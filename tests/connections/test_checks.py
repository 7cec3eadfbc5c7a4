"""Test Connection: one clear sentence for each thing that can be wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from connections import checks
from connections.business_central import METADATA
from connections.checks import Check
from connections.models import Company
from connections.systems import Side
from tests.connections.companies import connected, new_company
from tests.connections.server import LocalServer, html, running
from tests.running_sandbox import RunningSandbox

pytestmark = pytest.mark.django_db
SECRET = "wr0ng-s3cret"  # noqa: S105


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalServer]:
    with running(tmp_path) as server:
        yield server


def _business_central(company: Company) -> Check:
    return _last(checks.test_business_central(company))


def _dataverse(company: Company) -> Check:
    return _last(checks.test_dataverse(company))


def _last(found: list[Check]) -> Check:
    """Return the last check, which is the first that failed if one did."""
    assert all(check.passed for check in found[:-1])
    assert found[-1].sentence.endswith(".")
    assert found[-1].passed or found[-1].cure.endswith(".")
    assert SECRET not in f"{found}"
    return found[-1]


def test_a_good_connection_passes_every_check(admitted: RunningSandbox) -> None:
    found = checks.test_connection(connected(admitted))

    assert [(check.side, check.name) for check in found] == [
        (Side.BUSINESS_CENTRAL, "Settings"),
        (Side.BUSINESS_CENTRAL, "Address"),
        (Side.BUSINESS_CENTRAL, "Certificate"),
        (Side.BUSINESS_CENTRAL, "Sign-in"),
        (Side.BUSINESS_CENTRAL, "Company"),
        (Side.BUSINESS_CENTRAL, "Integration pages"),
        (Side.BUSINESS_CENTRAL, "Tables"),
        (Side.DATAVERSE, "Settings"),
        (Side.DATAVERSE, "Address"),
        (Side.DATAVERSE, "Certificate"),
        (Side.DATAVERSE, "Sign-in"),
        (Side.DATAVERSE, "Integration user"),
        (Side.DATAVERSE, "Tables"),
        (Side.DATAVERSE, "Security roles"),
    ]
    assert all(check.passed for check in found)
    assert all(check.seconds >= 0 and check.milliseconds >= 0 for check in found)


def test_checks_change_nothing_here(admitted: RunningSandbox) -> None:
    company = connected(admitted)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        checks.test_connection(company)

    assert all(query["sql"].startswith("SELECT") for query in queries)


def test_a_company_without_set_ups_fails_on_both_sides() -> None:
    company = new_company()

    assert "not connected with Business Central" in _business_central(company).sentence
    assert "not connected with Dataverse" in _dataverse(company).sentence


@pytest.mark.parametrize(
    ("change", "name", "words"),
    [
        ({"client_id": ""}, "Settings|Sign-in", "lacks Client Id"),
        ({"server_address": "http://localhost"}, "Settings", "does not begin with https"),
        ({"server_address": "https://evil.example"}, "Address", "not on the list of hosts"),
        ({"authority": "https://evil.example"}, "Address", "not on the list of hosts"),
        ({"client_secret": SECRET}, "Sign-in", "client secret is wrong"),
        ({"tenant": "nosuchtenant.example"}, "Sign-in", "tenant is not known"),
    ],
)
def test_what_is_wrong_with_the_settings_is_said_on_both_sides(
    admitted: RunningSandbox, change: dict[str, Any], name: str, words: str
) -> None:
    company = connected(admitted, **change)

    for check in (_business_central(company), _dataverse(company)):
        assert not check.passed
        assert check.name in name.split("|")
        assert words in check.sentence


def test_a_server_that_is_off_is_unreachable(admitted: RunningSandbox, tmp_path: Path) -> None:
    with running(tmp_path) as server:
        company = connected(admitted, server_address=server.origin)

    for check in (_business_central(company), _dataverse(company)):
        assert check.name == "Certificate"
        assert check.code == "E-UNREACHABLE"
        assert "localhost" in check.sentence


def test_a_certificate_that_nobody_vouches_for_is_said_so(
    admitted: RunningSandbox, local: LocalServer
) -> None:
    local.says(html())
    company = connected(admitted, server_address=local.origin)

    for check in (_business_central(company), _dataverse(company)):
        assert check.name == "Certificate"
        assert check.code == "E-CERTIFICATE"


def test_a_web_page_instead_of_the_api_is_said_so(
    admitted: RunningSandbox, local: LocalServer, settings: Settings, tmp_path: Path
) -> None:
    both = tmp_path / "both.pem"
    pems = (local.ca_bundle, Path(admitted.env["SANDBOX_CA_BUNDLE"]))
    both.write_text("\n".join(pem.read_text(encoding="utf-8") for pem in pems), encoding="utf-8")
    settings.SYSTEM_CA_BUNDLE = str(both)
    local.says(html())
    company = connected(admitted, server_address=local.origin)

    check = _business_central(company)

    assert check.name == "Company"
    assert check.code == "E-NOT-AN-API"


def test_the_address_of_another_environment_is_said_so(admitted: RunningSandbox) -> None:
    address = admitted.env["SANDBOX_BC_URL"].replace("/v2.0/", "/v9.9/")

    check = _business_central(connected(admitted, server_address=address))

    assert check.name == "Company"
    assert "/v2.0/<tenant>/<environment>" in check.cure


def test_a_wrong_company_id_names_the_companies_there_are(admitted: RunningSandbox) -> None:
    company = connected(admitted)
    Company.objects.filter(pk=company.pk).update(
        business_central_id="00000000-0000-4000-8000-000000000001"
    )
    company.refresh_from_db()

    check = _business_central(company)

    assert check.name == "Company"
    assert "no company with the id 00000000" in check.sentence
    assert admitted.env["SANDBOX_BC_COMPANY_ID"] in check.cure


def test_an_integration_user_that_is_administrator_is_a_finding(admitted: RunningSandbox) -> None:
    company = connected(
        admitted,
        client_id=admitted.env["SANDBOX_CLIENT_ID"],
        client_secret=admitted.env["SANDBOX_CLIENT_SECRET"],
    )

    check = _dataverse(company)

    assert check.name == "Security roles"
    assert "System Administrator" in check.sentence


def test_a_table_that_does_not_answer_is_named(admitted: RunningSandbox) -> None:
    METADATA.forget()
    company = connected(admitted)
    fault = {"system": "dataverse", "path": r"/contacts/\$count", "action": "status", "status": 403}
    admitted.faults([fault])

    check = _dataverse(company)

    admitted.faults([])
    assert check.name == "Tables"
    assert "contact" in check.sentence
