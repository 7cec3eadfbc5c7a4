"""The set-up pages in front of systems that answer: what is tried before it is saved or done."""

from __future__ import annotations

from typing import cast

import pytest
from django.http import StreamingHttpResponse
from django.test import Client

from audit.models import AuditEntry
from audit.terms import Act
from connections.models import BusinessCentralConnection, Company, DeploymentIdentity
from integration_admin.roles import Role
from mappings.models import IntegrationTableMapping
from mappings.terms import Direction
from syncjobs import redeploying
from syncjobs.models import HealthCheck, JobQueueEntry, Run
from tests.connected import connected, trusting
from tests.pages.factory import make_user
from tests.pages.test_setups import BC, filled, form_of
from tests.running_sandbox import RunningSandbox
from tests.syncjobs.test_redeploying import USER_ROLE_NAME, take_role_away

__all__ = ["connected", "trusting"]
ROLES, TABS = "/connections/roles/", ("user", "team", "solutions")
ONLY_MISSING = f"{ROLES}?only=missing"


@pytest.fixture
def admin(connected: Company) -> Client:
    client = Client()
    client.force_login(make_user(Role.ADMINISTRATOR))
    return client


def administrator(sandbox: RunningSandbox) -> dict[str, str]:
    return {
        "client_id": sandbox.env["SANDBOX_CLIENT_ID"],
        "client_secret": sandbox.env["SANDBOX_CLIENT_SECRET"],
    }


def test_a_wrong_secret_of_a_connection_in_use_is_not_saved(
    connected: Company, admin: Client
) -> None:
    before = connected.business_central_connection.client_secret.token

    answer = admin.post(f"{BC}save/", {**form_of(admin, BC), "client_secret": "wrong"})

    html = answer.content.decode()
    assert answer.status_code == 422
    assert "The client secret is wrong." in html.partition('id="id_client_secret-e"')[2][:300]
    assert BusinessCentralConnection.objects.get().client_secret.token == before


def test_another_name_of_a_connection_in_use_is_saved(connected: Company, admin: Client) -> None:
    page = {**form_of(admin, BC), "display_name": "Our company"}

    assert admin.post(f"{BC}save/", page).status_code == 302
    connected.refresh_from_db()
    assert connected.display_name == "Our company"


def test_only_a_system_administrator_is_stored_to_redeploy(
    connected: Company, admin: Client, sandbox: RunningSandbox
) -> None:  # C-0702
    address = "/connections/redeploy/identity/"
    page = filled(admin.get(address).content.decode())
    integration_user = {
        "client_id": sandbox.env["SANDBOX_INTEGRATION_CLIENT_ID"],
        "client_secret": sandbox.env["SANDBOX_INTEGRATION_CLIENT_SECRET"],
    }

    refused = admin.post(f"{address}save/", {**page, **integration_user})
    assert "E-NOTADMIN" in refused.content.decode().partition('id="id_client_id-e"')[2][:400]
    assert not DeploymentIdentity.objects.exists()
    admin.post(f"{address}save/", {**page, **administrator(sandbox)})

    assert DeploymentIdentity.objects.get().client_id == sandbox.env["SANDBOX_CLIENT_ID"]


def test_a_role_that_is_gone_is_named_on_three_pages_and_a_redeploy_is_asked_for(
    connected: Company, admin: Client, sandbox: RunningSandbox
) -> None:
    take_role_away(sandbox)
    try:
        health = admin.post("/connections/health/check/", follow=True).content.decode()
        roles = admin.post("/connections/roles/check/", follow=True).content.decode()
        plan = admin.get("/connections/redeploy/?look=1").content.decode()
    finally:
        sandbox.reset("empty")

    for html in (health, roles, plan):
        assert USER_ROLE_NAME in html
    assert "Something is wrong" in health
    assert "E-ROLES" in health
    assert "Not assigned" in roles
    noted = AuditEntry.objects.filter(act=Act.TESTED).latest("pk")
    assert (noted.after["roles not right"], noted.user_name) == (1, "administrator")
    assert f"{USER_ROLE_NAME} to the integration user" in plan


def test_a_table_that_only_a_mapping_needs_is_named_and_stays_known_when_dataverse_is_away(
    connected: Company, admin: Client
) -> None:  # C-0803, C-0806, C-0808
    IntegrationTableMapping.objects.create(
        company=connected, name="CONTRACT", table="contracts", integration_table="contract",
        uid_field="contractid", direction=Direction.FROM_INTEGRATION_TABLE,
    )  # fmt: skip
    admin.post("/connections/health/check/", {"only": ["solution"]})
    row = connected.dataverse_connection_setup
    row.client_id = "unknown"
    row.save()

    away = admin.post("/connections/roles/check/", {"next": ONLY_MISSING}, follow=True)
    tabs = [admin.get(f"{ROLES}?tab={tab}").content.decode() for tab in TABS]
    file = admin.get(f"{ROLES}export/?format=csv&only=missing")

    check = HealthCheck.objects.get(name="Tables of the mappings")
    assert (check.state, check.code, check.names) == ("wrong", "E-PRIVILEGE", ["prvReadContract"])
    html = away.content.decode()
    assert "The roles could not be read." in html
    assert "lacks prvReadContract" in html
    assert "As Dataverse held them" in html
    assert (
        "Integration Administrator" not in html.partition("</nav>")[2]
    )  # nothing of it is missing
    assert ["Business Central Integration</dd>" in tabs[0], "cronus" in tabs[1]] == [True, True]
    assert "Business Central Dataverse Base Integration" in tabs[2]
    lines = b"".join(cast(StreamingHttpResponse, file)).decode().splitlines()
    assert lines[1:] == ["Mappings,contract,Read,missing,CONTRACT,"]


def test_a_redeploy_shows_what_it_does_and_then_waits_for_a_worker(
    connected: Company, admin: Client, sandbox: RunningSandbox
) -> None:  # C-0703
    DeploymentIdentity.objects.create(
        company=connected,
        authority=sandbox.env["SANDBOX_AUTHORITY"],
        tenant=sandbox.env["SANDBOX_TENANT"],
        **administrator(sandbox),
    )

    asked = admin.post("/connections/redeploy/start/").content.decode()
    assert "no, it is current" in asked
    assert not Run.objects.exists()
    begun = admin.post("/connections/redeploy/start/", {"confirmed": "yes"})
    again = admin.post("/connections/redeploy/start/", {"confirmed": "yes"}, follow=True)

    run = Run.objects.get()
    assert begun["Location"] == f"/runs/{run.pk}/"
    assert JobQueueEntry.objects.get(job=redeploying.JOB).runs.get() == run
    assert "E-BUSY" in again.content.decode()
