"""What runs may ask of both systems at most, by the sandbox's own statistics; nothing is timed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from connections.models import Company
from mappings.models import Coupling, PendingCoupling
from mappings.terms import Direction
from syncjobs.runs.synchronize import synchronize_mapping
from syncjobs.terms import Action, Mode
from tests.connected import connected, trusting  # noqa: F401 - fixtures
from tests.running_sandbox import RunningSandbox
from tests.syncjobs.conftest import World, counts

CUSTOMERS, BAD = 10_000, 10
CLEAN_BUDGET, BAD_BUDGET = 100, 400
KEY = {
    "SchemaName": "test_nameandpostcode",
    "DisplayName": {"LocalizedLabels": [{"Label": "Name and post code", "LanguageCode": 1033}]},
    "KeyAttributes": ["name", "address1_postalcode"],
}


def requests(sandbox: RunningSandbox) -> dict[str, Any]:
    """Return how often each system was asked."""
    systems = sandbox.stats()["systems"]
    return {name: systems[name]["requests"] for name in ("dataverse", "bc")}


def first_load(company: Company, sandbox: RunningSandbox) -> dict[str, Any]:
    """Carry the customers over; return counters and requests."""
    sandbox.forget_stats()
    report = synchronize_mapping(
        company,
        "CUSTOMER",
        mode=Mode.FULL,
        directions=(Direction.TO_INTEGRATION_TABLE,),
        confirmed=True,
    )
    return {"counts": counts(report), **requests(sandbox)}


def test_ten_thousand_clean_customers_cost_a_hundred_requests(
    connected: Company,  # noqa: F811
    sandbox: RunningSandbox,
) -> None:
    sandbox.seed(customers=CUSTOMERS)

    told = first_load(connected, sandbox)

    assert told["counts"] == {"Inserted": CUSTOMERS}
    assert told["dataverse"] <= CLEAN_BUDGET
    assert told["bc"] <= 0.03 * CUSTOMERS
    assert Coupling.objects.count() == CUSTOMERS


def test_ten_bad_rows_among_ten_thousand_cost_four_hundred_requests(
    connected: Company,  # noqa: F811
    sandbox: RunningSandbox,
) -> None:
    sandbox.seed(customers=CUSTOMERS)
    take_keys(sandbox)

    told = first_load(connected, sandbox)

    assert told["counts"] == {"Inserted": CUSTOMERS - BAD, "Failed": BAD}
    assert told["dataverse"] <= BAD_BUDGET
    assert PendingCoupling.objects.count() == BAD


def take_keys(sandbox: RunningSandbox) -> None:
    """Let prospects have what ten customers would need for themselves."""
    made = sandbox.dataverse.post("EntityDefinitions(LogicalName='account')/Keys", KEY)
    assert made.status_code == 204, made.text
    step = CUSTOMERS // BAD
    for place in range(step // 3, CUSTOMERS, step):
        number = f"C{1_000_001 + place}"
        [row] = sandbox.bc.get(f"customers?$filter=number eq '{number}'").json()["value"]
        prospect = {
            "name": row["displayName"],
            "address1_postalcode": row["postalCode"],
            "customertypecode": 8,
        }
        assert sandbox.dataverse.post("accounts", prospect).status_code == 204


def test_a_record_at_the_boundary_is_unchanged_without_a_request(world: World) -> None:
    _, account = world.pair()
    world.edit(account, telephone1="123")
    world.run()
    world.run()  # what it wrote itself is seen once
    world.clock.advance(timedelta(hours=1))
    before = world.business_central.requests.total(), world.dataverse.requests.total()

    report = world.run()

    after = world.business_central.requests.total(), world.dataverse.requests.total()
    assert report.jobs[1].count(Action.UNCHANGED) == 1  # E-3.7: read again
    assert (after[0] - before[0], after[1] - before[1]) == (1, 1)
