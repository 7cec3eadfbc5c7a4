"""Sales order integration: the organization's switch, set with a Sales administrator's sign-in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from audit import trail
from audit.facts import facts_of
from audit.terms import Act
from connections import setup
from connections.causes import Cause
from connections.checks import IMPATIENT
from connections.errors import ConfigurationError
from connections.models import Company, SalesConnectionSetup, SignIn
from connections.odata import Client, Request
from connections.solution.manifest import UNIQUE_NAME
from connections.solution_host import SolutionHost
from connections.terms import SalesOrderModel

SWITCH = "issopintegrationenabled"
SUBMITTED = 1  # state of an order that its seller has handed over
FIELDS = ("sales_order_model", "auto_create_sales_orders", "orders_in_sales")
MOST_NAMED = 5
HEADERS = {"Content-Type": "application/json", "If-Match": "*"}


@dataclass(frozen=True, slots=True)
class OrderState:
    """How Sales and the set-up stand to orders."""

    in_sales: bool  # the organization's switch
    here: SalesOrderModel = SalesOrderModel.OFF
    auto_create: bool = False
    has_solution: bool = True
    submitted: int = 0
    named: tuple[str, ...] = ()  # some of the submitted orders


@dataclass(frozen=True, slots=True)
class SwitchPlan:
    """What switching does: in Sales, and here."""

    sets_sales: bool
    model: SalesOrderModel
    auto_create: bool


@dataclass(frozen=True, slots=True)
class Switched:
    """What was done, and who signed in for it."""

    is_on: bool
    signed_in_as: str
    set_in_sales: bool

    @property
    def sentence(self) -> str:
        word = "on" if self.is_on else "off"
        if not self.set_in_sales:
            return f"Sales order integration is {word}; the switch in Sales was {word} already."
        return f"Sales order integration is {word}; {self.signed_in_as} set the switch in Sales."


def plan_switch(state: OrderState, *, on: bool) -> SwitchPlan:
    """Say what switching would do, or refuse it with the reason (E-9.52, C-0614)."""
    if on and state.here == SalesOrderModel.BIDIRECTIONAL:
        message = (
            "Sales Order Integration and Bidirectional Synch. of Sales Orders cannot both be on. "
            "Switch the other one off first."
        )
        raise ConfigurationError(message, cause=Cause.EXCLUSIVE)
    if on and not state.has_solution:
        message = "The integration solution is not installed in Sales. Redeploy it first."
        raise ConfigurationError(message, cause=Cause.SOLUTION)
    if not on and state.submitted:
        message = f"{_waiting(state.submitted, state.named)} Fulfil or cancel them first."
        raise ConfigurationError(message, cause=Cause.ORDERS_WAITING)
    if on:
        return SwitchPlan(not state.in_sales, SalesOrderModel.ORDER_INTEGRATION, state.auto_create)
    is_ours = state.here == SalesOrderModel.ORDER_INTEGRATION
    model = SalesOrderModel.OFF if is_ours else state.here
    return SwitchPlan(state.in_sales, model, auto_create=False)


def waiting(company: Company) -> str:
    """Say which orders sellers have handed over that are still open; nothing where none is."""
    client = setup.dataverse_of(setup.dataverse_setup(company), timing=IMPATIENT).client
    submitted, named = _submitted(client)
    return _waiting(submitted, named) if submitted else ""


def _waiting(submitted: int, named: tuple[str, ...]) -> str:
    listed = ", ".join(named)
    more = submitted - len(named)
    names = f"{listed} and {more} more" if more > 0 and listed else listed
    orders = "submitted order is" if submitted == 1 else "submitted orders are"
    told = f": {names}" if names else ""
    return f"{submitted} {orders} still open in Sales{told}."


def switch(
    company: Company, *, on: bool, sign_in: SignIn, by: AbstractBaseUser | None = None
) -> Switched:
    """Set the switch in Sales as an administrator, who is not stored, and note it here.

    Mappings and jobs follow afterwards: `integration_admin.enabling.switch_orders` does both.
    """
    row = setup.enabled_sales_setup(company)
    client = setup.dataverse_as(sign_in, setup.dataverse_setup(company), timing=IMPATIENT)
    try:
        host = SolutionHost(client)
        name = host.check_administrator()
        organization = _organization(client)
        plan = plan_switch(_state(row, client, organization, counts=not on), on=on)
        if plan.sets_sales:
            _set_in_sales(client, organization, on=on)
    finally:
        client.close()
    _note(row, plan, on=on, name=name, by=by)
    return Switched(on, name, plan.sets_sales)


def is_on_in_sales(client: Client) -> bool:
    """Whether the organization's switch is on."""
    return bool(_organization(client).get(SWITCH))


def _organization(client: Client) -> dict[str, Any]:
    rows = client.get(f"organizations?$select=organizationid,{SWITCH}").rows()
    if not rows:
        message = "Dataverse does not show its organization to this account."
        raise ConfigurationError(message, cause=Cause.FORBIDDEN)
    return rows[0]


def _state(
    row: SalesConnectionSetup, client: Client, organization: dict[str, Any], *, counts: bool
) -> OrderState:
    submitted, named = _submitted(client) if counts else (0, ())
    return OrderState(
        in_sales=bool(organization.get(SWITCH)),
        here=SalesOrderModel(row.sales_order_model),
        auto_create=row.auto_create_sales_orders,
        has_solution=SolutionHost(client).installed(UNIQUE_NAME) is not None,
        submitted=submitted,
        named=named,
    )


def _submitted(client: Client) -> tuple[int, tuple[str, ...]]:
    """Return how many orders wait, up to what one answer counts, and the names of some."""
    query = f"$select=name,ordernumber&$filter=statecode eq {SUBMITTED}&$count=true"
    answer = client.get(f"salesorders?{query}&$top={MOST_NAMED}").object()
    rows = answer.get("value") or []
    count = int(answer.get("@odata.count") or len(rows))
    names = [str(one.get("ordernumber") or one.get("name") or "") for one in rows]
    return max(count, len(rows)), tuple(filter(None, names))


def _set_in_sales(client: Client, organization: dict[str, Any], *, on: bool) -> None:
    """Write the switch, and believe only what is read afterwards."""
    path = f"organizations({organization['organizationid']})"
    body = json.dumps({SWITCH: on}).encode()
    client.send(Request("PATCH", path, body, HEADERS, repeatable=True))
    if bool(_organization(client).get(SWITCH)) != on:
        message = "Sales took the switch and shows it unchanged. Try again."
        raise ConfigurationError(message, cause=Cause.REFUSED)


def _note(
    row: SalesConnectionSetup,
    plan: SwitchPlan,
    *,
    on: bool,
    name: str,
    by: AbstractBaseUser | None,
) -> None:
    before = facts_of(row, FIELDS)
    row.sales_order_model = plan.model
    row.auto_create_sales_orders = plan.auto_create
    row.orders_in_sales = on
    act = Act.ENABLED if on else Act.DISABLED
    reason = f"Sales order integration; signed in to Sales as {name}"
    with transaction.atomic():
        row.save(update_fields=FIELDS)
        after = facts_of(row, FIELDS)
        if plan.sets_sales or before != after:
            trail.note(act, row, before=before, after=after, reason=reason, by=by)
