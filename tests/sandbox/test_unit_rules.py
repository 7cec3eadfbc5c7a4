"""Unit groups and units of Sales: what their rules refuse."""

from __future__ import annotations

from typing import Any

import pytest

from tests.running_sandbox import Caller, RunningSandbox
from tests.sandbox.rows import base_unit, create, least
from tests.sandbox.test_table_rules import bind, refused, value


@pytest.fixture
def call(sandbox: RunningSandbox) -> Caller:
    sandbox.reset()
    return sandbox.dataverse


def test_a_second_unit_group_of_a_name_is_refused(call: Caller) -> None:
    create(call, "uomschedule", name="NAV PCS")
    other = create(call, "uomschedule", name="NAV BOX")

    again = call.post("uomschedules", {"name": "nav pcs", "baseuomname": "PCS"})
    renamed = call.patch(f"uomschedules({other})", {"name": "NAV PCS"})
    kept = call.patch(f"uomschedules({other})", {"name": "NAV Box"})

    assert refused(again) == (412, "0x80040237")
    assert refused(renamed) == (412, "0x80040237")
    assert kept.status_code == 204


def test_a_unit_group_names_its_base_unit(call: Caller) -> None:
    bare = call.post("uomschedules", {"name": "NAV PCS"})
    group = create(call, "uomschedule", name="NAV PCS", baseuomname="PCS")

    [unit] = call.get(f"uoms?$filter=_uomscheduleid_value eq {group}").json()["value"]
    assert refused(bare) == (400, "0x80043810")
    assert (unit["name"], unit["quantity"], unit["isschedulebaseuom"]) == ("PCS", 1, True)


def test_a_unit_is_named_once_in_its_group(call: Caller) -> None:
    body = least(call, "uom")
    same_group = {name: value for name, value in body.items() if name.startswith("uomschedule")}
    other_group = bind("uomscheduleid", "uomschedules", create(call, "uomschedule"))

    first = call.post("uoms", body)
    again = call.post("uoms", {"name": body["name"].upper(), "quantity": 6, **same_group})
    elsewhere = call.post("uoms", {"name": body["name"], "quantity": 6, **other_group})

    assert first.status_code == elsewhere.status_code == 204
    assert refused(again) == (412, "0x80040237")


def test_a_unit_rests_on_the_base_unit_of_its_group(call: Caller) -> None:
    group, stranger = create(call, "uomschedule"), base_unit(call, create(call, "uomschedule"))
    body = {"name": "Box", "quantity": 12, **bind("uomscheduleid", "uomschedules", group)}

    foreign = call.post("uoms", body | bind("baseuom", "uoms", stranger))
    own = call.post("uoms", body)

    unit = own.headers["OData-EntityId"][-37:-1]
    assert refused(foreign) == (400, "0x80043b0b")
    assert value(call, f"uoms({unit})", "_baseuom_value") == base_unit(call, group)


def test_units_do_not_rest_on_each_other_in_a_circle(call: Caller) -> None:
    box = create(call, "uom")
    group = value(call, f"uoms({box})", "_uomscheduleid_value")
    pallet = create(
        call,
        "uom",
        **bind("uomscheduleid", "uomschedules", group),
        **bind("baseuom", "uoms", box),
    )

    looped = call.patch(f"uoms({box})", bind("baseuom", "uoms", pallet))

    assert refused(looped) == (400, "0x80043b1a")


@pytest.mark.parametrize("quantity", [0, -2])
def test_a_unit_is_a_quantity_above_nothing(call: Caller, quantity: int) -> None:
    assert refused(call.post("uoms", least(call, "uom") | {"quantity": quantity})) == (
        400,
        "0x80044330",
    )


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"quantity": 2}, "0x80043b18"), ("itself", "0x80043b17")],
)
def test_the_base_unit_counts_as_one(call: Caller, changed: Any, code: str) -> None:
    unit = base_unit(call, create(call, "uomschedule"))
    body = bind("baseuom", "uoms", unit) if changed == "itself" else changed

    assert refused(call.patch(f"uoms({unit})", body)) == (400, code)
    assert call.patch(f"uoms({unit})", {"quantity": 1, "name": "Piece"}).status_code == 204


def test_a_unit_in_use_and_a_base_unit_stay(call: Caller) -> None:
    box = create(call, "uom")
    base = value(call, f"uoms({box})", "_baseuom_value")

    assert refused(call.delete(f"uoms({base})")) == (400, "0x80043b03")
    assert call.delete(f"uoms({box})").status_code == 204


def test_a_unit_that_another_rests_on_stays(call: Caller) -> None:
    box = create(call, "uom")
    group = value(call, f"uoms({box})", "_uomscheduleid_value")
    own_group = bind("uomscheduleid", "uomschedules", group)
    create(call, "uom", **own_group, **bind("baseuom", "uoms", box))

    assert refused(call.delete(f"uoms({box})")) == (405, "0x80040227")


def test_nothing_is_built_on_an_inactive_unit_group(call: Caller) -> None:
    group = create(call, "uomschedule")
    unit = least(call, "uom")
    unit |= bind("uomscheduleid", "uomschedules", group)
    unit |= bind("baseuom", "uoms", base_unit(call, group))
    product = least(call, "product") | bind("defaultuomscheduleid", "uomschedules", group)
    product |= bind("defaultuomid", "uoms", base_unit(call, group))
    path = f"uomschedules({group})"
    assert call.patch(path, {"statecode": 1, "statuscode": 2}).status_code == 204

    refusals = [refused(call.post("uoms", unit)), refused(call.post("products", product))]
    call.patch(path, {"statecode": 0, "statuscode": 1})

    assert refusals == [(400, "0x80043b09")] * 2
    assert call.post("uoms", unit).status_code == 204
    assert call.post("products", product).status_code == 204
