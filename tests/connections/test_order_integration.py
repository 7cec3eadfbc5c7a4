"""Sales order integration: planned from the state, set in Sales as an administrator, noted here."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from audit.models import AuditEntry
from connections import deployment, order_integration, sales_status
from connections.causes import Cause
from connections.errors import ConfigurationError, IntegrationError
from connections.models import Company, DeploymentIdentity, SalesConnectionSetup
from connections.order_integration import OrderState, SwitchPlan, plan_switch
from connections.terms import SalesOrderModel
from integration_admin import enabling
from mappings.models import IntegrationTableMapping
from syncjobs import clock
from syncjobs.models import JobQueueEntry
from syncjobs.terms import JobStatus
from tests.connected import connected, trusting
from tests.running_sandbox import RunningSandbox

__all__ = ["connected", "trusting"]
OFF, ON, BOTH = (
    SalesOrderModel.OFF,
    SalesOrderModel.ORDER_INTEGRATION,
    SalesOrderModel.BIDIRECTIONAL,
)


def refused(cause: Cause, *words: str) -> Any:
    def fits(error: IntegrationError) -> bool:
        return error.cause == cause and all(word in error.message for word in words)

    return pytest.raises(ConfigurationError, check=fits)


# The plan


def test_switching_on_sets_the_switch_that_is_off() -> None:
    assert plan_switch(OrderState(in_sales=False), on=True) == SwitchPlan(True, ON, False)
    assert plan_switch(OrderState(in_sales=True), on=True) == SwitchPlan(False, ON, False)


def test_switching_off_lets_no_order_be_created_any_more() -> None:
    state = OrderState(in_sales=True, here=ON, auto_create=True)

    assert plan_switch(state, on=False) == SwitchPlan(True, OFF, False)


def test_switching_off_leaves_the_bidirectional_way_alone() -> None:
    state = OrderState(in_sales=True, here=BOTH)

    assert plan_switch(state, on=False) == SwitchPlan(True, BOTH, False)


def test_only_one_of_the_two_ways_is_on() -> None:  # E-9.53
    with refused(Cause.EXCLUSIVE, "Bidirectional"):
        plan_switch(OrderState(in_sales=False, here=BOTH), on=True)


def test_orders_need_the_solution() -> None:  # E-9.52
    with refused(Cause.SOLUTION):
        plan_switch(OrderState(in_sales=False, has_solution=False), on=True)


def test_submitted_orders_keep_the_switch_on_and_are_named() -> None:  # E-11.55
    state = OrderState(in_sales=True, here=ON, submitted=7, named=("ORD-1", "ORD-2"))

    with refused(Cause.ORDERS_WAITING, "7 submitted orders are", "ORD-1, ORD-2 and 5 more"):
        plan_switch(state, on=False)


# In Sales


@pytest.fixture
def company(connected: Company, sandbox: RunningSandbox) -> Iterator[Company]:
    """A company with Sales enabled."""
    SalesConnectionSetup.objects.filter(company=connected).update(is_enabled=True)
    yield connected
    sandbox.reset("empty")


def administrator(company: Company, sandbox: RunningSandbox) -> DeploymentIdentity:
    given = {
        "client_id": sandbox.env["SANDBOX_CLIENT_ID"],
        "client_secret": sandbox.env["SANDBOX_CLIENT_SECRET"],
    }
    return deployment.identity_for_once(company, given)


def integration_user(company: Company, sandbox: RunningSandbox) -> DeploymentIdentity:
    given = {
        "client_id": sandbox.env["SANDBOX_INTEGRATION_CLIENT_ID"],
        "client_secret": sandbox.env["SANDBOX_INTEGRATION_CLIENT_SECRET"],
    }
    return deployment.identity_for_once(company, given)


def in_sales(sandbox: RunningSandbox) -> bool:
    [row] = sandbox.dataverse.get("organizations").json()["value"]
    return bool(row["issopintegrationenabled"])


def submit_an_order(sandbox: RunningSandbox) -> None:
    call = sandbox.dataverse
    [currency] = call.get("transactioncurrencies?$top=1").json()["value"]
    own = f"/transactioncurrencies({currency['transactioncurrencyid']})"
    money = {"transactioncurrencyid@odata.bind": own}
    wanted = {"Prefer": "return=representation"}
    account = call.post("accounts", {"name": "Adatum"}, headers=wanted).json()["accountid"]
    prices = call.post("pricelevels", {"name": "Standard", **money}, headers=wanted).json()
    order = {
        "name": "Chairs",
        "customerid_account@odata.bind": f"/accounts({account})",
        "pricelevelid@odata.bind": f"/pricelevels({prices['pricelevelid']})",
        **money,
    }
    made = call.post("salesorders", order, headers=wanted)
    assert made.ok, made.text
    handed = call.patch(
        f"salesorders({made.json()['salesorderid']})", {"statecode": 1, "statuscode": 3}
    )
    assert handed.ok, handed.text


def test_an_administrator_switches_it_on_and_is_forgotten(
    company: Company, sandbox: RunningSandbox
) -> None:
    who = administrator(company, sandbox)

    switched, _, jobs = enabling.switch_orders(company, on=True, sign_in=who, now=clock.now())

    assert in_sales(sandbox)
    row = SalesConnectionSetup.objects.get()
    assert (row.sales_order_model, row.orders_in_sales) == (ON, True)
    assert switched.set_in_sales
    assert IntegrationTableMapping.objects.filter(name="SALESORDER-ORDER").exists()
    assert jobs
    assert not DeploymentIdentity.objects.exists()
    [noted] = AuditEntry.objects.filter(
        act="Enabled", object_kind="Microsoft Dynamics 365 Connection Setup"
    )
    assert "Sandbox Administration" in noted.reason
    assert sandbox.env["SANDBOX_CLIENT_SECRET"] not in str(noted.before) + str(noted.after)


def test_the_integration_user_may_not_set_it(company: Company, sandbox: RunningSandbox) -> None:
    with refused(Cause.NOT_ADMINISTRATOR):
        order_integration.switch(company, on=True, sign_in=integration_user(company, sandbox))

    assert not in_sales(sandbox)
    assert SalesConnectionSetup.objects.get().sales_order_model == OFF


def test_it_stays_on_while_a_submitted_order_waits(
    company: Company, sandbox: RunningSandbox
) -> None:
    who = administrator(company, sandbox)
    order_integration.switch(company, on=True, sign_in=who)
    submit_an_order(sandbox)

    with refused(Cause.ORDERS_WAITING, "1 submitted order is still open"):
        order_integration.switch(company, on=False, sign_in=who)

    assert in_sales(sandbox)
    assert SalesConnectionSetup.objects.get().sales_order_model == ON


def test_who_disables_sales_hears_of_submitted_orders(
    company: Company, sandbox: RunningSandbox
) -> None:  # C-0604
    order_integration.switch(company, on=True, sign_in=administrator(company, sandbox))
    before = enabling.consequences_of_disabling(SalesConnectionSetup.objects.get())
    submit_an_order(sandbox)

    after = enabling.consequences_of_disabling(SalesConnectionSetup.objects.get())

    assert before.orders == ""
    assert after.orders.startswith("1 submitted order is still open in Sales")


def test_switching_off_takes_the_entries_of_orders_away(
    company: Company, sandbox: RunningSandbox
) -> None:  # C-0614, C-0615
    who = administrator(company, sandbox)
    enabling.switch_orders(company, on=True, sign_in=who, now=clock.now())
    SalesConnectionSetup.objects.update(auto_create_sales_orders=True)
    enabling.apply_choices(company, now=clock.now())
    made = JobQueueEntry.objects.filter(job__in=("auto_create_sales_orders", "sales_order_status"))
    assert set(made.values_list("status", flat=True)) == {JobStatus.ON_HOLD}
    assert made.count() == 2

    enabling.switch_orders(company, on=False, sign_in=who, now=clock.now())

    assert not in_sales(sandbox)
    assert not made.all().exists()
    row = SalesConnectionSetup.objects.get()
    assert (row.sales_order_model, row.auto_create_sales_orders) == (OFF, False)


def test_what_sales_tells_is_noted_with_its_time(
    company: Company, sandbox: RunningSandbox
) -> None:  # E-9.24
    order_integration.switch(company, on=True, sign_in=administrator(company, sandbox))
    SalesConnectionSetup.objects.update(sales_order_model=OFF)

    status = sales_status.refresh(company, now=clock.now())

    assert status.is_supported
    assert status.is_installed
    assert not status.is_outdated
    assert status.orders_differ
    row = SalesConnectionSetup.objects.get()
    assert row.sales_version.startswith("9.2")
    assert row.checked_at


# The command


def test_the_command_switches_as_somebody_named_and_stores_nothing(
    company: Company, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPLOYMENT_SECRET", sandbox.env["SANDBOX_CLIENT_SECRET"])
    who = {"client_id": sandbox.env["SANDBOX_CLIENT_ID"]}
    out = io.StringIO()

    call_command("order_integration", "on", as_json=True, stdout=out, **who)

    assert "SALESORDER-ORDER" in json.loads(out.getvalue())["mappings_created"]
    assert in_sales(sandbox)
    assert not DeploymentIdentity.objects.exists()
    submit_an_order(sandbox)
    with pytest.raises(CommandError, match="1 submitted order is still open"):
        call_command("order_integration", "off", **who)
