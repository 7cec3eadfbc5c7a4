"""What goes on in Sales with a coupled customer, on the page of its coupling (E-8.96)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from connections.models import Company, DataverseConnectionSetup
from integration_admin.roles import Role
from mappings.models import Coupling
from tests.connected import connected, trusting
from tests.pages.accessibility import findings
from tests.pages.conftest import sign_in_at_once
from tests.pages.factory import Past, make_user
from tests.running_sandbox import RunningSandbox

__all__ = ["connected", "trusting"]
INTEGRATION_USER = "6f960e32-a72b-e511-80d9-3863bb349780"  # the security role of the solution
PARENT, CUSTOMER = "parentaccountid@odata.bind", "customerid_account@odata.bind"


def made(sandbox: RunningSandbox, entity_set: str, row: dict[str, Any]) -> str:
    """Let a person in Sales create a row; return its id."""
    answer = sandbox.dataverse.post(entity_set, json=row)
    assert answer.ok, answer.text
    return answer.headers["OData-EntityId"].rpartition("(")[2].rstrip(")")


def customer(company: Company, account: str, mapping: str = "CUSTOMER") -> Coupling:
    return Coupling.objects.create(
        company=company,
        mapping_name=mapping,
        business_central_id=uuid4(),
        business_central_key="10000",
        name="10000 Adatum Corporation",
        dataverse_id=account,
    )


@pytest.fixture
def adatum(connected: Company, sandbox: RunningSandbox) -> Iterator[Coupling]:
    """A coupled customer with open and lost opportunities, a draft and an active quote, a case."""
    DataverseConnectionSetup.objects.filter(company=connected).update(
        web_client_url="https://cronus.crm4.dynamics.com"
    )
    account = made(sandbox, "accounts", {"name": "Adatum Corporation"})
    other = made(sandbox, "accounts", {"name": "Trey Research"})
    buys, asks = ({column: f"/accounts({account})"} for column in (PARENT, CUSTOMER))
    made(sandbox, "opportunities", {"name": "A desk", PARENT: f"/accounts({other})"})
    for name in ("100 chairs", "A lamp"):
        made(sandbox, "opportunities", {"name": name, **buys})
    lost = made(sandbox, "opportunities", {"name": "Long ago", **buys})
    closed = {"opportunityid@odata.bind": f"/opportunities({lost})", "subject": "lost"}
    done = sandbox.dataverse.post(
        "LoseOpportunity", json={"OpportunityClose": closed, "Status": -1}
    )
    assert done.ok, done.text
    prices = made(sandbox, "pricelevels", {"name": "Retail"})
    priced = {"pricelevelid@odata.bind": f"/pricelevels({prices})"}
    quotes = [made(sandbox, "quotes", {"name": n, **priced, **asks}) for n in ("Draft", "Lamps")]
    active = {"statecode": 1, "statuscode": 2}
    sandbox.dataverse.patch(f"quotes({quotes[1]})", json=active).raise_for_status()
    made(sandbox, "incidents", {"title": "A broken lamp", **asks})
    yield customer(connected, account)
    sandbox.reset("empty")


def facts(html: str) -> dict[str, str]:
    """Return what the page says of each kind, without its tags."""
    section = html.partition('id="in-sales"')[2].partition("</section>")[0]
    pairs = re.findall(r"<dt[^>]*>(.*?)</dt><dd>(.*?)</dd>", section, re.DOTALL)
    return {re.sub("<.*?>", "", key): re.sub("<.*?>", "", value) for key, value in pairs}


def names_in(told: str, count: str) -> list[str]:
    """Return the names after a count; Sales tells no order within a second."""
    assert told.startswith(count)
    return told.removeprefix(count).removesuffix(" and others").split(", ")


def test_the_page_of_a_customer_counts_its_open_work_in_one_request(  # E-8.96
    adatum: Coupling, sandbox: RunningSandbox, admin: Client
) -> None:
    sandbox.forget_stats()

    html = admin.get(f"/couplings/{adatum.pk}/?in_sales=1").content.decode()

    told = facts(html)
    assert sorted(names_in(told["Open opportunities"], "2: ")) == ["100 chairs", "A lamp"]
    assert told["Active quotes"] == "1: Lamps"
    assert told["Active cases"] == "1: A broken lamp"
    assert sandbox.stats()["systems"]["dataverse"]["requests"] == 1
    assert "pagetype=entitylist&amp;etn=opportunity" in html
    assert "pagetype=entityrecord&amp;etn=opportunity&amp;id=" in html


def test_what_the_integration_user_may_not_read_names_the_privilege_and_spoils_nothing_else(
    adatum: Coupling, sandbox: RunningSandbox, admin: Client
) -> None:
    query = "privileges?$select=privilegeid&$filter=name eq 'prvReadIncident'"
    [privilege] = sandbox.dataverse.get(query).json()["value"]
    given = f"roleprivileges_association({privilege['privilegeid']})/$ref"
    sandbox.dataverse.delete(f"roles({INTEGRATION_USER})/{given}").raise_for_status()

    told = facts(admin.get(f"/couplings/{adatum.pk}/?in_sales=1").content.decode())

    assert "prvReadIncident" in told["Active cases"]
    assert "E-PRIVILEGE" in told["Active cases"]
    assert "Id=" not in told["Active cases"]
    assert told["Active quotes"] == "1: Lamps"


def test_more_than_fit_are_counted_and_the_latest_named(
    adatum: Coupling, sandbox: RunningSandbox, admin: Client
) -> None:
    account = {PARENT: f"/accounts({adatum.dataverse_id})"}
    for number in range(3):
        made(sandbox, "opportunities", {"name": f"Chair {number}", **account})

    told = facts(admin.get(f"/couplings/{adatum.pk}/?in_sales=1").content.decode())

    assert told["Open opportunities"].endswith(" and others")
    assert len(names_in(told["Open opportunities"], "5: ")) == 3


@pytest.mark.parametrize("action", ["reset_before", "status"])
def test_a_customer_is_shown_though_sales_fails(
    adatum: Coupling, sandbox: RunningSandbox, admin: Client, action: str
) -> None:
    fault = {"system": "dataverse", "path": "batch", "every": 1, "action": action}
    sandbox.faults([fault | ({"status": 403} if action == "status" else {})])

    answer = admin.get(f"/couplings/{adatum.pk}/?in_sales=1")

    html = answer.content.decode()
    assert answer.status_code == 200
    assert "Adatum Corporation" in html
    assert re.search(r'id="in-sales".*<code class="nowrap">E-[A-Z-]+</code>', html, re.DOTALL)


def test_a_disabled_connection_is_not_asked(
    adatum: Coupling, sandbox: RunningSandbox, admin: Client
) -> None:
    DataverseConnectionSetup.objects.update(is_enabled=False)
    sandbox.forget_stats()

    html = admin.get(f"/couplings/{adatum.pk}/?in_sales=1").content.decode()

    assert "is disabled" in html
    assert sandbox.stats()["systems"]["dataverse"]["requests"] == 0


def test_only_accounts_have_work_of_their_own(past: Past, admin: Client) -> None:
    past.mappings()
    [item] = past.couplings(1, "ITEM-PRODUCT")

    assert "in-sales" not in admin.get(f"/couplings/{item.pk}/?in_sales=1").content.decode()


def test_the_page_itself_asks_nobody(
    adatum: Coupling, sandbox: RunningSandbox, admin: Client
) -> None:
    sandbox.forget_stats()

    html = admin.get(f"/couplings/{adatum.pk}/").content.decode()

    assert f'hx-get="/couplings/{adatum.pk}/?in_sales=1"' in html
    assert f'<a href="/couplings/{adatum.pk}/?in_sales=1">Ask Sales</a>' in html
    assert sandbox.stats()["systems"]["dataverse"]["requests"] == 0


def test_the_browser_asks_by_itself_once_the_page_is_there(
    adatum: Coupling, live: LiveServer, page: Page
) -> None:
    sign_in_at_once(page, live.url, make_user(Role.SUPPORT, "lena"))

    page.goto(f"{live.url}/couplings/{adatum.pk}/")

    ongoing = page.get_by_role("region", name="Ongoing in Sales")
    expect(ongoing.get_by_role("link", name="100 chairs")).to_be_visible()
    expect(ongoing.get_by_role("link", name="Ask again")).to_be_visible()
    assert findings(page) == []
