"""All master data from Business Central to an empty Sales, and edits of each table both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from connections.models import Company, SalesConnectionSetup
from mappings.models import AutomaticPriceList, Coupling
from mappings.reset import use_default_synchronization_setup
from syncjobs.models import SynchError
from syncjobs.runs.report import Report
from syncjobs.runs.synchronize import run_order, synchronize_mapping
from syncjobs.terms import Action, Mode
from tests.connected import connect, trusting
from tests.running_sandbox import RunningSandbox
from tests.sandbox.test_ui import Browser

__all__ = ["trusting"]

SCALE = 0.1
CHANGES = (Action.INSERTED, Action.MODIFIED, Action.DELETED, Action.COUPLED)
Row = dict[str, Any]


@dataclass
class Stage:
    """A company between both systems, and the people who edit on either side."""

    company: Company
    sandbox: RunningSandbox
    people: Browser

    def run(self, *names: str, mode: Mode = Mode.MODIFIED, **given: Any) -> list[Report]:
        return [synchronize_mapping(self.company, name, mode=mode, **given) for name in names]

    def run_all(self) -> list[Report]:
        return self.run(*run_order(self.company), mode=Mode.FULL)

    def local(self, table: str, condition: str) -> Row:
        """Return one record of Business Central."""
        [row] = self.sandbox.bc.get(table, params={"$filter": condition}).json()["value"]
        return dict(row)

    def remote(self, table: str, condition: str) -> Row:
        """Return one row of Sales."""
        [row] = self.sandbox.dataverse.get(table, params={"$filter": condition}).json()["value"]
        return dict(row)

    def product(self, number: str) -> Row:
        return self.remote("products", f"productnumber eq '{number}'")

    def partner(self, mapping: str, key: str) -> str:
        """Return the id of the row that a record is coupled with, by the record's code."""
        coupling = Coupling.objects.get(mapping_name=mapping, business_central_key=key)
        return str(coupling.dataverse_id)

    def change(self, path: str, **values: str) -> None:
        answer = self.people.change(f"/ui/{path}", **values)
        assert "Saved." in answer.text, answer.text[-3000:]


@pytest.fixture
def stage(transactional_db: None, trusting: Settings, sandbox: RunningSandbox) -> Iterator[Stage]:
    sandbox.reset({"bc": "cronus", "dataverse": "empty"}, scale=SCALE)
    company = connect(sandbox)
    SalesConnectionSetup.objects.filter(company=company).update(is_enabled=True)
    company = Company.objects.get(pk=company.pk)
    use_default_synchronization_setup(company)
    yield Stage(company, sandbox, Browser(sandbox))
    sandbox.reset("empty")


@pytest.fixture
def synchronized(stage: Stage) -> Stage:
    stage.run_all()
    return stage


def undeliberate(sandbox: RunningSandbox) -> list[str]:
    """Return the errors of records that are no deliberate trouble."""
    troubled = {trouble["id"] for trouble in sandbox.control("GET", "troubles")}
    return [
        f"{error.cause} {error.record_name}: {error.message}"
        for error in SynchError.objects.filter(warning=False)
        if not {str(error.business_central_id), str(error.dataverse_id)} & troubled
    ]


def changed(reports: list[Report]) -> dict[str, dict[str, int]]:
    """Return what reports counted as changes, by mapping."""
    return {
        report.mapping: found
        for report in reports
        if (found := {a.value: report.count(a) for a in CHANGES if report.count(a)})
    }


def test_one_command_brings_everything_over_and_a_second_one_plans_nothing(stage: Stage) -> None:
    first = stage.run_all()

    counts = changed(first)
    assert undeliberate(stage.sandbox) == []
    expected = {"CUSTOMER", "VENDOR", "CONTACT", "UNIT OF MEASURE", "ITEM-PRODUCT"}
    expected |= {"RESOURCE-PRODUCT", "CUSTPRCGRP-PRICE", "OPPORTUNITY"}
    assert expected <= set(counts)
    assert Coupling.objects.filter(mapping_name="SALESPRC-PRODPRICE").exists()

    again = stage.run_all()

    assert changed(again) == {}


def test_products_are_published_with_unit_and_price(synchronized: Stage) -> None:  # E-8.57
    item = synchronized.local("items", "number eq '1896-S'")

    product = synchronized.product("1896-S")

    price_list = AutomaticPriceList.objects.get()
    line = synchronized.remote(
        "productpricelevels",
        f"_productid_value eq {product['productid']} and "
        f"_pricelevelid_value eq {price_list.dataverse_id}",
    )
    assert price_list.name == "Business Central Default Price List"
    assert (product["statecode"], product["producttypecode"], product["quantitydecimal"]) == (
        0,
        1,
        2,
    )
    assert product["_pricelevelid_value"] == str(price_list.dataverse_id)
    assert product["_defaultuomscheduleid_value"] == synchronized.partner("UNIT OF MEASURE", "PCS")
    assert Decimal(str(line["amount"])) == Decimal(str(item["unitPrice"]))
    assert line["_uomid_value"] == product["_defaultuomid_value"]


def test_edits_in_business_central_arrive(synchronized: Stage) -> None:
    stage = synchronized
    unit = stage.local("itemUnitsOfMeasure", "itemNumber eq '1896-S' and code eq 'PCS'")
    assert unit
    item, resource = (
        stage.local("items", "number eq '1896-S'"),
        stage.local("resources", "number eq 'LIFT'"),
    )
    price = stage.local("salesPrices", "itemNumber eq '1896-S' and salesCode eq 'RETAIL'")
    opportunity = stage.local("opportunities", "number eq 'OP000010'")
    stage.change(f"bc/items/{item['id']}", displayName="ATHENS Desk, new", unitPrice="123.5")
    stage.change(f"bc/resources/{resource['id']}", displayName="Big Lift", unitPrice="99")
    stage.change(f"bc/salesPrices/{price['id']}", unitPrice="77.5")
    stage.change(f"bc/opportunities/{opportunity['id']}", description="Desks, at last")

    reports = stage.run(*run_order(stage.company))

    names = {"ITEM-PRODUCT", "RESOURCE-PRODUCT", "SALESPRC-PRODPRICE", "OPPORTUNITY"}
    assert changed(reports) == {name: {"Modified": 1} for name in names}
    product = stage.product("1896-S")
    assert (product["name"], product["price"]) == ("ATHENS Desk, new", 123.5)
    assert stage.product("LIFT")["name"] == "Big Lift"
    line = stage.remote("productpricelevels", f"productpricelevelid eq {price_row(stage, price)}")
    assert line["amount"] == 77.5
    automatic = AutomaticPriceList.objects.get().dataverse_id
    line = stage.remote(
        "productpricelevels",
        f"_productid_value eq {product['productid']} and _pricelevelid_value eq {automatic}",
    )
    assert line["amount"] == 123.5  # E-8.59
    row = stage.remote("opportunities", "name eq 'Desks, at last'")
    assert row["opportunityid"] == stage.partner("OPPORTUNITY", "OP000010")


def price_row(stage: Stage, price: Row) -> str:
    found = Coupling.objects.get(mapping_name="SALESPRC-PRODPRICE", business_central_id=price["id"])
    return str(found.dataverse_id)


def test_edits_in_sales_arrive(synchronized: Stage) -> None:
    stage = synchronized
    desk, lift = stage.product("1896-S")["productid"], stage.product("LIFT")["productid"]
    opportunity = stage.partner("OPPORTUNITY", "OP000010")
    stage.change(f"sales/product/{desk}", name="A desk from Sales")
    stage.change(f"sales/product/{lift}", name="A lift from Sales")
    stage.change(f"sales/opportunity/{opportunity}", name="A topic from Sales")

    reports = stage.run(*run_order(stage.company))

    names = {"ITEM-PRODUCT", "RESOURCE-PRODUCT", "OPPORTUNITY"}
    assert changed(reports) == {name: {"Modified": 1} for name in names}
    assert stage.local("items", "number eq '1896-S'")["displayName"] == "A desk from Sales"
    assert stage.local("resources", "number eq 'LIFT'")["displayName"] == "A lift from Sales"
    row = stage.local("opportunities", "number eq 'OP000010'")
    assert row["description"] == "A topic from Sales"
    assert changed(stage.run(*run_order(stage.company))) == {}


def test_a_closed_opportunity_stays_closed_on_its_own_side_alone(synchronized: Stage) -> None:
    # E-8.95: no status is mapped, and what is closed leaves the filter.
    stage, first, second = synchronized, "OP000010", "OP000020"
    there = {number: stage.partner("OPPORTUNITY", number) for number in (first, second)}
    here = {number: stage.local("opportunities", f"number eq '{number}'") for number in there}

    stage.change(f"bc/opportunities/{here[first]['id']}", status="Won")
    win = {"OpportunityClose": {"opportunityid@odata.bind": f"/opportunities({there[second]})"}}
    stage.sandbox.dataverse.post("WinOpportunity", json=win | {"Status": 3}).raise_for_status()
    closed = stage.run("OPPORTUNITY")
    stage.change(f"bc/opportunities/{here[first]['id']}", description="Too late")
    after = stage.run("OPPORTUNITY")

    assert changed(closed) == changed(after) == {}
    open_there = stage.remote("opportunities", f"opportunityid eq {there[first]}")
    assert (open_there["statecode"], open_there["name"]) == (0, here[first]["description"])
    open_here = stage.local("opportunities", f"number eq '{second}'")
    assert open_here["status"] == here[second]["status"]
    assert undeliberate(stage.sandbox) == []


@pytest.mark.parametrize(
    ("mapping", "table", "number"),
    [("ITEM-PRODUCT", "items", "1896-S"), ("RESOURCE-PRODUCT", "resources", "LIFT")],
)
def test_blocking_and_retiring_reach_the_other_side_and_back(  # E-3.93
    synchronized: Stage, mapping: str, table: str, number: str
) -> None:
    stage = synchronized
    key = stage.local(table, f"number eq '{number}'")["id"]
    product = stage.product(number)["productid"]

    def state() -> tuple[bool, int]:
        row = stage.local(table, f"number eq '{number}'")
        return row["blocked"], stage.product(number)["statecode"]

    def after(act: Callable[[], None]) -> tuple[bool, int]:
        act()
        stage.run(mapping)
        return state()

    blocked = after(lambda: stage.change(f"bc/{table}/{key}", blocked="1"))
    freed = after(lambda: stage.change(f"bc/{table}/{key}", blocked="0"))
    retired = after(lambda: stage.change(f"sales/product/{product}", statecode="1", statuscode="2"))
    back = after(lambda: stage.change(f"sales/product/{product}", statecode="0", statuscode="1"))

    assert (blocked, freed, retired, back) == ((True, 1), (False, 0), (True, 1), (False, 0))
    assert changed(stage.run(mapping)) == {}


def test_a_hand_edit_of_the_automatic_price_list_is_reported_and_put_back(
    synchronized: Stage,
) -> None:  # E-8.58
    stage = synchronized
    automatic = AutomaticPriceList.objects.get().dataverse_id
    product = stage.product("1896-S")
    where = f"_productid_value eq {product['productid']} and _pricelevelid_value eq {automatic}"
    line = stage.remote("productpricelevels", where)
    stage.change(f"sales/productpricelevel/{line['productpricelevelid']}", amount="1.5")

    reports = stage.run("ITEM-PRODUCT")

    [warning] = SynchError.objects.filter(cause="E-PRICE-LIST-EDITED")
    assert stage.remote("productpricelevels", where)["amount"] == line["amount"]
    assert "1.5" in warning.message
    assert "1896-S" in warning.record_name
    assert warning.warning
    assert changed(reports) == {}


def test_an_automatic_price_list_that_was_deleted_is_made_again(
    synchronized: Stage,
) -> None:  # E-8.58
    stage = synchronized
    old = AutomaticPriceList.objects.get().dataverse_id
    products = stage.sandbox.dataverse.get(
        "products", params={"$filter": f"_pricelevelid_value eq {old}"}
    ).json()["value"]
    stage.sandbox.dataverse.delete(f"pricelevels({old})").raise_for_status()

    stage.run("ITEM-PRODUCT", "RESOURCE-PRODUCT")

    new = AutomaticPriceList.objects.get().dataverse_id
    lines = stage.sandbox.dataverse.get(
        "productpricelevels", params={"$filter": f"_pricelevelid_value eq {new}"}
    ).json()["value"]
    assert new != old
    assert {line["_productid_value"] for line in lines} == {p["productid"] for p in products}
