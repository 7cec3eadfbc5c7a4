"""Products of Sales: numbers, units, and the way from draft to retired."""

from __future__ import annotations

from typing import Any

import pytest

from tests.running_sandbox import Caller, RunningSandbox
from tests.sandbox.rows import base_unit, create, least
from tests.sandbox.test_table_rules import bind, refused, value

ACTIVE, RETIRED, DRAFT, UNDER_REVISION = (
    {"statecode": state, "statuscode": status} for state, status in ((0, 1), (1, 2), (2, 0), (3, 3))
)
SWITCH = "createproductswithoutparentinactivestate"


@pytest.fixture
def call(sandbox: RunningSandbox) -> Caller:
    sandbox.reset()
    return sandbox.dataverse


def state(call: Caller, product: str) -> tuple[int, int]:
    row = call.get(f"products({product})?$select=statecode,statuscode").json()
    return row["statecode"], row["statuscode"]


def moved(call: Caller, *states: dict[str, int]) -> str:
    """Return a new product that was led through states."""
    product = create(call, "product")
    for wanted in states:
        answer = call.patch(f"products({product})", wanted)
        assert answer.status_code == 204, answer.text
    return product


def test_a_new_product_is_a_draft_whatever_it_asks_for(call: Caller) -> None:
    assert state(call, create(call, "product")) == (2, 0)
    assert state(call, create(call, "product", statecode=0, statuscode=1)) == (2, 0)


def test_an_organization_may_have_new_products_active(call: Caller) -> None:
    [organization] = call.get("organizations").json()["value"]
    path = f"organizations({organization['organizationid']})"
    assert call.patch(path, {SWITCH: True}).status_code == 204

    assert state(call, create(call, "product")) == (0, 1)


def test_a_product_below_a_family_is_a_draft_all_the_same(call: Caller) -> None:
    [organization] = call.get("organizations").json()["value"]
    call.patch(f"organizations({organization['organizationid']})", {SWITCH: True})
    family = create(call, "product", productstructure=2)

    below = create(call, "product", **bind("parentproductid", "products", family))
    odd = call.post("products", least(call, "product") | bind("parentproductid", "products", below))

    assert state(call, below) == (2, 0)
    assert refused(odd) == (400, "0x8004F973")


@pytest.mark.parametrize(
    "states",
    [
        (ACTIVE,),
        (ACTIVE, RETIRED),
        (ACTIVE, RETIRED, ACTIVE),
        (ACTIVE, UNDER_REVISION, ACTIVE),
        (ACTIVE, ACTIVE),
    ],
)
def test_a_product_is_published_retired_and_taken_back(
    call: Caller, states: tuple[dict[str, int], ...]
) -> None:
    product = moved(call, *states)

    assert state(call, product) == tuple(states[-1].values())


@pytest.mark.parametrize(
    ("before", "wanted", "code"),
    [
        ((), RETIRED, "0x8004F978"),
        ((ACTIVE,), DRAFT, "0x8004F912"),
        ((ACTIVE, UNDER_REVISION), DRAFT, "0x8004F912"),
        ((ACTIVE, RETIRED), DRAFT, "0x8004F979"),
        ((), UNDER_REVISION, "0x8004F913"),
        ((ACTIVE, RETIRED), UNDER_REVISION, "0x8004F913"),
    ],
)
def test_some_ways_between_states_are_closed(
    call: Caller, before: tuple[dict[str, int], ...], wanted: dict[str, int], code: str
) -> None:
    product = moved(call, *before)
    was = state(call, product)

    assert refused(call.patch(f"products({product})", wanted)) == (400, code)
    assert state(call, product) == was


def test_a_reason_of_another_state_is_refused(call: Caller) -> None:
    product = create(call, "product")

    answer = call.patch(f"products({product})", {"statecode": 0, "statuscode": 2})

    assert refused(answer) == (400, "0x80048408")


def unit_change(call: Caller) -> dict[str, Any]:
    group = create(call, "uomschedule")
    return {
        **bind("defaultuomscheduleid", "uomschedules", group),
        **bind("defaultuomid", "uoms", base_unit(call, group)),
    }


@pytest.mark.parametrize("states", [(ACTIVE,), (ACTIVE, RETIRED)])
def test_the_structure_of_a_published_product_stays(
    call: Caller, states: tuple[dict[str, int], ...]
) -> None:
    product = moved(call, *states)

    for body in (unit_change(call), {"iskit": True}):
        assert refused(call.patch(f"products({product})", body)) == (400, "0x8004F995")
    ordinary = {"name": "Renamed", "price": 12.5, "productnumber": "NEW-1", "quantitydecimal": 3}
    assert call.patch(f"products({product})", ordinary).status_code == 204


def test_the_same_structure_again_is_no_change(call: Caller) -> None:
    product = moved(call, ACTIVE)
    row = call.get(f"products({product})").json()
    same = bind("defaultuomid", "uoms", row["_defaultuomid_value"])

    assert call.patch(f"products({product})", same | {"name": "Renamed"}).status_code == 204


@pytest.mark.parametrize("states", [(), (ACTIVE, UNDER_REVISION)])
def test_the_structure_of_a_draft_and_of_a_revision_may_change(
    call: Caller, states: tuple[dict[str, int], ...]
) -> None:
    product = moved(call, *states)

    assert call.patch(f"products({product})", unit_change(call)).status_code == 204


def test_a_product_number_is_there_once(call: Caller) -> None:
    create(call, "product", productnumber="1896-S")
    other = create(call, "product")

    again = call.post("products", least(call, "product") | {"productnumber": "1896-s"})
    renamed = call.patch(f"products({other})", {"productnumber": "1896-S"})

    assert refused(again) == (400, "0x80043b06")
    assert refused(renamed) == (400, "0x80043b06")


def test_a_product_is_counted_in_a_unit_of_its_group(call: Caller) -> None:
    stranger = base_unit(call, create(call, "uomschedule"))
    product = create(call, "product")

    made = call.post("products", least(call, "product") | bind("defaultuomid", "uoms", stranger))
    changed = call.patch(f"products({product})", bind("defaultuomid", "uoms", stranger))

    assert refused(made) == (400, "0x80043b14")
    assert refused(changed) == (400, "0x80043b14")


@pytest.mark.parametrize(
    "body",
    [
        {"price": -1},
        {"currentcost": -0.01},
        {"standardcost": -5},
        {"quantityonhand": -3},
        {"stockweight": -1},
        {"stockvolume": -1},
        {"quantitydecimal": 6},
        {"quantitydecimal": -1},
        {"price": 1_000_000_000_001},
    ],
)
def test_numbers_that_cannot_be_are_refused(call: Caller, body: dict[str, Any]) -> None:
    product = create(call, "product")

    assert refused(call.post("products", least(call, "product") | body)) == (400, "0x80044330")
    assert refused(call.patch(f"products({product})", body)) == (400, "0x80044330")


def test_prices_are_kept_to_the_cent(call: Caller) -> None:
    product = create(call, "product", price=10.126, stockvolume=1.234)
    row = call.get(f"products({product})").json()

    assert (row["price"], row["price_base"], row["stockvolume"]) == (10.13, 10.13, 1.23)


def test_a_product_that_was_sold_stays(call: Caller) -> None:
    product = moved(call, ACTIVE)
    unit = value(call, f"products({product})", "_defaultuomid_value")
    line = {k: v for k, v in least(call, "salesorderdetail").items() if "product" not in k}
    line |= bind("productid", "products", product) | bind("uomid", "uoms", unit)
    made = call.post("salesorderdetails", line)
    assert made.status_code == 204, made.text

    assert refused(call.delete(f"products({product})")) == (405, "0x80040227")
    assert refused(call.delete(f"uoms({unit})")) == (400, "0x80043b03")


def test_a_created_product_that_arrived_is_told_by_its_id(call: Caller) -> None:
    body = least(call, "product") | {"productid": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"}

    assert call.post("products", body).status_code == 204
    assert refused(call.post("products", body)) == (412, "0x80040237")
