"""Conversion and comparison of field values (E-3.50 to E-3.64)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.causes import Cause
from connections.systems import Column, Kind, Lookup, Record, Value
from mappings.spec import FieldTransfer
from mappings.terms import TooLong
from mappings.transformations import Transformation, TransformationKind
from syncjobs.engine.conversion import Keep
from syncjobs.engine.values import (
    KEEP,
    References,
    TransferError,
    Transferred,
    alike,
    cut,
    render,
    same,
    transfer,
)

MOMENT = datetime(2026, 5, 4, 12, 30, 15, tzinfo=UTC)
NAME = Column("displayName", Kind.TEXT, "Name", max_length=100)
ACCOUNT_NAME = Column("name", Kind.TEXT, "Account Name", max_length=160)
CITY = Column("city", Kind.TEXT, "City", max_length=30)
NUMBER = Column("number", Kind.CODE, "No.", max_length=20)
COUNTRY = Column("country", Kind.CODE, "Country/Region Code", max_length=10)
CURRENCY_CODE = Column("currencyCode", Kind.CODE, "Currency Code", max_length=10)
CURRENCY = Column(
    "transactioncurrencyid", Kind.LOOKUP, "Currency", targets=("transactioncurrency",)
)
PAYMENT_TERMS_CODE = Column("paymentTermsCode", Kind.CODE, "Payment Terms Code", max_length=10)
PAYMENT_TERMS = Column("paymenttermscode", Kind.OPTION, "Payment Terms", options={1: "Net 30"})
OWNER = Column("ownerid", Kind.LOOKUP, "Owner", targets=("systemuser", "team"))
SALESPERSON = Column("salespersonCode", Kind.CODE, "Salesperson Code", max_length=20)
CONTACT_NO = Column("primaryContactNumber", Kind.CODE, "Primary Contact No.", max_length=20)
PRIMARY_CONTACT = Column("primarycontactid", Kind.LOOKUP, "Primary Contact", targets=("contact",))
CREDIT = Column("creditLimit", Kind.DECIMAL, "Credit Limit")
MONEY = Column(
    "creditlimit",
    Kind.DECIMAL,
    "Credit Limit",
    precision=2,
    minimum=Decimal(0),
    maximum=Decimal(1000000),
)
BLOCKED = Column("blocked", Kind.ENUM, "Blocked", members=(" ", "Ship", "Invoice", "All"))
EURO = Lookup("transactioncurrency", UUID(int=7))


def record(**values: Value) -> Record:
    return Record("customers", UUID(int=1), MOMENT, "1", values)


def moved(
    field: FieldTransfer,
    value: Value,
    references: References | None = None,
    present: Value = None,
    *,
    exists: bool = True,
) -> Transferred:
    assert field.source is not None
    existing = record(**{field.destination.name: present}) if exists else None
    return transfer(field, record(**{field.source.name: value}), existing, references or {})


# Texts


def test_a_text_goes_over_as_it_is() -> None:
    assert moved(FieldTransfer(NAME, ACCOUNT_NAME), "Adatum") == Transferred("Adatum")


def test_a_text_that_is_too_long_is_cut_with_a_warning() -> None:  # E-3.53
    result = moved(FieldTransfer(ACCOUNT_NAME, CITY), "x" * 31)

    assert result == Transferred("x" * 30, "City was cut to 30 characters.")


def test_a_field_can_be_set_to_fail_instead() -> None:
    field = FieldTransfer(ACCOUNT_NAME, CITY, too_long=TooLong.FAIL)

    with pytest.raises(TransferError) as failure:
        moved(field, "x" * 31)

    assert failure.value.cause == Cause.VALUE_TOO_LONG


def test_a_code_is_never_cut() -> None:
    with pytest.raises(TransferError) as failure:
        moved(FieldTransfer(ACCOUNT_NAME, COUNTRY), "United States")

    assert failure.value.cause == Cause.VALUE_TOO_LONG
    assert "Country/Region Code" in failure.value.message


def test_a_code_is_written_in_capitals_without_blanks_around() -> None:
    assert moved(FieldTransfer(ACCOUNT_NAME, COUNTRY), " gb ").value == "GB"


def test_both_systems_count_a_character_outside_the_basic_plane_twice() -> None:
    assert cut("ab😀😀", 5) == "ab😀"


def test_blank_is_none_in_dataverse_and_empty_in_business_central() -> None:
    to_dataverse = moved(FieldTransfer(NAME, ACCOUNT_NAME), "")
    to_business_central = moved(FieldTransfer(ACCOUNT_NAME, NAME), None)

    assert to_dataverse.value is None
    assert to_business_central.value == ""


def test_blanks_of_both_systems_are_the_same() -> None:
    assert same(FieldTransfer(NAME, ACCOUNT_NAME), "", None)
    assert same(FieldTransfer(BLOCKED, BLOCKED), " ", "")


def test_a_long_name_in_dataverse_is_not_replaced_by_its_cut_copy() -> None:  # E-3.50
    field = FieldTransfer(NAME, ACCOUNT_NAME)

    assert same(field, "n" * 100, "n" * 160)
    assert not same(field, "n" * 99, "n" * 160)


def test_a_code_differs_neither_by_case_nor_by_blanks_around() -> None:  # E-3.50
    assert same(FieldTransfer(ACCOUNT_NAME, COUNTRY), "GB", "gb ")


def test_other_texts_differ_by_case() -> None:
    assert not same(FieldTransfer(NAME, ACCOUNT_NAME), "adatum", "Adatum")


def test_line_ends_make_no_difference() -> None:
    assert same(FieldTransfer(NAME, ACCOUNT_NAME), "one\ntwo", "one\r\ntwo")


# Numbers, dates, ids


def test_a_decimal_is_rounded_to_what_its_destination_keeps() -> None:
    assert moved(FieldTransfer(CREDIT, MONEY), Decimal("10.125")).value == Decimal("10.13")
    assert moved(FieldTransfer(CREDIT, MONEY), Decimal("2.5")).value == Decimal("2.50")


def test_a_decimal_outside_the_range_of_its_destination_fails() -> None:
    with pytest.raises(TransferError) as failure:
        moved(FieldTransfer(CREDIT, MONEY), Decimal(1000001))

    assert failure.value.cause == Cause.VALUE_INVALID
    assert "1000000" in failure.value.message


def test_a_number_that_would_fill_the_memory_fails() -> None:
    with pytest.raises(TransferError) as failure:
        moved(FieldTransfer(NAME, MONEY), "1E+999999999")

    assert "digits" in failure.value.message


def test_decimals_are_compared_with_the_decimals_both_sides_keep() -> None:
    back = FieldTransfer(MONEY, CREDIT)

    assert same(FieldTransfer(CREDIT, MONEY), Decimal("10.13"), Decimal("10.1300"))
    assert same(back, Decimal("10.13"), Decimal("10.125"))
    assert not same(back, Decimal("10.13"), Decimal("10.2"))


def test_an_empty_number_of_dataverse_is_zero_in_business_central() -> None:
    assert moved(FieldTransfer(MONEY, CREDIT), None).value == Decimal(0)


@pytest.mark.parametrize("value", [Decimal("1.5"), "twelve", Decimal(2**31), Decimal("NaN")])
def test_what_is_no_whole_number_fails(value: Value) -> None:
    with pytest.raises(TransferError) as failure:
        moved(FieldTransfer(CREDIT, Column("count", Kind.INTEGER)), value)

    assert failure.value.cause == Cause.VALUE_INVALID


DAY = Column("startingDate", Kind.DATE)
TIME = Column("begindate", Kind.DATETIME)


def test_empty_dates_of_both_systems_are_the_same() -> None:
    assert moved(FieldTransfer(DAY, DAY), date.min).value is None
    assert moved(FieldTransfer(DAY, TIME), None).value is None
    assert moved(FieldTransfer(TIME, DAY), datetime(1, 1, 1, tzinfo=UTC)).value is None


def test_a_date_becomes_midnight_and_the_time_of_day_makes_no_difference() -> None:
    field = FieldTransfer(DAY, TIME)

    result = moved(field, date(2026, 5, 4))

    assert result.value == datetime(2026, 5, 4, tzinfo=UTC)
    assert same(field, result.value, MOMENT)
    assert not same(field, result.value, MOMENT + timedelta(days=1))


def test_times_are_compared_by_whole_seconds() -> None:
    field = FieldTransfer(TIME, TIME)

    assert same(field, MOMENT.replace(microsecond=123000), MOMENT)
    assert not same(field, MOMENT + timedelta(seconds=1), MOMENT)


def test_the_zone_of_a_time_makes_no_difference() -> None:
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=2)))

    assert same(FieldTransfer(TIME, TIME), elsewhere, MOMENT)


def test_an_id_is_read_from_text_and_lookup() -> None:
    column = Column("itemId", Kind.GUID)

    assert moved(FieldTransfer(NAME, column), str(EURO.id)).value == EURO.id
    assert moved(FieldTransfer(CURRENCY, column), EURO).value == EURO.id


# Options


def test_a_member_is_found_by_its_label_and_by_its_ordinal() -> None:  # E-3.54
    option = Column("state", Kind.OPTION, options={0: "Open", 5: "Ship"})

    assert moved(FieldTransfer(BLOCKED, option), "Ship").value == 5
    assert moved(FieldTransfer(option, BLOCKED), 5).value == "Ship"
    assert moved(FieldTransfer(NAME, BLOCKED), "3").value == "All"


def test_an_unknown_member_is_not_written() -> None:  # E-3.54
    result = moved(FieldTransfer(NAME, BLOCKED), "Nonsense")

    assert result.value is KEEP
    assert "Blocked" in result.warning


@pytest.mark.parametrize("text", ["²", "--5", "9" * 5000])
def test_what_only_looks_like_an_ordinal_is_a_name(text: str) -> None:
    option = Column("state", Kind.OPTION, options={0: "Open"})

    assert moved(FieldTransfer(NAME, BLOCKED), text).value is KEEP
    assert moved(FieldTransfer(NAME, option), text).value is KEEP


def test_blank_is_the_blank_member() -> None:
    assert moved(FieldTransfer(NAME, BLOCKED), "").value == " "
    assert moved(FieldTransfer(BLOCKED, PAYMENT_TERMS), " ").value is None


# References


def test_a_code_becomes_the_row_it_is_coupled_to_and_back() -> None:  # E-3.61
    there = FieldTransfer(CURRENCY_CODE, CURRENCY, refers_to="CURRENCY")
    back = FieldTransfer(CURRENCY, CURRENCY_CODE, refers_to="CURRENCY")

    assert moved(there, "EUR", {("CURRENCY", "EUR"): EURO}).value == EURO
    assert moved(back, EURO, {("CURRENCY", EURO): "EUR"}).value == "EUR"


def test_an_uncoupled_reference_fails_and_says_what_it_waits_for() -> None:  # E-3.62
    there = FieldTransfer(CURRENCY_CODE, CURRENCY, refers_to="CURRENCY")

    with pytest.raises(TransferError) as failure:
        moved(there, "SEK")

    assert failure.value.cause == Cause.NOT_COUPLED
    assert failure.value.waits_for == ("CURRENCY", "SEK")
    assert "Currency Code SEK must be coupled" in failure.value.message


def test_an_uncoupled_row_fails_on_the_way_back_too() -> None:
    back = FieldTransfer(CURRENCY, CURRENCY_CODE, refers_to="CURRENCY")

    with pytest.raises(TransferError) as failure:
        moved(back, EURO)

    assert failure.value.waits_for == ("CURRENCY", EURO)


def test_an_uncoupled_reference_empties_a_field_that_is_set_to() -> None:  # E-3.62
    field = FieldTransfer(CONTACT_NO, PRIMARY_CONTACT, refers_to="CONTACT", clear_on_failure=True)

    assert moved(field, "CT1").value is None


def test_an_empty_reference_is_empty_on_the_other_side() -> None:  # E-3.61
    there = FieldTransfer(CONTACT_NO, PRIMARY_CONTACT, refers_to="CONTACT")
    back = FieldTransfer(PRIMARY_CONTACT, CONTACT_NO, refers_to="CONTACT")

    assert moved(there, "").value is None
    assert moved(back, None).value == ""


def test_a_contact_that_sales_cannot_know_of_is_not_taken_away() -> None:  # E-3.64
    back = FieldTransfer(PRIMARY_CONTACT, CONTACT_NO, refers_to="CONTACT", clear_on_failure=True)
    coupled: References = {("CONTACT", "CT1"): Lookup("contact", UUID(int=9))}

    assert moved(back, None, present="CT1").value is KEEP
    assert moved(back, None, coupled, present="CT1").value == ""


def test_the_local_currency_is_blank_in_business_central_and_a_row_in_sales() -> None:  # E-3.58
    there = FieldTransfer(CURRENCY_CODE, CURRENCY, refers_to="CURRENCY")
    back = FieldTransfer(CURRENCY, CURRENCY_CODE, refers_to="CURRENCY")
    references: dict[tuple[str, Value], Value] = {
        ("CURRENCY", ""): EURO,
        ("CURRENCY", EURO): "",
    }

    assert moved(there, "", references).value == EURO
    assert moved(back, EURO, references).value == ""
    assert moved(back, None, references).value == ""


def test_an_empty_lookup_keeps_what_the_destination_has() -> None:  # E-2.7
    field = FieldTransfer(SALESPERSON, OWNER, refers_to="SALESPEOPLE", not_null=True)

    assert moved(field, "").value is KEEP


def test_a_record_of_a_team_keeps_its_salesperson() -> None:  # E-3.57
    back = FieldTransfer(OWNER, SALESPERSON, refers_to="SALESPEOPLE")

    assert moved(back, Lookup("team", uuid4())).value is KEEP


def test_an_option_goes_over_by_its_mapping() -> None:  # E-3.60
    there = FieldTransfer(PAYMENT_TERMS_CODE, PAYMENT_TERMS, refers_to="PAYMENT TERMS")
    back = FieldTransfer(PAYMENT_TERMS, PAYMENT_TERMS_CODE, refers_to="PAYMENT TERMS")

    assert moved(there, "1M(8D)", {("PAYMENT TERMS", "1M(8D)"): 4}).value == 4
    assert moved(back, 4, {("PAYMENT TERMS", 4): "1M(8D)"}).value == "1M(8D)"
    assert moved(there, "").value is None
    assert moved(back, None).value == ""


def test_an_option_without_mapping_fails() -> None:  # E-3.60, E-11.22
    there = FieldTransfer(PAYMENT_TERMS_CODE, PAYMENT_TERMS, refers_to="PAYMENT TERMS")

    with pytest.raises(TransferError) as failure:
        moved(there, "COD")

    assert failure.value.cause == Cause.OPTION_NOT_MAPPED
    assert failure.value.waits_for == ("PAYMENT TERMS", "COD")


def test_a_lookup_without_a_mapping_fails() -> None:  # E-3.63
    with pytest.raises(TransferError) as failure:
        moved(FieldTransfer(CURRENCY_CODE, CURRENCY), "EUR")

    assert failure.value.cause == Cause.NOT_MAPPED


# Constants and rules


def test_a_constant_needs_no_source() -> None:  # E-2.4
    field = FieldTransfer(None, PAYMENT_TERMS, constant=1)

    assert transfer(field, record(), None, {}) == Transferred(1)


def test_a_rule_changes_the_value_on_its_way() -> None:  # E-2.15
    rule = Transformation("UPPER", TransformationKind.UPPERCASE)

    assert moved(FieldTransfer(NAME, ACCOUNT_NAME, transformation=rule), "ab").value == "AB"


def test_the_result_of_a_rule_is_read_as_the_sources_kind() -> None:  # E-2.17
    rule = Transformation("ROUND", TransformationKind.ROUND, precision=Decimal(10))
    field = FieldTransfer(CREDIT, MONEY, transformation=rule)

    assert moved(field, Decimal("104.9")).value == Decimal("100.00")


def test_a_value_of_the_wrong_format_fails_its_record() -> None:  # E-2.17
    rule = Transformation("DATE", TransformationKind.DATE_FORMATTING, data_format="dd/MM/yyyy")
    field = FieldTransfer(NAME, ACCOUNT_NAME, transformation=rule)

    with pytest.raises(TransferError) as failure:
        moved(field, "soon")

    assert failure.value.cause == Cause.VALUE_INVALID
    assert "incorrect format" in failure.value.message


# For people, and for recovery


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (True, "Yes"),
        (Decimal("1200.00"), "1200"),
        (date(2026, 5, 4), "2026-05-04"),
        (MOMENT, "2026-05-04T12:30:15Z"),
    ],
)
def test_a_value_is_shown_as_people_know_it(value: Value, shown: str) -> None:
    assert render(value) == shown


def test_values_read_back_are_alike_whatever_their_system_makes_of_them() -> None:
    assert alike("", None)
    assert alike(Decimal("1.0"), Decimal(1))
    assert alike(MOMENT.replace(microsecond=5000), MOMENT)
    assert alike(EURO, EURO.id)
    assert not alike("a", "A")


# Properties

codes = st.text(st.characters(categories=["L", "N"], max_codepoint=127), max_size=10)
blocked = Column("b", Kind.OPTION, options=dict(enumerate(BLOCKED.members)))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
kinds: list[tuple[Column, Column, st.SearchStrategy[Any]]] = [
    (NAME, ACCOUNT_NAME, texts),
    (ACCOUNT_NAME, NAME, texts),
    (ACCOUNT_NAME, CITY, texts),
    (ACCOUNT_NAME, COUNTRY, codes),
    (CREDIT, MONEY, st.decimals(0, 1000000, places=5)),
    (MONEY, CREDIT, st.decimals(0, 1000000, places=2)),
    (CREDIT, Column("number", Kind.INTEGER), st.integers(-(2**31), 2**31 - 1)),
    (Column("a", Kind.BOOLEAN), Column("b", Kind.BOOLEAN), st.booleans()),
    (DAY, TIME, st.dates(date(1753, 1, 1))),
    (TIME, DAY, st.datetimes(datetime(1753, 1, 1), timezones=st.just(UTC))),
    (TIME, TIME, st.datetimes(datetime(1753, 1, 1), timezones=st.just(UTC))),
    (BLOCKED, blocked, st.sampled_from(BLOCKED.members)),
    (Column("a", Kind.GUID), Column("b", Kind.GUID), st.uuids()),
]  # fmt: skip


@given(st.data(), st.sampled_from(kinds))
def test_what_was_transferred_is_the_same_when_read_back(
    data: st.DataObject, kind: tuple[Column, Column, st.SearchStrategy[Any]]
) -> None:
    source, destination, values = kind
    field = FieldTransfer(source, destination, bidirectional=True)

    result = moved(field, data.draw(values))

    assert not isinstance(result.value, Keep)
    assert same(field, result.value, _stored(result.value, destination))


@given(st.data(), st.sampled_from([kind for kind in kinds if kind[1] != COUNTRY]))
def test_what_arrived_does_not_come_back_changed(
    data: st.DataObject, kind: tuple[Column, Column, st.SearchStrategy[Any]]
) -> None:
    source, destination, values = kind
    value = data.draw(values)
    arrived = moved(FieldTransfer(source, destination, bidirectional=True), value).value
    assert not isinstance(arrived, Keep)
    back = FieldTransfer(destination, source, bidirectional=True)

    returned = moved(back, arrived)

    assert same(back, returned.value, value)


def _stored(value: Value | Keep, column: Column) -> Value:
    """Return the value as its system would give it back."""
    assert not isinstance(value, Keep)
    if isinstance(value, datetime):
        return value.replace(microsecond=0)
    if isinstance(value, Decimal):
        return value.quantize(Decimal("0.0000000001"))
    return None if value == "" and column.kind == Kind.TEXT else value
