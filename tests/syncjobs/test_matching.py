"""Which destination an uncoupled source record is, on plain values (E-4.32 to E-4.35)."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from connections.systems import Lookup, Record, Value
from mappings.spec import Criterion
from syncjobs.engine.matching import match

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
BY_MAIL = Criterion("email", "emailaddress1")


def source(number: int, **values: Value) -> Record:
    return Record("customers", UUID(int=number), NOON, "1", values)


def row(number: int, **values: Value) -> Record:
    return Record("account", UUID(int=number), NOON, "1", values)


def test_text_is_compared_in_any_case_and_without_blanks_around() -> None:
    account = row(9, emailaddress1=" A@X.com")

    found = match([source(1, email="a@x.com ")], {0: [account]}, [BY_MAIL], set())

    assert found[UUID(int=1)].one == account


def test_case_matters_where_it_is_asked_for() -> None:
    strict = Criterion("email", "emailaddress1", case_sensitive=True)

    found = match(
        [source(1, email="a@x.com")], {0: [row(9, emailaddress1="A@x.com")]}, [strict], ()
    )

    assert found == {}


def test_a_row_that_is_coupled_already_is_no_match() -> None:
    account = row(9, emailaddress1="a@x.com")

    found = match([source(1, email="a@x.com")], {0: [account]}, [BY_MAIL], {account.id})

    assert found == {}


def test_two_sources_of_one_row_are_as_undecided_as_one_of_two() -> None:
    sources = [source(1, email="a@x.com"), source(2, email="a@x.com")]

    found = match(sources, {0: [row(9, emailaddress1="a@x.com")]}, [BY_MAIL], ())

    assert {candidates.several for candidates in found.values()} == {2}


def test_a_later_priority_decides_what_an_earlier_one_did_not() -> None:
    by_phone = Criterion("phone", "telephone1", priority=1)
    twins = [row(8, emailaddress1="a@x.com"), row(9, emailaddress1="a@x.com", telephone1="123")]

    found = match(
        [source(1, email="a@x.com", phone="123")],
        {0: twins, 1: [twins[1]]},
        [BY_MAIL, by_phone],
        (),
    )

    assert found[UUID(int=1)].one == twins[1]


def test_a_blank_field_is_not_used_but_the_others_are() -> None:
    by_city = Criterion("city", "address1_city")
    account = row(9, emailaddress1="a@x.com", address1_city="Oslo")

    found = match([source(1, email="a@x.com", city="")], {0: [account]}, [BY_MAIL, by_city], ())

    assert found[UUID(int=1)].one == account


def test_lookups_are_compared_by_their_row() -> None:
    by_parent = Criterion("parent", "parentaccountid")
    account = row(9, parentaccountid=Lookup("account", UUID(int=5)))

    found = match(
        [source(1, parent=Lookup("account", UUID(int=5)))], {0: [account]}, [by_parent], ()
    )

    assert found[UUID(int=1)].one == account


def test_a_row_is_given_once_though_two_match_it_by_different_fields() -> None:
    by_phone = Criterion("phone", "telephone1", priority=1)
    account = row(9, emailaddress1="a@x.com", telephone1="123")

    found = match(
        [source(1, email="a@x.com", phone="1"), source(2, email="b@x.com", phone="123")],
        {0: [account], 1: [account]},
        [BY_MAIL, by_phone],
        set(),
    )

    assert found[UUID(int=1)].one == account
    assert UUID(int=2) not in found or found[UUID(int=2)].one is None
