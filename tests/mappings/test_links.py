"""Where records open: on each side that has them, and from a link of Microsoft's solution."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from connections.nav_connection import default_web_client_url
from integration_admin.roles import Role
from mappings.links import Links, asked_by_sales
from mappings.models import Coupling
from tests.pages.factory import Past, make_company, make_user

pytestmark = pytest.mark.django_db
ROW = UUID("5fae0c96-407f-4b12-9e85-af6091c2bd05")
ASKED = f"'Filter' IS 'CRMID:{{{ROW}}};CRMType:account'"


@pytest.fixture
def past(db: None) -> Past:
    past = Past(make_company(), timezone.now())
    past.mappings()
    return past


@pytest.fixture
def viewer(past: Past) -> Client:
    client = Client()
    client.force_login(make_user(Role.VIEWER))
    return client


def query(url: str) -> dict[str, str]:
    return {name: value[0] for name, value in parse_qs(urlsplit(url).query).items()}


def test_a_record_opens_by_its_number_or_else_by_its_id(past: Past) -> None:
    links, identity = Links(past.company), uuid4()

    by_number = query(links.of("CUSTOMER", key="10000").business_central)
    by_id = query(links.of("CUSTOMER", business_central_id=identity).business_central)

    assert by_number == {"company": "CRONUS", "page": "21", "filter": "'No.' IS '10000'"}
    assert by_id["filter"] == f"'SystemId' IS '{identity}'"
    assert links.of("CUSTOMER", key="10000").sales == ""


def test_a_quotation_mark_in_a_number_does_not_end_it(past: Past) -> None:
    found = query(Links(past.company).of("CUSTOMER", key="O'NEIL").business_central)

    assert found["filter"] == "'No.' IS 'O''NEIL'"


def test_a_row_opens_in_sales(past: Past) -> None:
    found = Links(past.company).of("CUSTOMER", dataverse_id=ROW)

    assert query(found.sales) == {"pagetype": "entityrecord", "etn": "account", "id": str(ROW)}
    assert found.business_central == ""


def test_a_mapping_that_is_gone_opens_nothing(past: Past) -> None:
    assert str(Links(past.company).of("GONE", key="1", dataverse_id=ROW)) == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (ASKED, ("account", ROW)),
        (f"CRMID:{{{str(ROW).upper()}}};CRMType:Account", ("account", ROW)),
        ("CRMID:{5fae0c96};CRMType:account", None),
        ("'No.' IS '10000'", None),
        ("", None),
    ],
)
def test_what_sales_asks_for_is_understood(text: str, found: object) -> None:
    assert asked_by_sales(text) == found


def test_a_coupled_row_leads_to_its_card(past: Past, viewer: Client) -> None:
    [coupling] = past.couplings(1)
    Coupling.objects.filter(pk=coupling.pk).update(dataverse_id=ROW)

    answer = viewer.get("/open/", {"company": "CRONUS", "page": "5329", "filter": ASKED})

    assert answer.status_code == 302
    assert query(answer["Location"])["filter"] == "'No.' IS '10000'"


def test_a_row_that_is_not_coupled_is_told_so(past: Past, viewer: Client) -> None:
    answer = viewer.get("/open/", {"company": "CRONUS", "page": "5329", "filter": ASKED})

    assert answer.status_code == 404
    assert "E-NOT-COUPLED" in answer.content.decode()


def test_a_link_without_a_row_opens_business_central(past: Past, viewer: Client) -> None:
    known = viewer.get("/open/", {"company": "CRONUS"})
    unknown = viewer.get("/open/", {"company": "Nobody"})

    assert known["Location"].startswith("https://businesscentral.dynamics.com/cronus.example/")
    assert unknown.status_code == 404


def test_a_coupling_of_another_company_is_not_opened(past: Past, viewer: Client) -> None:
    other = Past(make_company("Fabrikam"), past.now)
    other.mappings()
    [coupling] = other.couplings(1)
    Coupling.objects.filter(pk=coupling.pk).update(dataverse_id=ROW)

    answer = viewer.get("/open/", {"company": "CRONUS", "page": "5329", "filter": ASKED})

    assert answer.status_code == 404


def test_sales_is_told_of_the_console_where_its_address_is_known(
    past: Past, settings: Settings
) -> None:
    plain = default_web_client_url(past.company)
    settings.CONSOLE_URL = "https://console.example.com"

    assert plain == f"{past.company.business_central_connection.web_client_url}?company=CRONUS"
    assert default_web_client_url(past.company) == (
        "https://console.example.com/open/?company=CRONUS"
    )


def test_each_list_of_records_opens_both_sides(past: Past, viewer: Client) -> None:
    past.skip(past.couplings(3)[:1], "E-TOO-LONG", "Too long.")  # type: ignore[arg-type]
    past.pending(1)
    past.errors(past.job("CUSTOMER", "ToIntegrationTable", past.now), 1, "E-X", "x")  # type: ignore[arg-type]

    coupled, single = (
        [viewer.get(path).content.decode() for path in paths]
        for paths in (
            ("/couplings/", "/coupled-data-errors/"),
            ("/pending-couplings/", "/errors/", "/errors/all/"),
        )
    )

    assert all("in Business Central" in html and "in Sales" in html for html in coupled)
    assert all("in Business Central" in html for html in single)
