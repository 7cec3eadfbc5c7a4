"""The pages of the set-ups: who edits what, errors next to fields, two editors, secrets, jobs."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

from django.test import Client

from audit.models import AuditEntry
from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    DeploymentIdentity,
    SalesConnectionSetup,
)
from connections.secrets import Secret
from connections.terms import SalesOrderModel
from integration_admin.roles import Role
from mappings.models import IntegrationTableMapping
from syncjobs.models import HealthCheck, JobQueueEntry
from syncjobs.terms import JobStatus
from tests.pages.conftest import SignedIn
from tests.pages.factory import Past, make_company

BC, DATAVERSE, SALES = (
    f"/connections/{name}/" for name in ("business-central", "dataverse", "sales")
)
SELECT = re.compile(r'<select\b[^>]*name="(\w+)"[^>]*>(.*?)</select>', re.DOTALL)
PLANTED = "a very secret text"


def filled(page: str) -> dict[str, Any]:
    """Return what a browser would send back from the form of a page."""
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input\b[^>]*>", page):
        given = dict(re.findall(r'(\w[\w-]*)="([^"]*)"', tag))
        if "name" not in given or given["name"] in ("csrfmiddlewaretoken", "q"):
            continue
        if given.get("type") == "checkbox" and "checked" not in tag:
            continue
        found[given["name"]] = given.get("value", "on" if given.get("type") == "checkbox" else "")
    for name, body in re.findall(r'<textarea\b[^>]*name="(\w+)"[^>]*>([^<]*)<', page):
        found[name] = body.strip()
    for name, body in SELECT.findall(page):
        chosen = re.findall(r'value="([^"]*)" selected', body)
        found[name] = chosen[0] if chosen else ""
    return found


def form_of(client: Client, address: str) -> dict[str, Any]:
    return filled(client.get(f"{address}?edit=1").content.decode())


def disabled(past: Past) -> DataverseConnectionSetup:
    row = past.company.dataverse_connection_setup
    row.is_enabled = False
    row.client_secret = PLANTED
    row.save()
    return row


def test_an_empty_console_begins_with_business_central(db: None, admin: Client) -> None:
    identity = uuid4()
    page = form_of(admin, BC)

    assert admin.get(DATAVERSE)["Location"] == BC
    answer = admin.post(f"{BC}save/", {**page, "business_central_id": str(identity)})

    assert answer["Location"] == BC
    assert Company.objects.get().business_central_id == identity
    assert BusinessCentralConnection.objects.get().company.name == str(identity)[:30]
    assert "Editing" in admin.get(DATAVERSE).content.decode()


def test_a_secret_is_kept_replaced_and_removed_and_never_shown(past: Past, admin: Client) -> None:
    row = disabled(past)
    before = row.client_secret.token
    page = admin.get(f"{DATAVERSE}?edit=1").content.decode()
    assert PLANTED not in page
    assert before not in page

    admin.post(f"{DATAVERSE}save/", {**filled(page), "ownership_model": "Team"})
    row.refresh_from_db()
    assert (row.client_secret.token, row.ownership_model) == (before, "Team")
    admin.post(f"{DATAVERSE}save/", {**form_of(admin, DATAVERSE), "client_secret": "another"})
    row.refresh_from_db()
    assert row.client_secret.reveal() == "another"
    admin.post(f"{DATAVERSE}save/", {**form_of(admin, DATAVERSE), "remove_client_secret": "on"})
    row.refresh_from_db()

    assert not row.client_secret
    noted = AuditEntry.objects.filter(object_kind="Dataverse Connection Setup", act="Changed")
    assert noted.count() == 3
    assert "another" not in str(list(noted.values_list("before", "after")))


def test_a_secret_says_when_and_by_whom_it_was_set(past: Past, admin: Client) -> None:  # C-0017
    row = disabled(past)
    assert " by " not in _field(admin, "client_secret")  # the log knows nothing of it

    admin.post(f"{DATAVERSE}save/", {**form_of(admin, DATAVERSE), "client_secret": "another"})
    admin.post(f"{DATAVERSE}save/", {**form_of(admin, DATAVERSE), "ownership_model": "Team"})

    entries = AuditEntry.objects.filter(object_kind="Dataverse Connection Setup")
    noted = entries.get(after__has_key="client_secret", object_key=str(row.pk))
    field = _field(admin, "client_secret")
    assert f'<time datetime="{noted.moment.isoformat()}"' in field
    assert f" by {noted.user_name}; leave empty to keep it" in field


def _field(client: Client, name: str) -> str:
    page = client.get(f"{DATAVERSE}?edit=1").content.decode()
    return page.partition(f'for="id_{name}"')[2].partition("<input")[0]


def test_what_is_wrong_stands_at_its_field_with_a_code_and_the_entries_stay(
    past: Past, admin: Client
) -> None:
    row = disabled(past)
    wrong = {
        "server_address": "http://cronus.crm4.dynamics.com",
        "client_id": "no-id",
        "web_client_url": "https://[cronus",
        "tenant": "kept.example",
    }

    answer = admin.post(f"{DATAVERSE}save/", {**form_of(admin, DATAVERSE), **wrong})

    html = answer.content.decode()
    assert answer.status_code == 422
    for name, code in (
        ("server_address", "E-HTTPS"),
        ("client_id", "E-GUID"),
        ("web_client_url", "E-URL"),
    ):
        assert f'href="#id_{name}"' in html
        assert code in html.partition(f'id="id_{name}-e"')[2][:600]
    assert 'value="kept.example"' in html
    row.refresh_from_db()
    assert row.tenant == "cronus.example"


def test_an_address_of_the_own_network_is_refused(past: Past, admin: Client) -> None:
    disabled(past)
    page = form_of(admin, DATAVERSE)

    answer = admin.post(f"{DATAVERSE}save/", {**page, "server_address": "https://10.0.0.1"})

    assert (answer.status_code, "E-HOST" in answer.content.decode()) == (422, True)


def test_an_address_is_offered_as_it_seems_to_be_meant_and_taken_with_a_button(
    past: Past, admin: Client
) -> None:  # C-0501
    row = disabled(past)
    host = "https://other.crm4.dynamics.com"
    page = {**form_of(admin, DATAVERSE), "server_address": f"{host}/main.aspx"}

    refused = admin.post(f"{DATAVERSE}save/", page)
    error = refused.content.decode().partition('id="id_server_address-e"')[2][:900]
    assert (refused.status_code, "E-URL-SUGGEST" in error) == (422, True)
    assert f'name="use_server_address" value="{host}"' in error
    assert f'name="keep_server_address" value="{host}/main.aspx"' in error
    admin.post(f"{DATAVERSE}save/", {**page, "keep_server_address": f"{host}/main.aspx"})
    row.refresh_from_db()
    assert row.server_address == f"{host}/main.aspx"
    admin.post(f"{DATAVERSE}save/", {**form_of(admin, DATAVERSE), "tenant": "kept.example"})
    row.refresh_from_db()
    assert (row.server_address, row.tenant) == (f"{host}/main.aspx", "kept.example")
    admin.post(f"{DATAVERSE}save/", {**form_of(admin, DATAVERSE), "use_server_address": host})

    row.refresh_from_db()
    assert row.server_address == host


def test_somebody_else_saved_meanwhile_and_nothing_is_lost(
    past: Past, admin: Client
) -> None:  # C-0004
    row = disabled(past)
    mine = {**form_of(admin, DATAVERSE), "tenant": "mine.example"}
    DataverseConnectionSetup.objects.update(tenant="theirs.example")

    stale = admin.post(f"{DATAVERSE}save/", mine)
    html = stale.content.decode()
    row.refresh_from_db()
    assert (stale.status_code, row.tenant) == (409, "theirs.example")
    assert "E-STALE" in html
    for value in ("cronus.example", "theirs.example", "mine.example"):
        assert f">{value}</td>" in html
    again = admin.post(f"{DATAVERSE}save/", filled(html))

    row.refresh_from_db()
    assert (again.status_code, row.tenant) == (302, "mine.example")


def test_a_form_without_what_was_read_is_stale(past: Past, admin: Client) -> None:
    row = disabled(past)
    page = {**form_of(admin, DATAVERSE), "tenant": "mine.example", "seen": "forged"}

    assert admin.post(f"{DATAVERSE}save/", page).status_code == 409
    row.refresh_from_db()
    assert row.tenant == "cronus.example"


def test_what_is_in_use_is_disabled_before_it_changes(past: Past, admin: Client) -> None:  # E-9.7
    row = past.company.dataverse_connection_setup
    page = form_of(admin, DATAVERSE)

    admin.post(f"{DATAVERSE}save/", {**page, "tenant": "mine.example"})

    row.refresh_from_db()
    assert row.tenant == "cronus.example"
    assert 'name="tenant"' not in admin.get(f"{DATAVERSE}?edit=1").content.decode()


def test_enabling_asks_for_what_is_missing_at_its_fields(past: Past, admin: Client) -> None:
    row = disabled(past)
    DataverseConnectionSetup.objects.update(client_id="", tenant="")
    page = {**form_of(admin, DATAVERSE), "is_enabled": "on"}

    answer = admin.post(f"{DATAVERSE}save/", page)

    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Your settings are saved, but not enabled" in html
    for name in ("client_id", "tenant"):
        assert "E-REQUIRED" in html.partition(f'id="id_{name}-e"')[2][:300]
    row.refresh_from_db()
    assert not row.is_enabled


def test_sales_needs_dataverse(past: Past, admin: Client) -> None:  # E-9.21
    disabled(past)
    SalesConnectionSetup.objects.update(is_enabled=False)

    html = admin.post(f"{SALES}enable/").content.decode()

    assert "E-NEED-DATAVERSE" in html
    assert not SalesConnectionSetup.objects.get().is_enabled


def test_disabling_says_what_happens_to_jobs_and_then_does_it(
    past: Past, admin: Client
) -> None:  # E-9.20
    past.everything()
    orders = SalesOrderModel.ORDER_INTEGRATION
    SalesConnectionSetup.objects.update(is_enabled=True, sales_order_model=orders)
    JobQueueEntry.objects.create(
        company=past.company, job="synchronize", mapping_name="ITEM-PRODUCT", recurring=True,
        description="Items", status=JobStatus.IN_PROCESS,
    )  # fmt: skip

    refused = admin.post(f"{DATAVERSE}disable/", {"confirmed": "yes"}, follow=True)
    assert "E-SALES-ON" in refused.content.decode()
    asked = admin.post(f"{SALES}disable/").content.decode()
    assert "job queue entries go On Hold. These run now and end: Items." in asked
    assert "Whether submitted orders wait in Sales could not be looked up." in asked  # C-0604
    assert SalesConnectionSetup.objects.get().is_enabled
    admin.post(f"{SALES}disable/", {"confirmed": "yes"})
    admin.post(f"{DATAVERSE}disable/", {"confirmed": "yes"})

    assert not DataverseConnectionSetup.objects.get().is_enabled
    held = JobQueueEntry.objects.filter(recurring=True).values_list("status", flat=True)
    assert set(held) == {JobStatus.ON_HOLD}
    assert AuditEntry.objects.filter(act="Disabled").count() == 2


def test_sales_is_the_environment_of_dataverse(past: Past, admin: Client) -> None:
    SalesConnectionSetup.objects.update(is_enabled=False)
    page = {**form_of(admin, SALES), "server_address": "https://other.crm4.dynamics.com"}

    html = admin.post(f"{SALES}save/", page).content.decode()

    assert "E-MISMATCH" in html.partition('id="id_server_address-e"')[2][:300]


def test_orders_are_only_made_where_orders_take_part(past: Past, admin: Client) -> None:
    page = {**form_of(admin, SALES), "auto_create_sales_orders": "on"}

    html = admin.post(f"{SALES}save/", page).content.decode()

    assert "E-EXCLUSIVE" in html.partition('id="id_auto_create_sales_orders-e"')[2][:400]


def test_the_defaults_are_shown_with_what_would_be_lost_and_ticks_keep_it(
    past: Past, admin: Client
) -> None:  # C-0516
    past.everything()
    customer = past.mapping("CUSTOMER")
    IntegrationTableMapping.objects.filter(name__in=("CUSTOMER", "VENDOR")).update(priority=7)

    html = admin.get("/connections/defaults/").content.decode()
    assert "Keep CUSTOMER as it is" in html
    assert "Keep VENDOR as it is" in html
    lost = admin.get("/connections/defaults/export/").json()
    assert (set(lost), lost["VENDOR"]["priority"]) == ({"CUSTOMER", "VENDOR"}, 7)
    assert lost["VENDOR"]["fields"][0]["integration_field"]
    asked = admin.post("/connections/defaults/use/", {"keep": ["CUSTOMER"]}).content.decode()
    number = re.search(r"Type (\d+) to go on", asked)
    assert number
    assert "VENDOR" in asked
    typed = {"keep": ["CUSTOMER"], "confirmed": "yes", "number": number[1]}
    admin.post("/connections/defaults/use/", typed)

    customer.refresh_from_db()
    assert customer.priority == 7
    assert IntegrationTableMapping.objects.get(name="VENDOR").priority != 7


def test_a_viewer_sees_neither_names_nor_buttons(past: Past, viewer: Client) -> None:
    DataverseConnectionSetup.objects.update(user_name="bc-integration@cronus.example")

    html = viewer.get(f"{DATAVERSE}?edit=1").content.decode()

    assert "https://cronus.crm4.dynamics.com" in html
    assert "bc-integration@cronus.example" not in html
    assert "Save</button>" not in html


def test_a_redeploy_without_an_identity_asks_for_a_sign_in_and_stores_nothing(
    past: Past, signed_in: SignedIn
) -> None:  # C-0702
    operator = signed_in(Role.OPERATOR)

    asked = operator.post("/connections/redeploy/start/").content.decode()
    assert "Sign in as a System Administrator" in asked
    refused = operator.post(
        "/connections/redeploy/start/",
        {**filled(asked), "confirmed": "yes", "client_id": str(uuid4()), "client_secret": ""},
    )

    html = refused.content.decode()
    assert refused.status_code == 422
    assert "E-REQUIRED" in html.partition('id="id_client_secret-e"')[2][:300]
    assert not DeploymentIdentity.objects.exists()


def test_the_identity_that_redeploys_is_removed_after_asking(past: Past, admin: Client) -> None:
    DeploymentIdentity.objects.create(
        company=past.company, client_id="me", client_secret=Secret.seal(PLANTED)
    )
    assert "stored" in admin.get("/connections/redeploy/").content.decode()
    assert PLANTED not in admin.get("/connections/redeploy/identity/").content.decode()

    admin.post("/connections/redeploy/identity/remove/")
    assert DeploymentIdentity.objects.exists()
    admin.post("/connections/redeploy/identity/remove/", {"confirmed": "yes"})

    assert not DeploymentIdentity.objects.exists()


def test_a_set_up_shows_what_health_found_last_and_where_it_leads(
    past: Past, admin: Client, viewer: Client
) -> None:  # C-0508, C-0518 to C-0523, C-0642
    past.health()
    other = make_company("Northwind")
    row = past.company.dataverse_connection_setup
    row.web_client_url, row.owning_team_id = "https://cronus.crm4.dynamics.com", uuid4()
    row.save()
    HealthCheck.objects.filter(name="Certificate").update(code="E-ADMINMODE")

    html = admin.get(DATAVERSE).content.decode()
    roles = html.partition("User Roles checked</dt>")[2].partition("</dd>")[0]
    assert "Wrong" in roles
    assert "lacks the security role" in roles
    assert "Not looked at yet" in html.partition("Solution Version</dt>")[2].partition("</dd>")[0]
    assert f"etn=team&amp;id={row.owning_team_id}" in html
    assert "The environment is in administration mode" in html
    assert other.display_name in html.partition("Several companies share")[2]
    sales = admin.get(SALES).content.decode()
    for menu in (html, sales):
        assert 'href="/job-queue/?view=synch"' in menu
        assert 'action="/mappings/synchronize-all/"' in menu

    seen = viewer.get(DATAVERSE).content.decode()
    assert "lacks the security role" not in seen
    assert 'action="/mappings/synchronize-all/"' not in seen
    DataverseConnectionSetup.objects.update(is_enabled=False, disable_reason="The secret ended.")
    rests = admin.get(DATAVERSE).content.decode()
    assert "Synchronize Modified Records<small>Enable the connection first.</small>" in rests
    assert "Test again" in rests.partition("The secret ended.")[2]


def test_what_is_locked_says_what_unlocks_it(past: Past, admin: Client) -> None:
    read = admin.get("/connections/dataverse/").content.decode()
    edited = admin.get("/connections/sales/?edit=1").content.decode()

    assert "Disable the connection to change it." in read
    assert "Disable the connection to change this." in edited


def test_a_sign_in_for_once_asks_for_no_day_on_which_it_ends(past: Past, admin: Client) -> None:
    page = admin.get("/connections/sales/orders/").content.decode()

    assert "Client Secret" in page
    assert "client_secret_expires_on" not in page
    SalesConnectionSetup.objects.update(sales_order_model=SalesOrderModel.ORDER_INTEGRATION)
    assert "etn=salesorder" in admin.get("/connections/sales/orders/").content.decode()  # C-0614
