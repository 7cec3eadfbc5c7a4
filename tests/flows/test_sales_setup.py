"""The page of the Sales set-up in front of systems that answer: stock, orders, the web client."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEntry
from connections import deployment
from connections.models import Company, DeploymentIdentity, SalesConnectionSetup
from integration_admin.roles import Role
from syncjobs import redeploying
from syncjobs.models import JobQueueEntry
from syncjobs.progress import in_foreground
from tests.connected import connected, trusting
from tests.pages.factory import make_user
from tests.pages.test_setups import SALES, filled, form_of
from tests.running_sandbox import RunningSandbox

__all__ = ["connected", "trusting"]
SERVICE, ORDERS = f"{SALES}item-availability/", f"{SALES}orders/"
WEB_CLIENT = "nav_dynamicsnavurl"
URL, KEY = "nav_dynamicsnavodataurl", "nav_dynamicsnavodataaccesskey"


@pytest.fixture
def company(connected: Company, sandbox: RunningSandbox) -> Iterator[Company]:
    """A company with Sales enabled, the roles of the solution, a web client, and an item."""
    SalesConnectionSetup.objects.filter(company=connected).update(is_enabled=True)
    connection = connected.business_central_connection
    connection.web_client_url = "https://localhost/bc"
    connection.save()
    assert sandbox.bc.post("items", json={"displayName": "Chair"}).ok
    identity = deployment.identity_for_once(connected, administrator(sandbox))
    with in_foreground(connected, job=redeploying.JOB, description="Redeploy") as progress:
        redeploying.run(connected, identity, progress=progress)
    yield connected
    sandbox.reset("empty")


@pytest.fixture
def admin(company: Company) -> Client:
    client = Client()
    client.force_login(make_user(Role.ADMINISTRATOR))
    return client


def administrator(sandbox: RunningSandbox) -> dict[str, str]:
    return {
        "client_id": sandbox.env["SANDBOX_CLIENT_ID"],
        "client_secret": sandbox.env["SANDBOX_CLIENT_SECRET"],
    }


def key_of(sandbox: RunningSandbox) -> str:
    return str(sandbox.control("GET", "access_key")["access_key"])


def in_sales(sandbox: RunningSandbox) -> dict[str, Any]:
    [row] = sandbox.dataverse.get("nav_connections").json()["value"]
    return dict(row)


def said(html: str, field: str) -> str:
    return html.partition(f'id="id_{field}-e"')[2][:500]


# Item availability


def test_the_service_is_published_tried_and_switched_off(
    admin: Client, sandbox: RunningSandbox
) -> None:  # C-0608
    key = key_of(sandbox)
    page = {**filled(admin.get(SERVICE).content.decode()), "odata_user_name": "AVAILABILITY"}

    looked = admin.post(f"{SERVICE}publish/", {**page, "look": "yes"}).content.decode()
    assert '<option value="AVAILABILITY" selected>' in looked  # C-0610
    assert "FORMER" not in looked
    former = {**page, "odata_user_name": "FORMER", "look": "yes"}
    unknown = admin.post(f"{SERVICE}publish/", former).content.decode()
    assert "E-BCUSER" in said(unknown, "odata_user_name")
    published = admin.post(f"{SERVICE}publish/", {**page, "odata_access_key": key}, follow=True)
    told = published.content.decode()
    assert "Sales has the item availability service." in told
    assert "set, 0 days old" in told
    assert key not in told
    assert in_sales(sandbox)[KEY] == key
    tried = admin.post(f"{SERVICE}try/").content.decode()
    assert "The service answers as Sales asks it" in tried
    assert "Chair" in tried
    asked = admin.post(f"{SERVICE}unpublish/").content.decode()
    assert "Sellers see no stock any more" in asked.replace("\n", " ")
    assert SalesConnectionSetup.objects.get().item_availability_service_enabled
    admin.post(f"{SERVICE}unpublish/", {"confirmed": "yes"})

    assert in_sales(sandbox)[KEY] is None
    row = SalesConnectionSetup.objects.get()
    assert not row.item_availability_service_enabled
    assert (row.odata_url, row.odata_user_name, row.odata_access_key.reveal()) == ("", "", "")
    noted = AuditEntry.objects.filter(reason="Item availability").order_by("pk")
    assert list(noted.values_list("act", flat=True)) == ["Enabled", "Tested", "Disabled"]


def test_what_is_wrong_with_the_service_stands_at_its_field(
    admin: Client, sandbox: RunningSandbox
) -> None:
    page = filled(admin.get(SERVICE).content.decode())
    good = {**page, "odata_user_name": "AVAILABILITY", "odata_access_key": key_of(sandbox)}
    elsewhere = f"{sandbox.env['SANDBOX_BC_URL']}/ODataV4/Company('Nobody')/ItemAvailability"

    for wrong, field, code in (
        ({"odata_user_name": ""}, "odata_user_name", "E-BCUSER"),
        ({"odata_access_key": "typo"}, "odata_user_name", "E-BCUSER"),
        ({"odata_access_key": ""}, "odata_access_key", "E-NOKEY"),
        ({"odata_key_expires_on": "2020-01-31"}, "odata_key_expires_on", "E-KEY-EXPIRED"),
        ({"odata_url": "https://elsewhere.example"}, "odata_url", "E-HOST"),
        ({"odata_url": elsewhere}, "odata_url", "E-AVAILABILITY"),
    ):
        answer = admin.post(f"{SERVICE}publish/", {**good, **wrong})
        assert answer.status_code == 422
        assert code in said(answer.content.decode(), field), code

    assert not SalesConnectionSetup.objects.get().item_availability_service_enabled
    assert sandbox.dataverse.get("nav_connections").json()["value"] == []


def test_the_address_is_put_back_to_the_companys_own_without_saving(
    admin: Client, sandbox: RunningSandbox
) -> None:  # C-0609
    page = filled(admin.get(SERVICE).content.decode())
    entered = {**page, "odata_url": "https://localhost/mine", "odata_user_name": "ME", "reset": "1"}

    html = admin.post(f"{SERVICE}publish/", entered).content.decode()

    again = filled(html)
    assert again["odata_url"].endswith("/ItemAvailability")
    assert again["odata_user_name"] == "ME"
    assert SalesConnectionSetup.objects.get().odata_url == ""


def test_another_key_takes_the_place_of_the_old_one(admin: Client, sandbox: RunningSandbox) -> None:
    page = {**filled(admin.get(SERVICE).content.decode()), "odata_user_name": "AVAILABILITY"}
    admin.post(f"{SERVICE}publish/", {**page, "odata_access_key": key_of(sandbox)})
    new = str(sandbox.control("POST", "access_key")["access_key"])
    assert "E-BCUSER" in admin.post(f"{SERVICE}try/").content.decode()

    page = filled(unescape(admin.get(SERVICE).content.decode()))
    assert page["odata_access_key"] == ""
    admin.post(f"{SERVICE}publish/", {**page, "odata_access_key": new})

    assert in_sales(sandbox)[KEY] == new
    assert "The service answers" in admin.post(f"{SERVICE}try/").content.decode()


# Orders


def test_orders_are_switched_on_by_somebody_who_is_asked_for(
    admin: Client, sandbox: RunningSandbox
) -> None:  # C-0614
    page = filled(admin.get(ORDERS).content.decode())
    mine = {**page, "client_id": sandbox.env["SANDBOX_INTEGRATION_CLIENT_ID"]}
    mine["client_secret"] = sandbox.env["SANDBOX_INTEGRATION_CLIENT_SECRET"]

    refused = admin.post(f"{ORDERS}switch/", mine)
    html = refused.content.decode()
    assert (refused.status_code, "is not System Administrator" in html) == (422, True)
    assert mine["client_secret"] not in html
    done = admin.post(f"{ORDERS}switch/", {**page, **administrator(sandbox)}, follow=True)

    assert "set the switch in Sales" in done.content.decode()
    row = SalesConnectionSetup.objects.get()
    assert (row.sales_order_model, row.orders_in_sales) == ("OrderIntegration", True)
    assert not DeploymentIdentity.objects.exists()


def test_the_stored_identity_may_switch_orders(
    company: Company, admin: Client, sandbox: RunningSandbox
) -> None:
    identity = deployment.identity_for_once(company, administrator(sandbox))
    identity.save()
    page = filled(admin.get(ORDERS).content.decode())

    admin.post(f"{ORDERS}switch/", {**page, "who": "stored"})

    assert SalesConnectionSetup.objects.get().orders_in_sales


def test_the_two_ways_for_orders_exclude_each_other(
    company: Company, admin: Client, sandbox: RunningSandbox
) -> None:  # E-9.53
    admin.post(f"{SALES}save/", {**form_of(admin, SALES), "bidirectional": "on"})
    assert SalesConnectionSetup.objects.get().sales_order_model == "Bidirectional"
    page = filled(admin.get(ORDERS).content.decode())

    refused = admin.post(f"{ORDERS}switch/", {**page, "to": "on", **administrator(sandbox)})
    assert "E-EXCLUSIVE" in refused.content.decode()
    form = form_of(admin, SALES)
    form.pop("bidirectional")
    admin.post(f"{SALES}save/", form)
    admin.post(f"{ORDERS}switch/", {**page, "to": "on", **administrator(sandbox)})

    assert SalesConnectionSetup.objects.get().sales_order_model == "OrderIntegration"
    html = admin.post(
        f"{SALES}save/", {**form_of(admin, SALES), "bidirectional": "on"}
    ).content.decode()
    assert "E-EXCLUSIVE" in said(html, "bidirectional")


def test_automatic_orders_have_an_entry_that_says_why_it_waits(
    admin: Client, sandbox: RunningSandbox
) -> None:  # C-0615
    page = filled(admin.get(ORDERS).content.decode())
    admin.post(f"{ORDERS}switch/", {**page, **administrator(sandbox)})

    admin.post(f"{SALES}save/", {**form_of(admin, SALES), "auto_create_sales_orders": "on"})
    html = admin.get(SALES).content.decode()
    made = JobQueueEntry.objects.filter(job="auto_create_sales_orders")
    assert made.count() == 1
    assert "E-NOT-CARRIED" in html
    form = form_of(admin, SALES)
    form.pop("auto_create_sales_orders")
    admin.post(f"{SALES}save/", form)

    assert not made.all().exists()


# The web client


def test_the_web_clients_address_reaches_sales_when_it_is_saved_and_is_reset(
    admin: Client, sandbox: RunningSandbox
) -> None:  # C-0607, C-0644
    mine = "https://bc.example/ours?company=Other"
    admin.post(f"{SALES}save/", {**form_of(admin, SALES), "web_client_url": mine})
    assert in_sales(sandbox)[WEB_CLIENT] == mine
    assert f'href="{mine}"' in admin.get(SALES).content.decode()

    asked = admin.post(f"{SALES}web-client-url/reset/").content.decode()
    assert mine in asked
    assert "https://localhost/bc?company=CRONUS" in asked
    admin.post(f"{SALES}web-client-url/reset/", {"confirmed": "yes"})

    assert in_sales(sandbox)[WEB_CLIENT] == "https://localhost/bc?company=CRONUS"
    assert SalesConnectionSetup.objects.get().web_client_url == ""


def test_what_sales_does_not_take_is_not_saved_here(admin: Client, sandbox: RunningSandbox) -> None:
    page = {**form_of(admin, SALES), "web_client_url": "https://bc.example/ours"}
    sandbox.faults(
        [{"system": "dataverse", "method": "POST", "path": "nav_connections|batch", "every": 1,
          "action": "status", "status": 403}]
    )  # fmt: skip

    answer = admin.post(f"{SALES}save/", page)

    sandbox.faults([])
    assert answer.status_code == 422
    assert "E-" in said(answer.content.decode(), "web_client_url")
    assert SalesConnectionSetup.objects.get().web_client_url == ""


# Enabling, looking, disabling


def test_enabling_introduces_us_and_disabling_takes_leave(
    admin: Client, sandbox: RunningSandbox
) -> None:  # E-9.24, E-9.25
    SalesConnectionSetup.objects.update(is_enabled=False)

    enabled = admin.post(f"{SALES}enable/", follow=True).content.decode()
    assert "9.2." in enabled
    assert "supported" in enabled
    assert in_sales(sandbox)[WEB_CLIENT] == "https://localhost/bc?company=CRONUS"
    admin.post(f"{SALES}disable/", {"confirmed": "yes"})

    assert in_sales(sandbox)[WEB_CLIENT] is None
    row = SalesConnectionSetup.objects.get()
    assert (row.sales_version, row.checked_at) == ("", None)


def test_the_page_says_what_sales_told_and_looks_again_when_asked(
    admin: Client, sandbox: RunningSandbox
) -> None:  # C-0612, C-0613
    assert "9.2." in admin.get(SALES).content.decode()  # the redeploy noted it
    SalesConnectionSetup.objects.update(checked_at=None)
    assert "not checked yet" in admin.get(SALES).content.decode()

    html = admin.post(f"{SALES}check/", follow=True).content.decode()

    assert "Sales answers: version 9.2." in html
    assert "current" in html
    [organization] = sandbox.dataverse.get("organizations").json()["value"]
    path = f"organizations({organization['organizationid']})"
    assert sandbox.dataverse.patch(path, {"issopintegrationenabled": True}).ok
    assert "Sales says otherwise" in admin.post(f"{SALES}check/", follow=True).content.decode()
    assert AuditEntry.objects.filter(act="Tested", reason="Sales was asked").count() == 2


def test_the_page_opens_without_asking_sales(admin: Client, sandbox: RunningSandbox) -> None:
    sandbox.forget_stats()

    html = admin.get(SALES).content.decode()

    assert "Dynamics 365 Sales Settings" in html
    assert [route for route in sandbox.stats()["routes"] if route["system"] == "dataverse"] == []
