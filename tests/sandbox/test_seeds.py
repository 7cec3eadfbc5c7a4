"""What `empty` and `cronus` hold, the same each time, and true to the rules of both systems."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from sandbox import identities
from sandbox.business_central.base import LOCAL_CURRENCY
from sandbox.business_central.pages import page_of, pair_of
from sandbox.business_central.values import is_code
from sandbox.business_central.writing import SYSTEM, Writer
from sandbox.dataverse.model import navigation_name
from sandbox.dataverse.values import REQUIRED, states_of
from sandbox.schema import CUSTOM, Column, Table, Type
from sandbox.seeds import troubles
from sandbox.seeds.cronus import planting
from sandbox.store import BUSINESS_CENTRAL, DATAVERSE, Row
from sandbox.world import Addresses, World

ADDRESSES = Addresses("https://a:1", "https://b:2", "https://c:3", "http://127.0.0.1:4")
MAPPINGS = Path(__file__).parents[2] / "mappings" / "defaults"
BLANK_IN_CRONUS = ("mobilePhoneNumber", "email2", "salutationCode")  # mapped, but switched off
BOTH = {DATAVERSE: "cronus", BUSINESS_CENTRAL: "cronus"}
TROUBLED = {(t.system, t.table, t.key) for t in troubles.TROUBLES}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A sandbox without its server, filled with CRONUS."""
    made = World(tmp_path_factory.mktemp("world"), ADDRESSES)
    made.reset(BOTH, 1)
    return made


def rows_of(world: World, system: str, name: str) -> list[Row]:
    tables = (
        world.business_central.tables
        if system == BUSINESS_CENTRAL
        else world.dataverse.model.tables
    )
    keys = world.store.select(system, tables[name], [tables[name].key])
    found = [world.store.get(system, tables[name], row[tables[name].key]) for row in keys]
    return [row for row in found if row is not None]


def bc(world: World, name: str) -> list[Row]:
    return rows_of(world, BUSINESS_CENTRAL, name)


def sales(world: World, name: str) -> list[Row]:
    return rows_of(world, DATAVERSE, name)


# What is there


def test_cronus_has_a_company_worth_of_records(world: World) -> None:
    people = [row for row in bc(world, "contacts") if row["type"] == "Person"]

    assert len(bc(world, "customers")) == 200
    assert len(bc(world, "vendors")) == 60
    assert len(people) == 300
    assert len(bc(world, "items")) == 260
    assert len(bc(world, "contactBusinessRelations")) == 260
    for name in (
        "resources",
        "itemUnitsOfMeasure",
        "resourceUnitsOfMeasure",
        "unitGroups",
        "customerPriceGroups",
        "salesPrices",
        "opportunities",
        "postedSalesInvoices",
        "postedSalesInvoiceLines",
        "customerStatistics",
        "paymentTerms",
        "shipmentMethods",
        "shippingAgents",
    ):
        assert bc(world, name), name


def test_sales_has_accounts_orders_and_quotes_of_its_own(world: World) -> None:
    emails = {row["email"].lower() for row in bc(world, "customers")}
    accounts = sales(world, "account")
    shared = [
        r for r in accounts if r["emailaddress1"].lower() in emails and r["customertypecode"] == 3
    ]
    twins = [row for row in shared if (DATAVERSE, "account", row["name"]) in TROUBLED]

    assert len(accounts) == 70
    assert len(shared) - len(twins) == 40
    assert {row["customertypecode"] for row in accounts} == {3, 8, 11}
    assert {row["statecode"] for row in sales(world, "salesorder")} == {1}
    assert {row["statecode"] for row in sales(world, "quote")} == {1}
    assert sales(world, "salesorderdetail")
    assert sales(world, "quotedetail")


def test_salespeople_have_licensed_users_with_the_same_email(world: World) -> None:
    users = {
        row["internalemailaddress"]
        for row in sales(world, "systemuser")
        if row["islicensed"] and not row["isdisabled"] and not row["isintegrationuser"]
    }
    clean = [
        row
        for row in bc(world, "salespeoplePurchasers")
        if row["code"] not in ("TD", "SN", "SN-SOUTH")
    ]

    assert len(clean) == 8
    assert {row["email"] for row in clean} <= users


def test_currencies_are_worth_something_in_the_base_currency(world: World) -> None:
    codes = {row["code"] for row in bc(world, "currencies")}
    rated = {row["currencyCode"] for row in bc(world, "currencyExchangeRates")}
    base = sales(world, "organization")[0]["basecurrencyid"]
    currency = next(
        r for r in sales(world, "transactioncurrency") if r["transactioncurrencyid"] == base
    )

    assert codes - rated == {"XBT"}
    assert (
        currency["isocurrencycode"]
        == LOCAL_CURRENCY
        == bc(world, "generalLedgerSetup")[0]["localCurrencyCode"]
    )


def test_people_belong_to_customers_and_vendors(world: World) -> None:
    relations = {row["contactNumber"] for row in bc(world, "contactBusinessRelations")}
    people = [row for row in bc(world, "contacts") if row["type"] == "Person"]
    strangers = [row["number"] for row in people if row["companyNumber"] not in relations]

    assert strangers == ["CT000002"]


def test_names_are_of_all_kinds(world: World) -> None:
    names = [row["displayName"] for row in bc(world, "customers")]

    for sign in ("'", ",", "&", "ö", "ø"):
        assert any(sign in name for name in names), sign
    assert max(map(len, names)) == 100
    assert any(not row["displayName"].isascii() for row in bc(world, "contacts"))


def test_emails_tell_records_apart(world: World) -> None:
    for system, name, column in (
        (BUSINESS_CENTRAL, "customers", "email"),
        (BUSINESS_CENTRAL, "vendors", "email"),
        (DATAVERSE, "account", "emailaddress1"),
        (DATAVERSE, "contact", "emailaddress1"),
    ):
        rows = rows_of(world, system, name)
        label = "name" if name == "account" else "fullname" if name == "contact" else "number"
        emails = [r[column].lower() for r in rows if (system, name, r[label]) not in TROUBLED]

        assert len(emails) == len(set(emails)), name


@pytest.mark.parametrize("mapping", ["customer", "vendor", "contact", "currency", "salespeople"])
def test_every_mapped_field_is_exercised(world: World, mapping: str) -> None:
    document = tomllib.loads((MAPPINGS / f"{mapping}.toml").read_text(encoding="utf-8"))
    fields = [row[0] for row in document["fields"] if isinstance(row[0], str)]
    rows = bc(world, document["table"])

    for field in fields:
        if field not in BLANK_IN_CRONUS:
            assert len({row[field] for row in rows}) > 1, field


def test_empty_has_a_company_and_nothing_in_it(tmp_path: Path) -> None:
    world = World(tmp_path, ADDRESSES)

    assert bc(world, "companies")[0]["id"] == identities.BC_COMPANY_ID
    assert bc(world, "generalLedgerSetup")[0]["localCurrencyCode"] == "USD"
    assert not bc(world, "customers")
    assert not sales(world, "account")
    assert [row["isocurrencycode"] for row in sales(world, "transactioncurrency")] == ["USD"]
    assert troubles.listed(world) == []


# The same each time


def test_the_same_rows_come_after_every_reset() -> None:
    assert planting.business_central_rows() == planting.business_central_rows()
    assert planting.dataverse_rows() == planting.dataverse_rows()


def test_ids_and_times_survive_a_reset(world: World) -> None:
    def snapshot() -> list[tuple[Any, ...]]:
        customers = [(r["id"], r["lastModifiedDateTime"]) for r in bc(world, "customers")]
        return customers + [(r["accountid"], r["modifiedon"]) for r in sales(world, "account")]

    before = snapshot()
    world.reset(BOTH, 1)

    assert snapshot() == before


@pytest.mark.parametrize("scale", [0.1, 3])
def test_scale_multiplies_what_there_is(scale: float) -> None:
    rows, sold = planting.business_central_rows(scale), planting.dataverse_rows(scale)
    names = [row["displayName"] for row in rows["customers"]]

    assert len(rows["customers"]) == (66 if scale < 1 else 588)
    assert len(names) == len(set(names))
    assert len(sold["account"]) > 20
    assert {row["number"] for row in rows["customers"]} >= {"C00060", "C00110"}


# True to the rules


def test_rows_of_business_central_fit_their_fields(world: World) -> None:
    for table in world.business_central.tables.values():
        for row in bc(world, table.name):
            for column in table.columns.values():
                assert fits(column, row[column.name]), (table.name, column.name, row[column.name])


def fits(column: Column, value: Any) -> bool:
    if column.type == Type.ENUM:
        return not column.members or value in column.members
    if column.type != Type.STRING:
        return value is not None
    if is_code(column) and value != value.strip().upper():
        return False
    return isinstance(value, str) and len(value) <= (column.max_length or 10**6)


@pytest.mark.parametrize("name", ["customers", "vendors", "contacts"])
def test_business_central_would_take_each_record_from_a_person(world: World, name: str) -> None:
    table = world.business_central.tables[name]
    rows = [row for row in bc(world, name) if row["displayName"]]
    nameless = len(bc(world, name)) - len(rows)

    for row in rows:
        made = created(world, table, row)
        assert {n: made[n] for n in ("displayName", "email", "city")} == {
            n: row[n] for n in ("displayName", "email", "city")
        }

    assert nameless == (0 if name == "customers" else 1)  # V00060, and its company contact


def created(world: World, table: Table, row: Row) -> Row:
    """Return a copy of a record, made through all rules; it is gone afterwards."""
    left_out = {*SYSTEM, *table.natural_key, "primaryContactNumber", "contactBusinessRelation"}
    if row.get("type") == "Company":
        left_out |= {"companyNumber", "companyName"}
    body = {
        column.name: as_json(column, row[column.name])
        for column in table.columns.values()
        if column.name not in left_out and pair_of(table, column.name) is None and row[column.name]
    }
    writer = Writer(world.business_central, identities.USERNAME, at_card_page=True)
    made: Row = {}
    with suppress(Undone), world.store.transaction():
        made = writer.create(page_of(table, CUSTOM), body)
        raise Undone
    world.business_central.forget()
    return made


class Undone(Exception):  # noqa: N818
    """Ends a transaction without leaving anything."""


def as_json(column: Column, value: Any) -> Any:
    return bool(value) if column.type == Type.BOOLEAN else value


def test_sales_would_take_the_values_of_each_row(world: World) -> None:
    writer = world.dataverse.writer("SYSTEM")
    for name, seeded in planting.dataverse_rows().items():
        table = world.dataverse.model.tables[name]
        ids = {row[table.key] for row in seeded}
        for row in (row for row in sales(world, name) if row[table.key] in ids):
            assert writer.read(table, as_body(world, table, row), creates=True)
            missing = [c for c in REQUIRED.get(name, ()) if row[c] in (None, "")]
            assert missing == [], (name, missing)
            if "statecode" in table.columns:
                assert row["statuscode"] in states_of(name)[row["statecode"]]


def as_body(world: World, table: Table, row: Row) -> Row:
    body: Row = {}
    for column in table.columns.values():
        value = row[column.name]
        if value is None or column.name == table.key:
            continue
        if column.type != Type.LOOKUP:
            body[column.name] = as_json(column, value)
            continue
        target = row[f"{column.name}__t"] if column.is_polymorphic else column.targets[0]
        other = world.dataverse.model.tables[target]
        body[f"{navigation_name(column, target)}@odata.bind"] = f"/{other.entity_set}({value})"
    return body
