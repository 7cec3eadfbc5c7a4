"""The planner: every row of `docs/synchronization-rules.md`, and what no table can say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from connections.causes import Cause
from connections.systems import Column, Kind, Lookup, Record, Value
from mappings.spec import DirectedMapping, FieldTransfer, Link, Mark
from mappings.terms import (
    DeletionConflictResolution,
    Direction,
    TooLong,
    UpdateConflictResolution,
)
from syncjobs.engine.change import Agree, Batch, Candidates, Change, Fail, Insert, Modify, Rules
from syncjobs.engine.facts import Facts
from syncjobs.engine.plan import new_id, plan
from tests.syncjobs.rulebook import decisions

SYNCHED = datetime(2026, 1, 1, tzinfo=UTC)
CUSTOMER_ID, ACCOUNT_ID, EUR = UUID(int=1), UUID(int=2), UUID(int=3)
CURRENCY = Lookup("transactioncurrency", EUR)
REFERENCES: dict[tuple[str, Value], Value] = {
    ("CURRENCY", "EUR"): CURRENCY,
    ("CURRENCY", CURRENCY): "EUR",
}


def text(name: str, limit: int = 50) -> Column:
    return Column(name, Kind.TEXT, name, max_length=limit)


PAIRS: dict[str, tuple[Column, Column]] = {
    "name": (text("displayName", 100), text("name", 160)),
    "city": (text("city", 30), text("address1_city", 20)),
    "limit": (Column("creditLimit", Kind.DECIMAL), Column("creditlimit", Kind.DECIMAL)),
    "currency": (
        Column("currencyCode", Kind.CODE),
        Column("transactioncurrencyid", Kind.LOOKUP, targets=("transactioncurrency",)),
    ),
}
LOCAL: dict[str, Value] = {
    "displayName": "Adatum",
    "city": "Oslo",
    "creditLimit": Decimal(10),
    "currencyCode": "EUR",
}
REMOTE: dict[str, Value] = {
    "name": "Adatum",
    "address1_city": "Oslo",
    "creditlimit": Decimal(10),
    "transactioncurrencyid": CURRENCY,
}


def mapping(direction: str) -> DirectedMapping:
    """CUSTOMER, turned to a direction; the credit limit goes the way of the run only."""
    to = direction == "to"
    fields = []
    for name, (local, remote) in PAIRS.items():
        source, destination = (local, remote) if to else (remote, local)
        refers_to = "CURRENCY" if name == "currency" else ""
        two_way = name != "limit"
        fields.append(
            FieldTransfer(source, destination, bidirectional=two_way, refers_to=refers_to)
        )
    return DirectedMapping(
        name="CUSTOMER",
        direction=Direction.TO_INTEGRATION_TABLE if to else Direction.FROM_INTEGRATION_TABLE,
        source_table="customers" if to else "account",
        destination_table="account" if to else "customers",
        fields=tuple(fields),
        two_way=True,
    )


SETTINGS: dict[str, dict[str, Any]] = {
    "may create": {"synch_only_coupled_records": False},
    "send": {"update_conflict_resolution": UpdateConflictResolution.SEND},
    "get": {"update_conflict_resolution": UpdateConflictResolution.GET},
    "merge": {"update_conflict_resolution": UpdateConflictResolution.MERGE},
    "restore records": {"deletion_conflict_resolution": DeletionConflictResolution.RESTORE},
    "delete coupling": {"deletion_conflict_resolution": DeletionConflictResolution.REMOVE},
    "one-way mapping": {"two_way": False},
    "answers back": {"answers_back": True},
}
RULES: dict[str, Rules] = {
    "full run": Rules(create_missing=True),
    "force": Rules(force=True),
    "named": Rules(single=True),
    "unconditional": Rules(force=True, write_unchanged=True),
}
# What differs, as values of (Business Central, Dataverse) beside the agreed ones.
DIFFERENCES: dict[str, tuple[dict[str, Value], dict[str, Value]]] = {
    "": ({}, {}),
    "none": ({}, {}),
    "two-way": ({"displayName": "Adatum Corporation"}, {}),
    "one-way": ({"creditLimit": Decimal(11)}, {}),
    "two-way of ours": ({"displayName": "Adatum Corporation"}, {}),
    "two-way of theirs": ({}, {"address1_city": "Bergen"}),
    "one field each": ({"displayName": "Adatum Corporation"}, {"address1_city": "Bergen"}),
    "same field": ({"displayName": "Adatum Corporation"}, {"name": "Adatum Inc."}),
    "currency not coupled": ({"currencyCode": "USD"}, {}),
    "too long": ({"city": "Llanfairpwllgwyngyllgogerych"}, {}),
}
MOVED = {
    "changed": timedelta(hours=1),
    "9 ms later": timedelta(milliseconds=9),
    "10 ms later": timedelta(milliseconds=10),
}


def customer(**values: Value) -> Record:
    return Record("customers", CUSTOMER_ID, SYNCHED, "", {**LOCAL, **values})


def account(**values: Value) -> Record:
    return Record("account", ACCOUNT_ID, SYNCHED, "", {**REMOTE, **values})


def moved(record: Record, how: str) -> Record:
    return structs.replace(record, modified_at=SYNCHED + MOVED.get(how, timedelta(0)))


def batch_of(rule: dict[str, str]) -> Batch:
    local, remote = DIFFERENCES[rule["differs"]]
    pair = (customer(**local), account(**remote))
    source, destination = pair if rule["direction"] == "to" else reversed(pair)
    bases = (LOCAL, REMOTE) if rule["direction"] == "to" else (REMOTE, LOCAL)
    source, destination = moved(source, rule["source"]), moved(destination, rule["destination"])
    noted = None if rule["last result"] == "never" else SYNCHED
    link = Link(
        destination.id,
        Mark(noted, values=bases[0]),
        Mark(noted, values=bases[1]),
        failed=rule["last result"] == "failure",
        failed_back=rule["last result"] == "failure back",
        due=rule["last result"] == "owed",
        skipped=rule["last result"] == "skipped",
    )
    coupled, gone = rule["coupled"] == "yes", rule["destination"] == "deleted"
    candidates = {
        "found by key": {source.id: Candidates(one=destination)},
        "several found": {source.id: Candidates(several=2)},
    }
    return Batch(
        sources=(source,),
        links={source.id: link} if coupled else {},
        destinations={} if gone or not coupled else {destination.id: destination},
        references=REFERENCES,
        candidates=candidates.get(rule["destination"], {}),
        set_aside=frozenset({source.id} if rule["last result"] == "skipped" else ()),
    )


def described(change: Change) -> str:
    owes = isinstance(change, Modify | Agree) and change.owes
    return f"{type(change).__name__}{' owes' if owes else ''}"


@pytest.mark.parametrize(
    "rule", decisions(), ids=lambda rule: " ".join(filter(None, rule.values()))
)
def test_the_planner_decides_as_the_rules_say(rule: dict[str, str]) -> None:
    directed, rules = mapping(rule["direction"]), Rules()
    for setting in filter(None, rule["setting"].split(", ")):
        if setting == "too long fails":
            fields = tuple(replace(field, too_long=TooLong.FAIL) for field in directed.fields)
            directed = replace(directed, fields=fields)
        elif setting in RULES:
            rules = RULES[setting]
        else:
            directed = replace(directed, **SETTINGS[setting])

    [change] = plan(directed, batch_of(rule), rules).changes

    assert (described(change), change.action) == (rule["outcome"], rule["counter"])


def plan_one(source: Record, destination: Record, **settings: Any) -> Change:
    directed = replace(mapping("to"), **settings)
    batch = Batch(
        sources=(moved(source, "changed"),),
        links={CUSTOMER_ID: Link(ACCOUNT_ID, Mark(SYNCHED), Mark(SYNCHED))},
        destinations={ACCOUNT_ID: destination},
        references=REFERENCES,
    )
    [change] = plan(directed, batch).changes
    return change


def test_an_update_carries_only_the_fields_that_differ() -> None:  # E-3.40, E-3.52
    change = plan_one(customer(creditLimit=Decimal(99)), account())

    assert isinstance(change, Modify)
    assert [(diff.field, diff.before, diff.after) for diff in change.diffs] == [
        ("creditlimit", Decimal(10), Decimal(99))
    ]


def test_an_insertion_carries_every_field_that_is_filled_and_the_type_of_its_table() -> None:
    # E-3.40, E-1.85
    batch = Batch(sources=(customer(city=""),), links={}, destinations={}, references=REFERENCES)

    [change] = plan(mapping("to"), batch, Rules(create_missing=True)).changes

    assert isinstance(change, Insert)
    assert {diff.field: diff.after for diff in change.diffs} == {
        "name": "Adatum",
        "creditlimit": Decimal(10),
        "transactioncurrencyid": CURRENCY,
        "customertypecode": 3,
    }


def test_a_text_that_is_cut_goes_through_with_a_warning_that_names_the_field() -> None:  # E-3.53
    change = plan_one(customer(city="Llanfairpwllgwyngyllgogerych"), account())

    assert isinstance(change, Modify)
    assert change.diffs[0].after == "Llanfairpwllgwyngyll"
    assert change.warnings == ("address1_city was cut to 20 characters.",)


def test_a_conflict_names_both_tables_and_the_first_field() -> None:  # E-3.42
    destination = moved(account(), "changed")

    change = plan_one(customer(displayName="Adatum Corporation"), destination)

    assert isinstance(change, Fail)
    assert "customers" in change.reason
    assert "account" in change.reason
    assert "they differ in name" in change.reason


def test_merged_fields_write_ours_and_leave_theirs() -> None:
    source = moved(customer(displayName="Adatum Corporation"), "changed")
    destination = moved(account(address1_city="Bergen"), "changed")
    merging = replace(mapping("to"), update_conflict_resolution=UpdateConflictResolution.MERGE)
    link = Link(ACCOUNT_ID, Mark(SYNCHED, values=LOCAL), Mark(SYNCHED, values=REMOTE))
    batch = Batch((source,), {CUSTOMER_ID: link}, {ACCOUNT_ID: destination}, REFERENCES)

    [change] = plan(merging, batch).changes

    assert isinstance(change, Modify)
    assert [diff.field for diff in change.diffs] == ["name"]


def test_without_a_base_a_merge_does_not_guess() -> None:
    source = moved(customer(displayName="Adatum Corporation"), "changed")
    destination = moved(account(), "changed")
    merging = replace(mapping("to"), update_conflict_resolution=UpdateConflictResolution.MERGE)
    link = Link(ACCOUNT_ID, Mark(SYNCHED), Mark(SYNCHED))
    batch = Batch((source,), {CUSTOMER_ID: link}, {ACCOUNT_ID: destination}, REFERENCES)

    [change] = plan(merging, batch).changes

    assert isinstance(change, Fail)


def test_the_company_is_stamped_on_every_row_we_write() -> None:  # E-3.66
    company = Lookup("bcbi_company", UUID(int=7))
    other = Lookup("bcbi_company", UUID(int=8))
    batch = Batch(
        sources=(moved(customer(displayName="New"), "changed"),),
        links={CUSTOMER_ID: Link(ACCOUNT_ID, Mark(SYNCHED), Mark(SYNCHED))},
        destinations={ACCOUNT_ID: account(bcbi_companyid=other)},
        references=REFERENCES,
        facts=Facts(company=company),
    )

    [change] = plan(mapping("to"), batch).changes

    assert isinstance(change, Modify)
    assert {diff.field: diff.after for diff in change.diffs} == {
        "name": "New",
        "bcbi_companyid": company,
    }


def test_a_new_row_without_an_owner_belongs_to_the_owning_team() -> None:  # E-3.67
    team = Lookup("team", UUID(int=9))
    batch = Batch((customer(),), {}, {}, REFERENCES, facts=Facts(team=team))

    [change] = plan(mapping("to"), batch, Rules(create_missing=True)).changes

    assert isinstance(change, Insert)
    assert {diff.field: diff.after for diff in change.diffs}["ownerid"] == team


def test_an_inactive_account_blocks_its_customer_unless_it_is_blocked_already() -> None:  # E-3.93
    inactive = moved(account(statecode=1), "changed")
    link = Link(CUSTOMER_ID, Mark(SYNCHED), Mark(SYNCHED))
    free, invoicing = customer(blocked=" "), customer(blocked="Invoice")

    def planned(destination: Record) -> Change:
        batch = Batch((inactive,), {ACCOUNT_ID: link}, {CUSTOMER_ID: destination}, REFERENCES)
        [change] = plan(mapping("from"), batch).changes
        return change

    blocked = planned(free)
    assert isinstance(blocked, Modify)
    assert [(diff.field, diff.after) for diff in blocked.diffs] == [("blocked", "All")]
    assert isinstance(planned(invoicing), Agree)


def test_the_id_of_a_new_record_is_the_same_whoever_asks_again() -> None:
    namespace = UUID(int=5)

    first = new_id(namespace, "CUSTOMER", CUSTOMER_ID, 0)

    assert new_id(namespace, "CUSTOMER", CUSTOMER_ID, 0) == first
    assert new_id(namespace, "CUSTOMER", CUSTOMER_ID, 1) != first
    assert new_id(namespace, "VENDOR", CUSTOMER_ID, 0) != first


def test_one_bad_record_leaves_the_others_alone() -> None:  # E-3.22
    other = structs.replace(customer(), id=UUID(int=11))
    batch = Batch((customer(currencyCode="USD"), other), {}, {}, REFERENCES)

    failed, inserted = plan(mapping("to"), batch, Rules(create_missing=True)).changes

    assert isinstance(failed, Fail)
    assert isinstance(inserted, Insert)


def test_a_value_that_nobody_foresaw_stops_its_own_record_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # E-3.22
    def odd(*_given: object) -> None:
        message = "the date is out of range"
        raise OverflowError(message)

    monkeypatch.setattr("syncjobs.engine.diff.transfer", odd)

    [failed] = plan(
        mapping("to"), Batch((customer(),), {}, {}, REFERENCES), Rules(create_missing=True)
    ).changes

    assert isinstance(failed, Fail)
    assert failed.cause == Cause.VALUE_INVALID


values = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)


@given(name=values, city=values, limit=st.decimals(-(10**9), 10**9, places=2))
def test_what_was_applied_needs_no_second_run(name: str, city: str, limit: Decimal) -> None:
    source = customer(displayName=name[:100], city=city, creditLimit=limit)
    before = account()
    match plan_one(source, before):
        case Modify(_, existing, diffs):
            written = {diff.field: diff.after for diff in diffs}
            after = structs.replace(existing, values={**existing.values, **written})
        case _:
            after = before

    assert isinstance(plan_one(source, after), Agree)
