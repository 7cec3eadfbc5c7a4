"""Test Connection: one clear sentence for each thing that can be wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from connections import checks, health, needed_pages
from connections.business_central import METADATA
from connections.business_central_pages import known_fields
from connections.checks import Check
from connections.dataverse_setup_form import DataverseForm
from connections.health import State
from connections.models import Company, SalesConnectionSetup
from connections.systems import Side
from connections.terms import PriceModel
from mappings import defaults
from syncjobs import checkup
from tests.connections.companies import connected, new_company
from tests.connections.server import LocalServer, html, running
from tests.running_sandbox import RunningSandbox

pytestmark = pytest.mark.django_db
SECRET = "wr0ng-s3cret"  # noqa: S105
USER = "82d13fc9-73a2-4e45-8ab8-d293c4f5e008"  # of the integration


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
        (Side.DATAVERSE, "Organization"),
        (Side.DATAVERSE, "Integration user"),
        (Side.DATAVERSE, "Version"),
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


PERSON = {
    "@odata.etag": 'W/"1"', "systemuserid": USER, "fullname": "Bob", "isdisabled": False,
    "islicensed": False, "applicationid": None, "isintegrationuser": True, "accessmode": 4,
}  # fmt: skip
DISABLED = PERSON | {"isdisabled": True}


@pytest.mark.parametrize(
    ("path", "body", "code", "field"),
    [
        (r"/RetrieveVersion", {"Version": "7.1.0.1"}, "E-VERSION", "sdk_version"),
        (
            r"/systemusers\?",
            {"value": [PERSON | {"isdisabled": True}]},
            "E-USER-DISABLED",
            "client_id",
        ),
        (r"/systemusers\?", {"value": [PERSON]}, "E-USER-LICENCE", "client_id"),
        (r"/systemusers\?", {"value": []}, "E-USER-NONE", "client_id"),
        (r"/systemuserroles_association", {"value": []}, "E-USER-NOROLES", "client_id"),
        (
            r"/RetrieveCurrentOrganization",
            {"Detail": {"FriendlyName": "Cronus", "State": "Disabled"}},
            "E-ADMINMODE",
            "server_address",
        ),
    ],
)
def test_what_dataverse_tells_stands_at_its_field(  # C-8001
    admitted: RunningSandbox, path: str, body: dict[str, Any], code: str, field: str
) -> None:
    METADATA.forget()
    company = connected(admitted)
    answer = {"action": "status", "status": 200, "body": body}
    admitted.faults([{"system": "dataverse", "method": "GET", "path": path, **answer}])

    check = _dataverse(company)

    admitted.faults([])
    form = DataverseForm(None, instance=company.dataverse_connection_setup)
    [problem] = form.located(health.findings([check]))
    assert (problem.code, problem.field) == (code, field)


def test_a_local_currency_that_dataverse_lacks_is_named(admitted: RunningSandbox) -> None:
    METADATA.forget()
    company = connected(admitted)
    answer = {"action": "status", "status": 200, "body": {"value": []}}
    admitted.faults([{"system": "dataverse", "path": "/transactioncurrencies", **answer}])

    [found] = health.check_currencies(company)

    admitted.faults([])
    assert found.code == "E-CURRENCY"
    assert found.names == (found.sentence.split()[3],)  # The local currency GBP …


def test_a_table_that_does_not_answer_is_named(admitted: RunningSandbox) -> None:
    METADATA.forget()
    company = connected(admitted)
    fault = {"system": "dataverse", "path": r"/contacts/\$count", "action": "status", "status": 403}
    admitted.faults([fault])

    check = _dataverse(company)

    admitted.faults([])
    assert check.name == "Tables"
    assert "contact" in check.sentence


# Pages that a Business Central lacks


METADATA_OF_OURS = r"/integration/sales/v1\.0/\$metadata"


@pytest.fixture
def pages_anew() -> Iterator[None]:
    """What was read of the pages is forgotten before and after."""
    METADATA.forget()
    yield
    METADATA.forget()


def _pages(company: Company) -> Check:
    found = checks.test_business_central(company)
    assert all(check.passed for check in found)
    return next(check for check in found if check.name == "Integration pages")


def _sell(company: Company, **choices: Any) -> Company:
    SalesConnectionSetup.objects.create(company=company, is_enabled=True, **choices)
    return company


def _metadata_without(sandbox: RunningSandbox, *patterns: str) -> None:
    """Let Business Central describe its own pages without something."""
    root = sandbox.bc.root.split("/companies(")[0]
    text = sandbox.bc.get(f"{root}/$metadata").text
    for pattern in patterns:
        text = re.sub(pattern, "", text, flags=re.DOTALL)
    answer = {"action": "status", "status": 200, "body": text}
    sandbox.faults([{"system": "bc", "path": METADATA_OF_OURS, **answer}])


def test_without_the_extension_it_is_said_what_cannot_run_and_what_can(
    admitted: RunningSandbox, pages_anew: None
) -> None:
    company = connected(admitted)
    refusal = {"error": {"code": "BadRequest_ResourceNotFound", "message": "No such API."}}
    missing = {"action": "status", "status": 404, "body": refusal}
    admitted.faults([{"system": "bc", "path": METADATA_OF_OURS, **missing}])

    check = _pages(company)

    admitted.faults([])
    assert check.code == "E-PAGES"
    assert "extension is not installed" in check.sentence
    assert "SHIPPING AGENT, CUSTOMER, VENDOR and CONTACT cannot run." in check.sentence
    assert check.sentence.endswith("SALESPEOPLE, PAYMENT TERMS and SHIPMENT METHOD can.")
    assert "bc_extension" in check.cure


def test_a_single_missing_page_names_the_mapping_that_cannot_run(
    admitted: RunningSandbox, pages_anew: None
) -> None:
    company = _sell(connected(admitted))
    _metadata_without(admitted, r'<EntitySet Name="salesPrices".*?</EntitySet>')

    check = _pages(company)

    admitted.faults([])
    assert "There is no page salesPrices: SALESPRC-PRODPRICE cannot run." in check.sentence
    assert check.lacking == ("salesPrices",)


def test_a_page_that_nobody_needs_is_not_missed(admitted: RunningSandbox, pages_anew: None) -> None:
    company = _sell(connected(admitted), price_model=PriceModel.PRICE_LIST)
    _metadata_without(admitted, r'<EntitySet Name="salesPrices".*?</EntitySet>')

    check = _pages(company)

    admitted.faults([])
    assert not check.lacking
    assert not check.code


def test_an_older_extension_names_the_field_that_it_lacks(
    admitted: RunningSandbox, pages_anew: None
) -> None:
    company = connected(admitted)
    _metadata_without(admitted, r'<Property Name="mobilePhoneNumber".*?</Property>')

    check = _pages(company)

    admitted.faults([])
    assert (
        "The page customers has no mobilePhoneNumber: CUSTOMER cannot run while that is mapped."
        in check.sentence
    )


def test_an_extension_that_was_just_installed_is_seen_at_once(
    admitted: RunningSandbox, pages_anew: None
) -> None:
    company = connected(admitted)
    _metadata_without(admitted, r'<EntitySet Name="vendors".*?</EntitySet>')
    before = _pages(company)
    admitted.faults([])

    after = _pages(company)

    assert before.lacking == ("vendors",)
    assert not after.lacking


def test_missing_pages_are_wrong_in_health_and_the_other_checks_go_on(
    admitted: RunningSandbox, pages_anew: None
) -> None:
    company = connected(admitted)
    _metadata_without(admitted, r'<EntitySet Name="vendors".*?</EntitySet>')

    found = {finding.name: finding for finding in checkup.look(company)}

    admitted.faults([])
    assert found["Integration pages"].state == State.WRONG
    assert found["Integration pages"].names == ["vendors"]
    assert "Base currency" in found


def test_every_default_mapping_is_in_the_list_of_needed_pages() -> None:
    listed = {
        (part[:1].lower() + part[1:], name): pages
        for part, mappings in needed_pages.catalogue().items()
        for name, pages in mappings.items()
    }

    for mapping in defaults.mappings():
        where = [
            part for part in (*mapping.when, "always", "sales") if (part, mapping.name) in listed
        ]
        if mapping.name in ("POSTEDSALESINV-INV", "POSTEDSALESLINE-INV"):
            continue
        assert where, mapping.name
        assert mapping.table in listed[where[0], mapping.name]


def test_every_needed_page_is_described() -> None:
    for mappings in needed_pages.catalogue().values():
        for pages in mappings.values():
            assert all(known_fields(page) for page in pages)
